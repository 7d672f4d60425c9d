import CRDT
import CollabProtocol
import WorkflowDocument

// From a snapshot and what is pending to a document that is right again. Spec: CR5, RS2, SN1.
extension ReplicaMachine {
  /// Asks for a snapshot whatever the hashes are; `finishRepair` goes on once it is there.
  mutating func askForSnapshot(at now: ClientTime, into actions: inout [ReplicaAction]) {
    askAgainAt = nil
    guard case .joined(let joined) = link, repair != nil else { return }
    repair!.isAsked = true
    repair!.answersThrough = joined.lastBatch
    repair!.base = nil
    actions.append(.send(.resync(Resync(version: streamedVersion))))
    awaitAnswer(at: now)
  }

  mutating func take(_ chunk: SnapshotChunk, at now: ClientTime, into actions: inout [ReplicaAction]) {
    awaitAnswer(at: now)
    let whole: (document: WorkflowDocument, position: UInt64)?
    do { whole = try assembly.add(chunk) } catch {
      return fault(error.text, into: &actions)
    }
    guard let whole else { return }
    counters.snapshots += 1
    if repair == nil {
      // Not asked for: the server skipped what was queued for a slow reader.
      repair = Repair()
      repair!.isAsked = true
      if case .joined(let joined) = link { repair!.answersThrough = joined.lastBatch }
    }
    repair!.base = whole
    finishRepair(at: now, into: &actions)
  }

  /// A change of the server's order while the document waits for, or is rebuilt from, a snapshot.
  mutating func followInRepair(_ logged: LoggedChange) {
    // What comes before the snapshot comes again: in it, or right behind it (SN1).
    guard let at = repair!.base?.position else { return }
    guard logged.position > at else { return }
    guard logged.position == at + 1, (try? repair!.base!.document.apply(logged.change)) != nil else {
      counters.gaps += 1
      faultsInARow += 1
      repair!.base = nil
      repair!.isAsked = false
      return
    }
    counters.changesReceived += 1
    repair!.base!.position = logged.position
  }

  /// Done when the base holds all that is known to be durable and every batch sent before was answered, so that no late refusal
  /// names a number that is used anew.
  mutating func finishRepair(at now: ClientTime, into actions: inout [ReplicaAction]) {
    guard let repair, repair.isAsked, let base = repair.base, case .joined(let joined) = link else { return }
    guard joined.answeredBatch >= repair.answersThrough, base.position >= joined.catchUpThrough else { return }
    guard repair.newLease != nil || base.document.version[replica] >= acknowledgedSeq else { return }
    self.repair!.base = nil
    guard faultsInARow < 5, lay(repair, over: base.document, at: now) else {
      self.repair!.isAsked = false
      return fault("own changes do not fit the server's document", into: &actions)
    }
    position = base.position
    self.repair = nil
    if pending.inFlightCount == 0 { withJoined { $0.answerBy = nil } }
    actions.append(.notify(.replaced(position: position)))
  }

  /// Puts what is still pending on top of the server's document, with the numbers that it can have there.
  ///
  /// - Returns: `false`, with nothing changed, when a change does not fit.
  private mutating func lay(_ repair: Repair, over base: WorkflowDocument, at now: ClientTime) -> Bool {
    var document = base
    clock = HybridClock(last: base.highestTime)
    let into = repair.newLease?.lease.replica ?? replica
    let streamed = base.version[into]
    if repair.newLease == nil { acknowledge(through: streamed) }
    let old = pending.changes
    let firstFree = repair.newLease.map { max($0.firstSeq, streamed + 1) } ?? (streamed + 1)
    let (renewed, stamps) = renew(old, repair, replica: into, firstSeq: firstFree, at: now)
    for change in renewed {
      clock.observe(change.hlc)
      guard (try? document.apply(change)) != nil else { return false }
    }
    // Those before the first that changed left already and need not leave again.
    // A refused one must, even when its new time is the old one.
    let refusedFrom = repair.renumberFrom ?? .max
    let unchanged = zip(old, renewed).prefix { $0 == $1 && $0.seq < refusedFrom }.count
    pending.replace(with: renewed, keepingInFlight: min(unchanged, pending.inFlightCount), seen: position, size: ChangeSize.bytes)
    undoStack.rename(stamps)
    self.document = document
    adopt(into, firstSeq: firstFree)
    nextSeq = firstFree + UInt64(renewed.count)
    return true
  }

  /// Pending changes as they can be sent: without the dropped ones, numbered without gaps, with new times where those were the trouble.
  private mutating func renew(
    _ old: [Change], _ repair: Repair, replica: ReplicaID, firstSeq: UInt64, at now: ClientTime
  ) -> (changes: [Change], stamps: [Stamp: Stamp]) {
    let dropped = old.filter { repair.dropped.contains($0.seq) }
    let kept = old.filter { !repair.dropped.contains($0.seq) }
    let from = repair.newLease != nil ? 0 : (repair.renumberFrom ?? .max)
    let stay = kept.prefix { $0.seq < from }
    let isInPlace = repair.newLease == nil && stay.enumerated().allSatisfy { $0.element.seq == firstSeq + UInt64($0.offset) }
    let head = isInPlace ? Array(stay) : []
    let tail = Array(kept.dropFirst(head.count))
    guard !tail.isEmpty else { return (head, [:]) }
    counters.restamps += 1
    var ticking = clock
    for change in head { ticking.observe(change.hlc) }
    let wall = correctedWall(now)
    let (numbered, stamps) = Restamp.trace(
      tail, replica: replica, firstSeq: firstSeq + UInt64(head.count), dropping: dropped,
      clock: repair.freshTimes ? { ticking.tick(nowMilliseconds: wall) } : nil)
    return (head + numbered, stamps)
  }

  /// The server's clock as far as it is known here. Spec: CR3.
  func correctedWall(_ now: ClientTime) -> UInt64 {
    guard let serverClockOffset else { return now.wallMilliseconds }
    return UInt64(clamping: Int64(clamping: now.uptimeMilliseconds) + serverClockOffset)
  }
}
