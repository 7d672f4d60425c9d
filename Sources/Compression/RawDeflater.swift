internal import CZlib
public import NIOCore

/// Compressor for the messages of one direction of permessage-deflate (RFC 7692 §7.2.1): raw deflate, each message ended by a sync flush
/// whose last four bytes are left out.
///
/// Not `Sendable`: one owner. Memory: `2^(windowBits + 2) + 2^(memoryLevel + 9)` bytes, 256 KiB at 15 and 8, 16 KiB at 11 and 4.
public final class RawDeflater {
  private let stream = UnsafeMutablePointer<z_stream>.make()

  /// - Parameters:
  ///   - level: 0 (stored) to 9 (smallest).
  ///   - windowBits: 8 to 15; how far back a reference may reach, as a power of two.
  ///   - memoryLevel: 1 to 9.
  public init(level: Int = 1, windowBits: Int = 15, memoryLevel: Int = 8) {
    precondition((0...9).contains(level) && (8...15).contains(windowBits) && (1...9).contains(memoryLevel))
    // zlib has no raw window of 8 bits. Its window of 9 bits never refers further back than 512 - 262 = 250 bytes (MAX_DIST in deflate.h),
    // so a receiver with 256 bytes can follow.
    let result = czlib_deflateInit2(stream, Int32(level), -Int32(max(windowBits, 9)), Int32(memoryLevel))
    precondition(result == Z_OK, "zlib has no memory")
  }

  deinit {
    deflateEnd(stream)
    stream.deallocate()
  }

  /// Appends one whole message.
  /// - Parameter keepsContext: whether the next message may refer to this one (context takeover). All messages of a stream say the same.
  /// - Complexity: O(payload), and without context the clearing of the hash table (`2^(memoryLevel + 8)` bytes).
  public func appendMessage(_ payload: ByteBuffer, keepsContext: Bool, to out: inout ByteBuffer) {
    guard payload.readableBytes > 0 else {
      // zlib makes nothing out of a second flush without input between; an empty stored block is what it made of the first.
      out.writeInteger(UInt8(0))
      return
    }
    payload.withUnsafeReadableBytes { source in
      var input = InputWindow(source)
      repeat {
        // Small messages fit at once; large ones grow in steps.
        let room = min(source.count + source.count >> 8 + 64, 64 << 10)
        out.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { target in
          stream.setOutput(target)
          let before = stream.pointee.avail_out
          _ = input.feed(stream) { deflate($0, Z_SYNC_FLUSH) }
          return Int(before - stream.pointee.avail_out)
        }
      } while stream.pointee.avail_out == 0 || !input.isConsumed
    }
    out.moveWriterIndex(to: out.writerIndex - Self.tail.count)
    if !keepsContext { deflateReset(stream) }
  }

  /// What every flushed message ends with and what the wire leaves out.
  static let tail: [UInt8] = [0x00, 0x00, 0xFF, 0xFF]
}
