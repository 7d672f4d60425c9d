import CollabProtocol
import WorkflowGraph

/// What changed among the people since the last tick. One slot per session, the latest wins. Spec: PR1, PR2.
struct PresenceBoard: Sendable {
  /// Each once: `Session.isPresenceDirty` says whether a session is in here.
  var dirty: [SessionID] = []
  var joined: [SessionID] = []
  var left: [String] = []
  /// Live since the last tick: they get everybody's slot, in one frame that all of them share.
  var newcomers: [SessionID] = []
  /// Those whom a welcome names; `nil` when one of them has left or changed.
  var first: [Participant]?
  var tickedAtMilliseconds: UInt64 = 0

  var isQuiet: Bool { dirty.isEmpty && joined.isEmpty && left.isEmpty && newcomers.isEmpty }

  mutating func join(_ participant: Participant, _ id: SessionID, firstCountMax: Int) {
    joined.append(id)
    newcomers.append(id)
    if let count = first?.count, count < firstCountMax { first?.append(participant) }
  }

  mutating func rejoin(_ id: SessionID) {
    joined.append(id)
    first = nil
  }

  mutating func leave(_ session: Session) {
    guard session.isAnnounced else { return }
    left.append(session.text)
    if first?.contains(where: { $0.session == session.text }) == true { first = nil }
  }

  mutating func clear(nowMilliseconds: UInt64) {
    dirty.removeAll(keepingCapacity: true)
    joined.removeAll()
    left.removeAll()
    newcomers.removeAll()
    tickedAtMilliseconds = nowMilliseconds
  }
}

extension PresenceState {
  var estimatedBytes: Int {
    var bytes = 48 + editing.utf8.count + extra.utf8.count
    for node in selectedNodes { bytes += 4 + node.rawValue.utf8.count }
    for edge in selectedEdges { bytes += edge.estimatedBytes }
    for drag in dragging { bytes += 24 + drag.node.rawValue.utf8.count }
    return bytes
  }
}
