import Synchronization

/// Counts up from 0 for as long as the process lives. From any thread; one relaxed addition.
///
/// Not one per event loop: what counts per delivery is added up where one loop does it for many, so an addition is far rarer than a message.
/// See docs/adr/0020-metrics.md for what it costs.
public final class Counter: Sendable {
  private let count = Atomic<UInt64>(0)

  public init() {}

  public var value: UInt64 { count.load(ordering: .relaxed) }

  public func add(_ amount: Int = 1) { count.wrappingAdd(UInt64(clamping: amount), ordering: .relaxed) }
}

/// Goes up and down. From any thread.
public final class Gauge: Sendable {
  private let level = Atomic<Int>(0)

  public init() {}

  public var value: Int { level.load(ordering: .relaxed) }

  public func add(_ amount: Int) { level.wrappingAdd(amount, ordering: .relaxed) }
}

/// How long something took, in buckets. From any thread; two relaxed additions and a search among a dozen numbers.
public final class Histogram: Sendable {
  /// Upper bounds in nanoseconds, ascending; what is longer counts in one more bucket.
  public let bounds: [UInt64]
  private let buckets: [Counter]
  private let nanoseconds = Atomic<UInt64>(0)

  /// - Parameter microseconds: the upper bounds, ascending.
  public init(microseconds: [UInt64]) {
    precondition(zip(microseconds, microseconds.dropFirst()).allSatisfy { $0 < $1 }, "bounds must ascend")
    bounds = microseconds.map { $0 * 1000 }
    buckets = (0...microseconds.count).map { _ in Counter() }
  }

  /// From 50 µs to 10 s: commits, turns of a room.
  public static func ofTurns() -> Histogram {
    Histogram(microseconds: [50, 100, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 10_000_000])
  }

  /// From 1 ms to a minute: requests, runs.
  public static func ofCalls() -> Histogram {
    Histogram(microseconds: [
      1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000, 5_000_000, 15_000_000, 60_000_000,
    ])
  }

  public func observe(nanoseconds duration: UInt64) {
    let index = bounds.firstIndex { duration <= $0 } ?? bounds.count
    buckets[index].add()
    nanoseconds.wrappingAdd(duration, ordering: .relaxed)
  }

  public func observe(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    observe(nanoseconds: UInt64(max(0, seconds)) * 1_000_000_000 + UInt64(max(0, attoseconds) / 1_000_000_000))
  }

  /// How many were at most as long as each bound, and how many there were at all.
  ///
  /// Read bucket by bucket: while others count it may lack the newest, but it never goes down from one bound to the next.
  var cumulative: [UInt64] {
    var sum: UInt64 = 0
    return buckets.map { bucket in
      sum += bucket.value
      return sum
    }
  }

  var sumNanoseconds: UInt64 { nanoseconds.load(ordering: .relaxed) }
}
