/// Questions about eight bytes at once, as they lie in memory.
enum ByteWord {
  private static let ones: UInt64 = 0x0101_0101_0101_0101
  private static let highs: UInt64 = 0x8080_8080_8080_8080

  @inline(__always) private static func hasZero(_ word: UInt64) -> UInt64 { (word &- ones) & ~word & highs }

  /// How many bytes come before the first quote, backslash or control character: what ends or interrupts a JSON string. 8 when there is none.
  ///
  /// A borrow in these subtractions starts at a byte that is one of them and goes upwards only, so the lowest bit that is set is right.
  @inline(__always) static func plainCount(at bytes: UnsafePointer<UInt8>) -> Int {
    let word = UnsafeRawPointer(bytes).loadUnaligned(as: UInt64.self).littleEndian
    let quote = hasZero(word ^ (ones &* 0x22))
    let backslash = hasZero(word ^ (ones &* 0x5c))
    let control = (word &- ones &* 0x20) & ~word & highs
    return (quote | backslash | control).trailingZeroBitCount / 8
  }
}
