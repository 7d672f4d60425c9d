internal import CZlib
public import NIOCore

/// The checksum of zlib, PNG and Ethernet (polynomial 0x04C11DB7, reflected). Finds accidents, not attackers.
public enum CRC32 {
  /// - Parameter seed: the checksum of the bytes before these, to go on in pieces; 0 to start.
  /// - Complexity: O(bytes), about 1 ns per byte or less.
  public static func checksum(_ bytes: UnsafeRawBufferPointer, seed: UInt32 = 0) -> UInt32 {
    guard let base = bytes.baseAddress else { return seed }
    return UInt32(truncatingIfNeeded: crc32_z(UInt(seed), base.assumingMemoryBound(to: UInt8.self), bytes.count))
  }

  public static func checksum(_ bytes: [UInt8], seed: UInt32 = 0) -> UInt32 {
    bytes.withUnsafeBytes { checksum($0, seed: seed) }
  }

  public static func checksum(_ bytes: ByteBuffer, seed: UInt32 = 0) -> UInt32 {
    bytes.withUnsafeReadableBytes { checksum($0, seed: seed) }
  }
}
