import CRDT
import CollabProtocol
import DequeModule
import WorkflowDocument

/// When the store fails: nothing is accepted or revealed, presence goes on, and a reload decides what was durable after all.
extension Room {
  mutating func degrade(_ reason: String, into actions: inout [RoomAction]) {
    guard !isDegraded else { return }
    store = .degraded(attempt: 0)
    actions.append(.note(.degraded(reason: reason)))
    for run in runs.active where run.graph == nil && !run.isOver { actions.append(.cancelRun(run.id)) }
    // A snapshot in the making may hold what is lost; a room that was to go with it goes without.
    snapshots.making = nil
    actions.append(.reload(afterMilliseconds: limits.reloadRetryMilliseconds))
    finishSaving(into: &actions)
  }

  mutating func retryReload(into actions: inout [RoomAction]) {
    guard case .degraded(let attempt) = store else { return }
    store = .degraded(attempt: attempt + 1)
    let pause = limits.reloadRetryMilliseconds << UInt64(min(attempt + 1, 16))
    actions.append(.reload(afterMilliseconds: min(pause, limits.reloadRetryMaxMilliseconds)))
  }

  mutating func heal(_ seed: RoomSeed, into actions: inout [RoomAction]) {
    guard isDegraded else { return }
    let waiting = queue.takeAll()
    guard seed.position >= durablePosition, seed.document.version.covers(durableVersion) else {
      return giveUp("the store lost changes it had confirmed", into: &actions)
    }
    store = .healthy
    let lost = settle(waiting, by: seed, into: &actions)
    adopt(seed, into: &actions)
    for case .version(let edit, by: let id, let request) in waiting { settle(edit, by: id, request: request, into: &actions) }
    sendAcks(into: &actions)
    for session in sessions.values {
      guard case .joining(let joining) = session.stage else { continue }
      sessions[session.id]?.replica = nil
      admit(
        Session.Joining(arrival: joining.arrival, sinceMilliseconds: joining.sinceMilliseconds), role: session.role, into: &actions)
    }
    if !snapshots.waiting.isEmpty { makeSnapshot(forStore: false, into: &actions) }
    actions.append(.note(.healed(changesLost: lost)))
    armOnce(.hash, afterMilliseconds: limits.hashIntervalMilliseconds, into: &actions)
    if sessions.isEmpty { armOnce(.idle, afterMilliseconds: limits.idleUnloadMilliseconds, into: &actions) }
  }

  /// Gives everything that waited for the store its end. Returns how many changes were lost; their authors are told and send them again.
  private mutating func settle(_ waiting: Deque<CommitQueue.Entry>, by seed: RoomSeed, into actions: inout [RoomAction]) -> Int {
    var durable: [LoggedChange] = []
    var lostOf: [SessionID: [Refusal]] = [:]
    var lost = 0
    for entry in waiting {
      switch entry {
      case .change(let logged, by: let id):
        if logged.position <= seed.position, seed.document.version[logged.change.replica] >= logged.change.seq {
          settle(logged)
          durable.append(logged)
        } else {
          lost += 1
          lostOf[id, default: []].append(
            Refusal(
              seq: logged.change.seq, code: .unavailable, text: "the store failed before it was durable",
              retryAfterMilliseconds: limits.unavailableRetryMilliseconds))
        }
      case .lease, .runEvent, .version: break
      case .after(.edited(let number, let outcome)): settle(outcome, number, by: seed, into: &actions)
      case .after(.naming(let version)):
        if version.position <= seed.position {
          queue.append(.after(.naming(version)))
        } else {
          versionNotNamed(version.id, .unavailable, "the store failed before what it names was durable", into: &actions)
        }
      case .after(.answer(let id, let batch, let taken, let bytes, let refused)):
        let all = (lostOf.removeValue(forKey: id) ?? []) + refused.map { Refusal(seq: $0.seq, code: $0.code, text: $0.text) }
        answer(id, batch: batch, taken: taken, bytes: bytes, refused: all, into: &actions)
      case .after(.fresh(let id)), .after(.comparison(let id, _, equal: _)): queue.append(.after(.fresh(id)))
      case .after(.runNamed(_, to: let id, key: _)):
        report(to: id, request: 0, .unavailable, "the store failed before the run began", into: &actions)
      case .after(.error(let error, to: let id)): actions.append(.send(.error(error), to: id))
      case .after(.welcome), .after(.snapshot), .after(.issues), .after(.hash): break
      }
    }
    broadcast(&durable, into: &actions)
    return lost
  }

  private mutating func adopt(_ seed: RoomSeed, into actions: inout [RoomAction]) {
    document = seed.document
    appliedPosition = seed.position
    durablePosition = seed.position
    durableVersion = seed.document.version
    if tail.positionBefore + UInt64(tail.changes.count) != seed.position {
      tail = ChangeTail(
        seed.recent, versionBefore: seed.versionBeforeRecent, position: seed.position, countMax: limits.tailCountMax,
        bytesMax: limits.tailBytesMax)
    }
    let lostLeases = adoptLeases(seed.leases)
    for id in lostLeases { dismiss(id, .serverFault, "the lease was lost with the store", into: &actions) }
    document.setOtherTypes(otherTypes)
    let all = Set(document.takeIssueChanges().added)
    let difference = IssuesChange(
      added: all.subtracting(findings.published).sorted(by: Findings.precedes),
      removed: findings.published.subtracting(all).sorted(by: Findings.precedes))
    if !difference.added.isEmpty || !difference.removed.isEmpty { queue.append(.after(.issues(difference))) }
    findings.isStale = false
    adoptRuns(seed.runs, into: &actions)
    if versions.adopt(seed.versions) { tellVersions(into: &actions) }
    // Positions behind it are given anew.
    editing.settledPosition = min(editing.settledPosition, seed.position)
  }

  /// Sessions keep the leases that are durable, and what they have seen.
  private mutating func adoptLeases(_ records: [ReplicaLease]) -> [SessionID] {
    let old = leases
    leases = LeaseTable(records, endedCountMax: limits.endedLeaseCountMax)
    var lost: [SessionID] = []
    for session in sessions.values {
      if case .joining(let joining) = session.stage {
        reclaim(joining, role: session.role)
        continue
      }
      guard let replica = session.replica, let before = old[replica] else { continue }
      if leases[replica]?.lease.secretDigest == before.lease.secretDigest {
        _ = leases.resume(replica, by: session.id)
        leases.noteSeen(before.seen, by: replica)
      } else {
        lost.append(session.id)
      }
    }
    return lost
  }

  /// Whoever is still waiting for a welcome has its lease in use from here on: no other newcomer's need of an id may end it in between.
  private mutating func reclaim(_ joining: Session.Joining, role: Role) {
    guard role >= .commenter else { return }
    var replica = leases.replica(of: joining.arrival.freshDigest)
    if case .inForce(let holder)? = findLease(of: joining.arrival), holder.session == nil { replica = holder.lease.replica }
    if let replica { _ = leases.resume(replica, by: joining.arrival.session) }
  }

  private mutating func giveUp(_ reason: String, into actions: inout [RoomAction]) {
    actions.append(.note(.degraded(reason: reason)))
    for id in sessions.keys { dismiss(id, .serverFault, reason, into: &actions) }
    life = .over
    actions.append(.unload)
  }
}
