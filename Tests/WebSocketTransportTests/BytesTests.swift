import NIOCore
import Testing

@testable import WebSocketTransport

@Suite struct BytesTests {
  // MARK: UTF-8

  private func isValid(_ bytes: [UInt8]) -> Bool { bytes.withUnsafeBytes { UTF8Validator.isValid($0) } }

  @Test("UTF-8: all sequences of one and two bytes, judged as the standard library judges them")
  func shortSequences() {
    for first in 0...255 as ClosedRange<UInt8> {
      #expect(isValid([first]) == (String(validating: [first], as: UTF8.self) != nil))
      for second in 0...255 as ClosedRange<UInt8> {
        let bytes = [first, second]
        #expect((isValid(bytes) == (String(validating: bytes, as: UTF8.self) != nil)) as Bool, "\(bytes)")
      }
    }
  }

  @Test("UTF-8: sequences of three and four bytes around every border")
  func longSequences() {
    let leads: [UInt8] = [0x7F, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF]
    let next: [UInt8] = [0x00, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xFF]
    for a in leads {
      for b in next {
        for c in next {
          #expect((isValid([a, b, c]) == (String(validating: [a, b, c], as: UTF8.self) != nil)) as Bool)
          for d in next {
            #expect((isValid([a, b, c, d]) == (String(validating: [a, b, c, d], as: UTF8.self) != nil)) as Bool, "\([a, b, c, d])")
          }
        }
      }
    }
  }

  @Test("UTF-8: cuts anywhere do not change the answer, and the first impossible byte is the one that fails")
  func cuts() {
    let text = Array("abcdefghijk κόσμε ضيّال 🧵 tail of plain text".utf8)
    for cut in 0...text.count {
      var validator = UTF8Validator()
      let (head, tail) = (Array(text[..<cut]), Array(text[cut...]))
      #expect(head.withUnsafeBytes { validator.feed($0) } && tail.withUnsafeBytes { validator.feed($0) } && validator.isComplete)
    }
    for position in text.indices {
      var bad = text
      bad[position] = 0xFF
      var validator = UTF8Validator()
      let failed = bad.firstIndex { byte in [byte].withUnsafeBytes { !validator.feed($0) } }
      #expect(failed == position)
    }
  }

  // MARK: Masks

  @Test("masks: every length and cut, against one byte at a time")
  func masks() {
    let mask: UInt32 = 0x3D21_FA37
    for count in 0...40 {
      let plain = Wire.noise(count, seed: UInt64(count))
      let expected = plain.enumerated().map { $1 ^ Wire.mask[$0 & 3] }
      for cut in 0...count {
        var bytes = plain
        bytes.withUnsafeMutableBytes { all in
          let rest = Masking.apply(mask, to: UnsafeMutableRawBufferPointer(rebasing: all[..<cut]))
          _ = Masking.apply(rest, to: UnsafeMutableRawBufferPointer(rebasing: all[cut...]))
        }
        #expect(bytes == expected)
      }
    }
  }

  // MARK: Encoder

  @Test("frames are read as they were written, at every border of the length", arguments: [0, 1, 125, 126, 127, 65_535, 65_536, 70_000])
  func encoder(count: Int) {
    let payload = Wire.noise(count, seed: 4)
    var out = ByteBuffer(string: "before")
    FrameEncoder.append(.binary, ByteBuffer(bytes: payload), to: &out)
    #expect((Array(out.readableBytesView) == Array("before".utf8) + Wire.frame(0x82, payload, masked: false)) as Bool)
    #expect(out.readableBytes == 6 + count + FrameEncoder.headerCount(payloadCount: count))
    out.clear()
    FrameEncoder.append(first: 0x81, ByteBuffer(bytes: payload), mask: 0x3D21_FA37, to: &out)
    #expect((Array(out.readableBytesView) == Wire.frame(0x81, payload)) as Bool)
  }

  @Test("a close reason is cut between characters, and codes that must not travel make an empty body")
  func closePayload() throws {
    let long = String(repeating: "é", count: 100)
    let payload = ClosePayload.encode(code: 4400, reason: long)
    #expect(payload.readableBytes == 2 + 122)
    #expect(try ClosePayload.decode(payload) == .close(code: 4400, reason: String(repeating: "é", count: 61)))
    #expect(ClosePayload.encode(code: 1005, reason: "x").readableBytes == 0)
    #expect(ClosePayload.encode(code: 1006, reason: "x").readableBytes == 0)
  }

  @Test("[RFC 6455 §1.3] the accept key of the example")
  func acceptKey() {
    #expect(HandshakeKey.accept("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    #expect(HandshakeKey.isValid(HandshakeKey.make()) && HandshakeKey.make() != HandshakeKey.make())
    #expect(
      !HandshakeKey.isValid("dGhlIHNhbXBsZSBub25jZQ=") && !HandshakeKey.isValid("") && !HandshakeKey.isValid("!GhlIHNhbXBsZSBub25jZQ=="))
  }
}
