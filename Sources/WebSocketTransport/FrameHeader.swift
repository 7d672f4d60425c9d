/// The first 2 to 14 bytes of a frame (RFC 6455 §5.2).
struct FrameHeader: Hashable {
  enum Opcode: UInt8 {
    case continuation = 0x0
    case text = 0x1
    case binary = 0x2
    case close = 0x8
    case ping = 0x9
    case pong = 0xA

    var isControl: Bool { rawValue & 0x8 != 0 }
  }

  static let bytesMax = 14

  var first: UInt8
  var isMasked: Bool
  /// As the bytes stand on the wire: byte `i` of the payload is masked with `mask >> (8 * (i & 3))`.
  var mask: UInt32
  var payloadCount: Int
  var headerCount: Int

  var isFinal: Bool { first & 0x80 != 0 }
  var isCompressed: Bool { first & 0x40 != 0 }
  var opcode: Opcode? { Opcode(rawValue: first & 0x0F) }

  enum Parsed {
    case header(FrameHeader)
    case incomplete
    /// Longer than 2^63, or more length bytes than needed.
    case badLength
  }

  static func parse(_ bytes: UnsafeRawBufferPointer) -> Parsed {
    guard bytes.count >= 2 else { return .incomplete }
    var payloadCount = Int(bytes[1] & 0x7F)
    var index = 2
    if payloadCount == 126 {
      guard bytes.count >= 4 else { return .incomplete }
      payloadCount = Int(UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt16.self)))
      guard payloadCount > 125 else { return .badLength }
      index = 4
    } else if payloadCount == 127 {
      guard bytes.count >= 10 else { return .incomplete }
      let wide = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt64.self))
      guard wide > 0xFFFF, wide <= UInt64(Int.max) - 64 else { return .badLength }
      payloadCount = Int(wide)
      index = 10
    }
    let isMasked = bytes[1] & 0x80 != 0
    var mask: UInt32 = 0
    if isMasked {
      guard bytes.count >= index + 4 else { return .incomplete }
      mask = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt32.self))
      index += 4
    }
    return .header(
      FrameHeader(first: bytes[0], isMasked: isMasked, mask: mask, payloadCount: payloadCount, headerCount: index))
  }
}
