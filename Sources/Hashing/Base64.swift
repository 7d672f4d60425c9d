/// Base64 in both alphabets. Source: RFC 4648 §4 (`+/`, padded) and §5 (`-_`, not padded).
public enum Base64 {
  public enum Alphabet: Sendable { case standard, url }

  /// Padded in the standard alphabet, not padded in the URL one.
  public static func encode(_ bytes: [UInt8], _ alphabet: Alphabet = .standard) -> String {
    String(unsafeUninitializedCapacity: (bytes.count + 2) / 3 * 4) { output in
      let digits = alphabet == .standard ? standardDigits : urlDigits
      var count = 0
      func put(_ sextet: UInt32) {
        output[count] = digits[Int(sextet & 63)]
        count += 1
      }
      var index = 0
      while index + 3 <= bytes.count {
        let group = UInt32(bytes[index]) << 16 | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2])
        put(group >> 18)
        put(group >> 12)
        put(group >> 6)
        put(group)
        index += 3
      }
      let rest = bytes.count - index
      guard rest > 0 else { return count }
      let group = UInt32(bytes[index]) << 16 | (rest == 2 ? UInt32(bytes[index + 1]) << 8 : 0)
      put(group >> 18)
      put(group >> 12)
      if rest == 2 { put(group >> 6) }
      while alphabet == .standard, count % 4 != 0 {
        output[count] = UInt8(ascii: "=")
        count += 1
      }
      return count
    }
  }

  /// Accepts both alphabets, padded or not.
  /// - Returns: `nil` for a foreign character, a wrong length, padding elsewhere than at the end, or unused bits that are not zero
  ///   (so one byte string has one spelling per alphabet and padding).
  public static func decode(_ text: some StringProtocol) -> [UInt8]? {
    var digits = Array(text.utf8)
    if digits.count % 4 == 0 {
      for _ in 0..<2 where digits.last == UInt8(ascii: "=") { digits.removeLast() }
    }
    guard digits.count % 4 != 1 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(digits.count * 3 / 4)
    var held: UInt32 = 0
    var bits = 0
    for digit in digits {
      guard let sextet = value(of: digit) else { return nil }
      held = held << 6 | sextet
      bits += 6
      if bits >= 8 {
        bits -= 8
        bytes.append(UInt8(truncatingIfNeeded: held >> UInt32(bits)))
        held &= (1 << UInt32(bits)) - 1
      }
    }
    return held == 0 ? bytes : nil
  }

  /// The URL alphabet without padding and nothing else, as JOSE wants it (RFC 7515 §2): one byte string has one spelling.
  public static func decodeURL(_ text: some StringProtocol) -> [UInt8]? {
    let isURL = text.utf8.allSatisfy { $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "=") }
    return isURL ? decode(text) : nil
  }

  private static let standardDigits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  private static let urlDigits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

  private static func value(of digit: UInt8) -> UInt32? {
    switch digit {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(digit - UInt8(ascii: "A"))
    case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(digit - UInt8(ascii: "a")) + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(digit - UInt8(ascii: "0")) + 52
    case UInt8(ascii: "+"), UInt8(ascii: "-"): 62
    case UInt8(ascii: "/"), UInt8(ascii: "_"): 63
    default: nil
    }
  }
}
