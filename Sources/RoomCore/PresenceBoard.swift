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
  var tickedAtMilliseconds: UInt64 = 0

  var isQuiet: Bool { dirty.isEmpty && joined.isEmpty && left.isEmpty && newcomers.isEmpty }

  mutating func rejoin(_ id: SessionID) { joined.append(id) }

  mutating func leave(_ session: Session) {
    if session.isAnnounced { left.append(session.text) }
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
