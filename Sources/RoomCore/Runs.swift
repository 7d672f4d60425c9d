import CRDT
import CollabProtocol
import DequeModule
import WorkflowDocument
import WorkflowGraph

/// Running the graph everybody sees: barrier, freeze, start, events in order. Spec: RU1, RU2.
extension Room {
  mutating func requestRun(_ request: RunRequest, from id: SessionID, into actions: inout [RoomAction]) {
    guard let session = sessions[id] else { return }
    if let refusal = reasonNotToRun(request, session) {
      return report(to: id, request: request.request, refusal.code, refusal.text, into: &actions)
    }
    let trigger = RunBook.Trigger(
      request: request, session: id, author: session.author, sinceMilliseconds: now.monotonicMilliseconds)
    if document.version.covers(request.include) { return start(trigger, into: &actions) }
    runs.barriers.append(trigger)
    armOnce(.watch, afterMilliseconds: Self.watchIntervalMilliseconds, into: &actions)
  }

  private func reasonNotToRun(_ request: RunRequest, _ session: Session) -> (code: RefusalCode, text: String)? {
    if session.role < .runner { return (.forbidden, "running takes the role runner") }
    if request.idempotencyKey.utf8.count > limits.idempotencyKeyBytesMax {
      return (.invalid, "an idempotency key has at most \(limits.idempotencyKeyBytesMax) bytes")
    }
    if !isAccepting { return (.unavailable, "nothing can be started now") }
    if runs.waitingCount >= limits.waitingRunCountMax { return (.limit, "\(limits.waitingRunCountMax) runs wait already") }
    return nil
  }

  /// The version to include has arrived: the graph of this moment is the one that runs.
  private mutating func start(_ trigger: RunBook.Trigger, into actions: inout [RoomAction]) {
    let request = trigger.request
    if let run = runs.run(forKey: request.idempotencyKey) {
      return queue.append(.after(.runNamed(run, to: trigger.session, key: request.idempotencyKey)))
    }
    let parked = document.parkedEdges
    if request.parked == .refuse, !parked.isEmpty {
      let some = parked.prefix(5).map { "\($0.key) (\($0.reason.rawValue))" }.joined(separator: "; ")
      let text = "\(parked.count) parked edges would be left out: \(some)"
      return queue.append(.after(.error(ErrorReport(request: request.request, code: .conflict, text: text), to: trigger.session)))
    }
    let graph = document.graph()
    var info = RunInfo(
      version: document.version, graphHash: document.graphHash(), startedBy: trigger.author, idempotencyKey: request.idempotencyKey,
      nodeCount: UInt32(clamping: graph.nodes.count))
    info.policy = request.policy
    info.parked = request.parked
    let frozen = RunBook.Frozen(trigger: trigger, graph: graph, fingerprints: document.allFingerprints(), info: info)
    let others = runs.active.filter { !$0.isOver }
    switch request.policy {
    case .coalesce:
      if let same = others.first(where: { $0.graphHash == info.graphHash && !$0.isCancelWanted }) {
        runs.remember(key: request.idempotencyKey, of: same.id)
        return queue.append(.after(.runNamed(same.id, to: trigger.session, key: request.idempotencyKey)))
      }
    case .queue:
      if !others.isEmpty || !runs.queued.isEmpty { return runs.queued.append(frozen) }
    case .reject:
      if !others.isEmpty { return report(to: trigger.session, request: request.request, .conflict, "a run is going on", into: &actions) }
    case .parallel: break
    }
    guard others.count < limits.activeRunCountMax else {
      return report(to: trigger.session, request: request.request, .limit, "\(others.count) runs are going on", into: &actions)
    }
    begin(frozen, into: &actions)
  }

  private mutating func begin(_ frozen: RunBook.Frozen, into actions: inout [RoomAction]) {
    let id = RunID(rawValue: hexadecimal(generator.next()))
    runs.remember(key: frozen.info.idempotencyKey, of: id)
    runs.active.append(RunBook.Active(frozen, id))
    if frozen.info.version == document.version {
      keepForRun(graphHash: frozen.info.graphHash, by: frozen.trigger.author, into: &actions)
    }
    record(RunStep(.runStarted), of: runs.active.count - 1, info: frozen.info, into: &actions)
  }

