import Testing

@testable import Gateway

@Suite("Giving memory back")
struct HeapTrimTests {
  @Test("due once a storm is over, and once for each")
  func afterAStorm() {
    var trim = HeapTrim()
    let asked = [0, 500, 900, 900, 900, 900 + HeapTrim.movementCountMin - 1, 900 + HeapTrim.movementCountMin - 1, 2000, 2000]
    #expect(asked.map { trim.isDue(movements: $0) } == [false, false, false, true, false, false, false, false, true])
  }
}
