import Access
public import CollabProtocol
public import Logging
public import NIOCore
import RoomCore
public import ServiceLifecycle
public import Storage
import Synchronization
public import WorkflowGraph

/// All rooms of this server: opens each workflow once, keeps it on one event loop, lets it go when it is idle.
///
/// The mutex guards the map from workflows to rooms and nothing else: it is taken when a session enters and when a room comes or goes, never
/// for a message.
public final class RoomRegistry: Service {
  /// Can become `open` when loaded, or go away when it cannot be. An open room that is falling asleep is still open: whoever enters wakes it.
  private enum Slot {
    case loading(waiting: [Entry])
    case open(RoomHandle)
    /// Somebody has the workflow to themselves, to read or to delete it. Goes away, or becomes `loading` when others came meanwhile.
    case held(waiting: [Entry])
    /// Like `held`, once the room that is open is gone.
    case closing(waiting: [Entry], whenClosed: CheckedContinuation<Void, Never>)
  }

  private struct State {
    var slots: [WorkflowID: Slot] = [:]
    var isDraining = false
    var whenEmpty: CheckedContinuation<Void, Never>?
    var writers: [ObjectIdentifier: NIOLoopBoundBox<LoopTools>] = [:]
  }

  public let configuration: RoomConfiguration
  let environment: RoomEnvironment
  let store: any WorkflowStore
  private let loops: [any EventLoop]
  let loader: RoomLoader
  let shelf = WorkflowShelf()
  /// Members, share links and keys.
  public let access: AccessBook
  /// Answers to requests with an idempotency key; `nil`: the store keeps none.
  public let answers: (any AnswerStore)?
  let engine: any RunEngine
  private let metrics: any RoomMetrics
  private let logger: Logger
  private let makeWriter: @Sendable () -> any FrameWriter
  let outboxLedger: OutboxLedger
  /// What subjects and addresses did lately, over sessions and requests.
  public let limits: LimitLedger
  private let state = Mutex(State())
  let adHocPlaces = PlaceBook()
  private let connectionCount = Atomic<UInt64>(0)

  /// - Parameters:
  ///   - access: where members, links and keys last; the store itself when it can.
  ///   - loops: rooms are spread over them by workflow id.
  ///   - engine: runs what is triggered in a room.
  ///   - makeFrameWriter: called once per event loop, there.
  public init(
    store: any WorkflowStore, access: (any AccessStore)? = nil, loops: [any EventLoop],
    configuration: RoomConfiguration = RoomConfiguration(),
    engine: any RunEngine = EmbeddedEngine(), metrics: any RoomMetrics = NoRoomMetrics(), environment: RoomEnvironment = .system,
    logger: Logger,
    makeFrameWriter: @escaping @Sendable () -> any FrameWriter
  ) {
    precondition(!loops.isEmpty, "rooms need an event loop")
    self.store = store
    answers = store as? any AnswerStore
    self.access = AccessBook(access ?? store as? any AccessStore, environment: environment)
    self.loops = loops
    self.configuration = configuration
    self.environment = environment
    self.engine = engine
    self.metrics = metrics
    self.logger = logger
    makeWriter = makeFrameWriter
    outboxLedger = OutboxLedger(bytesMax: configuration.limits.outboxTotalBytesMax)
    limits = LimitLedger(
      configuration.limits.rates, onRefusal: { metrics.limitReached($0) }, now: { environment.now().monotonicMilliseconds })
    loader = RoomLoader(store: store, limits: configuration.limits, logger: logger)
  }

  /// Whether new sessions are let in: false while draining.
  public var isAccepting: Bool { state.withLock { !$0.isDraining } }

  /// Rooms loaded or being loaded.
  public var roomCount: Int { state.withLock { $0.slots.count } }

  /// Bytes that wait for slow sessions, of all rooms.
  public var outboxBytes: Int { outboxLedger.bytes }

