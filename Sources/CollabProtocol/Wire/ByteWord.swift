/// Questions about eight bytes at once. "Any byte" answers are exact; which byte it was is for the caller to find.
enum ByteWord {
  private static let ones: UInt64 = 0x0101_0101_0101_0101
  private static let highs: UInt64 = 0x8080_8080_8080_8080

  @inline(__always) private static func hasZero(_ word: UInt64) -> UInt64 { (word &- ones) & ~word & highs }

  /// Whether a byte is a quote, a backslash or a control character: what ends or interrupts a JSON string.
  @inline(__always) static func needsEscape(_ word: UInt64) -> Bool {
    let quote = hasZero(word ^ (ones &* 0x22))
    let backslash = hasZero(word ^ (ones &* 0x5c))
    let control = (word &- ones &* 0x20) & ~word & highs
    return quote | backslash | control != 0
  }

  @inline(__always) static func isASCII(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let base = bytes.baseAddress else { return true }
    var seen: UInt64 = 0
    var at = 0
    while bytes.count - at >= 8 {
      seen |= UnsafeRawPointer(base + at).loadUnaligned(as: UInt64.self)
      at += 8
    }
    while at < bytes.count {
      seen |= UInt64(base[at])
      at += 1
    }
    return seen & highs == 0
  }
}
