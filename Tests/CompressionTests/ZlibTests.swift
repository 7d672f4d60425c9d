import Compression
import NIOCore
import Testing

@Suite struct ZlibTests {
  static let text = [UInt8](String(repeating: "Nobody's edit is lost. ", count: 400).utf8)

  @Test("a blob comes back as it was, at every level", arguments: 0...9)
  func roundTrip(level: Int) throws {
    for bytes in [[], [7], Self.text, Noise.bytes(70_000, seed: 1)] {
      let packed = Zlib.compress(bytes, level: level)
      #expect(try Zlib.decompress(packed, bytesMax: bytes.count) == bytes)
      #expect(try Zlib.decompress(ByteBuffer(bytes: packed), bytesMax: 1 << 20) == bytes)
    }
  }

  @Test("the form is zlib's: header, deflate, Adler-32")
  func knownBytes() throws {
    // python3 -c 'import zlib; print(zlib.compress(b"aaaaaaaaaa", 9).hex())'
    let packed: [UInt8] = [0x78, 0xDA, 0x4B, 0x84, 0x03, 0x00, 0x14, 0xE1, 0x03, 0xCB]
    #expect(try Zlib.decompress(packed, bytesMax: 10) == [UInt8](repeating: 0x61, count: 10))
  }

  @Test("a bomb costs no more than the limit")
  func bomb() {
    let packed = Zlib.compress([UInt8](repeating: 0, count: 64 << 20), level: 9)
    #expect(packed.count < 100_000)
    #expect(throws: CompressionError.tooLarge(bytesMax: 1 << 20)) { try Zlib.decompress(packed, bytesMax: 1 << 20) }
  }

  @Test("the limit is exact")
  func limit() throws {
    let packed = Zlib.compress(Self.text)
    #expect(try Zlib.decompress(packed, bytesMax: Self.text.count).count == Self.text.count)
    #expect(throws: CompressionError.tooLarge(bytesMax: Self.text.count - 1)) { try Zlib.decompress(packed, bytesMax: Self.text.count - 1) }
    #expect(throws: CompressionError.tooLarge(bytesMax: 0)) { try Zlib.decompress(packed, bytesMax: 0) }
    #expect(try Zlib.decompress(Zlib.compress([UInt8]()), bytesMax: 0) == [])
  }

  @Test("every truncation is told, no flipped bit passes unseen")
  func damage() {
    let packed = Zlib.compress(Self.text)
    for count in 0..<packed.count {
      #expect(throws: CompressionError.truncated) { try Zlib.decompress(Array(packed.prefix(count)), bytesMax: 1 << 20) }
    }
    var harmless = 0
    for bit in 0..<packed.count * 8 {
      var bad = packed
      bad[bit / 8] ^= 1 << (bit % 8)
      guard let result = try? Zlib.decompress(bad, bytesMax: 1 << 20) else { continue }
      // The bits between the last block and the checksum's byte mean nothing, whatever they are.
      harmless += 1
      #expect((result == Self.text) as Bool)
    }
    #expect(harmless < 8)
    #expect(throws: CompressionError.corrupt) { try Zlib.decompress(packed + [0], bytesMax: 1 << 20) }
  }

  @Test("CRC-32 has its check value and goes on in pieces")
  func crc() {
    let digits = [UInt8]("123456789".utf8)
    #expect(CRC32.checksum(digits) == 0xCBF4_3926)
    #expect(CRC32.checksum(ByteBuffer(bytes: digits)) == 0xCBF4_3926)
    #expect(CRC32.checksum(Array(digits[4...]), seed: CRC32.checksum(Array(digits[..<4]))) == 0xCBF4_3926)
    #expect(CRC32.checksum([UInt8]()) == 0)
  }
}
