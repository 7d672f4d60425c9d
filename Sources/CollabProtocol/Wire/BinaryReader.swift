import WorkflowGraph

/// Reads the proto3 binary form with a cursor over bare bytes.
///
/// Unknown fields are skipped, groups refused; lists of numbers are taken packed and unpacked; a number that does not fit its field is malformed.
struct BinaryReader: WireReader {
  var context: DecodeContext
  private var at: UnsafePointer<UInt8>
  /// End of the message being read: of the innermost one.
  private var end: UnsafePointer<UInt8>
  private var wireType: UInt8 = 0

  /// - Parameter bytes: must outlive the reader; not empty.
  init(_ bytes: UnsafeBufferPointer<UInt8>, limits: DecodeLimits) {
    context = DecodeContext(limits: limits, byteCount: bytes.count)
    at = bytes.baseAddress!
    end = at + bytes.count
  }

  // MARK: Messages

  @inline(__always) mutating func root<M: WireReadable>(_ message: inout M) throws(DecodeError) { try fields(&message) }

  @inline(__always)
  private mutating func fields<M: WireReadable>(_ message: inout M) throws(DecodeError) {
    while at < end {
      let tag = try varint()
      let number = tag >> 3
      guard (1...0x1fff_ffff).contains(number) else { throw .malformed("protobuf field number \(number)") }
      wireType = UInt8(truncatingIfNeeded: tag & 7)
      try message.read(UInt32(truncatingIfNeeded: number), from: &self)
    }
  }

  @inline(__always)
  mutating func message<M: WireReadable>(_ message: inout M) throws(DecodeError) {
    let outer = try enter()
    try fields(&message)
    end = outer
  }

  /// Narrows the reader to the length-delimited value at hand. - Returns: the end to go back to.
  @inline(__always) private mutating func enter() throws(DecodeError) -> UnsafePointer<UInt8> {
    let count = try length()
    let outer = end
    end = at + count
    return outer
  }

  @inline(__always)
  mutating func elements(_ element: (inout Self) throws(DecodeError) -> Void) throws(DecodeError) { try element(&self) }

  func oneof(alreadySet: Bool) throws(DecodeError) {}

  // MARK: Scalars

  @inline(__always)
  private mutating func varint() throws(DecodeError) -> UInt64 {
    guard at < end else { throw Self.truncated }
    let first = at.pointee
    if first < 0x80 {
      at += 1
      return UInt64(first)
    }
    return try longVarint()
  }

  /// Overlong forms are taken up to ten bytes; bits beyond 64 are malformed.
  private mutating func longVarint() throws(DecodeError) -> UInt64 {
    if end - at >= 8 {
      // The seven bits of up to eight bytes are moved together at once; times, the usual long numbers, have nine.
      let word = UnsafeRawPointer(at).loadUnaligned(as: UInt64.self).littleEndian
      let stops = ~word & 0x8080_8080_8080_8080
      if stops != 0 {
        let bytes = stops.trailingZeroBitCount / 8 + 1
        at += bytes
        return Self.joined(word & (.max >> UInt64(64 - 8 * bytes)))
      }
      if end - at >= 9, at[8] < 0x80 {
        let value = Self.joined(word) | UInt64(at[8]) << 56
        at += 9
        return value
      }
    }
    return try anyVarint()
  }

  /// Eight groups of seven bits, each in a byte, side by side.
  @inline(__always) private static func joined(_ bytes: UInt64) -> UInt64 {
    var word = bytes & 0x7f7f_7f7f_7f7f_7f7f
    word = (word & 0x007f_007f_007f_007f) | (word & 0x7f00_7f00_7f00_7f00) >> 1
    word = (word & 0x0000_3fff_0000_3fff) | (word & 0x3fff_0000_3fff_0000) >> 2
    return (word & 0x0000_0000_0fff_ffff) | (word & 0x0fff_ffff_0000_0000) >> 4
  }

