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
      switch try plainPassed() {
      case UInt8(ascii: "\""):
        at += 1
        return RawString(start: first, count: at - first - 1, escaped: escaped)
      case UInt8(ascii: "\\"):
        guard end - at >= 2 else { throw malformed("a string without an end") }
        escaped = true
        at += 2
      default: throw malformed("a control character in a string")
      }
    }
  }

  /// Moves to the next byte that is more than itself, and gives it.
  @inline(__always)
  private mutating func plainPassed() throws(DecodeError) -> UInt8 {
    while end - at >= 8 {
      let count = ByteWord.plainCount(at: at)
      at += count
      if count < 8 { return at.pointee }
    }
    while at < end {
      let byte = at.pointee
      if byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return byte }
      at += 1
    }
    throw malformed("a string without an end")
  }

  /// The text's UTF-8 with escapes undone. A lone surrogate is malformed.
  func unescape(_ raw: RawString) throws(DecodeError) -> [UInt8] {
    try unescape(raw) { Array($0) }
  }

  /// As above, lent: values are JSON within JSON, so nearly all of them come this way.
  func unescape<R>(_ raw: RawString, _ body: (UnsafeBufferPointer<UInt8>) -> R) throws(DecodeError) -> R {
    // Undoing an escape never makes a text longer: the shortest, two bytes, gives one, and six give at most three.
    let result = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: max(1, raw.count)) { target -> Result<R, DecodeError> in
      do throws(DecodeError) {
        let count = try unescape(raw, into: target.baseAddress!)
        return .success(body(UnsafeBufferPointer(start: target.baseAddress!, count: count)))
      } catch { return .failure(error) }
    }
    return try result.get()
  }

  /// - Parameter target: has room for `raw.count` bytes.
  /// - Returns: bytes written.
  private func unescape(_ raw: RawString, into target: UnsafeMutablePointer<UInt8>) throws(DecodeError) -> Int {
    let source = UnsafeBufferPointer(start: raw.start, count: raw.count)
    var end = target
    var index = 0
    while index < source.count {
      guard source[index] == UInt8(ascii: "\\") else {
        end.pointee = source[index]
        end += 1
        index += 1
        continue
      }
      // `rawString` took the byte behind each backslash into the text.
      let letter = source[index + 1]
      index += 2
      switch letter {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): end.pointee = letter
      case UInt8(ascii: "b"): end.pointee = 0x08
      case UInt8(ascii: "f"): end.pointee = 0x0c
      case UInt8(ascii: "n"): end.pointee = 0x0a
      case UInt8(ascii: "r"): end.pointee = 0x0d
      case UInt8(ascii: "t"): end.pointee = 0x09
      case UInt8(ascii: "u"):
        end = Self.write(try scalar(source, &index), at: end)
        continue
      default: throw malformed("an unknown escape in a string")
      }
      end += 1
    }
    return end - target
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

  /// At most three bytes for one escape, four for a pair of them.
  private static func write(_ scalar: UInt32, at start: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
    func continuation(_ shift: UInt32) -> UInt8 { UInt8(0x80 | scalar >> shift & 63) }
    switch scalar {
    case ..<0x80:
      start[0] = UInt8(scalar)
      return start + 1
    case ..<0x800:
      (start[0], start[1]) = (UInt8(0xc0 | scalar >> 6), continuation(0))
      return start + 2
    case ..<0x10000:
      (start[0], start[1], start[2]) = (UInt8(0xe0 | scalar >> 12), continuation(6), continuation(0))
      return start + 3
    default:
      (start[0], start[1], start[2], start[3]) = (UInt8(0xf0 | scalar >> 18), continuation(12), continuation(6), continuation(0))
      return start + 4
    }
  }
}
