import CRDT
import CollabProtocol
import WorkflowDocument

/// What a room does when nobody asks: leases, tombstones, going to sleep, shutting down. Spec: CR5, ME5.
extension Room {
  mutating func noteSeen(_ position: UInt64, by session: Session) {
    // A position that does not exist yet would let tombstones go too early.
    guard position > 0, position <= durablePosition, let replica = session.replica else { return }
    leases.noteSeen(position, by: replica)
  }

  mutating func upkeep(into actions: inout [RoomAction]) {
    arm(.upkeep, afterMilliseconds: limits.leaseSweepIntervalMilliseconds, into: &actions)
    guard isAccepting else { return }
    for holder in leases.inOrder {
      let lease = holder.lease
      let isUsed = document.version[lease.replica] > lease.seqBefore
      let idleMax = isUsed ? limits.leaseIdleMilliseconds : limits.unusedLeaseIdleMilliseconds
      let idle = now.wallMilliseconds > lease.touchedAtMilliseconds ? now.wallMilliseconds - lease.touchedAtMilliseconds : 0
      if holder.session == nil, idle >= idleMax {
        endLease(lease.replica, into: &actions)
      } else if holder.session != nil, idle >= idleMax / 4,
        let touched = leases.touch(lease.replica, nowMilliseconds: now.wallMilliseconds)
      {
        // After a crash the idle time must count from now, not from when the session began.
        write(.lease(touched), as: .lease, into: &actions)
      }
    }
    collectTombstones(into: &actions)
  }

  /// Drops dead entries that no lease in force can still speak of.
  mutating func collectTombstones(into actions: inout [RoomAction]) {
    guard !isDegraded, now.wallMilliseconds > limits.collectionHorizonMilliseconds else { return }
    let seen = leases.lowestSeen ?? durablePosition
    guard let stable = seen >= durablePosition ? durableVersion : tail.version(at: seen) else { return }
    let before = HybridTime(milliseconds: now.wallMilliseconds - limits.collectionHorizonMilliseconds)
    let count = document.collect(stable: stable, before: before)
    if count > 0 { actions.append(.note(.tombstonesCollected(count))) }
  }

  // MARK: going to sleep

  mutating func unloadIfIdle(into actions: inout [RoomAction]) {
    guard case .open = life, sessions.isEmpty else { return }
    if isDegraded {
      // Nobody waits for what was not durable.
      life = .over
      return actions.append(.unload)
    }
    guard queue.isEmpty, runs.isIdle, versions.isIdle else {
      return arm(.idle, afterMilliseconds: limits.idleUnloadMilliseconds, into: &actions)
    }
    if keepBeforeSleep(into: &actions) { return }
    save(isDraining: false, into: &actions)
  }

  // MARK: shutting down

  /// Goodbye first, so that clients know when to come back; closed once the log is flushed, so that they have their acks.
  mutating func drain(into actions: inout [RoomAction]) {
    switch life {
    case .draining, .over, .saving(isDraining: true): return
    case .saving(isDraining: false):
      life = .saving(isDraining: true)
      return
    case .open: break
    }
    life = .draining
    let text = "the server is shutting down"
    for (id, session) in sessions {
      if session.isWelcomed {
        actions.append(.send(.goodbye(goodbye(.draining, text, &generator)), to: id))
      } else {
        actions.append(.send(.goodbye(goodbye(.draining, text, &generator)), to: id))
        close(id, .draining, text, into: &actions)
      }
    }
    cancelAllRuns(because: text, into: &actions)
    arm(.drain, afterMilliseconds: isDegraded ? 0 : limits.drainFlushMilliseconds, into: &actions)
  }

  /// Nobody may come back: there is nothing to come back to. What is still on its way to the log is waited for, as in a drain.
  mutating func makeWay(into actions: inout [RoomAction]) {
    let text = "the workflow was deleted"
    for id in sessions.keys { dismiss(id, .unknownWorkflow, text, into: &actions) }
    cancelAllRuns(because: text, into: &actions)
    switch life {
    case .draining, .over, .saving(isDraining: true): return
    case .saving(isDraining: false): life = .saving(isDraining: true)
    case .open:
      life = .draining
      arm(.drain, afterMilliseconds: isDegraded ? 0 : limits.drainFlushMilliseconds, into: &actions)
    }
  }

  mutating func endDrain(into actions: inout [RoomAction]) {
    guard case .draining = life else { return }
    let isFlushed = queue.isEmpty
    life = .saving(isDraining: true)
    for id in sessions.keys { close(id, .draining, "the server is shutting down", into: &actions) }
    if isFlushed, !isDegraded {
      save(isDraining: true, into: &actions)
    } else {
      life = .over
      actions.append(.unload)
    }
  }

  /// With a pause drawn evenly, so that not all come back at once.
  func goodbye(_ code: CloseCode, _ text: String, _ generator: inout SplitMix) -> Goodbye {
    let least = limits.reconnectMinMilliseconds
    let pause = UInt32.random(in: least...max(least, limits.reconnectMaxMilliseconds), using: &generator)
    return Goodbye(code: code, text: text, reconnectAfterMilliseconds: pause)
  }
}