  /// Changes what a subject may do in a workflow from now on; sessions of it are told.
  public func setRole(_ role: Role, of subject: String, in workflow: WorkflowID) {
    openRoom(workflow)?.tell([.roleChanged(subject: subject, role)])
  }

  /// Closes all sessions of a subject in a workflow with 4509.
  public func evict(_ subject: String, from workflow: WorkflowID) {
    openRoom(workflow)?.tell([.evicted(subject: subject)])
  }

  /// The engine knows other types of nodes than before: open rooms look at their nodes again.
  public func typesChanged() {
    let rooms = openRooms
    guard !rooms.isEmpty else { return }
    let types = engine.otherTypes
    for room in rooms { room.tell([.typesChanged(types)]) }
  }

  // MARK: entering

  func nextConnectionNumber() -> UInt64 { connectionCount.wrappingAdd(1, ordering: .relaxed).newValue }

  func enter(_ entry: Entry) {
    enum Way {
      case room(RoomHandle)
      case load
      case wait
      case away
    }
    let way = state.withLock { state -> Way in
      if state.isDraining { return .away }
      switch state.slots[entry.workflow] {
      case .open(let room): return .room(room)
      case .loading(let waiting):
        state.slots[entry.workflow] = .loading(waiting: waiting + [entry])
        return .wait
      case .held(let waiting):
        state.slots[entry.workflow] = .held(waiting: waiting + [entry])
        return .wait
      case .closing(let waiting, let whenClosed):
        state.slots[entry.workflow] = .closing(waiting: waiting + [entry], whenClosed: whenClosed)
        return .wait
      case nil:
        state.slots[entry.workflow] = .loading(waiting: [entry])
        return .load
      }
    }
    switch way {
    case .room where entry.arrival.rights.role == nil: entry.handle.onLoop { $0.enterAgain() }
    case .room(let room): room.enter(entry)
    case .load: environment.task { [self] in await load(entry.workflow) }
    case .wait: break
    case .away: turnAway([entry])
    }
  }

  private func load(_ workflow: WorkflowID) async {
    do throws(StoreError) {
      if let seed = try await loader.load(workflow) { return open(workflow, seed) }
      guard let creator = refuseStrangers(of: workflow) else { return }
      // Somebody else may have made it in the meantime: then it is loaded like any other.
      if try await create(workflow, founder: creator.founder), let founder = creator.founder { welcomeFounder(founder, of: workflow) }
      guard let seed = try await loader.load(workflow) else { throw StoreError(.unavailable, "a workflow just made is not there") }
      open(workflow, seed)
    } catch {
      logger.error("a workflow cannot be opened", metadata: ["workflow": "\(workflow)", "reason": "\(error)"])
      metrics.storeFailed()
      refuse(takeWaiting(workflow), .serverFault, "the workflow cannot be opened now")
    }
  }

  /// There is no such workflow: those who may not make it are told so. Returns the first of those who may.
  private func refuseStrangers(of workflow: WorkflowID) -> Entry? {
    let (creators, strangers) = state.withLock { state -> ([Entry], [Entry]) in
      guard case .loading(let waiting) = state.slots[workflow] else { return ([], []) }
      let creators = waiting.filter { $0.wantsCreate && $0.mayCreate }
      state.slots[workflow] = creators.isEmpty ? nil : .loading(waiting: creators)
      return (creators, waiting.filter { !($0.wantsCreate && $0.mayCreate) })
    }
    refuse(strangers.filter(\.wantsCreate), .forbidden, "making a workflow takes the role editor")
    refuse(strangers.filter { !$0.wantsCreate }, .unknownWorkflow, "there is no workflow \(workflow)")
    if creators.isEmpty { noteRemoval() }
    return creators.first
  }

  /// Whoever waits at the door as this subject is the owner's. Spec: AC4.
  private func welcomeFounder(_ founder: String, of workflow: WorkflowID) {
    state.withLock { state in
      guard case .loading(var waiting) = state.slots[workflow] else { return }
      for index in waiting.indices where waiting[index].founder == founder { waiting[index].arrival.rights.member = .owner }
      state.slots[workflow] = .loading(waiting: waiting)
    }
  }

