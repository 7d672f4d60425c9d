import CollabProtocol
import Logging
import NIOCore
import RoomCore
import Storage
import Telemetry
import WorkflowDocument
import WorkflowGraph

/// Runs one room on its event loop: feeds it events, carries out its actions. Touched only there.
///
/// What came in one turn of the loop goes to the store in one call and to the sockets in one write per member: both are done by a task
/// that runs when the loop has read everything that was ready. A busier loop makes longer turns and fuller writes; a quiet one adds nothing.
final class RoomHost {
  let workflow: WorkflowID
  let loop: any EventLoop
  private let services: RoomServices
  private let writer: any FrameWriter
  private let onUnload: (RoomHost) -> Void
  private(set) var room: Room
  private var actions: [RoomAction] = []
  /// Events that came up while others were dealt with.
  private var backlog: [RoomEvent] = []
  private var isProcessing = false
  private var isTurnPlanned = false

  private var writes: [StoreWrite] = []
  private var epoch = 0
  private let inbox = CommitInbox()
  let outbox: Outbox
  private var shelf = SnapshotShelf()
  private var timers = [Scheduled<Void>?](repeating: nil, count: RoomTimer.allCases.count)
  private var runs: [RunID: Task<Void, Never>] = [:]
  /// Of those in here that came with one.
  private var traces: [SessionID: TraceContext] = [:]
  private(set) var troubles = TroubleBook()
  /// Those that were welcomed.
  private var joined: Set<SessionID> = []
  private var library: RoomLibrary
  private var edits = OpenEdits()
  /// Those who look at the document from outside wait until what they found is durable, all at one and the same state.
  private var onlookers: [(DurableState?) -> Void] = []
  private var lookedAt: DurableState?
  private var onlookersDeadline: Scheduled<Void>?
  /// Not kept: it would keep the host.
  private var handle: RoomHandle { RoomHandle(self, loop: loop) }

  init(
    _ workflow: WorkflowID, seed: RoomSeed, loop: any EventLoop, services: RoomServices, writer: any FrameWriter,
    onUnload: @escaping (RoomHost) -> Void
  ) {
    self.workflow = workflow
    self.loop = loop
    self.services = services
    self.writer = writer
    self.onUnload = onUnload
    let limits = services.configuration.limits
    library = RoomLibrary(workflow, services: services)
    room = Room(
      seed, limits: limits, server: services.configuration.server, otherTypes: services.engine.otherTypes,
      randomSeed: services.environment.random(),
      now: services.environment.now())
    outbox = Outbox(
      writer: writer,
      bounds: OutboxBounds(shed: limits.shedPresenceBytes, max: limits.outboxBytesMax, low: limits.outboxLowBytes),
      ledger: services.outboxLedger, metrics: services.metrics)
  }

  func open() -> RoomHandle {
    services.metrics.roomOpened()
    room.open(now: services.environment.now(), into: &actions)
    carryOut()
    process([])
    return handle
  }

  func enter(_ entry: Entry) {
    guard !room.isOver else { return services.readmit(entry) }
    outbox.attach(entry.handle, room: handle)
    if let trace = entry.trace { traces[entry.arrival.session] = trace }
    process([.sessionArrived(entry.arrival)])
  }

  func process(_ events: [RoomEvent]) {
    guard !isProcessing else { return backlog.append(contentsOf: events) }
    isProcessing = true
    let now = services.environment.now()
    for event in events { handle(event, now) }
    while !backlog.isEmpty {
      let more = backlog
      backlog = []
      for event in more { handle(event, now) }
    }
    isProcessing = false
    planTurn()
  }

  private func handle(_ event: RoomEvent, _ now: RoomTime) {
    if case .sessionLeft(let id, _) = event { outbox.detach(id) }
    room.handle(event, now: now, into: &actions)
    carryOut()
  }

  // MARK: the end of a turn

  private func planTurn() {
    guard !isTurnPlanned, !writes.isEmpty || !outbox.isEmpty else { return }
    isTurnPlanned = true
    loop.assumeIsolated().execute { [self] in endTurn() }
  }

  private func endTurn() {
    isTurnPlanned = false
    if !writes.isEmpty {
      let batch = writes
      writes = []
      let epoch = epoch
      services.store.append(batch, to: workflow) { [inbox, handle, count = batch.count] result in
        guard inbox.record(result, writes: count, epoch: epoch) else { return }
        handle.onLoop { $0.takeAnswers() }
      }
    }
    services.metrics.measureFlush { outbox.flush() }
  }

  private func takeAnswers() {
    let answers = inbox.take()
    var events: [RoomEvent] = []
    if answers.committed > 0 { events.append(.writesCommitted(answers.committed)) }
    if let failure = answers.failure { events.append(.storeFailed(reason: failure.description)) }
    process(events)
    if let lookedAt {
      if room.latest == nil {
        answerOnlookers(nil)
      } else if room.shownPosition >= lookedAt.position {
        answerOnlookers(lookedAt)
      }
    }
  }

  // MARK: actions

