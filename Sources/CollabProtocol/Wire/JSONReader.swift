import WorkflowGraph

/// Reads the proto3 JSON form with a cursor over bare bytes: driven by the messages, no tree in between.
///
/// Names in lowerCamelCase or snake_case, 64-bit numbers as strings or numbers, enums by name or number, `null` as absent, unknown members
/// skipped after their syntax is checked. Spec: WP7, WP8.
struct JSONReader: WireReader {
  static let depthMax = 64

  var context: DecodeContext
  var at: UnsafePointer<UInt8>
  let start: UnsafePointer<UInt8>
  let end: UnsafePointer<UInt8>

  /// - Parameter bytes: must outlive the reader; not empty.
  init(_ bytes: UnsafeBufferPointer<UInt8>, limits: DecodeLimits) {
    context = DecodeContext(limits: limits, byteCount: bytes.count)
    start = bytes.baseAddress!
    at = start
    end = start + bytes.count
  }

  @inline(never) func malformed(_ text: String) -> DecodeError { .malformed("malformed JSON at byte \(at - start): \(text)") }

  // MARK: Tokens

  @inline(__always) private mutating func space() {
    while at < end, at.pointee <= 0x20, at.pointee == 0x20 || at.pointee == 0x0a || at.pointee == 0x0d || at.pointee == 0x09 { at += 1 }
  }

  /// The next byte that is no space, not taken.
  @inline(__always) mutating func peek() throws(DecodeError) -> UInt8 {
    space()
    guard at < end else { throw malformed("the text ends too early") }
    return at.pointee
  }

  @inline(__always) mutating func take(_ byte: UInt8) throws(DecodeError) -> Bool {
    guard try peek() == byte else { return false }
    at += 1
    return true
  }

  @inline(__always) mutating func expect(_ byte: UInt8) throws(DecodeError) {
    guard try take(byte) else { throw malformed("expected \(Character(UnicodeScalar(byte)))") }
  }

  mutating func word(_ text: StaticString) throws(DecodeError) {
    guard end - at >= text.utf8CodeUnitCount else { throw malformed("the text ends too early") }
    for offset in 0..<text.utf8CodeUnitCount where at[offset] != text.utf8Start[offset] { throw malformed("expected \(text)") }
    at += text.utf8CodeUnitCount
  }

  // MARK: Messages

  mutating func root<M: WireReadable>(_ message: inout M) throws(DecodeError) {
    try self.message(&message)
    space()
    guard at == end else { throw malformed("something follows the message") }
  }

  @inline(__always)
  mutating func message<M: WireReadable>(_ message: inout M) throws(DecodeError) {
    try expect(UInt8(ascii: "{"))
    if try take(UInt8(ascii: "}")) { return }
    let names = message.names
    var next = 0
    repeat {
      let key = try rawString()
      let number =
        key.escaped ? try escapedName(key, names) : names.number(of: key.start, count: key.count, readable: end - key.start, next: &next)
      try expect(UInt8(ascii: ":"))
      if try peek() == UInt8(ascii: "n") {
        try word("null")
      } else if number == 0 {
        try skip()
      } else {
        try message.read(number, from: &self)
      }
    } while try take(UInt8(ascii: ","))
    try expect(UInt8(ascii: "}"))
  }

  @inline(never) private func escapedName(_ key: RawString, _ names: FieldNames) throws(DecodeError) -> UInt32 {
    let name = try unescape(key)
    var next = 0
    return name.withUnsafeBufferPointer { name in
      guard let base = name.baseAddress else { return 0 }
      return names.number(of: base, count: name.count, readable: name.count, next: &next)
    }
  }

  @inline(__always)
  mutating func elements(_ element: (inout Self) throws(DecodeError) -> Void) throws(DecodeError) {
    try expect(UInt8(ascii: "["))
    if try take(UInt8(ascii: "]")) { return }
    repeat { try element(&self) } while try take(UInt8(ascii: ","))
    try expect(UInt8(ascii: "]"))
  }