  private func open(_ workflow: WorkflowID, _ seed: RoomSeed) {
    let loop = loops[Self.place(of: workflow, among: loops.count)]
    loop.execute { [self] in
      let host = RoomHost(
        workflow, seed: seed, loop: loop, services: services, writer: makeFrameWriter(on: loop),
        onUnload: { [self] in remove($0.workflow) })
      let room = host.open()
      // From now on it may change.
      shelf.drop(workflow)
      let (waiting, isDraining) = state.withLock { state -> ([Entry], Bool) in
        guard case .loading(let waiting) = state.slots[workflow] else { return ([], state.isDraining) }
        state.slots[workflow] = .open(room)
        return (waiting, state.isDraining)
      }
      for entry in waiting { room.enter(entry) }
      if isDraining { room.tell([.drainBegan]) }
    }
  }

  /// The past of all workflows, whether or not their rooms are open.
  public var history: HistoryLibrary { HistoryLibrary(store: store, limits: configuration.limits) }

  private var services: RoomServices {
    RoomServices(
      store: store, loader: loader, history: history, engine: engine, configuration: configuration, metrics: metrics,
      outboxLedger: outboxLedger,
      logger: logger, environment: environment, readmit: { [self] in enter($0) })
  }

  var openRooms: [RoomHandle] {
    state.withLock { state in state.slots.values.compactMap { if case .open(let room) = $0 { room } else { nil } } }
  }

  func openRoom(_ workflow: WorkflowID) -> RoomHandle? {
    state.withLock { if case .open(let room) = $0.slots[workflow] { room } else { nil } }
  }

  private func takeWaiting(_ workflow: WorkflowID) -> [Entry] {
    defer { noteRemoval() }
    return state.withLock { state in
      guard case .loading(let waiting) = state.slots.removeValue(forKey: workflow) else { return [] }
      return waiting
    }
  }

  private func remove(_ workflow: WorkflowID) {
    let holder = state.withLock { state -> CheckedContinuation<Void, Never>? in
      if case .closing(let waiting, let whenClosed) = state.slots[workflow] {
        state.slots[workflow] = .held(waiting: waiting)
        return whenClosed
      }
      state.slots[workflow] = nil
      return nil
    }
    if let holder { return holder.resume() }
    noteRemoval()
  }

  // MARK: having a workflow to oneself

  enum Hold {
    case held
    case open(RoomHandle)
    /// It is being opened, read or deleted just now, or the server is about to end.
    case busy
  }

  /// Takes the place of a workflow whose room is not open; whoever enters waits until `letGo`.
  func hold(_ workflow: WorkflowID) -> Hold {
    state.withLock { state in
      switch state.slots[workflow] {
      case .open(let room): return .open(room)
      case .loading, .held, .closing: return .busy
      case nil:
        guard !state.isDraining else { return .busy }
        state.slots[workflow] = .held(waiting: [])
        return .held
      }
    }
  }

  /// Makes the open room of a workflow close for good and takes its place; `false` when there is none any more, or somebody else is at it.
  func closeRoom(of workflow: WorkflowID) async -> Bool {
    var isHeld = false
    await withCheckedContinuation { (whenClosed: CheckedContinuation<Void, Never>) in
      let room = state.withLock { state -> RoomHandle? in
        guard case .open(let room) = state.slots[workflow], !state.isDraining else { return nil }
        state.slots[workflow] = .closing(waiting: [], whenClosed: whenClosed)
        return room
      }
      guard let room else { return whenClosed.resume() }
      isHeld = true
      room.tell([.removalBegan])
    }
    return isHeld
  }

  /// Those who came meanwhile go in.
  func letGo(_ workflow: WorkflowID) {
    let waiting = state.withLock { state -> [Entry] in
      guard case .held(let waiting) = state.slots[workflow] else { return [] }
      state.slots[workflow] = nil
      return waiting
    }
    noteRemoval()
    for entry in waiting { enter(entry) }
  }

