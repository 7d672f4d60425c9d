import Access
import CRDT
import CollabProtocol
import WorkflowDocument

/// From hello to live: lease, welcome, catch-up. Spec: WP1, CR5, RS1, SN1.
extension Room {
  mutating func arrive(_ arrival: Arrival, into actions: inout [RoomAction]) {
    switch life {
    case .draining, .saving(isDraining: true):
      return turnAway(arrival.session, "the server is shutting down", into: &actions)
    case .saving(isDraining: false): life = .open
    case .open, .over: break
    }
    guard sessions.count < limits.sessionCountMax else { return turnAway(arrival.session, "the room is full", into: &actions) }
    timers.disarm(.idle)
    guard !arrival.rights.isOver(atMilliseconds: now.wallMilliseconds) else {
      return actions.append(.close(arrival.session, .notAuthenticated, reason: "the token has expired"))
    }
    guard let granted = arrival.rights.role else {
      return actions.append(.close(arrival.session, .forbidden, reason: "you have no role in this workflow"))
    }
    let role = min(granted, arrival.hello.roleMax ?? granted)
    let joining = Session.Joining(arrival: arrival, sinceMilliseconds: now.monotonicMilliseconds)
    sessions[arrival.session] = Session(
      arrival, role: role, stage: .joining(joining))
    watched.insert(arrival.session)
    armOnce(.watch, afterMilliseconds: Self.watchIntervalMilliseconds, into: &actions)
    watchExpiry(of: arrival.rights, into: &actions)
    if !isDegraded { admit(joining, role: role, into: &actions) }
  }

  /// Settles the lease and queues the welcome behind it.
  mutating func admit(_ joining: Session.Joining, role: Role, into actions: inout [RoomAction]) {
    var joining = joining
    let id = joining.arrival.session
    let held = findLease(of: joining.arrival)
    joining.shown =
      switch held {
      case .none: .none
      case .inForce(let holder)?: .resumed(holder.lease.replica)
      case .ended(let lease)?: .lost(through: lease.seqAtEnd ?? 0)
      case .unknown?: .foreign
      }
    if role >= .commenter, joining.arrival.takesLease {
      if case .inForce(let holder)? = held, let secret = joining.arrival.hello.lease?.secret {
        if let present = holder.session.flatMap({ sessions[$0] }), present.connectionNumber > joining.arrival.connectionNumber {
          // The hello of a connection that its client gave up long ago, late on its way.
          return close(id, .replaced, "the same replica has connected again since", into: &actions)
        }
        if let before = leases.resume(holder.lease.replica, by: id) {
          dismiss(before, .replaced, "the same replica connected again", into: &actions)
          _ = leases.resume(holder.lease.replica, by: id)
        }
        joining.lease = Lease(replica: holder.lease.replica, secret: secret)
      } else if let replica = leases.replica(of: joining.arrival.freshDigest) {
        // Granted before the store failed, and durable after all. A second record would take the first one's place.
        _ = leases.resume(replica, by: id)
        joining.lease = Lease(replica: replica, secret: joining.arrival.freshSecret)
      } else {
        if leases.count >= limits.leaseCountMax {
          guard let unused = leases.popLongestUnused() else { return close(id, .draining, "no replica id is free", into: &actions) }
          endLease(unused, into: &actions)
        }
        let version = document.version
        let lease = leases.grant(
          digest: joining.arrival.freshDigest, to: id, nowMilliseconds: now.wallMilliseconds, seqOf: { version[$0] })
        write(.lease(lease), as: .lease, into: &actions)
        joining.lease = Lease(replica: lease.replica, secret: joining.arrival.freshSecret)
      }
    }
    sessions[id]?.replica = joining.lease?.replica
    sessions[id]?.stage = .joining(joining)
    queue.append(.after(.welcome(id)))
  }