  func oneof(alreadySet: Bool) throws(DecodeError) {
    if alreadySet { throw malformed("two kinds in one message") }
  }

  // MARK: Scalars

  @inline(__always) mutating func uint64() throws(DecodeError) -> UInt64 {
    guard try peek() == UInt8(ascii: "\"") else { return try unsignedNumber() }
    at += 1
    guard at < end, at.pointee != UInt8(ascii: "\"") else { throw malformed("expected a number") }
    let value = try unsignedNumber()
    guard at < end, at.pointee == UInt8(ascii: "\"") else { throw malformed("expected a number") }
    at += 1
    return value
  }

  @inline(__always) mutating func uint32() throws(DecodeError) -> UInt32 {
    guard let value = UInt32(exactly: try uint64()) else { throw malformed("number of more than 32 bits in a uint32 field") }
    return value
  }

  @inline(__always) mutating func fixed32() throws(DecodeError) -> UInt32 { try uint32() }

  mutating func double() throws(DecodeError) -> Double {
    guard try peek() == UInt8(ascii: "\"") else { return try number() }
    at += 1
    let value = try number()
    guard at < end, at.pointee == UInt8(ascii: "\"") else { throw malformed("expected a finite number") }
    at += 1
    return value
  }

  mutating func bool() throws(DecodeError) -> Bool {
    if try peek() == UInt8(ascii: "t") {
      try word("true")
      return true
    }
    try word("false")
    return false
  }

  mutating func enumeration<E: WireEnum>(_ type: E.Type) throws(DecodeError) -> E? {
    guard try peek() == UInt8(ascii: "\"") else {
      guard let raw = UInt8(exactly: try unsignedNumber()) else { return nil }
      return E(rawValue: raw)
    }
    let name = try rawString()
    for value in E.allCases where value.wireName.utf8CodeUnitCount == name.count {
      let known = UnsafeBufferPointer(start: value.wireName.utf8Start, count: name.count)
      if known.elementsEqual(UnsafeBufferPointer(start: name.start, count: name.count)) { return value }
    }
    return nil
  }

  @inline(__always) mutating func string(bytesMax: Int) throws(DecodeError) -> String? {
    let raw = try rawString()
    guard raw.escaped else {
      guard raw.count <= bytesMax else { return nil }
      guard let text = UTF8Text.string(UnsafeBufferPointer(start: raw.start, count: raw.count)) else {
        throw Self.notUnicode
      }
      return text
    }
    // An escape makes at most six bytes of one.
    guard raw.count / 6 <= bytesMax else { return nil }
    let result = try unescape(raw) { bytes -> Result<String?, DecodeError> in
      guard bytes.count <= bytesMax else { return .success(nil) }
      guard let text = UTF8Text.string(bytes) else { return .failure(Self.notUnicode) }
      return .success(text)
    }
    return try result.get()
  }

  static var notUnicode: DecodeError { .notUnicode("a text frame that is not UTF-8") }

  mutating func bytes(max: Int) throws(DecodeError) -> [UInt8]? {
    let raw = try rawString()
    guard !raw.escaped || raw.count <= 4 * max else { return nil }
    let text = raw.escaped ? try unescape(raw) : []
    guard (raw.escaped ? text.count : raw.count) / 4 * 3 <= max + 2 else { return nil }
    let decoded =
      raw.escaped
      ? text.withUnsafeBufferPointer { Base64Text.read($0) } : Base64Text.read(UnsafeBufferPointer(start: raw.start, count: raw.count))
    guard let decoded else { throw malformed("text that is no base64") }
    return decoded.count <= max ? decoded : nil
  }

  mutating func uint64s(into list: inout [UInt64]) throws(DecodeError) {
    try elements { reader throws(DecodeError) in
      try reader.roomInVersion(count: list.count)
      list.append(try reader.uint64())
    }
  }

  mutating func uint32s(into list: inout [UInt32]) throws(DecodeError) {
    try elements { reader throws(DecodeError) in
      try reader.roomInVersion(count: list.count)
      list.append(try reader.uint32())
    }
  }
}
