import CollabProtocol
import WorkflowDocument
import WorkflowGraph

/// The room's tick: presence and findings, only while something changed. Spec: PR1, PR2, GV4.
extension Room {
  mutating func setPresence(_ state: PresenceState, of id: SessionID, into actions: inout [RoomAction]) {
    guard state.estimatedBytes <= Int(limits.protocolLimits.presenceBytesMax) else {
      return report(
        to: id, request: 0, .tooLarge, "a presence has at most \(limits.protocolLimits.presenceBytesMax) bytes", into: &actions)
    }
    guard let session = sessions[id], session.presence != state else { return }
    sessions[id]?.presence = state
    if !session.isPresenceDirty {
      sessions[id]?.isPresenceDirty = true
      presence.dirty.append(id)
    }
    armTick(into: &actions)
  }

  /// Others learn of the session with the next tick, and it of them.
  mutating func announce(_ id: SessionID, into actions: inout [RoomAction]) {
    guard let participant = sessions[id]?.participant else { return }
    sessions[id]?.isAnnounced = true
    presence.join(participant, id, firstCountMax: limits.welcomeParticipantCountMax)
    armTick(into: &actions)
  }

  mutating func armTick(into actions: inout [RoomAction]) {
    guard !timers.isArmed(.tick) else { return }
    let next = presence.tickedAtMilliseconds + UInt64(limits.protocolLimits.presenceIntervalMilliseconds)
    arm(.tick, afterMilliseconds: next > now.monotonicMilliseconds ? next - now.monotonicMilliseconds : 0, into: &actions)
  }

  mutating func tick(into actions: inout [RoomAction]) {
    sendRoster(into: &actions)
    var frame = PresenceFrame(joined: presence.joined.compactMap { sessions[$0]?.participant }, left: presence.left)
    var bytes = 64 * (frame.joined.count + frame.left.count)
    for id in presence.dirty {
      guard let session = sessions[id], let state = session.presence else { continue }
      sessions[id]?.isPresenceDirty = false
      bytes += state.estimatedBytes
      frame.slots.append(PresenceFrame.Slot(session: session.text, state: state))
      if bytes > limits.presenceFrameBytesMax {
        actions.append(.broadcast(.presence(frame), .presence))
        frame = PresenceFrame()
        bytes = 0
      }
    }
    if frame != PresenceFrame() { actions.append(.broadcast(.presence(frame), .presence)) }
    presence.clear(nowMilliseconds: now.monotonicMilliseconds)
    reviewFindings()
  }

  /// Everybody's slot, and those whom the welcome had no place for, encoded once for all newcomers of this tick.
  private func sendRoster(into actions: inout [RoomAction]) {
    let readers = presence.newcomers.filter { sessions[$0]?.audience.includes(.presence) == true }
    guard !readers.isEmpty else { return }
    let isCrowd = sessions.count > limits.welcomeParticipantCountMax
    var frame = PresenceFrame()
    var bytes = 0
    for session in sessions.values where session.isAnnounced {
      if isCrowd { frame.joined.append(session.participant) }
      bytes += 64
      if let state = session.presence {
        frame.slots.append(PresenceFrame.Slot(session: session.text, state: state))
        bytes += state.estimatedBytes
      }
      if bytes > limits.presenceFrameBytesMax {
        actions.append(.sendShared(.presence(frame), to: readers))
        frame = PresenceFrame()
        bytes = 0
      }
    }
    if frame != PresenceFrame() { actions.append(.sendShared(.presence(frame), to: readers)) }
  }
}

/// The findings that everybody was told. Spec: GV4.
struct Findings: Sendable {
  private(set) var published: Set<Issue> = []
  /// The document changed since they were looked at.
  var isStale = false
  private var sorted: [Issue]?

  mutating func publish(_ difference: (added: [Issue], removed: [Issue])) {
    published.subtract(difference.removed)
    published.formUnion(difference.added)
    sorted = nil
  }

  /// In an order that does not depend on hashing: by node, then edge, field and code.
  mutating func inOrder() -> [Issue] {
    if let sorted { return sorted }
    let list = published.sorted(by: Self.precedes)
    sorted = list
    return list
  }

  static func precedes(_ a: Issue, _ b: Issue) -> Bool {
    if a.node != b.node { return less(a.node, b.node) }
    if a.edge != b.edge { return less(a.edge, b.edge) }
    if a.field != b.field { return less(a.field, b.field) }
    return a.code == b.code ? a.text < b.text : a.code < b.code
  }

  private static func less<Value: Comparable>(_ a: Value?, _ b: Value?) -> Bool {
    guard let b else { return false }
    guard let a else { return true }
    return a < b
  }
}

extension Room {
  mutating func changeTypes(_ types: OtherTypes?, into actions: inout [RoomAction]) {
    otherTypes = types
    document.setOtherTypes(types)
    findings.isStale = true
    armTick(into: &actions)
  }

  /// Findings of the applied state wait in the queue for what made them.
  mutating func reviewFindings() {
    guard findings.isStale, !isDegraded else { return }
    findings.isStale = false
    let difference = document.takeIssueChanges()
    guard !difference.added.isEmpty || !difference.removed.isEmpty else { return }
    queue.append(.after(.issues(IssuesChange(added: difference.added, removed: difference.removed))))
  }
}
