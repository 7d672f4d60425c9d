import DequeModule
import Dispatch
import NIOCore

/// An event loop in virtual time: what is ready runs when the scheduler says so, in order; timers become ready as time passes.
///
/// `@unchecked Sendable`: see `World`.
final class SimLoop: EventLoop, @unchecked Sendable {
  private struct Work {
    var run: () -> Void
    /// Instead of `run` when the process dies: a promise may not be left alone.
    var drop: () -> Void = {}
  }
  private struct Timer {
    var due: UInt64
    var number: UInt64
    var work: Work
  }

  private let world: World
  private var ready: Deque<Work> = []
  private var timers: [Timer] = []
  private var cancelled: [Work] = []
  private var nextNumber: UInt64 = 0
  private var isDead = false

  init(_ world: World) { self.world = world }

  var inEventLoop: Bool { world.current === self }
  var now: NIODeadline { .uptimeNanoseconds(world.uptimeMilliseconds * 1_000_000) }
  var readyCount: Int { ready.count }

  func execute(_ task: @escaping @Sendable () -> Void) { if !isDead { ready.append(Work(run: task)) } }

  func submit<T>(_ task: @escaping @Sendable () throws -> T) -> EventLoopFuture<T> {
    let promise = makePromise(of: T.self)
    let work = Self.work(promise, task)
    if isDead { drop([work]) } else { ready.append(work) }
    return promise.futureResult
  }

  func scheduleTask<T>(deadline: NIODeadline, _ task: @escaping @Sendable () throws -> T) -> Scheduled<T> {
    schedule(at: (deadline.uptimeNanoseconds + 999_999) / 1_000_000, task)
  }

  func scheduleTask<T>(in pause: TimeAmount, _ task: @escaping @Sendable () throws -> T) -> Scheduled<T> {
    schedule(at: world.uptimeMilliseconds + UInt64(max(0, pause.nanoseconds) + 999_999) / 1_000_000, task)
  }

  private func schedule<T>(at due: UInt64, _ task: @escaping @Sendable () throws -> T) -> Scheduled<T> {
    let promise = makePromise(of: T.self)
    nextNumber += 1
    let number = nextNumber
    let work = Self.work(promise, task)
    if isDead {
      drop([work])
    } else {
      let at = timers.firstIndex { $0.due > due } ?? timers.endIndex
      timers.insert(Timer(due: due, number: number, work: work), at: at)
    }
    return Scheduled(promise: promise) { [weak self] in
      guard let self, let at = timers.firstIndex(where: { $0.number == number }) else { return }
      // Its promise is failed by a task of this loop, which may never run.
      cancelled.append(timers.remove(at: at).work)
    }
  }

  private static func work<T>(_ promise: EventLoopPromise<T>, _ task: @escaping () throws -> T) -> Work {
    Work(
      run: { do { promise.assumeIsolated().succeed(try task()) } catch { promise.fail(error) } },
      drop: { promise.fail(EventLoopError.shutdown) })
  }

  func shutdownGracefully(queue: DispatchQueue, _ callback: @escaping @Sendable ((any Error)?) -> Void) { callback(nil) }

  // MARK: the scheduler's side

  /// Timers that are due join what is ready.
  func wake() {
    while let first = timers.first, first.due <= world.uptimeMilliseconds {
      timers.removeFirst()
      ready.append(first.work)
    }
  }

  /// Runs up to so many tasks; those that they add may be among them.
  func run(atMost count: Int) {
    guard !isDead, !ready.isEmpty else { return }
    let before = world.current
    world.current = self
    defer { world.current = before }
    defer { if ready.isEmpty { cancelled = [] } }
    for _ in 0..<count {
      guard !isDead, let work = ready.popFirst() else { return }
      work.run()
    }
  }

  /// Code of this loop that something outside begins: bytes that arrive at a socket.
  func enter(_ body: () -> Void) {
    guard !isDead else { return }
    let before = world.current
    world.current = self
    defer { world.current = before }
    body()
  }

  /// For what is no part of the history any more.
  func enterDead(_ body: () -> Void) {
    precondition(isDead)
    let before = world.current
    world.current = self
    defer { world.current = before }
    body()
  }

  /// The process died: nothing of it runs any more.
  func die() {
    isDead = true
    let left = Array(ready) + timers.map(\.work) + cancelled
    ready = []
    timers = []
    cancelled = []
    drop(left)
  }

  private func drop(_ list: [Work]) {
    let before = world.current
    world.current = self
    defer { world.current = before }
    for work in list { work.drop() }
  }
}
