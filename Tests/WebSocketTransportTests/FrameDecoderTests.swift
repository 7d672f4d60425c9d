import NIOCore
import Testing

@testable import WebSocketTransport

@Suite struct FrameDecoderTests {
  private func text(_ string: String) -> FrameDecoder.Event { .message(.text, ByteBuffer(string: string), isCompressed: false) }

  // MARK: RFC 6455 §5.7

  @Test("[RFC 6455 §5.7] a single frame, without and with mask")
  func single() {
    #expect(Wire.decode([[0x81, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F]], role: .client).events == [text("Hello")])
    #expect(Wire.decode([[0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58]]).events == [text("Hello")])
  }

  @Test("[RFC 6455 §5.7] fragments, a ping between them, and a masked pong")
  func fragments() {
    let first: [UInt8] = [0x01, 0x03, 0x48, 0x65, 0x6C]
    let ping: [UInt8] = [0x89, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F]
    let last: [UInt8] = [0x80, 0x02, 0x6C, 0x6F]
    #expect(Wire.decode([first + ping + last], role: .client).events == [.ping(ByteBuffer(string: "Hello")), text("Hello")])
    let pong: [UInt8] = [0x8A, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58]
    #expect(Wire.decode([pong]).events == [.pong(ByteBuffer(string: "Hello"))])
  }

