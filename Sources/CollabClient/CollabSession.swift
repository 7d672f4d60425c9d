public import CRDT
public import CollabProtocol
public import NIOCore
import NIOPosix
import WebSocketTransport
public import WorkflowDocument

/// A replica of one workflow over a connection that comes back by itself: what a bot, a test or a command line tool works with.
///
/// An actor on an event loop: everything of one session runs on one thread, in order, together with its socket. Edits are applied here at
/// once and leave at the end of the turn; offline they wait. Ends with `close()` or when the server forbids to come back.
public actor CollabSession {
  public nonisolated let eventLoop: any EventLoop
  public nonisolated let options: SessionOptions
  private nonisolated let executor: any SerialExecutor
  public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  var machine: ReplicaMachine
  private var wire: SessionWire?
  /// Tells a connection's callbacks from those of the one before it.
  private var generation = 0
  private var events: [ReplicaEvent] = []
  private var isHandling = false
  private var isFlushScheduled = false
  private var timer: (at: UInt64, task: Scheduled<Void>)?
  private var waiters: [Int: Waiter] = [:]
  private var subscribers: [Int: Subscriber] = [:]
  private let observer: Observer?
  private var closeWaiters: [CheckedContinuation<Void, Never>] = []
  private var nextID = 0
  var runRequests = RunRequests()
  var pastRequests: PastRequests
  private var tokenTask: Task<Void, Never>?

  /// Hears of everything, on the event loop, in order, and sees the session as it is then.
  public typealias Observer = @Sendable (isolated CollabSession, ClientNotice) -> Void

  struct Waiter {
    var isOver: (borrowing ReplicaMachine) -> Bool
    var continuation: CheckedContinuation<Void, any Error>
  }

  private typealias Subscriber = AsyncThrowingStream<ClientNotice, any Error>.Continuation

  /// Starts at once; `joined()` waits for the first welcome.
  ///
  /// - Parameters:
  ///   - eventLoop: where the session lives; one of NIO's shared ones when there is none.
  ///   - observer: misses nothing; it must be quick.
  public init(
    _ options: SessionOptions, on eventLoop: (any EventLoop)? = nil, observer: Observer? = nil
  ) {
    let loop = eventLoop ?? MultiThreadedEventLoopGroup.singleton.next()
    self.eventLoop = loop
    self.options = options
    executor = loop.executor
    pastRequests = PastRequests(bytesMax: options.replica.snapshotBytesMax)
    var system = SystemRandomNumberGenerator()
    var replica = options.replica
    replica.asksForToken = options.tokenSource != nil
    machine = ReplicaMachine(options: replica, seed: options.seed ?? system.next())
    self.observer = observer
    loop.execute { self.assumeIsolated { $0.handle(.start) } }
  }

  // MARK: Reading

  /// Everything seen and everything done here, as it is now. O(1); keeping the copy makes the next edit copy the document.
  public var document: WorkflowDocument { machine.document }
  public var version: Version { machine.document.version }
  public var position: UInt64 { machine.position }
  public var replica: ReplicaID { machine.replica }
  public var role: Role? { machine.role }
  public var limits: Limits { machine.limits }
  public var sessionName: String { machine.session }
  public var presence: PresenceBoard { machine.presence }
  public var runs: RunBoard { machine.runs }
  public var issues: IssueBoard { machine.issues }
  public var counters: ReplicaCounters { machine.counters }
  public var saveState: SaveState { machine.saveState }
  public var pendingCount: Int { machine.pendingCount }
  /// Own changes of `replica` up to this number are on the server's disk, as it said.
  public var acknowledgedThrough: UInt64 { machine.acknowledgedSeq }
  public var isLive: Bool { machine.isLive }
  /// When the token ends, in milliseconds since 1970 by the server's clock; 0: never, or not known yet.
  public var tokenExpiresAtMilliseconds: UInt64 { machine.tokenExpiresAtMilliseconds }
  /// The server's clock as far as it is known here, milliseconds since 1970.
  public var serverMilliseconds: UInt64 { machine.correctedWall(.now()) }
  /// 32 bytes each, of the document as it is here, pending changes included. Spec: GV5.
  public func hashes() -> (graph: [UInt8], document: [UInt8]) { (machine.document.graphHash(), machine.document.documentHash()) }

  // MARK: The machine's turn

  /// Events that come up while one is handled wait their turn: sending may close the connection at once.
  func handle(_ event: ReplicaEvent) {
    events.append(event)
    guard !isHandling else { return }
    isHandling = true
    var next = 0
    while next < events.count {
      perform(machine.handle(events[next], at: .now()))
      next += 1
    }
    events.removeAll(keepingCapacity: true)
    isHandling = false
    rearm()
    settleWaiters()
  }

  /// What was edited in this turn leaves together at its end.
  func scheduleFlush() {
    guard !isFlushScheduled else { return }
    isFlushScheduled = true
    eventLoop.execute {
      self.assumeIsolated { session in
        session.isFlushScheduled = false
        session.handle(.flush)
      }
    }
  }

  private func perform(_ actions: [ReplicaAction]) {
    for action in actions {
      switch action {
      case .connect: openWire()
      case .send(let message): wire?.send(message)
      case .disconnect(let code, let reason): closeWire(code, reason)
      case .askForToken(let need): fetchToken(need)
      case .notify(let notice): tell(notice)
      }
    }
  }

  /// The machine asks again only after the answer, so one task at a time.
  private func fetchToken(_ need: TokenNeed) {
    guard let source = options.tokenSource else { return }
    tokenTask = Task { [weak self] in
      let answer: TokenAnswer
      do { answer = try await source(need).map { .given($0) } ?? .nothing } catch { answer = .failed("\(error)") }
      await self?.handle(.token(answer))
    }
  }

  private func rearm() {
    let due = machine.nextDeadline
    guard due != timer?.at else { return }
    timer?.task.cancel()
    timer = nil
    guard let due else { return }
    let task = eventLoop.scheduleTask(deadline: NIODeadline.uptimeNanoseconds(due * 1_000_000)) {
      self.assumeIsolated { session in
        session.timer = nil
        session.handle(.timePassed)
      }
    }
    timer = (due, task)
  }

  // MARK: The wire

  private func openWire() {
    generation += 1
    let mine = generation
    let wire = SessionWire(encoding: options.encoding) { [weak self] event in
      self?.assumeIsolated { $0.heard(event, from: mine) }
    }
    self.wire = wire
    wire.open(options, on: eventLoop)
  }

  private func closeWire(_ code: CloseCode, _ reason: String) { wire?.close(code, reason) }

  private func heard(_ event: ReplicaEvent, from wireGeneration: Int) {
    guard wireGeneration == generation else { return }
    switch event {
    case .disconnected, .hopeless: wire = nil
    default: break
    }
    handle(event)
    if wire == nil, machine.stop != nil {
      for waiter in closeWaiters { waiter.resume() }
      closeWaiters = []
    }
  }

  /// Waits until the last connection is gone; the transport bounds how long its end takes.
  func wireGone() async {
    guard wire != nil else { return }
    await withCheckedContinuation { closeWaiters.append($0) }
  }

  // MARK: Waiting and telling

  /// Waits until something is true of the machine; looked at after every event.
  ///
  /// - Throws: `ClientStop` when the session ends before, `CancellationError`.
  func wait(until isOver: @escaping @Sendable (borrowing ReplicaMachine) -> Bool) async throws {
    if isOver(machine) { return }
    if let stop = machine.stop { throw stop }
    try Task.checkCancellation()
    nextID += 1
    let id = nextID
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        waiters[id] = Waiter(isOver: isOver, continuation: continuation)
      }
    } onCancel: {
      eventLoop.execute {
        self.assumeIsolated { $0.waiters.removeValue(forKey: id)?.continuation.resume(throwing: CancellationError()) }
      }
    }
  }

  private func settleWaiters() {
    guard !waiters.isEmpty else { return }
    for (id, waiter) in waiters {
      if waiter.isOver(machine) {
        waiters[id] = nil
        waiter.continuation.resume()
      } else if let stop = machine.stop {
        waiters[id] = nil
        waiter.continuation.resume(throwing: stop)
      }
    }
  }

  func subscribe(bufferMax: Int) -> AsyncThrowingStream<ClientNotice, any Error> {
    nextID += 1
    let id = nextID
    let (stream, continuation) = AsyncThrowingStream<ClientNotice, any Error>.makeStream(bufferingPolicy: .bufferingOldest(bufferMax))
    continuation.onTermination = { _ in
      self.eventLoop.execute { self.assumeIsolated { $0.subscribers[id] = nil } }
    }
    if let stop = machine.stop { continuation.finish(throwing: stop) } else { subscribers[id] = continuation }
    return stream
  }

  private func tell(_ notice: ClientNotice) {
    observer?(self, notice)
    switch notice {
    case .runEvent(let event): runRequests.take(event)
    case .runNamed(let run, let key): runRequests.name(run, key: key, events: machine.runs.events[run] ?? [])
    case .error(let report):
      runRequests.take(report)
      pastRequests.fail(report.request, ClientError.refused(report.code, report.text))
    case .history(let page): pastRequests.answer(page.request, .page(page))
    case .versions(let list): pastRequests.answer(list.request, .versions(list))
    case .state(let chunk): pastRequests.take(chunk)
    case .role(let changed): pastRequests.answer(changed.request, .role(changed))
    case .link(.offline), .link(.waitingForToken): pastRequests.failAll(ClientError.refused(.unavailable, "the connection was lost"))
    case .link(.live):
      let again = runRequests.toSendAgain(connection: generation, include: machine.document.version)
      for request in again { handle(.run(request)) }
    case .link(.stopped(let stop)):
      tokenTask?.cancel()
      runRequests.failAll(stop)
      pastRequests.failAll(stop)
    default: break
    }
    for (id, subscriber) in subscribers {
      if case .dropped = subscriber.yield(notice) {
        subscribers[id] = nil
        subscriber.finish(throwing: ClientError.subscriberTooSlow)
      }
      if case .link(.stopped(let stop)) = notice {
        subscribers[id] = nil
        subscriber.finish(throwing: stop.reason == .closedHere ? nil : stop)
      }
    }
  }

  var currentConnection: Int { generation }

  func newRequestNumber() -> UInt64 {
    nextID += 1
    return UInt64(nextID)
  }
}
