/// Base64 of proto3 JSON: written in the standard alphabet with padding; read in both alphabets, with padding or without.
enum Base64Text {
  private static let alphabet: StaticString = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

  static func write(_ source: UnsafeBufferPointer<UInt8>, at start: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
    let letters = alphabet.utf8Start
    var out = start
    var at = 0
    while at + 3 <= source.count {
      let group = UInt32(source[at]) << 16 | UInt32(source[at + 1]) << 8 | UInt32(source[at + 2])
      out[0] = letters[Int(group >> 18)]
      out[1] = letters[Int(group >> 12 & 63)]
      out[2] = letters[Int(group >> 6 & 63)]
      out[3] = letters[Int(group & 63)]
      at += 3
      out += 4
    }
    let left = source.count - at
    guard left > 0 else { return out }
    let group = UInt32(source[at]) << 16 | (left == 2 ? UInt32(source[at + 1]) << 8 : 0)
    out[0] = letters[Int(group >> 18)]
    out[1] = letters[Int(group >> 12 & 63)]
    out[2] = left == 2 ? letters[Int(group >> 6 & 63)] : UInt8(ascii: "=")
    out[3] = UInt8(ascii: "=")
    return out + 4
  }

  /// - Returns: `nil` for text that is no base64. Bits left over in the last letter must be zero.
  static func read(_ source: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    var count = source.count
    if count % 4 == 0 {
      while count > 0, source.count - count < 2, source[count - 1] == UInt8(ascii: "=") { count -= 1 }
    }
    guard count % 4 != 1 else { return nil }
    var valid = true
    let result = [UInt8](unsafeUninitializedCapacity: count * 3 / 4) { target, written in
      var bits: UInt32 = 0
      var bitCount = 0
      var out = 0
      for at in 0..<count {
        let value = values[Int(source[at])]
        if value > 63 { valid = false }
        bits = bits << 6 | UInt32(value & 63)
        bitCount += 6
        if bitCount >= 8 {
          bitCount -= 8
          target[out] = UInt8(truncatingIfNeeded: bits >> UInt32(bitCount))
          out += 1
        }
      }
      if bits & (1 << UInt32(bitCount) - 1) != 0 { valid = false }
      written = out
    }
    return valid ? result : nil
  }

  private static let values: [UInt8] = {
    var table = [UInt8](repeating: 64, count: 256)
    for value in 0..<64 { table[Int(alphabet.utf8Start[value])] = UInt8(value) }
    table[Int(UInt8(ascii: "-"))] = 62
    table[Int(UInt8(ascii: "_"))] = 63
    return table
  }()
}
