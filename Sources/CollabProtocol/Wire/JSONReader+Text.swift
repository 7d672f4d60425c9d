/// The bytes between the quotes of a JSON string, in place.
struct RawString {
  var start: UnsafePointer<UInt8>
  var count: Int
  /// Whether there is a backslash among them.
  var escaped: Bool
}

extension JSONReader {
  /// Takes a string token. Control characters are malformed; escapes are checked when they are undone, or by `skip`.
  @inline(__always)
  mutating func rawString() throws(DecodeError) -> RawString {
    try expect(UInt8(ascii: "\""))
    let first = at
    var escaped = false
    while true {
      while end - at >= 8, !ByteWord.needsEscape(UnsafeRawPointer(at).loadUnaligned(as: UInt64.self)) { at += 8 }
      // The byte that interrupts is among the next eight, or the text is nearly over.
      while true {
        guard at < end else { throw malformed("a string without an end") }
        let byte = at.pointee
        if byte == UInt8(ascii: "\"") {
          at += 1
          return RawString(start: first, count: at - first - 1, escaped: escaped)
        }
        if byte == UInt8(ascii: "\\") {
          guard end - at >= 2 else { throw malformed("a string without an end") }
          escaped = true
          at += 2
          break
        }
        guard byte >= 0x20 else { throw malformed("a control character in a string") }
        at += 1
      }
    }
  }

  /// The text's UTF-8 with escapes undone. A lone surrogate is malformed.
  func unescape(_ raw: RawString) throws(DecodeError) -> [UInt8] {
    let source = UnsafeBufferPointer(start: raw.start, count: raw.count)
    var result: [UInt8] = []
    result.reserveCapacity(raw.count)
    var index = 0
    while index < source.count {
      guard source[index] == UInt8(ascii: "\\") else {
        var stop = index + 1
        while stop < source.count, source[stop] != UInt8(ascii: "\\") { stop += 1 }
        result.append(contentsOf: UnsafeBufferPointer(rebasing: source[index..<stop]))
        index = stop
        continue
      }
      // `rawString` took the byte behind each backslash into the text.
      let letter = source[index + 1]
      index += 2
      switch letter {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(letter)
      case UInt8(ascii: "b"): result.append(0x08)
      case UInt8(ascii: "f"): result.append(0x0c)
      case UInt8(ascii: "n"): result.append(0x0a)
      case UInt8(ascii: "r"): result.append(0x0d)
      case UInt8(ascii: "t"): result.append(0x09)
      case UInt8(ascii: "u"): Self.append(try scalar(source, &index), to: &result)
      default: throw malformed("an unknown escape in a string")
      }
    }
    return result
  }

  private func scalar(_ source: UnsafeBufferPointer<UInt8>, _ index: inout Int) throws(DecodeError) -> UInt32 {
    let unit = try hexadecimal(source, &index)
    guard (0xd800..<0xe000).contains(unit) else { return unit }
    guard unit < 0xdc00, source.count - index >= 6, source[index] == UInt8(ascii: "\\"), source[index + 1] == UInt8(ascii: "u") else {
      throw malformed("a lone surrogate in a string")
    }
    index += 2
    let low = try hexadecimal(source, &index)
    guard (0xdc00..<0xe000).contains(low) else { throw malformed("a lone surrogate in a string") }
    return 0x10000 + (unit - 0xd800) << 10 + (low - 0xdc00)
  }

  private func hexadecimal(_ source: UnsafeBufferPointer<UInt8>, _ index: inout Int) throws(DecodeError) -> UInt32 {
    guard source.count - index >= 4 else { throw malformed("a short \\u escape in a string") }
    var value: UInt32 = 0
    for _ in 0..<4 {
      let byte = source[index]
      index += 1
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt32(byte - UInt8(ascii: "0"))
      case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt32(byte - UInt8(ascii: "a") + 10)
      case UInt8(ascii: "A")...UInt8(ascii: "F"): value = value << 4 | UInt32(byte - UInt8(ascii: "A") + 10)
      default: throw malformed("a letter that is no hexadecimal digit in a \\u escape")
      }
    }
    return value
  }

  private static func append(_ scalar: UInt32, to bytes: inout [UInt8]) {
    switch scalar {
    case ..<0x80: bytes.append(UInt8(scalar))
    case ..<0x800: bytes += [UInt8(0xc0 | scalar >> 6), UInt8(0x80 | scalar & 63)]
    case ..<0x10000: bytes += [UInt8(0xe0 | scalar >> 12), UInt8(0x80 | scalar >> 6 & 63), UInt8(0x80 | scalar & 63)]
    default:
      bytes += [UInt8(0xf0 | scalar >> 18), UInt8(0x80 | scalar >> 12 & 63), UInt8(0x80 | scalar >> 6 & 63), UInt8(0x80 | scalar & 63)]
    }
  }
}