  private func carryOut() {
    var todo: [RoomAction] = []
    swap(&todo, &actions)
    for action in todo { carryOut(action) }
    guard actions.isEmpty, todo.capacity <= Self.actionsKeptMax else { return }
    todo.removeAll(keepingCapacity: true)
    swap(&todo, &actions)
  }

  /// Room for so many actions stays allocated between turns.
  private static let actionsKeptMax = 4096

  private func carryOut(_ action: RoomAction) {
    switch action {
    case .write(let write): writes.append(StoreWrite(write))
    case .send(let message, let id): outbox.send(message, to: id)
    case .sendShared(let message, let ids): outbox.sendShared(message, to: ids)
    case .sendSnapshot(let position, let id): sendSnapshot(position, to: id)
    case .broadcast(let message, let topic): outbox.broadcast(message, topic)
    case .listen(let id, let topics): outbox.listen(id, to: topics)
    case .pauseReading(let id): outbox.pauseReading(id)
    case .resumeReading(let id): outbox.resumeReading(id)
    case .close(let id, let code, let reason): outbox.close(id, code, reason)
    case .encodeSnapshot(let document, let position): encode(document, at: position)
    case .storeSnapshot(let position): storeSnapshot(position)
    case .dropSnapshot(let position): shelf.drop(position)
    case .look(let number, let look, let id): library.look(number, look, for: id, as: outbox.encoding(of: id) ?? .proto, handle)
    case .sendState(let number, _, let id): if let payloads = library.take(number) { outbox.sendState(payloads, to: id) }
    case .dropState(let number): _ = library.take(number)
    case .nameVersion(let version): library.name(version, handle)
    case .startRun(let run, let graph, let session): startRun(run, graph, traces[session])
    case .answerEdit(let number, let outcome): edits.answer(number, outcome)
    case .cancelRun(let run): runs[run]?.cancel()
    case .arm(let timer, let generation, let pause): arm(timer, generation, pause)
    case .reload(let pause): reload(afterMilliseconds: pause)
    case .note(let note): take(note)
    case .unload: unload()
    }
  }

  private func arm(_ timer: RoomTimer, _ generation: UInt64, _ pause: UInt64) {
    timers[timer.rawValue]?.cancel()
    timers[timer.rawValue] = loop.assumeIsolated().scheduleTask(in: .milliseconds(Int64(clamping: pause))) { [weak self] in
      self?.process([.timerFired(timer, generation: generation)])
    }
  }

  // MARK: snapshots

  private func encode(_ document: WorkflowDocument, at position: UInt64) {
    guard document.byteCount > Self.inlineSnapshotBytesMax else {
      return take(SnapshotShelf.Blob(of: document, at: position))
    }
    let handle = handle
    services.environment.task {
      let blob = SnapshotShelf.Blob(of: document, at: position)
      handle.onLoop { $0.takeLate(blob) }
    }
  }

  private func takeLate(_ blob: SnapshotShelf.Blob) {
    take(blob)
    process([])
  }

  /// Encoding this much takes the loop well under a millisecond; more goes to another thread.
  private static let inlineSnapshotBytesMax = 64 << 10

  private func take(_ blob: SnapshotShelf.Blob) {
    shelf.put(blob)
    backlog.append(.snapshotEncoded(position: blob.position, bytes: blob.data.count))
  }

  private func sendSnapshot(_ position: UInt64, to id: SessionID) {
    guard let encoding = outbox.encoding(of: id), let chunks = shelf.frames(position, as: encoding, writer: writer) else { return }
    outbox.sendSnapshot(chunks, to: id)
  }

  func putState(_ number: UInt64, _ payloads: [ByteBuffer], request: UInt64, for id: SessionID) {
    library.put(number, payloads)
    process([.looked(number, for: id, .state(request: request))])
  }

  private func storeSnapshot(_ position: UInt64) {
    guard let blob = shelf.blob(position) else { return backlog.append(.snapshotNotStored(position: position)) }
    let snapshot = StoredSnapshot(position: position, data: blob.data)
    let services = services
    let workflow = workflow
    let handle = handle
    services.environment.task {
      do {
        try await services.store.save(snapshot, of: workflow)
        handle.tell([.snapshotStored(position: position)])
      } catch {
        services.logger.warning("a snapshot was not stored", metadata: ["workflow": "\(workflow)", "reason": "\(error)"])
        handle.tell([.snapshotNotStored(position: position)])
      }
    }
  }

  // MARK: the store's troubles

  /// Nothing that was asked for before counts any more: the load tells what is true.
  private func reload(afterMilliseconds pause: UInt64) {
    writes = []
    epoch = inbox.beginEpoch()
    let loader = services.loader
    let workflow = workflow
    let handle = handle
    let environment = services.environment
    loop.scheduleTask(in: .milliseconds(Int64(clamping: pause))) {
      environment.task {
        do {
          guard let seed = try await loader.load(workflow) else { throw StoreError(.unknownWorkflow, "the workflow is gone") }
          handle.tell([.storeReloaded(seed)])
        } catch {
          handle.tell([.reloadFailed(reason: "\(error)")])
        }
      }
    }
  }

