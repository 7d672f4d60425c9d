import CRDT
import CollabProtocol
import WorkflowDocument

/// How a session ends, by its own will or not.
extension Room {
  /// The connection is gone. The lease stays for the idle time, or ends at once when the peer said that it is done.
  mutating func leave(_ id: SessionID, isFinal: Bool, into actions: inout [RoomAction]) {
    remove(id, isFinal ? .normal : CloseCode(rawValue: 1006), isFinal: isFinal, into: &actions)
  }

  private mutating func remove(_ id: SessionID, _ code: CloseCode, isFinal: Bool, into actions: inout [RoomAction]) {
    guard let session = sessions.removeValue(forKey: id) else { return }
    watched.remove(id)
    snapshots.forget(id)
    presence.leave(session)
    if !presence.isQuiet { armTick(into: &actions) }
    if let replica = session.replica, leases[replica]?.session == id {
      if isFinal {
        endLease(replica, into: &actions)
      } else if let lease = leases.release(replica, by: id, nowMilliseconds: now.wallMilliseconds) {
        write(.lease(lease), as: .lease, into: &actions)
      }
    }
    actions.append(.note(.sessionGone(id, code)))
    if sessions.isEmpty { armOnce(.idle, afterMilliseconds: limits.idleUnloadMilliseconds, into: &actions) }
  }

  /// The room ends the session. What the peer sends from now on is not heard.
  mutating func close(_ id: SessionID, _ code: CloseCode, _ reason: String, into actions: inout [RoomAction]) {
    guard sessions[id] != nil else { return }
    actions.append(.close(id, code, reason: reason))
    remove(id, code, isFinal: false, into: &actions)
  }

  /// Closes on purpose: with a goodbye that says when to come back. Spec: GB1.
  ///
  /// - Parameter pauseMilliseconds: what the pause is drawn from; `nil`: as for everybody else.
  mutating func dismiss(
    _ id: SessionID, _ code: CloseCode, _ reason: String, pauseMilliseconds: ClosedRange<UInt32>? = nil, into actions: inout [RoomAction]
  ) {
    guard let session = sessions[id] else { return }
    if session.isWelcomed {
      var farewell = goodbye(code, reason, &generator)
      if let pauseMilliseconds { farewell.reconnectAfterMilliseconds = UInt32.random(in: pauseMilliseconds, using: &generator) }
      if !code.isTransient || code == .evicted { farewell.reconnectAfterMilliseconds = 0 }
      actions.append(.send(.goodbye(farewell), to: id))
    }
    close(id, code, reason, into: &actions)
  }

  mutating func endLease(_ replica: ReplicaID, into actions: inout [RoomAction]) {
    guard let lease = leases.end(replica, seq: document.version[replica], nowMilliseconds: now.wallMilliseconds) else { return }
    write(.lease(lease), as: .lease, into: &actions)
  }
}
