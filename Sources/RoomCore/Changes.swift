import CRDT
import CollabProtocol
import RateLimits
import WorkflowDocument
import WorkflowGraph

/// Taking changes: authorise, check, apply, number, log. Spec: CR1, CR3, D1/RF1, FC1.
extension Room {
  mutating func take(_ batch: ChangeBatch, from id: SessionID, into actions: inout [RoomAction]) {
    guard let session = sessions[id] else { return }
    noteSeen(batch.seen, by: session)
    sessions[id]?.lastBatch = batch.batch
    if let reason = reasonToWait {
      return refuseAtOnce(batch, from: id, .unavailable, reason, retryAfterMilliseconds: retryMilliseconds, into: &actions)
    }
    guard batch.changes.count <= Int(limits.protocolLimits.changesPerBatchMax) else {
      return close(id, .tooLarge, "a batch has at most \(limits.protocolLimits.changesPerBatchMax) changes", into: &actions)
    }
    if let refusal = takeOps(of: batch, id) {
      actions.append(.note(.limitReached(refusal.name)))
      return putOff(batch, refusal, from: id, into: &actions)
    }

    var taken = 0
    var takenBytes = 0
    var refused: [Refusal] = []
    var faults = batch.faults[...]
    for (index, change) in batch.changes.enumerated() {
      let fault = faults.first?.index == index ? faults.popFirst() : nil
      switch judge(change, of: session, fault: fault) {
      case .taken:
        taken += 1
        appliedPosition += 1
        let logged = LoggedChange(
          position: appliedPosition, author: session.author, takenAtMilliseconds: now.wallMilliseconds, change: change)
        takenBytes += logged.estimatedBytes
        write(.change(logged), as: .change(logged, by: id), into: &actions)
      case .duplicate: break
      case .refused(let code, let text):
        refused.append(refusal(of: change, code, text, id))
        actions.append(.note(.changeRefused(code)))
      }
    }
    sessions[id]?.openAnswerCount += 1
    queue.append(.after(.answer(id, batch: batch.batch, taken: taken, bytes: takenBytes, refused: refused)))
    if taken > 0 { noteApplied(taken, bytes: takenBytes, by: id, into: &actions) }
  }

  private enum Judgement {
    case taken
    case duplicate
    case refused(RefusalCode, String)
  }

  /// - Parameter fault: what the decoder found in this change; its ops are not there then.
  private mutating func judge(_ change: Change, of session: Session, fault: ChangeBatch.Fault?) -> Judgement {
    guard session.role >= .commenter, let replica = session.replica else { return .refused(.forbidden, "a viewer may not change anything") }
    guard change.replica == replica else { return .refused(.staleLease, "\(change.replica) is not lent to this session") }
    let expected = document.version[replica] + 1
    if change.seq > 0, change.seq < expected { return .duplicate }
    guard change.seq == expected else {
      let follows = sessions[session.id]?.refusedSeq == expected
      return .refused(.conflict, follows ? "follows a refused change" : "expected seq \(expected), got \(change.seq)")
    }
    if session.role == .commenter, !change.ops.allSatisfy(\.isComment) {
      return .refused(.forbidden, "a commenter may write comments only")
    }
    // What was accepted stays acceptable when the server's own clock is set back: else nobody could write until it has caught up.
    let skewMax = UInt64(limits.protocolLimits.clockSkewMaxMilliseconds)
    guard change.hlc.milliseconds <= max(now.wallMilliseconds + skewMax, document.highestTime.milliseconds + 1) else {
      return .refused(.clockSkew, "stamped \(change.hlc.milliseconds - now.wallMilliseconds) ms ahead of the server's clock")
    }
    if let fault { return .refused(fault.code, fault.text) }
    if let fault = document.check(change, limits: documentLimits) { return .refused(RefusalCode(fault.code), fault.text) }
    do {
      return try document.apply(change) == .applied ? .taken : .duplicate
    } catch {
      return .refused(.conflict, "does not follow what the document holds")
    }
  }

  /// `revert` is what the room holds now; it leaves behind the writes that made it. Empty for what is to be sent again. Spec: RM1, RF3.
  private mutating func refusal(of change: Change, _ code: RefusalCode, _ text: String, _ id: SessionID) -> Refusal {
    if let replica = sessions[id]?.replica, change.replica == replica, change.seq == document.version[replica] + 1 {
      sessions[id]?.refusedSeq = change.seq
    }
    let isDropped = [.forbidden, .invalid, .tooLarge, .limit].contains(code) && change.ops.count <= documentLimits.opCountMax
    return Refusal(seq: change.seq, code: code, text: text, revert: isDropped ? document.presentState(of: change.ops) : [])
  }