  // MARK: outside edits

  /// `reply` is called once, on the room's loop.
  func edit(_ edit: OutsideEdit, from id: SessionID, _ reply: @escaping EditReply) {
    guard !room.isOver else { return reply(OpenEdits.over) }
    process([.outsideEdit(edit, edits.open(reply), from: id)])
  }

  func keep(_ wish: VersionWish, from id: SessionID, _ reply: @escaping EditReply) {
    guard !room.isOver else { return reply(OpenEdits.over) }
    process([.versionWanted(wish, edits.open(reply), from: id)])
  }

  // MARK: runs

  /// - Parameter trace: of the session that wants it; what the run asks of others belongs to that trace.
  private func startRun(_ run: RunID, _ graph: WorkflowGraph, _ trace: TraceContext?) {
    let handle = handle
    runs[run] = services.environment.task { [engine = services.engine] in
      await TraceContext.$current.withValue(trace?.child()) {
        await engine.run(graph) { step in handle.tell([.runAdvanced(run, step)]) }
      }
      handle.onLoop { $0.runs[run] = nil }
    }
  }

  // MARK: notes, the end

  private func take(_ note: RoomNote) {
    let metrics = services.metrics
    switch note {
    case .sessionJoined(let id, let role):
      joined.insert(id)
      metrics.sessionJoined()
      services.logger.debug("a session joined", metadata: ["workflow": "\(workflow)", "session": "\(id)", "role": "\(role)"])
    case .sessionGone(let id, let code):
      traces[id] = nil
      if joined.remove(id) != nil { metrics.sessionLeft(code) }
    case .sessionHeldBack(let id):
      metrics.heldBack()
      services.logger.debug("a session is too slow and held back", metadata: ["workflow": "\(workflow)", "session": "\(id)"])
    case .changesCommitted(let count, let opCount): metrics.committed(changes: count, ops: opCount)
    case .changeRefused(let code): metrics.refused(code)
    case .limitReached(let name): metrics.limitReached(name)
    case .hashDiffered(let id):
      metrics.hashDiffered()
      noteTrouble("session \(id) differed and was given a snapshot")
      services.logger.warning("a replica differed and is given a snapshot", metadata: ["workflow": "\(workflow)", "session": "\(id)"])
    case .degraded(let reason):
      metrics.storeFailed()
      noteTrouble("the store failed: \(reason)")
      services.logger.error("the room is read-only: the store failed", metadata: ["workflow": "\(workflow)", "reason": "\(reason)"])
    case .healed(let lost):
      services.logger.notice("the room takes changes again", metadata: ["workflow": "\(workflow)", "sentBack": "\(lost)"])
    case .runStarted(let run, let nodeCount):
      metrics.runStarted()
      services.logger.info("a run began", metadata: ["workflow": "\(workflow)", "run": "\(run)", "nodes": "\(nodeCount)"])
    case .runEnded(let run, let last, let duration):
      metrics.runEnded(last, durationMicroseconds: duration)
      // What nodes gave or said stays out of the log: it may be anybody's data.
      services.logger.info(
        "a run ended", metadata: ["workflow": "\(workflow)", "run": "\(run)", "with": "\(last)", "microseconds": "\(duration)"])
    case .tombstonesCollected(let count):
      services.logger.debug("collected", metadata: ["workflow": "\(workflow)", "entries": "\(count)"])
    }
  }

  private func noteTrouble(_ text: String) { troubles.note(text, atMilliseconds: services.environment.now().wallMilliseconds) }

  /// Lets go of all that holds the room, unheard: see `RoomRegistry.abandonRooms`.
  func abandon() {
    for run in runs.values { run.cancel() }
    outbox.abandon()
  }

  typealias DurableState = (document: WorkflowDocument, position: UInt64)

  /// Calls `look` with the document and its position as soon as all of it is durable; with `nil` when it is not within a second, the store fails, or the room goes.
  func whenDurable(_ look: @escaping (DurableState?) -> Void) {
    guard let latest = room.latest, !room.isOver else { return look(nil) }
    if room.shownPosition == latest.position { return look(latest) }
    onlookers.append(look)
    guard lookedAt == nil else { return }
    lookedAt = latest
    onlookersDeadline = loop.assumeIsolated().scheduleTask(in: .seconds(1)) { [self] in answerOnlookers(nil) }
  }

  private func answerOnlookers(_ state: DurableState?) {
    onlookersDeadline?.cancel()
    onlookersDeadline = nil
    let looks = onlookers
    onlookers = []
    lookedAt = nil
    for look in looks { look(state) }
  }

  func present(limit: Int) -> (participants: [Participant], count: Int) { room.present(limit: limit) }

  private func unload() {
    for timer in timers { timer?.cancel() }
    for run in runs.values { run.cancel() }
    answerOnlookers(nil)
    edits.end()
    services.metrics.roomClosed()
    outbox.flush()
    onUnload(self)
  }
}
