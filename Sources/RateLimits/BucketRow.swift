/// One bucket for each thing: all that is remembered of a session, a subject or an address.
public struct BucketRow: Sendable {
  /// As many as there are things: a row is one piece of memory.
  private var buckets = InlineArray<13, RateBucket>(repeating: RateBucket())

  public init() { precondition(buckets.count == RatedThing.allCases.count, "a row has a bucket for each thing") }

  /// - Returns: `nil` when it was there, or nobody counts it.
  public mutating func take(_ count: UInt64, _ name: RateName, _ table: RateTable, nowMilliseconds: UInt64) -> RateRefusal? {
    guard let rate = table[name.thing, per: name.scope] else { return nil }
    return buckets[name.thing.place].take(count, of: rate, nowMilliseconds: nowMilliseconds).map {
      RateRefusal(name, rate, waitMilliseconds: $0)
    }
  }

  /// - Returns: milliseconds until it is paid for.
  public mutating func owe(_ count: UInt64, _ name: RateName, _ table: RateTable, nowMilliseconds: UInt64) -> UInt64 {
    guard let rate = table[name.thing, per: name.scope] else { return 0 }
    return buckets[name.thing.place].owe(count, of: rate, nowMilliseconds: nowMilliseconds)
  }

  public mutating func giveBack(_ count: UInt64, _ name: RateName, _ table: RateTable) {
    guard let rate = table[name.thing, per: name.scope] else { return }
    buckets[name.thing.place].giveBack(count, of: rate)
  }
}
