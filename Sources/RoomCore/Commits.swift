import CRDT
import CollabProtocol
import WorkflowDocument
import WorkflowGraph

/// Output commit: what comes out of the commit queue becomes visible, in order. Spec: RM1, OR1, AK1.
extension Room {
  /// Asks the store for a write. While the store is down nothing is asked: a reload decides what is true then.
  mutating func write(_ write: RoomWrite, as entry: CommitQueue.Entry, into actions: inout [RoomAction]) {
    guard !isDegraded else { return }
    actions.append(.write(write))
    queue.append(entry)
  }

  mutating func release(committed: Int, into actions: inout [RoomAction]) {
    if isDegraded { return }
    var budget = committed
    var changes: [LoggedChange] = []
    while let entry = queue.pop(budget: &budget) {
      switch entry {
      case .change(let logged, by: _):
        settle(logged)
        changes.append(logged)
      case .lease: break
      case .runEvent(let event):
        broadcast(&changes, into: &actions)
        publish(event, into: &actions)
      case .version(let edit, by: let id, let request):
        broadcast(&changes, into: &actions)
        publish(edit, by: id, request: request, into: &actions)
      case .after(.answer(let id, let batch, let taken, let bytes, let refused)):
        answer(id, batch: batch, taken: taken, bytes: bytes, refused: refused, into: &actions)
      case .after(let deferred):
        broadcast(&changes, into: &actions)
        carryOut(deferred, into: &actions)
      }
    }
    broadcast(&changes, into: &actions)
    sendAcks(into: &actions)
    if committed > 0 { storeSnapshotIfDue(into: &actions) }
    if case .draining = life, queue.isEmpty { endDrain(into: &actions) }
  }

  mutating func settle(_ logged: LoggedChange) {
    durablePosition = logged.position
    durableVersion.raise(logged.change.replica, to: logged.change.seq)
    tail.append(logged)
    snapshots.loggedBytes += logged.estimatedBytes
  }

  func broadcast(_ changes: inout [LoggedChange], into actions: inout [RoomAction]) {
    guard !changes.isEmpty else { return }
    forEachMessage(of: changes) { actions.append(.broadcast($0, .changes)) }
    actions.append(.note(.changesCommitted(changes.count, opCount: changes.reduce(0) { $0 + $1.change.ops.count })))
    changes.removeAll(keepingCapacity: true)
  }

  /// One ack per session and commit, after the changes themselves.
  mutating func sendAcks(into actions: inout [RoomAction]) {
    guard !ackDue.isEmpty else { return }
    for id in ackDue {
      guard let session = sessions[id], session.isAckDue else { continue }
      let replica = session.replica ?? .none
      let ack = Ack(
        batch: session.answeredBatch, replica: replica, seq: durableVersion[replica], position: durablePosition, refused: session.refusals)
      actions.append(.send(.ack(ack), to: id))
      sessions[id]?.isAckDue = false
      sessions[id]?.refusals = []
    }
    ackDue.removeAll(keepingCapacity: true)
  }

  mutating func answer(_ id: SessionID, batch: UInt64, taken: Int, bytes: Int, refused: [Refusal], into actions: inout [RoomAction]) {
    guard let session = sessions[id] else { return }
    sessions[id]?.openAnswerCount -= 1
    // Batches that were refused at once are answered too, when none before them is open.
    sessions[id]?.answeredBatch = session.openAnswerCount == 1 ? session.lastBatch : batch
    if !refused.isEmpty { sessions[id]?.refusals.append(contentsOf: refused) }
    if !session.isAckDue {
      sessions[id]?.isAckDue = true
      ackDue.append(id)
    }
    let inFlight = max(0, session.inFlight - taken)
    let inFlightBytes = max(0, session.inFlightBytes - bytes)
    sessions[id]?.inFlight = inFlight
    sessions[id]?.inFlightBytes = inFlightBytes
    if session.pauses.contains(.inFlight), inFlight <= Int(limits.protocolLimits.changesInFlightMax) / 2,
      inFlightBytes <= limits.inFlightBytesMax / 2
    {
      resume(id, .inFlight, into: &actions)
    }
  }

  private mutating func carryOut(_ deferred: CommitQueue.Deferred, into actions: inout [RoomAction]) {
    switch deferred {
    case .answer: break  // the caller's case: it must not split a broadcast
    case .welcome(let id): welcome(id, into: &actions)
    case .snapshot(let position): snapshotDurable(at: position, into: &actions)
    case .issues(let difference):
      findings.publish((added: difference.added, removed: difference.removed))
      actions.append(.broadcast(.issues(difference), .issues))
    case .hash(let report): actions.append(.broadcast(.hash(report), .hashes))
    case .comparison(let id, let report, let isEqual): answerComparison(id, report, isEqual: isEqual, into: &actions)
    case .fresh(let id): startResync(id, into: &actions)
    case .runNamed(let run, let id, let key): nameRun(run, to: id, key: key, into: &actions)
    case .edited(let number, let outcome): actions.append(.answerEdit(number, outcome))
    case .naming(let version): actions.append(.nameVersion(version))
    case .error(let error, let id):
      if sessions[id] != nil { actions.append(.send(.error(error), to: id)) }
    }
  }

  /// As many messages as the size of one allows. A change is never split: it is smaller than a message, because it came in one.
  func forEachMessage(of changes: [LoggedChange], _ body: (ServerMessage) -> Void) {
    let countMax = Int(limits.protocolLimits.changesPerBatchMax)
    let bytesMax = Int(limits.protocolLimits.messageBytesMax) / 4
    if changes.count <= countMax, changes.reduce(0, { $0 + $1.estimatedBytes }) <= bytesMax {
      if !changes.isEmpty { body(.changes(changes)) }
      return
    }
    var start = 0
    var bytes = 0
    for (index, change) in changes.enumerated() {
      let size = change.estimatedBytes
      if index > start, bytes + size > bytesMax || index - start == countMax {
        body(.changes(Array(changes[start..<index])))
        start = index
        bytes = 0
      }
      bytes += size
    }
    body(.changes(Array(changes[start...])))
  }
}
