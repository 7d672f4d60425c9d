public import CollabProtocol
public import WorkflowGraph

/// Who is in the room and what they show of themselves. Spec: PR1, PR2.
public struct PresenceBoard: Sendable {
  public private(set) var participants: [String: Participant] = [:]
  /// The newest state of each session, the own one left out.
  public private(set) var states: [String: PresenceState] = [:]

  mutating func reset(_ present: [Participant]) {
    participants = Dictionary(present.map { ($0.session, $0) }, uniquingKeysWith: { _, last in last })
    states = states.filter { participants[$0.key] != nil }
  }

  mutating func take(_ frame: PresenceFrame, ownSession: String) {
    for participant in frame.joined { participants[participant.session] = participant }
    for slot in frame.slots where slot.session != ownSession && participants[slot.session] != nil { states[slot.session] = slot.state }
    for session in frame.left {
      participants[session] = nil
      states[session] = nil
    }
  }
}

/// Runs of this workflow, each with its events in order; the newest `runsMax`. Spec: RU2.
public struct RunBoard: Sendable {
  public static let runsMax = 32
  /// Of all events' results together; beyond it the oldest runs go.
  public static let bytesMax = 32 << 20

  public private(set) var events: [String: [RunEvent]] = [:]
  /// Oldest first.
  public private(set) var order: [String] = []
  private var bytes: [String: Int] = [:]
  private var byteCount = 0

  /// - Returns: whether the event is new; after a reconnect the server sends a run's events again. Of a run that was over before this replica
  ///   joined, the server may send the first and the last event only.
  mutating func take(_ event: RunEvent) -> Bool {
    guard let last = events[event.run]?.last else {
      guard event.seq == 1 else { return false }
      order.append(event.run)
      events[event.run] = []
      append(event)
      return true
    }
    guard event.seq > last.seq else { return false }
    append(event)
    return true
  }

  private mutating func append(_ event: RunEvent) {
    events[event.run]!.append(event)
    let size = event.result.utf8.count + event.error.utf8.count + 128
    bytes[event.run, default: 0] += size
    byteCount += size
    while order.count > 1, order.count > Self.runsMax || byteCount > Self.bytesMax { forgetOldest() }
  }

  private mutating func forgetOldest() {
    let run = order.removeFirst()
    events[run] = nil
    byteCount -= bytes.removeValue(forKey: run) ?? 0
  }
}

/// The findings about the document as the server sees them. Spec: GV4.
public struct IssueBoard: Sendable {
  public private(set) var issues: Set<Issue> = []
  mutating func reset() { issues = [] }
  mutating func take(_ change: IssuesChange) {
    issues.subtract(change.removed)
    issues.formUnion(change.added)
  }
}
