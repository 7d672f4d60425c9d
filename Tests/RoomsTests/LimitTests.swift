import RoomCore
import Storage
import Testing

@Suite struct LimitTests {
  @Test("[CR5] an ended lease is remembered as long on disk as in an open room")
  func endedLeases() {
    #expect(StoreLimits().endedLeaseCountMax == RoomLimits().endedLeaseCountMax)
  }
}
