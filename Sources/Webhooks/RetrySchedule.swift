/// When a delivery is tried again. Spec: WH6.
public struct RetrySchedule: Hashable, Sendable {
  /// After the first attempt, after the second, and so on; after the last there is no more.
  public var pauses: [Duration]
  /// Of a webhook as a whole after the first failure in a row; twice as long after each further one.
  public var hookPauseFirst: Duration
  public var hookPauseMax: Duration
  /// A pause is drawn evenly between so many hundredths less and so many more.
  public var jitterPercent: Int

  public init(
    pauses: [Duration], hookPauseFirst: Duration = .seconds(1), hookPauseMax: Duration = .seconds(60), jitterPercent: Int = 20
  ) {
    self.pauses = pauses
    self.hookPauseFirst = hookPauseFirst
    self.hookPauseMax = hookPauseMax
    self.jitterPercent = jitterPercent
  }

  /// Ten attempts over 32 hours and 42 minutes.
  public static let standard = RetrySchedule(
    pauses: [5, 30, 120, 600, 1800, 7200, 21_600, 43_200, 43_200].map { .seconds($0) })

  public var attemptCountMax: Int { pauses.count + 1 }

  /// - Parameters:
  ///   - count: attempts so far, this one included.
  ///   - chance: 64 even bits.
  /// - Returns: milliseconds; `nil` when that was the last attempt.
  func pause(afterAttempt count: Int, chance: UInt64) -> UInt64? {
    guard pauses.indices.contains(count - 1) else { return nil }
    let pause = pauses[count - 1].milliseconds
    let spread = pause * UInt64(clamping: jitterPercent) / 100
    return pause - spread + chance % (2 * spread + 1)
  }

  /// Milliseconds for which nothing is sent to a webhook after so many failures in a row.
  func hookPause(afterFailures count: Int) -> UInt64 {
    guard count > 0 else { return 0 }
    return min(hookPauseMax.milliseconds, hookPauseFirst.milliseconds << UInt64(min(count - 1, 20)))
  }
}
