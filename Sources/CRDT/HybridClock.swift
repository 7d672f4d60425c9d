/// One replica's clock: every reading is later than every reading it gave and every stamp it was shown.
///
/// The wall clock comes in as a value, so that a test or a simulator owns time. Spec: CR3. Source: Kulkarni et al. 2014, §3.
public struct HybridClock: Hashable, Sendable {
  /// The highest time given or seen.
  public private(set) var last: HybridTime

  @inlinable public init() { self.init(last: .zero) }
  public init(last: HybridTime) { self.last = last }

  /// The next reading: the wall clock when that is ahead, else one more than the highest so far.
  ///
  /// The counter's overflow carries into the milliseconds, so 65 536 readings within one millisecond stay in order.
  /// At the end of time (2^64 - 1) the clock stands still instead of turning over.
  /// - Parameter nowMilliseconds: since 1970; a wall clock that goes back has no effect.
  public mutating func tick(nowMilliseconds: UInt64) -> HybridTime {
    let wall = HybridTime(milliseconds: min(nowMilliseconds, HybridTime.millisecondsMax))
    last = wall > last ? wall : HybridTime(rawValue: last.rawValue == .max ? .max : last.rawValue + 1)
    return last
  }

  /// Makes every later reading later than `time`.
  public mutating func observe(_ time: HybridTime) { last = max(last, time) }
}

extension HybridTime {
  /// 48 bits.
  public static let millisecondsMax: UInt64 = 1 << 48 - 1
}
