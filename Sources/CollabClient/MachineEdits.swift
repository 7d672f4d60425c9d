public import CRDT
import CollabProtocol
public import WorkflowDocument

// What the user does here, and how it leaves. Spec: CR1, CR3, UN1, UN2, FC1.
extension ReplicaMachine {
  /// Makes one change, applies it here and queues it. It leaves with the next `.flush`.
  ///
  /// - Parameters:
  ///   - group: changes with the same group, made one after the other, are undone as one step; `nil`: a step of its own.
  ///   - time: the stamp's time instead of the clock's, later than every own one before: for a replay that keeps the recorded order.
  /// - Returns: the change as it was stamped; a lost lease or a refusal before it may still give it other numbers.
  /// - Complexity: that of applying it.
  @discardableResult
  public mutating func edit(_ ops: [Op], group: String? = nil, stampedAt time: HybridTime? = nil, at now: ClientTime) throws(ClientError)
    -> Change
  {
    let change = try make(ops, stampedAt: time, at: now)
    endRestoring()
    undoStack.record(change, before: document, group: group)
    try queue(change)
    return change
  }

  /// Takes the last own step back, as far as nobody wrote over it. Spec: UN1, UN2.
  /// - Returns: one change, more where one would be beyond the limits (UN3).
  /// - Throws: `.overwritten` when others wrote over all of the step: it goes, and the one before stays.
  @discardableResult
  public mutating func undo(at now: ClientTime) throws(ClientError) -> [Change] { try turnBack(.undo, at: now) }

  /// Takes the last undo back.
  @discardableResult
  public mutating func redo(at now: ClientTime) throws(ClientError) -> [Change] { try turnBack(.redo, at: now) }

  private mutating func turnBack(_ origin: UndoStack.Origin, at now: ClientTime) throws(ClientError) -> [Change] {
    let before = undoStack
    guard let ops = origin == .undo ? undoStack.undo(document) : undoStack.redo(document) else { throw .nothingToUndo }
    if ops.isEmpty { throw .overwritten }
    do throws(ClientError) {
      let changes = try parts(of: ops, at: now) { machine, change in
        machine.undoStack.record(change, before: machine.document, as: origin)
      }
      restoring = nil  // to go on with a restore would undo this
      return changes
    } catch {
      // Not taken now (too much waits, the role changed): the step stays.
      undoStack = before
      throw error
    }
  }

  /// All of them or none: what the first of several changes could be refused for here, the last could be as well.
  mutating func parts(
    of ops: [Op], at now: ClientTime, _ record: (inout ReplicaMachine, Change) -> Void
  ) throws(ClientError) -> [Change] {
    let parts = ChangeParts.of(ops, document, documentLimits, limits)
    // A copy of all of it makes the next write copy the document.
    let before = parts.count > 1 ? self : nil
    var changes: [Change] = []
    do throws(ClientError) {
      for ops in parts {
        let change = try make(ops, stampedAt: nil, at: now)
        record(&self, change)
        try queue(change)
        changes.append(change)
      }
    } catch {
      if let before { self = before }
      throw error
    }
    return changes
  }

  /// Whether edits are taken: from the first catch-up on, also offline. The earlier changes of a replica id lent again must be here first.
  public var canEdit: Bool { hasDocument && replica != .none && document.version[replica] + 1 == nextSeq }

  private mutating func make(_ ops: [Op], stampedAt time: HybridTime?, at now: ClientTime) throws(ClientError) -> Change {
    guard let role else { throw .notJoined }
    guard Self.allows(role, ops), lease != nil else { throw .readOnly(role) }
    guard canEdit else { throw .notJoined }
    guard !ops.isEmpty else { throw .invalid("a change without ops") }
    guard ops.count <= Int(limits.opsPerChangeMax) else {
      throw .tooLarge("\(ops.count) ops in one change, the server takes \(limits.opsPerChangeMax)")
    }
    var ahead = clock
    let tick = ahead.tick(nowMilliseconds: correctedWall(now))
    let change = Change(replica: replica, seq: nextSeq, hlc: time ?? tick, ops: ops)
    let bytes = ChangeSize.bytes(change)
    guard bytes <= Int(limits.messageBytesMax) - Self.batchOverheadBytes else {
      throw .tooLarge("a change of about \(bytes) bytes, the server takes \(limits.messageBytesMax)")
    }
    guard pending.count < options.pendingChangesMax, pending.byteCount + bytes <= options.pendingBytesMax else {
      throw .pendingFull(changes: pending.count, bytes: pending.byteCount)
    }
    if let fault = document.check(change, limits: documentLimits) {
      if fault.code == .tooLarge { throw .tooLarge(fault.text) }
      throw .invalid(fault.text)
    }
    return change
  }

