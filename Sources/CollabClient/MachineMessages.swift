import CRDT
import CollabProtocol
import WorkflowDocument

// What the server says. Spec: OR1, AK1, RF1, SN1, GV5.
extension ReplicaMachine {
  mutating func received(_ message: ServerMessage, at now: ClientTime, into actions: inout [ReplicaAction]) {
    if case .welcome(let welcome) = message { return welcomed(welcome, at: now, into: &actions) }
    if case .goodbye(let goodbye) = message {
      farewell = goodbye
      return
    }
    guard case .joined = link else {
      // Between giving a connection up and its end, late messages are of no use; before the welcome they are a defect.
      if case .greeting = link { fault("a message before the welcome", into: &actions) }
      return
    }
    switch message {
    case .welcome, .goodbye, .unknown: break
    case .changes(let changes): take(changes, at: now, into: &actions)
    case .ack(let ack): acknowledged(ack, at: now, into: &actions)
    case .snapshot(let chunk): take(chunk, at: now, into: &actions)
    case .hash(let report): compare(report, at: now, into: &actions)
    case .presence(let frame):
      presence.take(frame, ownSession: session)
      actions.append(.notify(.presence(frame)))
    case .runEvent(let event):
      if runs.take(event) {
        actions.append(.notify(.runEvent(event)))
      } else if event.kind == .runStarted, let key = event.info?.idempotencyKey {
        actions.append(.notify(.runNamed(run: event.run, key: key)))
      }
    case .issues(let change):
      issues.take(change)
      actions.append(.notify(.issues(change)))
    case .role(let changed):
      role = changed.role
      tokenTaken(changed, at: now)
      actions.append(.notify(.role(changed)))
    case .error(let report):
      if report.request == 0, let repair, repair.isAsked, repair.base == nil, report.code == .rateLimited || report.code == .unavailable {
        let named = UInt64(report.retryAfterMilliseconds)
        askAgainAt = now.uptimeMilliseconds + (named > 0 ? named : Self.askAgainMilliseconds)
      }
      tokenRefused(report, at: now, into: &actions)
      actions.append(.notify(.error(report)))
    case .pong(let pong): ponged(pong, at: now, into: &actions)
    case .history(let page): actions.append(.notify(.history(page)))
    case .versions(let list): actions.append(.notify(.versions(list)))
    case .state(let chunk): actions.append(.notify(.state(chunk)))
    }
  }

  /// A snapshot was asked for too often, or the store is away: asked again after this, when the server names no time.
  private static var askAgainMilliseconds: UInt64 { 500 }

  // MARK: Changes

  private mutating func take(_ changes: [LoggedChange], at now: ClientTime, into actions: inout [ReplicaAction]) {
    var fresh: [LoggedChange] = []
    for logged in changes {
      if repair == nil, take(logged) {
        fresh.append(logged)
      } else if repair != nil {
        followInRepair(logged)
      }
    }
    if !fresh.isEmpty { actions.append(.notify(.changes(fresh))) }
    guard repair != nil else { return }
    if repair!.isAsked { finishRepair(at: now, into: &actions) } else { askForSnapshot(at: now, into: &actions) }
  }

  /// - Returns: whether it was new. When it does not fit, `repair` is set.
  private mutating func take(_ logged: LoggedChange) -> Bool {
    guard logged.position > position else {
      counters.duplicatesReceived += 1
      return false
    }
    // Why a change does not fit is of no interest: what helps is a snapshot.
    guard logged.position == position + 1, (try? document.apply(logged.change)) != nil else {
      counters.gaps += 1
      repair = Repair()
      return false
    }
    counters.changesReceived += 1
    position = logged.position
    clock.observe(logged.change.hlc)
    if logged.change.replica == replica {
      streamedSeq = max(streamedSeq, logged.change.seq)
      // Only what is durable is told (RM1), so this says as much as an ack.
      acknowledge(through: logged.change.seq)
    }
    return true
  }

  @discardableResult
  mutating func acknowledge(through seq: UInt64) -> Int {
    acknowledgedSeq = max(acknowledgedSeq, seq)
    nextSeq = max(nextSeq, seq + 1)
    return pending.acknowledge(through: seq)
  }

  // MARK: Acknowledgement and refusal

  private mutating func acknowledged(_ ack: Ack, at now: ClientTime, into actions: inout [ReplicaAction]) {
    withJoined { joined in joined.answeredBatch = max(joined.answeredBatch, min(ack.batch, joined.lastBatch)) }
    if ack.replica == replica, acknowledge(through: ack.seq) > 0 { faultsInARow = 0 }
    if pending.inFlightCount > 0 || repair != nil { awaitAnswer(at: now) } else { withJoined { $0.answerBy = nil } }
    if let refusal = ack.refused.min(by: { $0.seq < $1.seq }), ack.replica == replica {
      refused(refusal, at: now, into: &actions)
    }
    finishRepair(at: now, into: &actions)
  }

