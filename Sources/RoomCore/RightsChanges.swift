import Access
public import CollabProtocol
import WorkflowDocument

/// Rights that change while a session is here: they hold for the very next message. Spec: AC7, AC9.
extension Room {
  mutating func changeRole(of subject: String, to role: Role, into actions: inout [RoomAction]) {
    for (id, session) in sessions where session.subject == subject {
      var rights = Rights(member: role, credential: session.rights.credential)
      rights.expiresAtMilliseconds = session.rights.expiresAtMilliseconds
      apply(rights, to: id, into: &actions)
    }
  }

  mutating func changeMember(_ subject: String, to role: Role?, into actions: inout [RoomAction]) {
    for (id, session) in sessions where session.subject == subject {
      var rights = session.rights
      rights.member = role
      apply(rights, to: id, into: &actions)
    }
  }

  mutating func revoke(_ credential: String, into actions: inout [RoomAction]) {
    for (id, session) in sessions where session.rights.credential == credential {
      dismiss(id, .forbidden, "what you were let in with was revoked", into: &actions)
    }
  }

  mutating func evict(_ subject: String, into actions: inout [RoomAction]) {
    for (id, session) in sessions where session.subject == subject { dismiss(id, .evicted, "evicted by the operator", into: &actions) }
  }

  /// - Parameter request: of the client's token; `nil`: nobody asked, and nobody is answered unless the role differs.
  mutating func renew(_ id: SessionID, _ rights: Rights, request: UInt64?, into actions: inout [RoomAction]) {
    guard sessions[id] != nil else { return }
    guard !rights.isOver(atMilliseconds: now.wallMilliseconds) else { return expire(id, into: &actions) }
    apply(rights, to: id, answering: request, into: &actions)
    watchExpiry(of: rights, into: &actions)
  }

  private mutating func apply(_ rights: Rights, to id: SessionID, answering request: UInt64? = nil, into actions: inout [RoomAction]) {
    guard let session = sessions[id] else { return }
    sessions[id]?.rights = rights
    guard let role = rights.role else { return dismiss(id, .forbidden, "you have no role in this workflow any more", into: &actions) }
    let granted = min(role, session.roleMax ?? role)
    sessions[id]?.role = granted
    // Who has had no welcome yet learns of it there; a lease is settled anew with what the role is then.
    guard session.isWelcomed else { return }
    guard granted != session.role || request != nil else { return }
    let changed = RoleChanged(granted, request: request ?? 0, expiresAtMilliseconds: rights.expiresAtMilliseconds ?? 0)
    actions.append(.send(.role(changed), to: id))
    guard granted != session.role else { return }
    if granted >= .commenter, session.replica == nil, session.takesLease {
      // Only a welcome can carry a lease.
      dismiss(id, .goingAway, "come back to receive a replica id", pauseMilliseconds: 1...limits.readmitMaxMilliseconds, into: &actions)
    } else {
      presence.rejoin(id)
      armTick(into: &actions)
    }
  }

  // MARK: tokens that end

  /// The clock on the wall may jump: it is looked at again after this at the latest.
  private static let expiryLookMilliseconds: UInt64 = 60_000

  /// Wakes the room when this token ends, if that is before all others.
  mutating func watchExpiry(of rights: Rights, into actions: inout [RoomAction]) {
    guard let end = rights.expiresAtMilliseconds, end < nextExpiryMilliseconds else { return }
    nextExpiryMilliseconds = end
    armExpiry(into: &actions)
  }

  private mutating func armExpiry(into actions: inout [RoomAction]) {
    guard nextExpiryMilliseconds < .max else { return timers.disarm(.expiry) }
    let pause = nextExpiryMilliseconds > now.wallMilliseconds ? nextExpiryMilliseconds - now.wallMilliseconds : 0
    arm(.expiry, afterMilliseconds: min(pause, Self.expiryLookMilliseconds), into: &actions)
  }

  /// O(sessions), once per token that ended, and once a minute while there are any that will.
  mutating func endExpired(into actions: inout [RoomAction]) {
    for (id, session) in sessions where session.rights.isOver(atMilliseconds: now.wallMilliseconds) { expire(id, into: &actions) }
    nextExpiryMilliseconds = sessions.values.lazy.compactMap(\.rights.expiresAtMilliseconds).min() ?? .max
    armExpiry(into: &actions)
  }

  private mutating func expire(_ id: SessionID, into actions: inout [RoomAction]) {
    dismiss(id, .notAuthenticated, "the token has expired", into: &actions)
  }

  // MARK: who is here

  /// Sessions that others know of, in an order of their own, at most `limit`; and how many there are.
  public func present(limit: Int) -> (participants: [Participant], count: Int) {
    var participants: [Participant] = []
    var count = 0
    for session in sessions.values where session.isAnnounced {
      count += 1
      if participants.count < limit { participants.append(session.participant) }
    }
    return (participants, count)
  }
}