  /// Everything accepted before is durable now: this is the moment the newcomer is brought up to.
  mutating func welcome(_ id: SessionID, into actions: inout [RoomAction]) {
    guard let session = sessions[id], case .joining(let joining) = session.stage else { return }
    guard session.topics.includes(.changes) else { return finishJoin(id, joining, .nothing, into: &actions) }
    let known = joining.arrival.hello.version
    if !known.isEmpty, case .foreign = joining.shown {
      // Versions of another log may look like one of this.
      return awaitSnapshot(id, for: .join(joining), into: &actions)
    }
    if known == durableVersion { return finishJoin(id, joining, .nothing, into: &actions) }
    if !known.isEmpty || durablePosition <= UInt64(limits.snapshotReuseChangeCountMax), durableVersion.covers(known),
      let missing = tail.missing(from: known)
    {
      return finishJoin(id, joining, .changes(missing), into: &actions)
    }
    awaitSnapshot(id, for: .join(joining), into: &actions)
  }

  enum CatchUp {
    case nothing
    case changes([LoggedChange])
    case snapshot(position: UInt64, then: [LoggedChange])
  }

  /// Welcome, catch-up, live: in one step, so that no change can fall between.
  mutating func finishJoin(_ id: SessionID, _ joining: Session.Joining, _ catchUp: CatchUp, into actions: inout [RoomAction]) {
    guard let session = sessions[id] else { return }
    var welcome = Welcome()
    welcome.session = id.text
    welcome.lease = joining.lease
    switch joining.shown {
    case .none: break
    case .resumed(let replica):
      welcome.leaseThrough = durableVersion[replica]
      welcome.restamp = joining.lease == nil
    case .lost(let through):
      welcome.leaseThrough = through
      welcome.restamp = true
    case .foreign:
      welcome.leaseThrough = 0
      welcome.restamp = true
    }
    welcome.role = session.role
    welcome.serverMilliseconds = now.wallMilliseconds
    welcome.limits = limits.protocolLimits
    welcome.version = durableVersion
    welcome.position = durablePosition
    welcome.server = server
    welcome.expiresAtMilliseconds = session.rights.expiresAtMilliseconds ?? 0
    welcome.participants = firstParticipants()
    switch catchUp {
    case .nothing: welcome.catchup = .nothing
    case .changes: welcome.catchup = .changes
    case .snapshot: welcome.catchup = .snapshot
    }
    actions.append(.send(.welcome(welcome), to: id))
    send(catchUp, to: id, into: &actions)
    if session.topics.includes(.issues), !findings.published.isEmpty {
      actions.append(.send(.issues(IssuesChange(added: findings.inOrder())), to: id))
    }
    if session.topics.includes(.runs) {
      let hello = joining.arrival.hello
      introduceRuns(to: id, isNew: hello.lease == nil && hello.version.isEmpty, into: &actions)
    }
    if case .none = joining.shown, !joining.arrival.hello.version.isEmpty {
      // Who brings a state and no lease could have it from a workflow that had this id before: the next hash tells.
      switch catchUp {
      case .nothing, .changes: armOnce(.hash, afterMilliseconds: limits.hashIntervalMilliseconds, into: &actions)
      case .snapshot: break
      }
    }
    watched.remove(id)
    sessions[id]?.stage = .live
    actions.append(.listen(id, to: session.audience))
    announce(id, into: &actions)
    welcomed.append(id)
    actions.append(.note(.sessionJoined(id, session.role)))
  }

  func send(_ catchUp: CatchUp, to id: SessionID, into actions: inout [RoomAction]) {
    switch catchUp {
    case .nothing: break
    case .changes(let changes):
      forEachMessage(of: changes) { actions.append(.send($0, to: id)) }
    case .snapshot(let position, let changes):
      actions.append(.sendSnapshot(position: position, to: id))
      forEachMessage(of: changes) { actions.append(.send($0, to: id)) }
    }
  }

  func findLease(of arrival: Arrival) -> LeaseTable.Finding? {
    guard let shown = arrival.hello.lease, let digest = arrival.shownDigest else { return nil }
    return leases.find(digest, replica: shown.replica)
  }

  private func turnAway(_ id: SessionID, _ text: String, into actions: inout [RoomAction]) {
    var generator = generator
    actions.append(.send(.goodbye(goodbye(.draining, text, &generator)), to: id))
    actions.append(.close(id, .draining, reason: text))
  }

  /// Kept from joiner to joiner: in a rush all share one array.
  private mutating func firstParticipants() -> [Participant] {
    if let known = presence.first { return known }
    var first: [Participant] = []
    for session in sessions.values where session.isAnnounced {
      if first.count == limits.welcomeParticipantCountMax { break }
      first.append(session.participant)
    }
    presence.first = first
    return first
  }
}
