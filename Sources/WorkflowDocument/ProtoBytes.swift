/// Writes the proto3 binary form: just what `ChangeBody` needs.
struct ProtoOutput {
  private(set) var bytes: [UInt8] = []

  mutating func reserve(_ count: Int) { bytes.reserveCapacity(count) }

  mutating func varint(_ value: UInt64) {
    var value = value
    while value >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: value) | 0x80)
      value >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: value))
  }

  /// A default is left out.
  mutating func field(_ number: Int, _ value: UInt64) {
    guard value != 0 else { return }
    varint(UInt64(number) << 3)
    varint(value)
  }

  /// A default is left out.
  mutating func field(_ number: Int, _ text: String) {
    if !text.isEmpty { present(number, text) }
  }

  /// Written even when empty, unless it is `nil`.
  mutating func present(_ number: Int, _ text: String?) {
    guard let text else { return }
    varint(UInt64(number) << 3 | 2)
    varint(UInt64(text.utf8.count))
    bytes.append(contentsOf: text.utf8)
  }

  /// The length is written before the content is known: one byte is left for it, and the content moved when it needs more.
  mutating func message(_ number: Int, _ body: (inout ProtoOutput) -> Void) {
    varint(UInt64(number) << 3 | 2)
    let start = bytes.count
    bytes.append(0)
    body(&self)
    var length = bytes.count - start - 1
    if length < 0x80 {
      bytes[start] = UInt8(length)
      return
    }
    var prefix: [UInt8] = []
    while length >= 0x80 {
      prefix.append(UInt8(truncatingIfNeeded: length) | 0x80)
      length >>= 7
    }
    prefix.append(UInt8(length))
    bytes.replaceSubrange(start...start, with: prefix)
  }
}

/// Reads the proto3 binary form. Every length is checked against what is there before anything is made of it.
struct ProtoInput {
  private var rest: UnsafeRawBufferPointer.SubSequence
  private var wireType: UInt64 = 0

  init(_ bytes: UnsafeRawBufferPointer) {
    rest = bytes[...]
  }

  /// The number of the next field; `nil` at the end.
  mutating func nextField() throws(ChangeBodyError) -> Int? {
    if rest.isEmpty { return nil }
    let tag = try varint()
    wireType = tag & 7
    guard tag >> 3 > 0, tag >> 3 < 1 << 29 else { throw ChangeBodyError(text: "a field number out of range") }
    return Int(tag >> 3)
  }

  mutating func uint64() throws(ChangeBodyError) -> UInt64 {
    guard wireType == 0 else { throw ChangeBodyError(text: "a field of another kind than declared") }
    return try varint()
  }

  mutating func uint32() throws(ChangeBodyError) -> UInt32 {
    guard let value = UInt32(exactly: try uint64()) else { throw ChangeBodyError(text: "a number beyond 32 bits") }
    return value
  }

  mutating func string() throws(ChangeBodyError) -> String {
    guard let text = String(validating: try delimited(), as: UTF8.self) else { throw ChangeBodyError(text: "a text that is no UTF-8") }
    return text
  }

  mutating func message() throws(ChangeBodyError) -> ProtoInput { ProtoInput(UnsafeRawBufferPointer(rebasing: try delimited())) }

  mutating func skip() throws(ChangeBodyError) {
    switch wireType {
    case 0: _ = try varint()
    case 1: try drop(8)
    case 2: _ = try delimited()
    case 5: try drop(4)
    default: throw ChangeBodyError(text: "an unknown wire type")
    }
  }

  private mutating func delimited() throws(ChangeBodyError) -> UnsafeRawBufferPointer.SubSequence {
    guard wireType == 2 else { throw ChangeBodyError(text: "a field of another kind than declared") }
    let count = try varint()
    guard count <= UInt64(rest.count) else { throw ChangeBodyError(text: "a length beyond the end") }
    defer { rest = rest.dropFirst(Int(count)) }
    return rest.prefix(Int(count))
  }

  private mutating func drop(_ count: Int) throws(ChangeBodyError) {
    guard rest.count >= count else { throw ChangeBodyError(text: "a length beyond the end") }
    rest = rest.dropFirst(count)
  }

  private mutating func varint() throws(ChangeBodyError) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while let byte = rest.popFirst() {
      if shift == 63, byte > 1 { break }
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
      shift += 7
      if shift > 63 { break }
    }
    throw ChangeBodyError(text: "a number that does not end")
  }
}
