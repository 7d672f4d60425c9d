/// How much of something may be done: so much a second on average, and `burst` at once after a rest.
public struct Rate: Hashable, Sendable {
  /// At least 1.
  public let perSecond: UInt64
  /// At least 1. What is asked for at once and is more counts as this much.
  public let burst: UInt64

  private static let most: UInt64 = 1_000_000_000_000

  public init(_ perSecond: UInt64, burst: UInt64) {
    self.perSecond = min(max(perSecond, 1), Self.most)
    self.burst = min(max(burst, 1), Self.most)
  }

  /// `50` (as much at once) or `50/400`.
  /// - Returns: `nil` for anything else, zeros among it: a rate of nothing is no rate.
  public init?(_ text: String) {
    let numbers = text.split(separator: "/", omittingEmptySubsequences: false).map { part in
      part.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } ? UInt64(part) : nil
    }
    guard (1...2).contains(numbers.count), let perSecond = numbers[0], let burst = numbers.count == 2 ? numbers[1] : perSecond,
      (1...Self.most).contains(perSecond), (1...Self.most).contains(burst)
    else { return nil }
    self.init(perSecond, burst: burst)
  }
}

extension Rate: CustomStringConvertible {
  public var description: String { perSecond == burst ? "\(perSecond)" : "\(perSecond)/\(burst)" }
}

/// A token bucket in whole numbers. What it may hold and how fast it fills is said with every use, so that thousands of them cost two words each.
///
/// A new one is full. One that is full again is as good as a new one, so it may be forgotten.
public struct RateBucket: Hashable, Sendable {
  /// What is not there, in thousandths of a token, so that one millisecond brings `perSecond` of them. Up to two bursts: see `owe`.
  private var missing: UInt64 = 0
  private var lookedAtMilliseconds: UInt64 = 0

  public init() {}

  /// Takes `count` tokens, or none and says in how many milliseconds they will be there. More than a burst counts as a burst.
  public mutating func take(_ count: UInt64, of rate: Rate, nowMilliseconds: UInt64) -> UInt64? {
    fill(rate, nowMilliseconds)
    let needed = missing + min(count, rate.burst) * 1000
    guard needed <= rate.burst * 1000 else { return Self.milliseconds(for: needed - rate.burst * 1000, rate) }
    missing = needed
    return nil
  }

  /// For what has happened already: takes `count` tokens whether they are there or not.
  /// - Returns: milliseconds until nothing is owed any more, at most those of one burst; 0 when they were there.
  public mutating func owe(_ count: UInt64, of rate: Rate, nowMilliseconds: UInt64) -> UInt64 {
    fill(rate, nowMilliseconds)
    missing = min(missing + min(count, 2 * rate.burst) * 1000, 2 * rate.burst * 1000)
    return missing > rate.burst * 1000 ? Self.milliseconds(for: missing - rate.burst * 1000, rate) : 0
  }

  /// What `take` took, for something that did not happen after all.
  public mutating func giveBack(_ count: UInt64, of rate: Rate) { missing -= min(missing, min(count, rate.burst) * 1000) }

  private mutating func fill(_ rate: Rate, _ nowMilliseconds: UInt64) {
    guard nowMilliseconds > lookedAtMilliseconds else { return }
    let (flow, overflow) = (nowMilliseconds - lookedAtMilliseconds).multipliedReportingOverflow(by: rate.perSecond)
    missing = overflow || flow >= missing ? 0 : missing - flow
    lookedAtMilliseconds = nowMilliseconds
  }

  private static func milliseconds(for thousandths: UInt64, _ rate: Rate) -> UInt64 { (thousandths + rate.perSecond - 1) / rate.perSecond }
}
