import NIOCore

/// Walks ahead of the decoder and takes the masks off payloads, in place.
///
/// On its own, before any frame is handed out: the buffer that the channel delivers is shared with the channel's pool, so the first write
/// copies it once; after that, slices of it live with the receivers, and a write per frame would copy the rest once per frame.
struct Unmasker {
  /// Bytes from the buffer's reader index on that were walked over.
  private var walked = 0
  private var payloadLeft = 0
  private var mask: UInt32 = 0
  private var isBroken = false

  /// Takes the masks off what arrived since the last call. Stops for good at a header that cannot be read: the decoder ends there as well.
  /// - Complexity: O(new bytes).
  mutating func unmask(_ buffer: inout ByteBuffer) {
    guard !isBroken, walked < buffer.readableBytes else { return }
    buffer.withUnsafeMutableReadableBytes { bytes in
      while walked < bytes.count {
        if payloadLeft == 0 {
          switch FrameHeader.parse(UnsafeRawBufferPointer(rebasing: bytes[walked...])) {
          case .incomplete: return
          case .badLength:
            isBroken = true
            return
          case .header(let header):
            walked += header.headerCount
            payloadLeft = header.payloadCount
            mask = header.mask
          }
        }
        let count = min(payloadLeft, bytes.count - walked)
        if mask != 0 { mask = Masking.apply(mask, to: UnsafeMutableRawBufferPointer(rebasing: bytes[walked..<walked + count])) }
        walked += count
        payloadLeft -= count
      }
    }
  }

  /// The decoder took this many bytes from the front of the buffer.
  mutating func advance(by count: Int) { walked -= count }
}

enum Masking {
  /// XORs the bytes with the mask, eight at a time.
  /// - Returns: the mask for the byte after the last.
  static func apply(_ mask: UInt32, to bytes: UnsafeMutableRawBufferPointer) -> UInt32 {
    let wide = (UInt64(mask) << 32 | UInt64(mask)).littleEndian
    var index = 0
    while index + 8 <= bytes.count {
      bytes.storeBytes(of: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self) ^ wide, toByteOffset: index, as: UInt64.self)
      index += 8
    }
    while index < bytes.count {
      bytes[index] ^= UInt8(truncatingIfNeeded: mask >> (8 * UInt32(index & 3)))
      index += 1
    }
    let turn = 8 * UInt32(bytes.count & 3)
    return turn == 0 ? mask : mask >> turn | mask << (32 - turn)
  }
}
