/// Base64 of proto3 JSON: written in the standard alphabet with padding; read in either alphabet, with padding or without.
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

  /// - Returns: `nil` for text that is no base64, or mixes the alphabets. Bits left over in the last letter must be zero.
  static func read(_ source: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    var count = source.count
    if count % 4 == 0 {
      while count > 0, source.count - count < 2, source[count - 1] == UInt8(ascii: "=") { count -= 1 }
    }
    guard count % 4 != 1 else { return nil }
    var marks: UInt16 = 0
    let result = [UInt8](unsafeUninitializedCapacity: count * 3 / 4) { target, written in
      var bits: UInt32 = 0
      var bitCount: UInt32 = 0
      var out = 0
      for at in 0..<count {
        let value = values[Int(source[at])]
        marks |= value
        bits = bits << 6 | UInt32(value & 63)
        bitCount += 6
        if bitCount >= 8 {
          bitCount -= 8
          target[out] = UInt8(truncatingIfNeeded: bits >> bitCount)
          out += 1
        }
      }
      if bits & ((1 << bitCount) - 1) != 0 { marks |= Mark.invalid }
      written = out
    }
    let mixed = marks & Mark.standard != 0 && marks & Mark.urlSafe != 0
    return marks & Mark.invalid != 0 || mixed ? nil : result
  }

  /// What a letter tells beside its six bits.
  private enum Mark {
    static let standard: UInt16 = 0x100
    static let urlSafe: UInt16 = 0x200
    static let invalid: UInt16 = 0x400
  }

  private static let values: [UInt16] = {
    var table = [UInt16](repeating: Mark.invalid, count: 256)
    for value in 0..<64 { table[Int(alphabet.utf8Start[value])] = UInt16(value) | (value >= 62 ? Mark.standard : 0) }
    table[Int(UInt8(ascii: "-"))] = 62 | Mark.urlSafe
    table[Int(UInt8(ascii: "_"))] = 63 | Mark.urlSafe
    return table
  }()
}
