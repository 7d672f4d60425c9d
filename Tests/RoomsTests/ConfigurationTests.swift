import Rooms
import Testing

@Test func theLimitsTheClientsAreToldAreTheOnesTheRoomHolds() {
  #expect(RoomConfiguration().limits.protocolLimits.changesInFlightMax == 4096)
}
