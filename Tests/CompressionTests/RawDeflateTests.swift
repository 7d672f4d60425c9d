import Compression
import NIOCore
import Testing

@Suite struct RawDeflateTests {
  private func inflate(_ bytes: [UInt8], _ inflater: RawInflater = RawInflater(), keepsContext: Bool = false) throws -> String {
    String(buffer: try inflater.message(ByteBuffer(bytes: bytes), bytesMax: 1 << 16, keepsContext: keepsContext))
  }

  @Test("[RFC 7692 §7.2.3.1] one compressed block")
  func oneBlock() throws {
    let hello: [UInt8] = [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]
    #expect(try inflate(hello) == "Hello")
    var out = ByteBuffer()
    RawDeflater(level: 6).appendMessage(ByteBuffer(string: "Hello"), keepsContext: false, to: &out)
    #expect(Array(out.readableBytesView) == hello)
  }

  @Test("[RFC 7692 §7.2.3.2] the second message refers to the first only while the window is shared")
  func sharedWindow() throws {
    let inflater = RawInflater()
    #expect(try inflate([0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00], inflater, keepsContext: true) == "Hello")
    #expect(try inflate([0xF2, 0x00, 0x11, 0x00, 0x00], inflater, keepsContext: true) == "Hello")
    let forgetful = RawInflater()
    #expect(try inflate([0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00], forgetful) == "Hello")
    #expect(throws: CompressionError.corrupt) { try inflate([0xF2, 0x00, 0x11, 0x00, 0x00], forgetful) }
  }

  @Test("[RFC 7692 §7.2.3.3] a stored block")
  func stored() throws {
    #expect(try inflate([0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x00]) == "Hello")
  }

  @Test("[RFC 7692 §7.2.3.4] a block with BFINAL, with and without the empty block after it")
  func finalBlock() throws {
    let inflater = RawInflater()
    #expect(try inflate([0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00], inflater, keepsContext: true) == "Hello")
    #expect(try inflate([0xF2, 0x00, 0x11, 0x00, 0x00], inflater, keepsContext: true) == "Hello")
    #expect(try inflate([0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00], inflater, keepsContext: true) == "Hello")
    #expect(try inflate([0xF2, 0x00, 0x11, 0x00, 0x00], inflater, keepsContext: true) == "Hello")
  }

  @Test("[RFC 7692 §7.2.3.5] two blocks in one message")
  func twoBlocks() throws {
    #expect(try inflate([0xF2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xFF, 0xFF, 0xCA, 0xC9, 0xC9, 0x07, 0x00]) == "Hello")
  }

  @Test("[RFC 7692 §7.2.3.6] an empty message is one zero byte, every time")
  func empty() throws {
    let deflater = RawDeflater()
    for _ in 0..<3 {
      var out = ByteBuffer()
      deflater.appendMessage(ByteBuffer(), keepsContext: true, to: &out)
      #expect(Array(out.readableBytesView) == [0])
    }
    #expect(try inflate([0]) == "")
  }

  @Test("every window reads what was written for it", arguments: 8...15)
  func windows(bits: Int) throws {
    var random = Noise.bytes(40_000, seed: UInt64(bits))
    for index in random.indices where index > 300 && random[index] & 3 != 0 {
      random[index] = random[index - 200 - Int(random[index - 1] & 63)]
    }
    for keepsContext in [false, true] {
      let deflater = RawDeflater(level: 6, windowBits: bits, memoryLevel: 4)
      let inflater = RawInflater(windowBits: bits)
      for size in [1, 60, 300, 5_000, 40_000, 0, 39_999, 17] {
        let payload = ByteBuffer(bytes: random.prefix(size))
        var packed = ByteBuffer()
        deflater.appendMessage(payload, keepsContext: keepsContext, to: &packed)
        #expect(try inflater.message(packed, bytesMax: size, keepsContext: keepsContext) == payload)
      }
    }
  }

  @Test("sizes around the steps of the output buffer come back whole")
  func steps() throws {
    let deflater = RawDeflater(level: 1)
    let inflater = RawInflater()
    let noise = Noise.bytes(200_000, seed: 9)
    for size in [65_400, 65_470, 65_471, 65_472, 65_473, 65_536, 130_900, 131_072, 200_000] {
      let payload = ByteBuffer(bytes: noise.prefix(size))
      var packed = ByteBuffer()
      deflater.appendMessage(payload, keepsContext: false, to: &packed)
      #expect(try inflater.message(packed, bytesMax: size, keepsContext: false) == payload)
    }
  }

  @Test("a bomb ends at the limit, and the next message is not harmed")
  func bomb() throws {
    var packed = ByteBuffer()
    RawDeflater(level: 9).appendMessage(ByteBuffer(repeating: 0, count: 16 << 20), keepsContext: false, to: &packed)
    let inflater = RawInflater()
    #expect(throws: CompressionError.tooLarge(bytesMax: 65_536)) { try inflater.message(packed, bytesMax: 65_536, keepsContext: false) }
    #expect(try inflate([0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00], inflater) == "Hello")
  }

  @Test("truncated messages are told; flipped bits never trap and never pass the limit")
  func damage() throws {
    let payload = ByteBuffer(bytes: ZlibTests.text)
    var packed = ByteBuffer()
    RawDeflater(level: 6).appendMessage(payload, keepsContext: false, to: &packed)
    let bytes = Array(packed.readableBytesView)
    let inflater = RawInflater()
    for count in 1..<bytes.count {
      let result = try? inflater.message(ByteBuffer(bytes: bytes.prefix(count)), bytesMax: 1 << 16, keepsContext: false)
      // Cut between two blocks it is a shorter message; never the whole one, never garbage.
      if let result {
        #expect(payload.readableBytesView.starts(with: result.readableBytesView) && result.readableBytes < payload.readableBytes)
      }
    }
    for bit in 0..<bytes.count * 8 {
      var bad = bytes
      bad[bit / 8] ^= 1 << (bit % 8)
      let result = try? inflater.message(ByteBuffer(bytes: bad), bytesMax: 20_000, keepsContext: false)
      #expect((result?.readableBytes ?? 0) <= 20_000)
    }
    #expect(try inflater.message(packed, bytesMax: 1 << 16, keepsContext: false) == payload)
  }
}