  /// Numbers an event and queues it for the store; it is broadcast when it comes back.
  private mutating func record(_ step: RunStep, of index: Int, info: RunInfo? = nil, into actions: inout [RoomAction]) {
    let run = runs.active[index]
    var event = RunEvent(run: run.id.rawValue, seq: run.nextSeq, kind: step.kind, atMilliseconds: now.wallMilliseconds)
    event.node = step.node
    // Readers take no more, and an event that nobody can read would be there for good. Spec: LM2.
    event.nodeType = step.nodeType.prefix(utf8: RunEvent.nodeTypeBytesMax)
    event.result = step.result
    event.error = step.error.prefix(utf8: RunEvent.errorBytesMax)
    event.durationMicroseconds = step.durationMicroseconds
    event.info = info
    if step.kind == .nodeSucceeded || step.kind == .nodeFailed, let fingerprint = run.fingerprints[NodeID(step.node)] {
      event.fingerprint = withUnsafeBytes(of: fingerprint.bigEndian) { Array($0) }
    }
    runs.active[index].nextSeq += 1
    runs.active[index].eventBytes += event.estimatedBytes
    if step.kind.isLast { runs.active[index].isOver = true }
    write(.runEvent(event), as: .runEvent(event), into: &actions)
  }

  mutating func advance(_ id: RunID, _ step: RunStep, into actions: inout [RoomAction]) {
    guard step.kind != .runStarted, let index = runs.index(of: id), !runs.active[index].isOver else { return }
    record(step, of: index, into: &actions)
    if !step.kind.isLast, runs.active[index].eventBytes > limits.runEventBytesMax {
      actions.append(.cancelRun(id))
      var end = RunStep(.runFailed)
      end.error = "the run made more than \(limits.runEventBytesMax) bytes of events"
      record(end, of: index, into: &actions)
    }
  }

  /// An event is durable: everybody hears it, and it has its effect.
  mutating func publish(_ event: RunEvent, into actions: inout [RoomAction]) {
    actions.append(.broadcast(.runEvent(event), .runs))
    guard let index = runs.index(of: RunID(rawValue: event.run)) else { return }
    runs.active[index].events.append(event)
    if event.kind == .runStarted { actions.append(.note(.runStarted(runs.active[index].id, nodeCount: event.info?.nodeCount ?? 0))) }
    if event.kind == .runStarted, let graph = runs.active[index].graph {
      runs.active[index].graph = nil
      if runs.active[index].isCancelWanted {
        record(RunStep(.runCancelled), of: index, into: &actions)
      } else if !runs.active[index].isOver {
        actions.append(.startRun(runs.active[index].id, graph, by: runs.active[index].trigger.session))
      }
    }
    guard event.kind.isLast else { return }
    runs.finish(at: index)
    beginQueued(into: &actions)
    actions.append(.note(.runEnded(RunID(rawValue: event.run), event.kind, durationMicroseconds: event.durationMicroseconds)))
    if sessions.isEmpty { armOnce(.idle, afterMilliseconds: limits.idleUnloadMilliseconds, into: &actions) }
  }

  mutating func requestCancel(_ cancel: CancelRun, from id: SessionID, into actions: inout [RoomAction]) {
    guard let session = sessions[id] else { return }
    guard session.role >= .runner else {
      return report(to: id, request: cancel.request, .forbidden, "cancelling takes the role runner", into: &actions)
    }
    guard let index = runs.index(of: RunID(rawValue: cancel.run)), !runs.active[index].isOver else {
      return report(to: id, request: cancel.request, .invalid, "no such run is going on", into: &actions)
    }
    let wasWanted = runs.active[index].isCancelWanted
    runs.active[index].isCancelWanted = true
    if runs.active[index].graph == nil, !wasWanted { actions.append(.cancelRun(runs.active[index].id)) }
  }

  // MARK: barriers

  /// Changes arrived: perhaps the ones that runs wait for.
  mutating func startWaitingRuns(into actions: inout [RoomAction]) {
    guard runs.hasBarriers else { return }
    let version = document.version
    let ready = runs.barriers.filter { version.covers($0.request.include) }
    guard !ready.isEmpty else { return }
    runs.barriers.removeAll { version.covers($0.request.include) }
    for trigger in ready { start(trigger, into: &actions) }
  }

  mutating func expireWaitingRuns(into actions: inout [RoomAction]) {
    let deadline = limits.runBarrierMilliseconds
    let late = runs.barriers.filter { now.monotonicMilliseconds >= $0.sinceMilliseconds + deadline }
    guard !late.isEmpty else { return }
    runs.barriers.removeAll { now.monotonicMilliseconds >= $0.sinceMilliseconds + deadline }
    for trigger in late {
      let text = "the document does not hold what the run must include"
      report(to: trigger.session, request: trigger.request.request, .conflict, text, into: &actions)
    }
  }

  // MARK: telling

