/// Why bytes could not be decompressed. The input is at fault in all cases; nothing of it is to be used.
public enum CompressionError: Error, Hashable, Sendable {
  /// Not what a compressor wrote: bad header, bad block, wrong checksum, a reference before the start.
  case corrupt
  /// The stream stops before its end.
  case truncated
  /// The result would be larger than the `bytesMax` that the caller allows. At most that much was ever held.
  case tooLarge(bytesMax: Int)
}
