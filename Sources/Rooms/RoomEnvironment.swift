import Glibc
import Hashing
public import RoomCore

/// What rooms take from the world beside their store, their engine and their connections: time, chance, threads.
///
/// A server hands in `system`. A simulation hands in its own, and with it the same seed gives the same history.
public struct RoomEnvironment: Sendable {
  /// Read once per turn of an event loop, on any thread.
  public var now: @Sendable () -> RoomTime
  /// 64 even bits: session ids, seeds of run ids, reconnect pauses. Never a secret.
  public var random: @Sendable () -> UInt64
  /// So many bytes that nobody can guess: the secrets of leases. Spec: CR5.
  public var secret: @Sendable (_ byteCount: Int) -> [UInt8]
  /// Where loading, the encoding of large snapshots and runs go on; `nil`: the threads of the Swift runtime.
  public var executor: (any TaskExecutor)?

  public init(
    now: @escaping @Sendable () -> RoomTime, random: @escaping @Sendable () -> UInt64,
    secret: @escaping @Sendable (_ byteCount: Int) -> [UInt8], executor: (any TaskExecutor)? = nil
  ) {
    self.now = now
    self.random = random
    self.secret = secret
    self.executor = executor
  }

  /// The system's clocks, its generator of random numbers, and the runtime's threads.
  public static let system = RoomEnvironment(
    now: { RoomTime(wallMilliseconds: milliseconds(CLOCK_REALTIME), monotonicMilliseconds: milliseconds(CLOCK_MONOTONIC)) },
    random: { UInt64.random(in: 0 ... .max) },
    secret: { RandomBytes.make($0) })

  private static func milliseconds(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(max(0, time.tv_sec)) * 1000 + UInt64(max(0, time.tv_nsec)) / 1_000_000
  }

  /// `random` for the generators of the standard library.
  var generator: some RandomNumberGenerator { EnvironmentGenerator(random: random) }

  /// Work that may take longer than a turn of an event loop.
  @discardableResult
  func task(_ body: @escaping @Sendable () async -> Void) -> Task<Void, Never> { Task(executorPreference: executor, operation: body) }
}

private struct EnvironmentGenerator: RandomNumberGenerator {
  let random: @Sendable () -> UInt64
  mutating func next() -> UInt64 { random() }
}
