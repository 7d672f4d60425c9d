import Compression
import NIOCore
import Testing

@Suite struct GzipTests {
  /// What stands between header and trailer is a raw stream that ends itself.
  private func unpack(_ packed: [UInt8]) throws -> [UInt8] {
    let raw = ByteBuffer(bytes: packed.dropFirst(10).dropLast(8))
    return Array(try RawInflater().message(raw, bytesMax: 1 << 20, keepsContext: false).readableBytesView)
  }

  @Test("[RFC 1952 §2.3] header, the bytes, their checksum and their count")
  func form() throws {
    for bytes in [[7], ZlibTests.text, Noise.bytes(70_000, seed: 2)] {
      let packed = Gzip.compress(bytes)
      #expect(packed.prefix(3) == [0x1F, 0x8B, 8])
      #expect(try unpack(packed) == bytes)
      let trailer = packed.suffix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      #expect(trailer == UInt64(bytes.count) << 32 | UInt64(CRC32.checksum(bytes)))
      #expect(packed == Gzip.compress(bytes))
    }
    #expect(Gzip.compress(ZlibTests.text).count < ZlibTests.text.count / 20)
    #expect(Gzip.compress([UInt8]()).count == 20)
  }
}