  /// The lowest refused number of an ack counts; those after it were refused because of it and go out again.
  private mutating func refused(_ refusal: Refusal, at now: ClientTime, into actions: inout [ReplicaAction]) {
    guard let change = pending.change(seq: refusal.seq), pending.isInFlight(seq: refusal.seq) else { return }
    if repair != nil { return refusedInRepair(change, refusal, into: &actions) }
    if let hold {
      // Those that were told to wait are told again for each batch on its way. A lower number says why: it comes first.
      guard refusal.seq < hold.resendFrom else { return }
      self.hold = nil
    }
    counters.refusals += 1
    switch refusal.code {
    case .rateLimited, .unavailable:
      wait(from: refusal.seq, milliseconds: UInt64(max(refusal.retryAfterMilliseconds, 1)), at: now)
    case .conflict:
      faultsInARow += 1
      if faultsInARow >= 5 {
        giveUpConnection("the server and this client count differently: \(refusal.text)", into: &actions)
      } else {
        wait(from: refusal.seq, milliseconds: 50, at: now)
      }
    case .staleLease:
      // The next welcome says what arrived and lends another replica id.
      giveUpConnection("the lease is gone", into: &actions)
    case .clockSkew:
      // The change stays, whatever it takes: after some tries the next welcome tells the server's clock anew.
      faultsInARow += 1
      repair = Repair()
      repair?.freshTimes = true
      repair?.renumberFrom = refusal.seq
      if faultsInARow % 3 == 0 {
        giveUpConnection("the server's clock went another way: \(refusal.text)", into: &actions)
      } else {
        askForSnapshot(at: now, into: &actions)
      }
    case .forbidden, .invalid, .tooLarge, .limit:
      giveUp(change, refusal, into: &actions)
      if refusal.code == .forbidden { giveUpForbidden(after: refusal, into: &actions) }
      askForSnapshot(at: now, into: &actions)
    }
  }

  /// The document waits for a snapshot already: what was refused goes, or takes new numbers, with it. Passed over, it would stay in flight
  /// for ever, and everything behind it would be a conflict.
  private mutating func refusedInRepair(_ change: Change, _ refusal: Refusal, into actions: inout [ReplicaAction]) {
    guard repair?.newLease == nil else { return }
    switch refusal.code {
    case .forbidden, .invalid, .tooLarge, .limit:
      giveUp(change, refusal, into: &actions)
      if refusal.code == .forbidden { giveUpForbidden(after: refusal, into: &actions) }
    case .staleLease: giveUpConnection("the lease is gone", into: &actions)
    case .conflict, .rateLimited, .unavailable, .clockSkew:
      if refusal.code == .clockSkew { repair?.freshTimes = true }
      let from = repair?.renumberFrom ?? refusal.seq
      repair?.renumberFrom = min(from, refusal.seq)
    }
  }

  private mutating func wait(from seq: UInt64, milliseconds: UInt64, at now: ClientTime) {
    guard case .joined(let joined) = link else { return }
    hold = Hold(resendFrom: seq, until: now.uptimeMilliseconds + milliseconds, answersThrough: joined.lastBatch)
  }

  /// The change will never be taken: it goes, with the next snapshot, from the document as well.
  mutating func giveUp(_ change: Change, _ refusal: Refusal, into actions: inout [ReplicaAction]) {
    var repair = self.repair ?? Repair()
    guard repair.dropped.insert(change.seq).inserted else { return }
    repair.renumberFrom = min(repair.renumberFrom ?? change.seq, change.seq)
    self.repair = repair
    undoStack.forget(change)
    if restoreRefused(refusal.code) { return }
    actions.append(.notify(.refused(change, refusal)))
  }

  /// When the role forbids one change it forbids others too: asking for each would cost a snapshot each.
  private mutating func giveUpForbidden(after refusal: Refusal, into actions: inout [ReplicaAction]) {
    guard let role, role < .editor else { return }
    for change in pending.changes where change.seq > refusal.seq && !Self.allows(role, change.ops) {
      giveUp(change, Refusal(seq: change.seq, code: .forbidden, text: refusal.text), into: &actions)
    }
  }

  /// A commenter writes comments only; an editor writes everything. Spec: DO7.
  static func allows(_ role: Role, _ ops: [Op]) -> Bool {
    if role >= .editor { return true }
    guard role == .commenter else { return false }
    return ops.allSatisfy { op in
      switch op {
      case .setCommentLife, .setCommentField: true
      default: false
      }
    }
  }

  // MARK: Hashes

  mutating func verify(at now: ClientTime, into actions: inout [ReplicaAction]) {
    guard case .joined = link, repair == nil else { return }
    let known = pending.isEmpty
    let request = Resync(
      version: streamedVersion, graphHash: known ? document.graphHash() : [], documentHash: known ? document.documentHash() : [])
    // With changes on their way there is nothing to compare; asking without hashes would cost a snapshot.
    guard known else { return }
    actions.append(.send(.resync(request)))
    awaitAnswer(at: now)
  }

  private mutating func compare(_ report: HashReport, at now: ClientTime, into actions: inout [ReplicaAction]) {
    if pending.isEmpty { withJoined { $0.answerBy = nil } }
    actions.append(.notify(.hash(report)))
    guard repair == nil, pending.isEmpty, document.version == report.version else { return }
    guard document.graphHash() != report.graphHash || document.documentHash() != report.documentHash else { return }
    counters.divergences += 1
    actions.append(.notify(.diverged(report)))
    repair = Repair()
    askForSnapshot(at: now, into: &actions)
  }
}