  @Test("[RFC 6455 §5.7] 256 bytes and 64 KiB in one frame")
  func lengths() {
    let small = Wire.noise(256, seed: 1)
    let large = Wire.noise(65_536, seed: 2)
    #expect(
      Wire.decode([[0x82, 0x7E, 0x01, 0x00] + small], role: .client).events == [
        .message(.binary, ByteBuffer(bytes: small), isCompressed: false)
      ])
    let header: [UInt8] = [0x82, 0x7F, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00]
    #expect(Wire.decode([header + large], role: .client).events == [.message(.binary, ByteBuffer(bytes: large), isCompressed: false)])
  }

  // MARK: The same bytes in any pieces

  /// Everything a peer may say, with its expected meaning.
  static let conversation: (bytes: [UInt8], events: [FrameDecoder.Event]) = {
    let noise = Wire.noise(70_000, seed: 3)
    let long = String(repeating: "ضيّال 🧵 ", count: 300)
    let parts: [([UInt8], FrameDecoder.Event?)] = [
      (Wire.text(""), .message(.text, ByteBuffer(), isCompressed: false)),
      (Wire.text("κόσμε"), .message(.text, ByteBuffer(string: "κόσμε"), isCompressed: false)),
      (Wire.frame(0x02, Array(noise[..<200])), nil),
      (Wire.frame(0x89, [1, 2, 3]), .ping(ByteBuffer(bytes: [1, 2, 3]))),
      (Wire.frame(0x00, Array(noise[200..<200])), nil),
      (Wire.frame(0x00, Array(noise[200..<66_000])), nil),
      (Wire.frame(0x8A, []), .pong(ByteBuffer())),
      (Wire.frame(0x80, Array(noise[66_000...])), .message(.binary, ByteBuffer(bytes: noise), isCompressed: false)),
      (Wire.frame(0xC2, [0xF2, 0x48]), .message(.binary, ByteBuffer(bytes: [0xF2, 0x48]), isCompressed: true)),
      (Wire.text(long), .message(.text, ByteBuffer(string: long), isCompressed: false)),
      (Wire.close(1000, "bye"), .close(code: 1000, reason: "bye")),
    ]
    return (parts.flatMap(\.0), parts.compactMap(\.1))
  }()

  private func check(_ pieces: [[UInt8]], _ comment: Comment) {
    let result = Wire.decode(pieces, frameBytesMax: 1 << 17, messageBytesMax: 1 << 17, compression: true)
    #expect((result == Decoded(events: Self.conversation.events)) as Bool, comment)
  }

  @Test("one piece, single bytes and random pieces mean the same")
  func pieces() {
    let bytes = Self.conversation.bytes
    check([bytes], "glued")
    check(bytes.map { [$0] }, "byte by byte")
    for seed in 1...12 as ClosedRange<UInt64> {
      var random = Random(seed: seed)
      var pieces: [[UInt8]] = []
      var rest = bytes[...]
      while !rest.isEmpty {
        let count = min(rest.count, Int.random(in: 1...[3, 20, 500, 20_000][Int(seed % 4)], using: &random))
        pieces.append(Array(rest.prefix(count)))
        rest = rest.dropFirst(count)
      }
      check(pieces, "seed \(seed)")
    }
  }

  @Test("a truncated conversation is the start of the whole one, never something else")
  func truncated() {
    let (bytes, events) = Self.conversation
    var random = Random(seed: 5)
    let cuts = Array(0..<300) + (0..<30).map { _ in Int.random(in: 300..<bytes.count, using: &random) }
    for cut in cuts {
      let result = Wire.decode([Array(bytes[..<cut])], frameBytesMax: 1 << 17, messageBytesMax: 1 << 17, compression: true)
      #expect(result.fault == nil && result.events.count < events.count && (events.starts(with: result.events) as Bool))
    }
  }

  @Test("flipped bits end in a fault or another message, never in a trap or more than the limit")
  func flipped() {
    let bytes = Array(Self.conversation.bytes.prefix(400))
    for bit in 0..<bytes.count * 8 {
      var bad = bytes
      bad[bit / 8] ^= 1 << (bit % 8)
      for case .message(_, let payload, _) in Wire.decode([bad], compression: true).events { #expect(payload.readableBytes <= 1 << 16) }
      if bit % 8 == bit / 8 % 8 { _ = Wire.decode(bad.map { [$0] }, compression: true) }
    }
  }

  @Test("noise never traps", arguments: 1...100 as ClosedRange<UInt64>)
  func noise(seed: UInt64) {
    let bytes = Wire.noise(500, seed: seed)
    let whole = Wire.decode([bytes], compression: true)
    #expect(whole == Wire.decode(bytes.map { [$0] }, compression: true))
  }

  // MARK: Rules

  struct Breach: CustomTestStringConvertible {
    var testDescription: String
    var bytes: [UInt8]
    var role = WebSocketRole.server
    var code: UInt16 = 1002
  }

  static let breaches: [Breach] = [
    Breach(testDescription: "reserved data opcode", bytes: Wire.frame(0x83)),
    Breach(testDescription: "reserved control opcode", bytes: Wire.frame(0x8B)),
    Breach(testDescription: "RSV1 without compression", bytes: Wire.frame(0xC1)),
    Breach(testDescription: "RSV2", bytes: Wire.frame(0xA1)),
    Breach(testDescription: "RSV3", bytes: Wire.frame(0x91)),
    Breach(testDescription: "RSV1 on a ping", bytes: Wire.frame(0xC9)),
    Breach(testDescription: "RSV1 on a continuation", bytes: Wire.frame(0x01, [0x61]) + Wire.frame(0xC0, [0x61])),
    Breach(testDescription: "fragmented ping", bytes: Wire.frame(0x09)),
    Breach(testDescription: "ping of 126 bytes", bytes: Wire.frame(0x89, [UInt8](repeating: 0, count: 126))),
    Breach(testDescription: "continuation of nothing", bytes: Wire.frame(0x80)),
    Breach(testDescription: "text inside a fragmented message", bytes: Wire.frame(0x01) + Wire.frame(0x81)),
    Breach(testDescription: "client frame without mask", bytes: Wire.frame(0x81, [0x61], masked: false)),
    Breach(testDescription: "server frame with mask", bytes: Wire.frame(0x81, [0x61]), role: .client),
    Breach(testDescription: "16-bit length for 125", bytes: [0x82, 0xFE, 0x00, 0x7D]),
    Breach(testDescription: "64-bit length for 65535", bytes: [0x82, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]),
    Breach(testDescription: "length of 2^63", bytes: [0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0]),
    Breach(testDescription: "close with one byte", bytes: Wire.frame(0x88, [3])),
    Breach(testDescription: "close 999", bytes: Wire.close(999)),
    Breach(testDescription: "close 1004", bytes: Wire.close(1004)),
    Breach(testDescription: "close 1005", bytes: Wire.close(1005)),
    Breach(testDescription: "close 1006", bytes: Wire.close(1006)),
    Breach(testDescription: "close 1015", bytes: Wire.close(1015)),
    Breach(testDescription: "close 2999", bytes: Wire.close(2999)),
    Breach(testDescription: "close 5000", bytes: Wire.close(5000)),
    Breach(testDescription: "close reason not UTF-8", bytes: Wire.frame(0x88, [0x03, 0xE8, 0xC3]), code: 1007),
    Breach(testDescription: "text not UTF-8", bytes: Wire.frame(0x81, [0xC0, 0xAF]), code: 1007),
    Breach(testDescription: "text cut in a character", bytes: Wire.frame(0x81, [0xE2, 0x82]), code: 1007),
    Breach(testDescription: "surrogate over two fragments", bytes: Wire.frame(0x01, [0xED]) + Wire.frame(0x80, [0xA0, 0x80]), code: 1007),
    Breach(testDescription: "frame over the limit", bytes: [0x82, 0xFF, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0], code: 1009),
    Breach(
      testDescription: "message over the limit",
      bytes: Wire.frame(0x02, [UInt8](repeating: 0, count: 40_000)) + [0x80, 0xFE, 0xFF, 0xFF, 0, 0, 0, 0],
      code: 1009),
  ]

  @Test("a breach is found, in one piece and byte by byte", arguments: breaches)
  func breach(_ breach: Breach) {
    for pieces in [[breach.bytes], breach.bytes.map { [$0] }] {
      let result = Wire.decode(pieces, role: breach.role)
      #expect(result.fault?.code == breach.code)
      #expect(result.events.isEmpty)
    }
  }

  @Test("a bad byte of a text is found when it comes, not with the end of its frame")
  func failsFast() {
    // 1000 bytes announced, 3 arrived, the third impossible.
    let header: [UInt8] = [0x81, 0xFE, 0x03, 0xE8, 0, 0, 0, 0]
    #expect(Wire.decode([header + [0x61, 0xCE]]).fault == nil)
    #expect(Wire.decode([header + [0x61, 0xCE, 0x61]]).fault == .invalidText)
  }

  @Test("an opcode is judged by its byte alone")
  func judgesFirstByte() { #expect(Wire.decode([[0x87]]).fault?.code == 1002) }

  @Test("sizes at the limits pass")
  func atLimits() {
    let half = [UInt8](repeating: 7, count: 1 << 15)
    #expect(
      Wire.decode([Wire.frame(0x02, half) + Wire.frame(0x80, half)]).events == [
        .message(.binary, ByteBuffer(bytes: half + half), isCompressed: false)
      ])
    #expect(Wire.decode([Wire.frame(0x89, [UInt8](repeating: 1, count: 125))]).events.count == 1)
    #expect(Wire.decode([Wire.close(4999, String(repeating: "x", count: 123))]).events.count == 1)
  }

  @Test("many small frames in one read cost linear time, also while somebody keeps their payloads")
  func gluedFrames() {
    let count = 20_000
    let bytes = (0..<count).flatMap { Wire.frame(0x82, [UInt8(truncatingIfNeeded: $0)]) }
    // Events hold slices of the input: a copy of the rest per frame would move 1.4 GB here.
    let result = Wire.decode([bytes])
    #expect(result.events.count == count)
  }
}
