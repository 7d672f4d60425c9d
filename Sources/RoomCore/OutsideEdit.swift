public import CRDT
public import CollabProtocol
public import WorkflowDocument
public import WorkflowGraph

/// What somebody without a document wants done. The room puts it into ops against what is there when it arrives. Spec: OW1.
public struct OutsideEdit: Sendable {
  public enum Aim: Sendable {
    /// The visible graph is to be this one. Spec: OW3.
    case graph(CanvasDocument)
    /// Spec: OW4.
    case patch(GraphPatch)
    /// The workflow is to have the content of an earlier state. Spec: HI6.
    case state(WorkflowDocument)
  }

  public var aim: Aim
  /// Tags of states, one of which must be that of the workflow; `nil`: whatever it is. Spec: OW2.
  public var ifTagged: [String]?

  public init(_ aim: Aim, ifTagged: [String]? = nil) {
    self.aim = aim
    self.ifTagged = ifTagged
  }
}

/// What became of an outside edit. Everything in it is durable. Spec: RM1.
public enum EditOutcome: Sendable {
  case done(EditReceipt)
  /// The workflow has another tag than those that were named; nothing was applied.
  case stale(tag: String)
  /// A version that is kept now, or was before.
  case kept(NamedVersion, isNew: Bool)
  /// Nothing was applied.
  case refused(ErrorReport)
  /// The room went before it was known: what was asked for may be durable.
  case unknown
}

/// The state that an outside edit made, or found when there was nothing to do.
public struct EditReceipt: Sendable {
  /// 0: the workflow was like that already.
  public var changeCount: Int
  /// What it is charged for. Spec: LM3.
  public var opCount: Int
  public var position: UInt64
  public var version: Version
  public var graphHash: [UInt8]
  public var tag: String
  public var parked: [ParkedEdge]
}

/// Outside writers: no document of their own, and one request each. Spec: OW1, OW2.
extension Room {
  /// Answered exactly once, by `answerEdit` with this number.
  mutating func edit(_ edit: OutsideEdit, _ number: UInt64, from id: SessionID, into actions: inout [RoomAction]) {
    do throws(EditRefusal) {
      guard let session = sessions[id] else { throw EditRefusal(.unavailable, "the session is gone") }
      guard session.role >= .editor else { throw EditRefusal(.forbidden, "changing the workflow takes the role editor") }
      guard let replica = session.replica else { throw EditRefusal(.forbidden, "the session may not change anything") }
      if let reason = reasonToWait { throw EditRefusal(.unavailable, reason) }
      if let tags = edit.ifTagged {
        // In the same step as what follows: of two writers with one tag the second finds another.
        let tag = document.stateTag()
        guard tags.contains(tag) else { return queue.append(.after(.edited(number, .stale(tag: tag)))) }
      }
      let ops = try ops(of: edit.aim)
      if case .state = edit.aim, !ops.isEmpty { keepAutomatically(.restore, by: session.author, into: &actions) }
      let changes = try makeChanges(ops, by: replica)
      try apply(changes)
      var bytes = 0
      for change in changes {
        appliedPosition += 1
        let logged = LoggedChange(
          position: appliedPosition, author: session.author, takenAtMilliseconds: now.wallMilliseconds, change: change)
        bytes += logged.estimatedBytes
        write(.change(logged), as: .change(logged, by: id), into: &actions)
      }
      queue.append(.after(.edited(number, .done(receipt(changeCount: changes.count, opCount: ops.count)))))
      if !changes.isEmpty { noteDocumentChanged(by: session.author, into: &actions) }
    } catch {
      actions.append(.note(.changeRefused(error.report.code)))
      switch error.report.code {
      case .forbidden, .unavailable: actions.append(.answerEdit(number, .refused(error.report)))
      // The reason may tell what is in the workflow: it leaves behind the writes that made it.
      default: queue.append(.after(.edited(number, .refused(error.report))))
      }
    }
  }

  private struct EditRefusal: Error {
    var report: ErrorReport
    init(_ code: RefusalCode, _ text: String) { report = ErrorReport(request: 0, code: code, text: text) }
  }

  private func ops(of aim: OutsideEdit.Aim) throws(EditRefusal) -> [Op] {
    switch aim {
    case .graph(let canvas): return document.ops(putting: canvas)
    case .state(let old): return document.ops(restoring: old)
    case .patch(let patch):
      do throws(CanvasFault) { return try document.ops(patching: patch) } catch { throw EditRefusal(.invalid, error.description) }
    }
  }

  private func makeChanges(_ ops: [Op], by replica: ReplicaID) throws(EditRefusal) -> [Change] {
    let bounds = limits.protocolLimits
    var cutter = ChangeCutter(opCountMax: Int(bounds.opsPerChangeMax), bytesMax: Int(bounds.messageBytesMax) / 4)
    for op in ops { cutter.add([op]) }
    var clock = HybridClock(last: document.highestTime)
    var seq = document.version[replica]
    return cutter.finish().map { ops in
      seq += 1
      return Change(replica: replica, seq: seq, hlc: clock.tick(nowMilliseconds: now.wallMilliseconds), ops: ops)
    }
  }

  /// All of them or none.
  private mutating func apply(_ changes: [Change]) throws(EditRefusal) {
    // One change is whole by itself; of several the first must not stay when the second cannot.
    var next = changes.count > 1 ? document : nil
    for change in changes {
      if let fault = (next ?? document).check(change, limits: documentLimits) { throw EditRefusal(RefusalCode(fault.code), fault.text) }
      do {
        if next == nil { _ = try document.apply(change) } else { _ = try next?.apply(change) }
      } catch { throw EditRefusal(.conflict, "does not follow what the document holds") }
    }
    if let next { document = next }
  }

  private mutating func receipt(changeCount: Int, opCount: Int) -> EditReceipt {
    EditReceipt(
      changeCount: changeCount, opCount: opCount, position: appliedPosition, version: document.version, graphHash: document.graphHash(),
      tag: document.stateTag(), parked: document.parkedEdges)
  }

  /// After the store failed: what was made is told when it is there, everything else is to be asked for again.
  func settle(_ outcome: EditOutcome, _ number: UInt64, by seed: RoomSeed, into actions: inout [RoomAction]) {
    if case .done(let receipt) = outcome, receipt.position <= seed.position, seed.document.version.covers(receipt.version) {
      return actions.append(.answerEdit(number, outcome))
    }
    // One that only was to get a name has it, or it was lost.
    if case .kept(let version, _) = outcome, seed.versions.contains(where: { $0.id == version.id && $0.name == version.name }) {
      return actions.append(.answerEdit(number, outcome))
    }
    let report = ErrorReport(request: 0, code: .unavailable, text: "the store failed before it was durable")
    actions.append(.answerEdit(number, .refused(report)))
  }
}
