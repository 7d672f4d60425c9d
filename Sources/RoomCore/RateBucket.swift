/// A token bucket in whole numbers: `perSecond` tokens flow in, up to `burst`.
struct RateBucket: Sendable {
  let perSecond: UInt64
  let burst: UInt64
  /// In thousandths of a token, so that one millisecond adds `perSecond` of them.
  private var thousandths: UInt64
  private var filledAtMilliseconds: UInt64

  init(perSecond: UInt64, burst: UInt64, nowMilliseconds: UInt64) {
    self.perSecond = max(perSecond, 1)
    self.burst = max(burst, 1)
    thousandths = self.burst * 1000
    filledAtMilliseconds = nowMilliseconds
  }

  /// Takes `count` tokens, or says in how many milliseconds they will be there. More than `burst` counts as `burst`.
  mutating func take(_ count: UInt64, nowMilliseconds: UInt64) -> UInt64? {
    if nowMilliseconds > filledAtMilliseconds {
      let (flow, overflow) = (nowMilliseconds - filledAtMilliseconds).multipliedReportingOverflow(by: perSecond)
      thousandths = overflow ? burst * 1000 : min(burst * 1000, thousandths + min(flow, burst * 1000))
      filledAtMilliseconds = nowMilliseconds
    }
    let wanted = min(count, burst) * 1000
    guard thousandths >= wanted else { return (wanted - thousandths + perSecond - 1) / perSecond }
    thousandths -= wanted
    return nil
  }
}