  @inline(never)
  private mutating func anyVarint() throws(DecodeError) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while at < end {
      let byte = at.pointee
      at += 1
      if shift == 63, byte > 1 { throw .malformed("protobuf varint of more than 64 bits") }
      value |= UInt64(byte & 0x7f) << shift
      if byte < 0x80 { return value }
      shift += 7
    }
    throw Self.truncated
  }

  @inline(__always)
  private func expect(_ type: UInt8) throws(DecodeError) {
    guard wireType == type else { throw .malformed("protobuf wire type \(wireType) where \(type) belongs") }
  }

  /// The length of a length-delimited value, checked against what is there.
  @inline(__always)
  private mutating func length() throws(DecodeError) -> Int {
    try expect(2)
    let count = try varint()
    guard count <= UInt64(end - at) else { throw Self.truncated }
    return Int(truncatingIfNeeded: count)
  }

  @inline(__always)
  private mutating func fixed<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type) throws(DecodeError) -> T {
    guard end - at >= MemoryLayout<T>.size else { throw Self.truncated }
    defer { at += MemoryLayout<T>.size }
    return T(littleEndian: UnsafeRawPointer(at).loadUnaligned(as: T.self))
  }

  @inline(__always) mutating func uint64() throws(DecodeError) -> UInt64 {
    try expect(0)
    return try varint()
  }

  @inline(__always) mutating func uint32() throws(DecodeError) -> UInt32 { try Self.narrow(try uint64()) }

  @inline(__always) private static func narrow(_ value: UInt64) throws(DecodeError) -> UInt32 {
    guard let narrow = UInt32(exactly: value) else { throw .malformed("number of more than 32 bits in a uint32 field") }
    return narrow
  }

  @inline(__always) mutating func fixed32() throws(DecodeError) -> UInt32 {
    try expect(5)
    return try fixed(UInt32.self)
  }

  @inline(__always) mutating func double() throws(DecodeError) -> Double {
    try expect(1)
    let value = Double(bitPattern: try fixed(UInt64.self))
    guard value.isFinite else { throw .malformed("a number that is not finite") }
    return value
  }

  @inline(__always) mutating func bool() throws(DecodeError) -> Bool { try uint64() != 0 }

  @inline(__always) mutating func enumeration<E: WireEnum>(_ type: E.Type) throws(DecodeError) -> E? {
    guard let raw = UInt8(exactly: try uint64()) else { return nil }
    return E(rawValue: raw)
  }

  @inline(__always) mutating func string(bytesMax: Int) throws(DecodeError) -> String? {
    let count = try length()
    defer { at += count }
    guard count <= bytesMax else { return nil }
    guard let text = UTF8Text.string(UnsafeBufferPointer(start: at, count: count)) else {
      throw .malformed("a protobuf string that is not UTF-8")
    }
    return text
  }

  @inline(__always) mutating func bytes(max: Int) throws(DecodeError) -> [UInt8]? {
    let count = try length()
    defer { at += count }
    return count <= max ? Array(UnsafeBufferPointer(start: at, count: count)) : nil
  }

  @inline(__always) mutating func uint64s(into list: inout [UInt64]) throws(DecodeError) {
    try numbers { reader throws(DecodeError) in
      try reader.roomInVersion(count: list.count)
      list.append(try reader.varint())
    }
  }

  @inline(__always) mutating func uint32s(into list: inout [UInt32]) throws(DecodeError) {
    try numbers { reader throws(DecodeError) in
      try reader.roomInVersion(count: list.count)
      list.append(try Self.narrow(try reader.varint()))
    }
  }

  @inline(__always)
  private mutating func numbers(_ next: (inout Self) throws(DecodeError) -> Void) throws(DecodeError) {
    guard wireType == 2 else {
      try expect(0)
      return try next(&self)
    }
    let outer = try enter()
    while at < end { try next(&self) }
    end = outer
  }

  // MARK: What is not known

  mutating func skip() throws(DecodeError) {
    switch wireType {
    case 0: _ = try varint()
    case 1: _ = try fixed(UInt64.self)
    case 2: at += try length()
    case 5: _ = try fixed(UInt32.self)
    case 3, 4: throw .malformed("protobuf groups are not part of proto3")
    default: throw .malformed("protobuf wire type \(wireType)")
    }
  }

  private static var truncated: DecodeError { .malformed("the protobuf message ends in the middle of a field") }
}
