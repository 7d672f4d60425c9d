internal import CZlib
public import NIOCore

/// Whole blobs in zlib format (RFC 1950: header, deflate, Adler-32), the form of snapshots in the store and on the wire.
public enum Zlib {
  /// Level 2 packs a 900 KB snapshot about five times smaller at some 250 MB/s; higher levels cost ten times that for a few per cent.
  public static let levelDefault = 2

  /// - Parameter level: 0 (stored) to 9 (smallest); values outside are brought to the nearest.
  /// - Complexity: O(bytes). Working memory 256 KiB beside the result.
  public static func compress(_ bytes: UnsafeRawBufferPointer, level: Int = levelDefault) -> [UInt8] {
    let bound = Int(compressBound(UInt(bytes.count)))
    return [UInt8](unsafeUninitializedCapacity: bound) { target, count in
      var written = UInt(bound)
      let source = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
      // Fails only without memory: the bound is zlib's own, the level is legal.
      let result = compress2(target.baseAddress, &written, source, UInt(bytes.count), Int32(min(max(level, 0), 9)))
      precondition(result == Z_OK, "zlib has no memory")
      count = Int(written)
    }
  }

  public static func compress(_ bytes: [UInt8], level: Int = levelDefault) -> [UInt8] {
    bytes.withUnsafeBytes { compress($0, level: level) }
  }

  public static func compress(_ bytes: ByteBuffer, level: Int = levelDefault) -> [UInt8] {
    bytes.withUnsafeReadableBytes { compress($0, level: level) }
  }

  /// - Parameter bytesMax: the largest result that is accepted. Memory grows with what comes out, never by what the input claims,
  ///   and stops there: a few kilobytes that unfold to gigabytes cost at most `bytesMax` and end in `.tooLarge`.
  /// - Throws: `.corrupt` also when bytes follow the end of the stream.
  /// - Complexity: O(input + result).
  public static func decompress(_ bytes: UnsafeRawBufferPointer, bytesMax: Int) throws(CompressionError) -> [UInt8] {
    let stream = UnsafeMutablePointer<z_stream>.make()
    defer { stream.deallocate() }
    precondition(czlib_inflateInit2(stream, 15) == Z_OK, "zlib has no memory")
    defer { inflateEnd(stream) }
    var input = InputWindow(bytes)
    var output: [UInt8] = []
    // One byte beyond the limit tells "exactly at the limit" from "more to come".
    var room = min(max(bytes.count, 512) * 4, bytesMax) + 1
    while true {
      let start = output.count
      output.append(contentsOf: repeatElement(0, count: min(room, Int(Int32.max))))
      let result = output.withUnsafeMutableBytes { target in
        stream.setOutput(UnsafeMutableRawBufferPointer(rebasing: target[start...]))
        return input.feed(stream) { inflate($0, Z_NO_FLUSH) }
      }
      output.removeLast(Int(stream.pointee.avail_out))
      if output.count > bytesMax { throw .tooLarge(bytesMax: bytesMax) }
      switch result {
      case Z_STREAM_END:
        guard input.isConsumed else { throw .corrupt }
        return output
      case Z_OK, Z_BUF_ERROR:
        if stream.pointee.avail_out > 0, input.isConsumed { throw .truncated }
        room = min(max(output.count, 512), bytesMax - output.count) + 1
      default: throw .corrupt
      }
    }
  }

  public static func decompress(_ bytes: [UInt8], bytesMax: Int) throws(CompressionError) -> [UInt8] {
    try bytes.withUnsafeBytes { attempt($0, bytesMax: bytesMax) }.get()
  }

  public static func decompress(_ bytes: ByteBuffer, bytesMax: Int) throws(CompressionError) -> [UInt8] {
    try bytes.withUnsafeReadableBytes { attempt($0, bytesMax: bytesMax) }.get()
  }

  /// The buffers' accessors rethrow untyped: a result carries the type through them.
  private static func attempt(_ bytes: UnsafeRawBufferPointer, bytesMax: Int) -> Result<[UInt8], CompressionError> {
    do throws(CompressionError) {
      return .success(try decompress(bytes, bytesMax: bytesMax))
    } catch {
      return .failure(error)
    }
  }
}