  private func refuse(_ entries: [Entry], _ code: CloseCode, _ reason: String) {
    for entry in entries { entry.handle.onLoop { $0.end(code, reason) } }
  }

  private func turnAway(_ entries: [Entry]) {
    let limits = configuration.limits
    let pauses = limits.reconnectMinMilliseconds...max(limits.reconnectMinMilliseconds, limits.reconnectMaxMilliseconds)
    var generator = environment.generator
    for entry in entries {
      let pause = UInt32.random(in: pauses, using: &generator)
      let goodbye = Goodbye(code: .draining, text: "the server is shutting down", reconnectAfterMilliseconds: pause)
      entry.handle.onLoop { $0.turnAway(goodbye) }
    }
  }

  /// FNV-1a: the same room is on the same loop for all who look.
  static func place(of workflow: WorkflowID, among count: Int) -> Int {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in workflow.rawValue.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return Int(hash % UInt64(count))
  }

  // MARK: frames

  /// The frame writer of a loop. Called there.
  func makeFrameWriter(on loop: any EventLoop) -> any FrameWriter {
    state.withLock { state -> NIOLoopBoundBox<LoopTools> in
      if let known = state.writers[ObjectIdentifier(loop)] { return known }
      let made = NIOLoopBoundBox(LoopTools(makeWriter()), eventLoop: loop)
      state.writers[ObjectIdentifier(loop)] = made
      return made
    }.value.writer
  }

  // MARK: shutting down

  /// Runs until graceful shutdown, then drains: goodbye to all, log flushed, final snapshots, sessions closed.
  public func run() async throws {
    try? await gracefulShutdown()  // a cancelled task drains as well: nothing acknowledged depends on it, but clients get their goodbye
    await drain()
  }

  /// Lets nobody in any more and closes all rooms; returns when they are closed, or after `drainDeadline`.
  public func drain() async {
    let rooms = state.withLock { state -> [RoomHandle] in
      state.isDraining = true
      return state.slots.values.compactMap { if case .open(let room) = $0 { room } else { nil } }
    }
    for room in rooms { room.tell([.drainBegan]) }
    // Cancelled when the rooms are closed in time.
    let deadline = loops[0].scheduleTask(in: TimeAmount(configuration.drainDeadline)) { [self] in endWaiting() }
    await withCheckedContinuation { continuation in
      let isEmpty = state.withLock { state in
        if !state.slots.isEmpty { state.whenEmpty = continuation }
        return state.slots.isEmpty
      }
      if isEmpty { continuation.resume() }
    }
    deadline.cancel()
  }

  /// Forgets the rooms of a loop, there, without a word to anybody: what the death of a process does. Only for a process that is simulated;
  /// in it a registry, its rooms, their members and runs would go on holding each other.
  package func abandonRooms(on loop: any EventLoop) {
    let here = state.withLock { state in
      let here = state.slots.filter { loops[Self.place(of: $0.key, among: loops.count)] === loop }
      for workflow in here.keys { state.slots[workflow] = nil }
      return here
    }
    for case .open(let room) in here.values { room.onLoop { $0.abandon() } }
    noteRemoval()
  }

  private func noteRemoval() {
    let waiter = state.withLock { state -> CheckedContinuation<Void, Never>? in
      guard state.slots.isEmpty else { return nil }
      defer { state.whenEmpty = nil }
      return state.whenEmpty
    }
    waiter?.resume()
  }

  private func endWaiting() {
    let waiter = state.withLock { state in
      defer { state.whenEmpty = nil }
      return state.whenEmpty
    }
    if waiter != nil { logger.error("rooms were not closed in time; the log holds what was acknowledged", metadata: [:]) }
    waiter?.resume()
  }
}

/// What belongs to one event loop.
final class LoopTools {
  let writer: any FrameWriter
  init(_ writer: any FrameWriter) { self.writer = writer }
}
