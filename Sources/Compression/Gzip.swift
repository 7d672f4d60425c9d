internal import CZlib

/// Whole files in gzip format (RFC 1952), what HTTP calls the coding `gzip`.
public enum Gzip {
  /// The smallest that zlib makes: for what is packed once and sent often.
  ///
  /// Equal bytes give equal results: no time, no name.
  /// - Complexity: O(bytes), about 30 ns per byte. Working memory 256 KiB beside the result.
  public static func compress(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    precondition(bytes.count < Int(UInt32.max), "one call takes at most 4 GiB")
    let stream = UnsafeMutablePointer<z_stream>.make()
    defer { stream.deallocate() }
    precondition(czlib_deflateInit2(stream, 9, 15 + gzipHeader, 9) == Z_OK, "zlib has no memory")
    defer { deflateEnd(stream) }
    let bound = Int(deflateBound(stream, UInt(bytes.count)))
    return [UInt8](unsafeUninitializedCapacity: bound) { target, count in
      stream.setOutput(UnsafeMutableRawBufferPointer(target))
      var input = InputWindow(bytes)
      // The bound is zlib's own: one call ends the stream.
      let result = input.feed(stream) { deflate($0, Z_FINISH) }
      precondition(result == Z_STREAM_END, "zlib did not end the stream")
      count = bound - Int(stream.pointee.avail_out)
    }
  }

  public static func compress(_ bytes: [UInt8]) -> [UInt8] { bytes.withUnsafeBytes { compress($0) } }

  /// Added to the window's bits, it asks zlib for gzip's header and trailer.
  private static let gzipHeader: Int32 = 16
}
