/// Lower-case hexadecimal, the way hashes are shown.
public enum Hex {
  public static func encode(_ bytes: some Collection<UInt8>) -> String {
    let digits = StaticDigits.lower
    return String(unsafeUninitializedCapacity: bytes.count * 2) { output in
      var count = 0
      for byte in bytes {
        output[count] = digits[Int(byte >> 4)]
        output[count + 1] = digits[Int(byte & 15)]
        count += 2
      }
      return count
    }
  }

  /// - Returns: `nil` for an odd length or a foreign character. Accepts both cases.
  public static func decode(_ text: String) -> [UInt8]? {
    let digits = Array(text.utf8)
    guard digits.count % 2 == 0 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(digits.count / 2)
    for index in stride(from: 0, to: digits.count, by: 2) {
      guard let high = value(of: digits[index]), let low = value(of: digits[index + 1]) else { return nil }
      bytes.append(high << 4 | low)
    }
    return bytes
  }

  private enum StaticDigits { static let lower = Array("0123456789abcdef".utf8) }

  private static func value(of digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}
