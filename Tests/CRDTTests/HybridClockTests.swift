import CRDT
import Testing

@Suite struct HybridClockTests {
  @Test("[CR3] a reading follows the wall clock while that is ahead")
  func wall() {
    var clock = HybridClock()
    #expect(clock.tick(nowMilliseconds: 1000) == HybridTime(milliseconds: 1000))
    #expect(clock.tick(nowMilliseconds: 1000) == HybridTime(milliseconds: 1000, counter: 1))
    #expect(clock.tick(nowMilliseconds: 1001) == HybridTime(milliseconds: 1001))
  }

  @Test("[CR3] a wall clock that goes back does not take the clock with it")
  func back() {
    var clock = HybridClock()
    let before = clock.tick(nowMilliseconds: 5000)
    #expect(clock.tick(nowMilliseconds: 10) > before)
  }

  @Test("[CR3] the next reading is later than every stamp seen")
  func observed() {
    var clock = HybridClock()
    clock.observe(HybridTime(milliseconds: 9000, counter: 7))
    #expect(clock.tick(nowMilliseconds: 1) == HybridTime(milliseconds: 9000, counter: 8))
    clock.observe(HybridTime(milliseconds: 3))
    #expect(clock.last == HybridTime(milliseconds: 9000, counter: 8))
  }

  @Test("[CR3] a full counter carries into the milliseconds")
  func carry() {
    var clock = HybridClock(last: HybridTime(milliseconds: 7, counter: .max))
    #expect(clock.tick(nowMilliseconds: 7) == HybridTime(milliseconds: 8, counter: 0))
  }

  @Test("[CR3] at the end of time the clock stands still, and a wall clock beyond 48 bits is cut")
  func end() {
    var clock = HybridClock(last: HybridTime(rawValue: .max))
    #expect(clock.tick(nowMilliseconds: .max).rawValue == .max)
    var young = HybridClock()
    #expect(young.tick(nowMilliseconds: .max).milliseconds == HybridTime.millisecondsMax)
  }
}
