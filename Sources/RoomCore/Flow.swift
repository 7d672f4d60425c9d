import CRDT
import CollabProtocol
import WorkflowDocument

/// Slow readers and fast writers: nobody waits for them, and nothing piles up. Spec: FC1, FC2.
extension Room {
  static let watchIntervalMilliseconds: UInt64 = 500

  /// The shell measured a session's outbox beyond or below a bound, or found it drain.
  mutating func measureOutbox(of id: SessionID, bytes: Int, isCrowded: Bool = false, into actions: inout [RoomAction]) {
    guard let session = sessions[id] else { return }
    switch session.stage {
    case .live where bytes > limits.outboxBytesMax || isCrowded: holdBack(id, bytes: bytes, into: &actions)
    case .live where bytes > limits.shedPresenceBytes && !session.shedsPresence:
      sessions[id]?.shedsPresence = true
      listen(id, into: &actions)
    case .live where bytes <= limits.outboxLowBytes && session.shedsPresence: endShedding(id, into: &actions)
    case .lagging(let lag) where bytes <= limits.outboxLowBytes: bringBack(id, lag, into: &actions)
    case .lagging(var lag) where bytes < lag.bytes:
      lag.bytes = bytes
      lag.sinceMilliseconds = now.monotonicMilliseconds
      sessions[id]?.stage = .lagging(lag)
    case .catchingUp(.resync) where bytes > limits.shedPresenceBytes && !session.shedsPresence:
      // It waits for the store's sake; presence must not pile up meanwhile. Measured again when it is live.
      sessions[id]?.shedsPresence = true
      listen(id, into: &actions)
    case .catchingUp(.resync) where bytes <= limits.outboxLowBytes && session.shedsPresence: endShedding(id, into: &actions)
    case .joining, .catchingUp, .live, .lagging: break
    }
  }

  private mutating func endShedding(_ id: SessionID, into actions: inout [RoomAction]) {
    sessions[id]?.shedsPresence = false
    listen(id, into: &actions)
    presence.newcomers.append(id)
    armTick(into: &actions)
  }

  /// To all it wants; without changes while it waits for a snapshot in their place.
  func listen(_ id: SessionID, into actions: inout [RoomAction]) {
    guard let session = sessions[id] else { return }
    let withheld: Topics = if case .catchingUp = session.stage { [.changes, .hashes] } else { [] }
    actions.append(.listen(id, to: session.audience.subtracting(withheld)))
  }

  /// Changes are replaced by a catch-up later; until then it hears nothing and is not read, so that it makes no answers either.
  private mutating func holdBack(_ id: SessionID, bytes: Int, into actions: inout [RoomAction]) {
    let lag = Session.Lag(
      sinceMilliseconds: now.monotonicMilliseconds, bytes: bytes, position: durablePosition, issues: findings.published,
      runSeqs: runs.publishedSeqs, versionsRevision: versions.revision)
    sessions[id]?.stage = .lagging(lag)
    sessions[id]?.shedsPresence = true
    actions.append(.note(.sessionHeldBack(id)))
    actions.append(.listen(id, to: .none))
    pause(id, .lagging, into: &actions)
    watched.insert(id)
    armOnce(.watch, afterMilliseconds: Self.watchIntervalMilliseconds, into: &actions)
  }

  private mutating func bringBack(_ id: SessionID, _ lag: Session.Lag, into actions: inout [RoomAction]) {
    guard let session = sessions[id] else { return }
    if !session.topics.includes(.changes) { return returnToLive(id, .nothing, missed: lag, into: &actions) }
    if !lag.wantsSnapshot, let missed = tail.after(lag.position), missed.reduce(0, { $0 + $1.estimatedBytes }) <= limits.outboxBytesMax / 2
    {
      return returnToLive(id, missed.isEmpty ? .nothing : .changes(missed), missed: lag, into: &actions)
    }
    awaitSnapshot(id, for: .lag(lag), into: &actions)
  }

  /// Catch-up, what else was missed, live again.
  mutating func returnToLive(_ id: SessionID, _ catchUp: CatchUp, missed lag: Session.Lag?, into actions: inout [RoomAction]) {
    guard let session = sessions[id] else { return }
    send(catchUp, to: id, into: &actions)
    if let lag {
      if session.topics.includes(.issues), lag.issues != findings.published {
        let added = findings.published.subtracting(lag.issues).sorted(by: Findings.precedes)
        let removed = lag.issues.subtracting(findings.published).sorted(by: Findings.precedes)
        actions.append(.send(.issues(IssuesChange(added: added, removed: removed)), to: id))
      }
      if session.topics.includes(.runs) { replayRuns(to: id, after: lag.runSeqs, into: &actions) }
      if session.topics.includes(.versions), lag.versionsRevision != versions.revision {
        actions.append(.send(.versions(VersionList(versions: versions.versions)), to: id))
      }
      sessions[id]?.shedsPresence = false
      presence.newcomers.append(id)
      armTick(into: &actions)
      resume(id, .lagging, into: &actions)
    }
    watched.remove(id)
    sessions[id]?.stage = .live
    listen(id, into: &actions)
  }

  mutating func pause(_ id: SessionID, _ why: Session.Pauses, into actions: inout [RoomAction]) {
    guard let pauses = sessions[id]?.pauses else { return }
    if pauses.isEmpty { actions.append(.pauseReading(id)) }
    sessions[id]?.pauses.insert(why)
  }

  mutating func resume(_ id: SessionID, _ why: Session.Pauses, into actions: inout [RoomAction]) {
    guard let pauses = sessions[id]?.pauses, pauses.contains(why) else { return }
    sessions[id]?.pauses.remove(why)
    if pauses == why { actions.append(.resumeReading(id)) }
  }

  // MARK: deadlines

  /// Looks at those who have a deadline, and only at them.
  mutating func watch(into actions: inout [RoomAction]) {
    for id in watched {
      switch sessions[id]?.stage {
      case .joining(let joining), .catchingUp(.join(let joining)):
        if now.monotonicMilliseconds >= joining.sinceMilliseconds + limits.joinDeadlineMilliseconds {
          dismiss(id, .serverFault, "the workflow could not be made ready in time", into: &actions)
        }
      case .lagging(let lag):
        if now.monotonicMilliseconds >= lag.sinceMilliseconds + limits.slowGraceMilliseconds {
          dismiss(id, .tooSlow, "does not read what it is sent", into: &actions)
        }
      case .catchingUp(.resync), .catchingUp(.lag): break
      case .live, nil: watched.remove(id)
      }
    }
    expireWaitingRuns(into: &actions)
    if !watched.isEmpty || runs.hasBarriers {
      armOnce(.watch, afterMilliseconds: Self.watchIntervalMilliseconds, into: &actions)
    }
  }
}
