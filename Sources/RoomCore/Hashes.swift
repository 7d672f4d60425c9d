import CRDT
import CollabProtocol
import RateLimits
import WorkflowDocument

/// Proof that all hold the same: hashes at a version, and what happens when they differ. Spec: GV5, RS2.
extension Room {
  mutating func reportHash(into actions: inout [RoomAction]) {
    guard !isDegraded, sessions.values.contains(where: { $0.audience.includes(.hashes) }) else { return }
    queue.append(.after(.hash(presentHash())))
  }

  mutating func presentHash() -> HashReport {
    HashReport(
      version: document.version, position: appliedPosition, graphHash: document.graphHash(), documentHash: document.documentHash())
  }

  /// Hashes are compared at equal versions only; at another version the answer lets the client compare by itself.
  mutating func compare(_ resync: Resync, from id: SessionID, into actions: inout [RoomAction]) {
    switch sessions[id]?.stage {
    case .live: break
    case .lagging(var lag):
      lag.wantsSnapshot = lag.wantsSnapshot || resync.documentHash.isEmpty
      sessions[id]?.stage = .lagging(lag)
      return
    // A snapshot is on its way already.
    case .joining, .catchingUp, nil: return
    }
    if isDegraded {
      return report(to: id, request: 0, .unavailable, "the store does not answer; the room heals by itself", into: &actions)
    }
    if let rate = limits.rates[.resyncs, per: .session],
      let wait = sessions[id]?.resyncBucket.take(1, of: rate, nowMilliseconds: now.monotonicMilliseconds)
    {
      actions.append(.note(.limitReached(RateName(.resyncs, per: .session))))
      return report(to: id, request: 0, RateRefusal(RateName(.resyncs, per: .session), rate, waitMilliseconds: wait), into: &actions)
    }
    guard !resync.documentHash.isEmpty else { return queue.append(.after(.fresh(id))) }
    let report = presentHash()
    let isEqual =
      resync.version != report.version
      || (resync.documentHash == report.documentHash && (resync.graphHash.isEmpty || resync.graphHash == report.graphHash))
    queue.append(.after(.comparison(id, report, equal: isEqual)))
  }

  mutating func answerComparison(_ id: SessionID, _ report: HashReport, isEqual: Bool, into actions: inout [RoomAction]) {
    guard sessions[id] != nil else { return }
    if isEqual { return actions.append(.send(.hash(report), to: id)) }
    actions.append(.note(.hashDiffered(id)))
    startResync(id, into: &actions)
  }

  /// Changes stop, a snapshot and what followed it comes, changes go on. Everything else goes on all the time.
  mutating func startResync(_ id: SessionID, into actions: inout [RoomAction]) {
    guard case .live = sessions[id]?.stage else { return }
    sessions[id]?.stage = .catchingUp(.resync)
    listen(id, into: &actions)
    awaitSnapshot(id, for: .resync, into: &actions)
  }
}