  /// What the welcome says a document may hold.
  private var documentLimits: DocumentLimits {
    var rules = DocumentLimits()
    rules.nodeCountMax = Int(limits.nodesMax)
    rules.edgeCountMax = Int(limits.edgesMax)
    rules.documentBytesMax = Int(limits.documentBytesMax)
    rules.valueBytesMax = Int(limits.valueBytesMax)
    rules.opCountMax = Int(limits.opsPerChangeMax)
    return rules
  }

  /// Room for what surrounds the changes in a message.
  private static var batchOverheadBytes: Int { 256 }

  private mutating func queue(_ change: Change) throws(ClientError) {
    do { _ = try document.apply(change) } catch { throw .invalid("\(error)") }
    clock.observe(change.hlc)
    nextSeq = change.seq + 1
    pending.append(change, bytes: ChangeSize.bytes(change), seen: position)
  }

  // MARK: Sending

  /// Sends what may leave now: joined, nothing in repair, nobody asked to wait, room in the window.
  mutating func flush(at now: ClientTime, into actions: inout [ReplicaAction]) {
    guard case .joined(var joined) = link, repair == nil, lease != nil else { return }
    if let hold {
      guard joined.answeredBatch >= hold.answersThrough, now.uptimeMilliseconds >= hold.until else { return }
      pending.rewind(to: hold.resendFrom)
      self.hold = nil
    }
    let bytesMax = min(Int(limits.messageBytesMax) - Self.batchOverheadBytes, Self.batchBytesAim)
    while joined.lastBatch - joined.answeredBatch < Self.batchesInFlightMax,
      let batch = pending.nextBatch(
        countMax: Int(limits.changesPerBatchMax), bytesMax: bytesMax, inFlightMax: Int(limits.changesInFlightMax))
    {
      joined.lastBatch += 1
      counters.batchesSent += 1
      if joined.answerBy == nil { joined.answerBy = now.uptimeMilliseconds + options.answerDeadlineMilliseconds }
      actions.append(.send(.change(ChangeBatch(batch: joined.lastBatch, changes: batch.changes, seen: batch.seen))))
    }
    link = .joined(joined)
  }

  /// Larger batches save nothing any more and make others wait behind them.
  private static var batchBytesAim: Int { 128 << 10 }

  /// While so many batches are unanswered the next one grows instead: many small ones cost more, and each would be one more to refuse.
  private static var batchesInFlightMax: UInt64 { 32 }

  // MARK: States told

  public var saveState: SaveState {
    if pending.isEmpty { return .saved }
    if case .joined = link { return .saving(waiting: pending.count) }
    return .offline(waiting: pending.count)
  }

  func linkState(at now: ClientTime) -> LinkState {
    switch link {
    case .idle: .offline(retryInMilliseconds: 0)
    case .down(let at): .offline(retryInMilliseconds: at > now.uptimeMilliseconds ? at - now.uptimeMilliseconds : 0)
    case .waitingForToken(_, let text): .waitingForToken(text)
    case .connecting, .greeting: .connecting
    case .joined: isLive ? .live : .catchingUp
    case .closing: linkStateTold ?? .connecting
    case .stopped(let stop): .stopped(stop)
    }
  }

  /// Tells the states that changed, each once; the pause of `offline` counts only when the link just went down.
  mutating func tellStates(at now: ClientTime, into actions: inout [ReplicaAction]) {
    let state = linkState(at: now)
    let isSame =
      switch (state, linkStateTold) {
      case (.offline, .offline): true
      default: state == linkStateTold
      }
    if !isSame {
      linkStateTold = state
      actions.append(.notify(.link(state)))
    }
    let save = saveState
    if save != saveStateTold {
      saveStateTold = save
      actions.append(.notify(.saveState(save)))
    }
  }
}