  /// To a newcomer: the last run and those that go on. Who was here before also gets the ends of the runs before, so that none stays open
  /// on its screen; who never heard of them passes over a lone end.
  func introduceRuns(to id: SessionID, isNew: Bool, into actions: inout [RoomAction]) {
    if !isNew {
      for events in runs.finished.dropLast() {
        if let end = events.last { actions.append(.send(.runEvent(end), to: id)) }
      }
    }
    replayRuns(to: id, after: [:], into: &actions)
  }

  /// All that is known of runs going on and of the last ones, after the seqs that the session has.
  func replayRuns(to id: SessionID, after seqs: [RunID: UInt64], into actions: inout [RoomAction]) {
    for events in runs.finished.suffix(seqs.isEmpty ? 1 : runs.finished.count) + runs.active.map(\.events) {
      guard let run = events.first.map({ RunID(rawValue: $0.run) }) else { continue }
      let known = seqs[run] ?? 0
      for event in events where event.seq > known { actions.append(.send(.runEvent(event), to: id)) }
    }
  }

  /// The caller's trigger led to a run that others began: it hears the start again under its own key, and the end when there is one.
  func nameRun(_ run: RunID, to id: SessionID, key: String, into actions: inout [RoomAction]) {
    guard let session = sessions[id], session.isWelcomed else { return }
    guard let events = runs.events(of: run), var start = events.first else {
      return report(to: id, request: 0, .conflict, "the run \(run) is over and no longer remembered", into: &actions)
    }
    start.info?.idempotencyKey = key
    actions.append(.send(.runEvent(start), to: id))
    if let last = events.last, last.kind.isLast { actions.append(.send(.runEvent(last), to: id)) }
  }

  // MARK: ends that no engine reports

  /// Runs that came with the seed and have no engine any more.
  mutating func closeInterrupted(because reason: String, into actions: inout [RoomAction]) {
    for index in runs.active.indices {
      var end = RunStep(.runFailed)
      end.error = reason
      record(end, of: index, into: &actions)
    }
  }

  /// After the store failed: what of the runs is durable after all is heard by everybody, once; what never began is told to its caller.
  mutating func adoptRuns(_ stored: [[RunEvent]], into actions: inout [RoomAction]) {
    for run in runs.active {
      let heard = run.events.last?.seq ?? 0
      if let durable = stored.last(where: { $0.first?.run == run.id.rawValue }) {
        for event in durable where event.seq > heard { actions.append(.broadcast(.runEvent(event), .runs)) }
      } else {
        runs.forget(key: run.trigger.request.idempotencyKey)
        report(
          to: run.trigger.session, request: run.trigger.request.request, .unavailable, "the store failed before the run began",
          into: &actions)
      }
    }
    runs.adopt(stored)
    closeInterrupted(because: "the store failed", into: &actions)
    adoptQueued(into: &actions)
  }

  /// Those that wait for their turn go on, unless their graph holds a change that was lost: nobody ever saw that graph.
  private mutating func adoptQueued(into actions: inout [RoomAction]) {
    let version = document.version
    for frozen in runs.queued where !version.covers(frozen.info.version) {
      report(
        to: frozen.trigger.session, request: frozen.trigger.request.request, .unavailable,
        "the store failed before what the run is made of was durable", into: &actions)
    }
    runs.queued.removeAll { !version.covers($0.info.version) }
    beginQueued(into: &actions)
  }

  private mutating func beginQueued(into actions: inout [RoomAction]) {
    if runs.active.allSatisfy(\.isOver), isAccepting, let next = runs.queued.popFirst() { begin(next, into: &actions) }
  }

  mutating func cancelAllRuns(because reason: String, into actions: inout [RoomAction]) {
    for trigger in runs.barriers + runs.queued.map(\.trigger) {
      report(to: trigger.session, request: trigger.request.request, .unavailable, reason, into: &actions)
    }
    runs.barriers = []
    runs.queued = []
    for index in runs.active.indices where !runs.active[index].isOver {
      if runs.active[index].graph == nil { actions.append(.cancelRun(runs.active[index].id)) }
      var end = RunStep(.runCancelled)
      end.error = reason
      record(end, of: index, into: &actions)
    }
  }
}

extension String {
  /// The longest beginning of whole characters with at most so many bytes.
  fileprivate func prefix(utf8 bytesMax: Int) -> String {
    guard utf8.count > bytesMax else { return self }
    var end = utf8.index(startIndex, offsetBy: bytesMax)
    while end.samePosition(in: unicodeScalars) == nil { end = utf8.index(before: end) }
    return String(self[..<end])
  }
}
