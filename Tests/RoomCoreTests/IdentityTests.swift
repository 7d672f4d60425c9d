import RoomCore
import Testing

@Test func sessionsAreNamedInSixteenDigits() {
  #expect(SessionID(rawValue: 0x2a).text == "000000000000002a")
  #expect(SessionID(rawValue: .max).text == "ffffffffffffffff")
}
