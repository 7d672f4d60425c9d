/// Strings from bytes that nobody has checked.
public enum UTF8Text {
  /// - Returns: `nil` for bytes that are not UTF-8.
  ///
  /// ASCII, which ids and names nearly always are, is told apart first: the standard library's validating initialiser costs ten times as much.
  @inlinable
  public static func string(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
    isASCII(bytes) ? String(decoding: bytes, as: UTF8.self) : String(validating: bytes, as: UTF8.self)
  }

  @inlinable
  static func isASCII(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let base = UnsafeRawPointer(bytes.baseAddress) else { return true }
    let count = bytes.count
    var seen: UInt64 = 0
    if count >= 8 {
      var at = 0
      while count - at > 8 {
        seen |= (base + at).loadUnaligned(as: UInt64.self)
        at += 8
      }
      // The last eight may overlap the ones before: to look twice is cheaper than to look at bytes.
      seen |= (base + count - 8).loadUnaligned(as: UInt64.self)
    } else {
      for byte in bytes { seen |= UInt64(byte) }
    }
    return seen & 0x8080_8080_8080_8080 == 0
  }
}
