import CollabProtocol
import NIOCore
import Rooms
import ServiceLifecycle
import Synchronization
import WorkflowGraph

/// What can be done about runs over HTTP. A run that is started here is a run of the room: everybody in it sees it.
struct RunDesk: Sendable {
  /// What is known of a run.
  struct Sight: Sendable {
    var first: RunEvent
    var last: RunEvent?
  }

  let registry: RoomRegistry
  let door: AccessDesk
  let group: any EventLoopGroup

  func guest(_ hello: Hello, of workflow: WorkflowID) -> RoomGuest {
    RoomGuest(hello, of: workflow, registry: registry, loop: group.next(), door: door)
  }

  /// Asks the room for a run and waits for its end, for `wait` at most.
  /// - Parameter wait: zero: until it has begun.
  /// - Returns: `nil` when it has not begun by then: it waits for its turn, or for what it must include.
  func start(_ request: RunRequest, of workflow: WorkflowID, as hello: Hello, wait: Duration) async throws -> Sight? {
    let sight = Mutex<Sight?>(nil)
    let guest = guest(hello, of: workflow)
    defer { guest.leave() }
    try await withDeadline(max(wait, Self.beginDeadline)) {
      let deadline = ContinuousClock.now + wait
      try await Self.watch(guest, onWelcome: { guest.send(.run(request)) }) { event in
        sight.withLock { sight in
          if event.kind == .runStarted, event.info?.idempotencyKey == request.idempotencyKey { sight = Sight(first: event) }
          if event.kind.isLast, sight?.first.run == event.run { sight?.last = event }
          guard let sight else { return true }
          return sight.last == nil && ContinuousClock.now < deadline
        }
      }
    }
    return sight.withLock { $0 }
  }

  /// A run that waits behind others is not heard of before; one that needs not wait begins in this time or never.
  private static let beginDeadline = Duration.seconds(2)

  /// - Throws: `unconfirmed` when the room does not answer in time.
  func cancel(_ run: String, of workflow: WorkflowID, as hello: Hello) async throws {
    let guest = guest(hello, of: workflow)
    defer { guest.leave() }
    let isAnswered = try await withDeadline(.seconds(10)) {
      // The pong follows the answer, if there is one.
      try await Self.watch(
        guest,
        onWelcome: {
          guest.send(.cancelRun(CancelRun(request: Self.request, run: run)))
          guest.send(.ping(Ping(id: 1)))
        }, onPong: { false }, onEvent: { _ in true })
    }
    guard isAnswered else { throw Problem.unconfirmed }
  }

  /// All events of a run after `seq`, as they become durable, until its last; what is there first, then what comes.
  /// - Parameters:
  ///   - known: what the store had of the run a moment ago: one event at least.
  ///   - tell: gets each event, and `nil` now and then while nothing comes.
  func follow(
    _ known: [RunEvent], of workflow: WorkflowID, as hello: Hello, after seq: UInt64, tell: (RunEvent?) async throws -> Void
  ) async throws {
    let run = known[0].run
    var seen = seq
    /// `false` once the last is told.
    func tellAll(_ events: [RunEvent]) async throws -> Bool {
      for event in events where event.seq > seen {
        try await tell(event)
        seen = event.seq
      }
      return events.last?.kind.isLast != true
    }
    /// What the store has beyond what was seen.
    func tellStored() async throws -> Bool { try await tellAll(try await registry.storedEvents(of: run, in: workflow, after: seen)) }
    guard try await tellAll(known) else { return }
    // The least right that suffices.
    var hello = hello
    hello.roleMax = .viewer
    let guest = guest(hello, of: workflow)
    defer { guest.leave() }
    for try await event in guest.events.cancelOnGracefulShutdown() {
      switch event {
      case .silence: try await tell(nil)
      // Everything that is durable by now is in the store, everything later comes here.
      case .message(.welcome): guard try await tellStored() else { return }
      case .message(.runEvent(let event)) where event.run == run && event.seq > seen:
        if event.seq > seen + 1 {
          // Held back as a slow reader: the store has what was left out.
          guard try await tellStored() else { return }
        } else {
          try await tell(event)
          seen = event.seq
        }
        if event.kind.isLast { return }
      default: break
      }
    }
  }

  // MARK: a guest's messages

  /// The number of the one request that a guest makes.
  static let request: UInt64 = 1

  private static func watch(
    _ guest: RoomGuest, onWelcome: () -> Void, onPong: () -> Bool = { true }, onEvent: (RunEvent) throws -> Bool
  ) async throws {
    for try await event in guest.events {
      switch event {
      case .message(.welcome): onWelcome()
      // 0: about a run that the request was led to. A guest asks only one thing.
      case .message(.error(let report)) where report.request == request || report.request == 0: throw Problem(report)
      case .message(.runEvent(let event)): guard try onEvent(event) else { return }
      case .message(.pong): guard onPong() else { return }
      default: break
      }
    }
  }

  /// Gives `body` up after `duration`, or when the server is about to end, or when nobody waits for it any more, without an error.
  /// - Returns: whether `body` came to its end.
  @discardableResult
  private func withDeadline(_ duration: Duration, _ body: @escaping @Sendable () async throws -> Void) async throws -> Bool {
    try await withThrowingTaskGroup(of: Bool.self) { group in
      func giveUp(_ wait: @escaping @Sendable () async throws -> Void) {
        group.addTask {
          try await wait()
          return false
        }
      }
      group.addTask {
        try await body()
        return true
      }
      giveUp { try await Task.sleep(for: duration) }
      giveUp { try await gracefulShutdown() }
      if let peer = PeerWatch.current {
        giveUp {
          await peer.gone()
          // One that has only ended its own side still gets what is done soon.
          try await Task.sleep(for: Self.beginDeadline)
        }
      }
      defer { group.cancelAll() }
      return try await group.next() ?? false
    }
  }
}