  private mutating func noteApplied(_ count: Int, bytes: Int, by id: SessionID, into actions: inout [RoomAction]) {
    sessions[id]?.inFlight += count
    sessions[id]?.inFlightBytes += bytes
    if let session = sessions[id],
      session.inFlight > Int(limits.protocolLimits.changesInFlightMax) || session.inFlightBytes > limits.inFlightBytesMax
    {
      pause(id, .inFlight, into: &actions)
    }
    if let author = sessions[id]?.author { noteDocumentChanged(by: author, into: &actions) }
  }

  mutating func noteDocumentChanged(by author: Author, into actions: inout [RoomAction]) {
    findings.isStale = true
    armTick(into: &actions)
    armOnce(.hash, afterMilliseconds: limits.hashIntervalMilliseconds, into: &actions)
    noteEdited(by: author, into: &actions)
    startWaitingRuns(into: &actions)
  }

  // MARK: refusing a whole batch

  /// Why nothing can be taken now.
  var reasonToWait: String? {
    if isDegraded { return "the store does not answer; nothing can be made durable" }
    guard case .open = life else { return "the server is shutting down" }
    return queue.undurableBytes > limits.undurableBytesMax ? "too much waits for the store" : nil
  }

  private var retryMilliseconds: UInt32 { limits.unavailableRetryMilliseconds }

  private mutating func takeOps(of batch: ChangeBatch, _ id: SessionID) -> RateRefusal? {
    let name = RateName(.ops, per: .session)
    guard let rate = limits.rates[.ops, per: .session],
      let wait = sessions[id]?.opBucket.take(batch.opCount, of: rate, nowMilliseconds: now.monotonicMilliseconds)
    else {
      sessions[id]?.strikeCount = 0
      return nil
    }
    return RateRefusal(name, rate, waitMilliseconds: wait)
  }

  /// Told to wait; who does not wait, again and again, is sent away.
  mutating func putOff(_ batch: ChangeBatch, _ refusal: RateRefusal, from id: SessionID, into actions: inout [RoomAction]) {
    guard let session = sessions[id] else { return }
    let nowMilliseconds = now.monotonicMilliseconds
    sessions[id]?.lastBatch = batch.batch
    if nowMilliseconds < session.waitUntilMilliseconds { sessions[id]?.strikeCount += 1 }
    sessions[id]?.waitUntilMilliseconds = nowMilliseconds + refusal.waitMilliseconds
    if sessions[id]?.strikeCount ?? 0 > limits.rateStrikeCountMax {
      return close(id, .abusive, "went on in spite of rate_limited", into: &actions)
    }
    let wait = UInt32(clamping: refusal.waitMilliseconds)
    refuseAtOnce(batch, from: id, .rateLimited, refusal.text, retryAfterMilliseconds: wait, into: &actions)
  }

  /// The changes stay with the client and are sent again: there is nothing to go back to, so nothing is revealed and nothing has to wait.
  /// Batches before it may still wait: then the ack does not claim this one. Spec: AK1.
  private mutating func refuseAtOnce(
    _ batch: ChangeBatch, from id: SessionID, _ code: RefusalCode, _ text: String, retryAfterMilliseconds: UInt32,
    into actions: inout [RoomAction]
  ) {
    let replica = sessions[id]?.replica ?? .none
    let refused = batch.changes.map { Refusal(seq: $0.seq, code: code, text: text, retryAfterMilliseconds: retryAfterMilliseconds) }
    if sessions[id]?.openAnswerCount == 0 { sessions[id]?.answeredBatch = batch.batch }
    let ack = Ack(
      batch: sessions[id]?.answeredBatch ?? 0, replica: replica, seq: durableVersion[replica], position: durablePosition, refused: refused)
    actions.append(.send(.ack(ack), to: id))
    actions.append(.note(.changeRefused(code)))
  }
}

extension Op {
  fileprivate var isComment: Bool {
    switch self {
    case .setCommentLife, .setCommentField: true
    case .setMeta, .setNodeLife, .setNodeField, .addEdge, .removeEdge, .setEdgeField: false
    }
  }
}
