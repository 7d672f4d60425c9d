public import NIOCore

/// Frames as a server sends them: one frame per message, unmasked. The bytes are the same for every receiver, so a room encodes once.
public enum FrameEncoder {
  /// Bytes that the header of such a frame takes.
  public static func headerCount(payloadCount: Int) -> Int { payloadCount < 126 ? 2 : payloadCount <= 0xFFFF ? 4 : 10 }

  /// Appends one whole text or binary frame.
  /// - Complexity: O(payload); one growth of `out` at most.
  public static func append(_ kind: WebSocketPayloadKind, _ payload: ByteBuffer, to out: inout ByteBuffer) {
    append(first: 0x80 | kind.rawValue, payload, mask: nil, to: &out)
  }

  /// - Parameters:
  ///   - first: FIN, RSV and opcode.
  ///   - mask: as ``FrameHeader/mask``; `nil` leaves the payload as it is.
  static func append(first: UInt8, _ payload: ByteBuffer, mask: UInt32?, to out: inout ByteBuffer) {
    let count = payload.readableBytes
    out.writeWithUnsafeMutableBytes(minimumWritableBytes: FrameHeader.bytesMax + count) { target in
      var index = writeHeader(first: first, payloadCount: count, mask: mask, to: target)
      payload.withUnsafeReadableBytes { source in
        guard let base = source.baseAddress else { return }
        let place = UnsafeMutableRawBufferPointer(rebasing: target[index..<index + count])
        place.baseAddress?.copyMemory(from: base, byteCount: count)
        if let mask { _ = Masking.apply(mask, to: place) }
        index += count
      }
      return index
    }
  }

  private static func writeHeader(first: UInt8, payloadCount: Int, mask: UInt32?, to target: UnsafeMutableRawBufferPointer) -> Int {
    let masked: UInt8 = mask == nil ? 0 : 0x80
    var index = headerCount(payloadCount: payloadCount)
    target[0] = first
    switch index {
    case 2: target[1] = masked | UInt8(payloadCount)
    case 4:
      target[1] = masked | 126
      target.storeBytes(of: UInt16(payloadCount).bigEndian, toByteOffset: 2, as: UInt16.self)
    default:
      target[1] = masked | 127
      target.storeBytes(of: UInt64(payloadCount).bigEndian, toByteOffset: 2, as: UInt64.self)
    }
    if let mask {
      target.storeBytes(of: mask.littleEndian, toByteOffset: index, as: UInt32.self)
      index += 4
    }
    return index
  }
}
