internal import CZlib
public import NIOCore

/// Decompressor for the messages of one direction of permessage-deflate (RFC 7692 §7.2.2).
///
/// Not `Sendable`: one owner. Memory: about 7 KiB, and `2^windowBits` bytes once something was decompressed.
public final class RawInflater {
  private let stream = UnsafeMutablePointer<z_stream>.make()

  /// - Parameter windowBits: 8 to 15, at least the sender's; 15 reads everybody.
  public init(windowBits: Int = 15) {
    precondition((8...15).contains(windowBits))
    precondition(czlib_inflateInit2(stream, -Int32(windowBits)) == Z_OK, "zlib has no memory")
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  /// One whole message.
  /// - Parameters:
  ///   - bytesMax: the largest result that is accepted; at most one byte more is ever produced.
  ///   - keepsContext: whether the next message may refer to this one.
  /// - Throws: after an error the context is lost: the connection cannot go on.
  /// - Complexity: O(payload + result).
  public func message(_ payload: ByteBuffer, bytesMax: Int, keepsContext: Bool) throws(CompressionError) -> ByteBuffer {
    var out = ByteBuffer()
    let fault = payload.withUnsafeReadableBytes { source in
      inflateAll(source, bytesMax: bytesMax, into: &out) ?? RawDeflater.tail.withUnsafeBytes { finish($0, bytesMax: bytesMax, into: &out) }
    }
    if !keepsContext || fault != nil { inflateReset(stream) }
    if let fault { throw fault }
    return out
  }

  /// A sender that closed its last block (BFINAL) without the empty block after it needs no tail: RFC 7692 §7.2.3.5 adds one, some senders do not.
  private var endedWithFinalBlock = false

  private func finish(_ tail: UnsafeRawBufferPointer, bytesMax: Int, into out: inout ByteBuffer) -> CompressionError? {
    if endedWithFinalBlock { return nil }
    if let fault = inflateAll(tail, bytesMax: bytesMax, into: &out) { return fault }
    // data_type: 128 says "between two blocks", the low bits how many bits are left over. Anything else: the message stopped inside a block
    // and took the tail for data.
    return stream.pointee.data_type & 0x1BF == 128 ? nil : .truncated
  }

  private func inflateAll(_ source: UnsafeRawBufferPointer, bytesMax: Int, into out: inout ByteBuffer) -> CompressionError? {
    var input = InputWindow(source)
    endedWithFinalBlock = false
    repeat {
      let left = bytesMax - out.readableBytes
      // Four times the input is a usual ratio; from there on by doubling. One byte beyond the limit tells "at the limit" from "more".
      let room = min(max(256, source.count * 4, out.readableBytes), left + 1)
      var result = Z_OK
      out.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { target in
        stream.setOutput(UnsafeMutableRawBufferPointer(rebasing: target[..<min(target.count, left + 1)]))
        let before = stream.pointee.avail_out
        result = input.feed(stream) { inflate($0, Z_SYNC_FLUSH) }
        return Int(before - stream.pointee.avail_out)
      }
      if out.readableBytes > bytesMax { return .tooLarge(bytesMax: bytesMax) }
      switch result {
      case Z_OK, Z_BUF_ERROR: endedWithFinalBlock = false
      case Z_STREAM_END:
        // A final block ends zlib's stream, not the message: go on with the same window.
        inflateResetKeep(stream)
        endedWithFinalBlock = true
      default: return .corrupt
      }
    } while stream.pointee.avail_out == 0 || !input.isConsumed
    return nil
  }
}
