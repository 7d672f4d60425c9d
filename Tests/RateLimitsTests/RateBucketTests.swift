import RateLimits
import Testing

@Suite struct RateBucketTests {
  private let rate = Rate(10, burst: 20)

  @Test("[LM3] a burst at once, then so much a second; the wait that is named is exactly long enough")
  func burstAndFlow() throws {
    var bucket = RateBucket()
    #expect(bucket.take(20, of: rate, nowMilliseconds: 5) == nil)
    #expect(bucket.take(1, of: rate, nowMilliseconds: 5) == 100)
    #expect(bucket.take(1, of: rate, nowMilliseconds: 104) == 1)
    #expect(bucket.take(1, of: rate, nowMilliseconds: 105) == nil)
    #expect(bucket.take(3, of: rate, nowMilliseconds: 105) == 300)
    #expect(bucket.take(3, of: rate, nowMilliseconds: 405) == nil)
  }

  @Test("what is refused costs nothing, what is given back is there again, and rest fills no more than a burst")
  func costs() {
    var bucket = RateBucket()
    #expect(bucket.take(15, of: rate, nowMilliseconds: 0) == nil)
    #expect(bucket.take(10, of: rate, nowMilliseconds: 0) == 500)
    #expect(bucket.take(5, of: rate, nowMilliseconds: 0) == nil)
    bucket.giveBack(5, of: rate)
    #expect(bucket.take(5, of: rate, nowMilliseconds: 0) == nil)
    bucket.giveBack(1000, of: rate)
    #expect(bucket == RateBucket(), "full again, it is as good as a new one")
    #expect(bucket.take(20, of: rate, nowMilliseconds: 1_000_000) == nil)
    #expect(bucket.take(1, of: rate, nowMilliseconds: 1_000_000) == 100)
  }

  @Test("more than a burst counts as a burst: it is taken when the bucket is full, and never waited for in vain")
  func larger() {
    var bucket = RateBucket()
    #expect(bucket.take(.max, of: rate, nowMilliseconds: 0) == nil)
    #expect(bucket.take(.max, of: rate, nowMilliseconds: 0) == 2000)
    #expect(bucket.take(.max, of: rate, nowMilliseconds: 2000) == nil)
  }

  @Test("what was used already is owed; a debt ends, and is paid by time")
  func owing() {
    var bucket = RateBucket()
    #expect(bucket.owe(20, of: rate, nowMilliseconds: 0) == 0)
    #expect(bucket.owe(5, of: rate, nowMilliseconds: 0) == 500)
    #expect(bucket.owe(0, of: rate, nowMilliseconds: 100) == 400)
    #expect(bucket.owe(.max, of: rate, nowMilliseconds: 100) == 2000)
    #expect(bucket.owe(.max, of: rate, nowMilliseconds: 100) == 2000, "it does not grow for ever")
    #expect(bucket.take(1, of: rate, nowMilliseconds: 2100) == 100)
    #expect(bucket.owe(0, of: rate, nowMilliseconds: 2100) == 0)
  }

  @Test("a clock that stands still, jumps back or ends", arguments: [Rate(1, burst: 1), Rate(.max, burst: .max)])
  func clocks(rate: Rate) {
    var bucket = RateBucket()
    #expect(bucket.take(1, of: rate, nowMilliseconds: 1000) == nil)
    _ = bucket.take(1, of: rate, nowMilliseconds: 10)
    _ = bucket.owe(.max, of: rate, nowMilliseconds: 10)
    #expect(bucket.owe(0, of: rate, nowMilliseconds: .max) == 0)
    #expect(bucket.take(rate.burst, of: rate, nowMilliseconds: .max) == nil)
  }

  @Test("over any stretch of time no more than burst + rate × time is given, and a patient taker gets nearly all of it")
  func longRun() {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<50 {
      let rate = Rate(UInt64.random(in: 1...1000, using: &generator), burst: UInt64.random(in: 1...1000, using: &generator))
      var bucket = RateBucket()
      var now: UInt64 = 0
      var given: UInt64 = 0
      for _ in 0..<500 {
        let count = UInt64.random(in: 1...rate.burst, using: &generator)
        if let wait = bucket.take(count, of: rate, nowMilliseconds: now) {
          #expect(wait > 0)
          now += wait
          #expect(bucket.take(count, of: rate, nowMilliseconds: now) == nil, "\(rate) \(count)")
        }
        given += count
        #expect(given * 1000 <= rate.burst * 1000 + rate.perSecond * now)
      }
      #expect(given * 1000 + 1000 * rate.burst + rate.perSecond * 500 >= rate.perSecond * now)
    }
  }
}

@Suite struct RateTableTests {
  @Test(
    "rates are read as they are written",
    arguments: [("50", Rate(50, burst: 50)), ("50/400", Rate(50, burst: 400)), ("1/1", Rate(1, burst: 1))])
  func reading(text: String, rate: Rate) {
    #expect(Rate(text) == rate)
    #expect(Rate(rate.description) == rate)
  }

  @Test(
    "and nothing else is",
    arguments: ["", "0", "5/0", "0/5", "-1", "+1", "1/", "/1", "1/2/3", "1.5", "٣", "9999999999999", "18446744073709551616", " 1"])
  func notReading(text: String) { #expect(Rate(text) == nil) }

  @Test("one rate by its name, a whole scope or all of them by none; those that come later count")
  func applying() throws {
    var table = RateTable.defaults
    try table.apply("runs-per-subject=3/9")
    #expect(table[.runs, per: .subject] == Rate(3, burst: 9))
    try table.apply("address=none")
    #expect(table[.connects, per: .address] == nil && table[.connects, per: .subject] != nil)
    try table.apply("connects-per-address=7")
    #expect(table[.connects, per: .address] == Rate(7, burst: 7))
    try table.apply("all=none")
    #expect(table == .none)
  }

  @Test(
    "what cannot be meant is refused",
    arguments: ["", "runs", "runs=5", "pings-per-address=5", "address=5", "all=5", "runs-per-subject=", "runs-per-subject=fast", "=5"])
  func refusing(text: String) {
    var table = RateTable.defaults
    #expect(throws: RateFault.self) { try table.apply(text) }
    #expect(table == .defaults)
  }

  @Test("the wider the scope, the more is allowed; every thing is limited for somebody")
  func defaults() {
    for thing in RatedThing.allCases {
      let rates = RateScope.allCases.compactMap { RateTable.defaults[thing, per: $0] }
      #expect(!rates.isEmpty, "\(thing)")
      for (narrow, wide) in zip(rates, rates.dropFirst()) {
        #expect(narrow.perSecond < wide.perSecond && narrow.burst < wide.burst, "\(thing)")
      }
    }
    #expect(Set(RateTable.names).count == RateTable.names.count)
  }

  @Test("[LM3] a refusal names the limit and the time")
  func refusal() throws {
    var row = BucketRow()
    let name = RateName(.runs, per: .session)
    let burst = try #require(RateTable.defaults[.runs, per: .session]).burst
    for _ in 0..<burst { #expect(row.take(1, name, .defaults, nowMilliseconds: 0) == nil) }
    let refused = row.take(1, name, .defaults, nowMilliseconds: 0)
    let refusal = try #require(refused)
    #expect(refusal.text == "more than 5 runs a second of one session (runs-per-session)")
    #expect(refusal.waitMilliseconds == 200)
    #expect(row.take(1, RateName(.pings, per: .session), .defaults, nowMilliseconds: 0) == nil, "each thing has its own")
    #expect(row.take(1, name, .none, nowMilliseconds: 0) == nil)
  }
}
