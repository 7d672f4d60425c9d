import Compression
import Foundation
import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import WebSocketTransport

/// RFC 7692 over the real pipeline: the request for the upgrade with its offer, the answer, then frames.
@Suite(.timeLimit(.minutes(2))) struct DeflatePipelineTests {
  /// A server's end that has answered one request.
  final class Pipeline {
    let channel = EmbeddedChannel()
    let listener = Listener()
    let outlet = Outlet()
    private(set) var connection: WebSocketConnection?
    /// What the 101 says about extensions.
    private(set) var agreed: String?

    init(offer: String, keepsContext: Bool = true, messageBytesMax: Int = 1 << 20) throws {
      var deflate = DeflateConfiguration()
      deflate.keepsOwnContext = keepsContext
      deflate.allowsPeerContext = keepsContext
      var settings = WebSocketConfiguration(role: .server, deflate: .on(deflate))
      settings.messageBytesMax = messageBytesMax
      settings.frameBytesMax = messageBytesMax
      let first = FirstRequestSwitch(
        decide: { [unowned self] _ in
          .accept(
            WebSocketAcceptance(configuration: settings) { made in
              self.connection = made
              return self.listener
            })
        }, installHTTP: { _ in })
      try channel.pipeline.syncOperations.addHandlers([outlet, first])
      try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
      try receive(Array(FirstRequestTests.request(["Sec-WebSocket-Extensions": offer]).utf8))
      let answer = String(decoding: try sent(), as: UTF8.self)
      #expect(answer.hasPrefix("HTTP/1.1 101 "))
      agreed = answer.split(separator: "\r\n").first { $0.hasPrefix("Sec-WebSocket-Extensions: ") }.map { String($0.dropFirst(26)) }
    }

    func receive(_ bytes: [UInt8]) throws { _ = try channel.writeInbound(ByteBuffer(bytes: bytes)) }

    func sent() throws -> [UInt8] {
      var bytes: [UInt8] = []
      while let buffer = try channel.readOutbound(as: ByteBuffer.self) { bytes += buffer.readableBytesView }
      return bytes
    }

    /// Sends one message and hands out the payload that went over the wire; what does not shrink goes as it is when there is no context.
    func payload(of message: [UInt8]) throws -> (bytes: [UInt8], isCompressed: Bool) {
      connection?.send(.binary, ByteBuffer(bytes: message))
      let frame = try sent()
      #expect(frame[0] & 0xBF == 0x82, "one frame")
      return (Array(frame.dropFirst(frame[1] == 126 ? 4 : frame[1] == 127 ? 10 : 2)), frame[0] == 0xC2)
    }

    var closeCodes: [UInt16] { listener.closes.map(\.code) }
    deinit { _ = try? channel.finish(acceptAlreadyClosed: true) }
  }

  /// Repeats itself after every distance from 2 bytes to 40 000, so that every window finds something just within it and just beyond.
  private static let tempting: [UInt8] = {
    let noise = Wire.noise(40_000, seed: 3)
    var text = noise
    for distance in [16, 200, 250, 256, 262, 300, 511, 513, 1_000, 2_047, 4_097, 8_190, 16_390, 32_760, 32_770] {
      text += noise.suffix(distance) + noise.suffix(distance)
    }
    return text
  }()

  @Test(
    "[RFC 7692 §7.1.2] every window, both ways, with and without context: nothing refers further back", arguments: 8...15, [false, true])
  func windows(bits: Int, keepsContext: Bool) throws {
    let end = try Pipeline(
      offer: "permessage-deflate; server_max_window_bits=\(bits); client_max_window_bits=\(bits)", keepsContext: keepsContext)
    #expect(end.connection?.deflate?.serverWindowBits == bits && end.connection?.deflate?.clientWindowBits == bits)
    var oracle = InflateOracle()
    for round in 0..<2 {
      let message = Self.tempting + [UInt8(round)]
      let sent = try end.payload(of: message)
      #expect(sent.isCompressed || bits < 10 && !keepsContext)
      #expect((try sent.isCompressed ? oracle.read(sent.bytes) == message : sent.bytes == message) as Bool)
      #expect(oracle.distanceMax <= 1 << bits)
      if !keepsContext { oracle = InflateOracle() }
    }
    // The other way: a sender with exactly that window.
    let sender = RawDeflater(level: 6, windowBits: bits)
    for round in 0..<2 {
      let message = Self.tempting + [UInt8(round)]
      var packed = ByteBuffer()
      sender.appendMessage(ByteBuffer(bytes: message), keepsContext: keepsContext, to: &packed)
      try end.receive(Wire.frame(0xC2, Array(packed.readableBytesView)))
      #expect((end.listener.messages.last == .binary(ByteBuffer(bytes: message))) as Bool)
    }
    #expect(end.closeCodes.isEmpty)
  }

  @Test("the oracle reads what the RFC's examples say, and finds how far back they refer")
  func oracle() throws {
    var oracle = InflateOracle()
    #expect(try oracle.read([0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]) == Array("Hello".utf8))
    #expect(try oracle.read([0xF2, 0x00, 0x11, 0x00, 0x00]) == Array("Hello".utf8) && oracle.distanceMax == 5)
    #expect(try oracle.read([0x00, 0x05, 0x00, 0xFA, 0xFF, 0x48, 0x65, 0x6C, 0x6C, 0x6F, 0x00]) == Array("Hello".utf8))
    // A window of 15 bits does refer beyond what one of 9 may: the test of windows can fail.
    var far = ByteBuffer()
    RawDeflater(level: 6, windowBits: 15).appendMessage(ByteBuffer(bytes: Self.tempting), keepsContext: false, to: &far)
    var reader = InflateOracle()
    #expect((try reader.read(Array(far.readableBytesView)) == Self.tempting) as Bool)
    #expect(reader.distanceMax > 16_384)
  }

  @Test("[RFC 7692 §7.1.1] a server that would keep context lets it go when asked, and says so; the client may have to")
  func noContextTakeover() throws {
    let asked = try Pipeline(offer: "permessage-deflate; server_no_context_takeover; client_no_context_takeover")
    #expect(asked.agreed == "permessage-deflate; server_no_context_takeover; client_no_context_takeover")
    let message = Array(String(repeating: "context ", count: 20).utf8)
    #expect(try asked.payload(of: message).bytes == asked.payload(of: message).bytes, "the second knows nothing of the first")
    let kept = try Pipeline(offer: "permessage-deflate")
    #expect(kept.agreed == "permessage-deflate")
    #expect(try kept.payload(of: message).bytes.count > kept.payload(of: message).bytes.count)
    // Who agreed to keep none and refers to an earlier message all the same is not understood.
    let hello: [UInt8] = [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]
    let again: [UInt8] = [0xF2, 0x00, 0x11, 0x00, 0x00]
    for (end, codes) in [(asked, [1007]), (kept, [])] as [(Pipeline, [UInt16])] {
      try end.receive(Wire.frame(0xC1, hello) + Wire.frame(0xC1, again))
      #expect(end.closeCodes == codes)
      #expect(end.listener.messages.count == (codes.isEmpty ? 2 : 1))
    }
  }

  @Test(
    "[RFC 7692 §7] an offer out of order is declined, the connection opens without compression, and a compressed frame is a breach",
    arguments: [
      "permessage-deflate; server_max_window_bits", "permessage-deflate; server_max_window_bits=7",
      "permessage-deflate; client_max_window_bits=16",
      "permessage-deflate; client_max_window_bits=09", "permessage-deflate; server_no_context_takeover=true",
      "permessage-deflate; unknown=1",
      "permessage-deflate; client_max_window_bits; client_max_window_bits=10", "permessage-bzip2", "x-webkit-deflate-frame",
    ])
  func badOffers(offer: String) throws {
    let end = try Pipeline(offer: offer)
    #expect(end.agreed == nil && end.connection?.deflate == nil)
    try end.receive(Wire.text("plain"))
    try end.receive(Wire.frame(0xC1, [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]))
    #expect(end.listener.messages == [.text(ByteBuffer(string: "plain"))] && end.closeCodes == [1002])
  }

  @Test("[RFC 7692 §5.1] of several offers the first in order counts; a bad one among them harms no other")
  func secondOffer() throws {
    let end = try Pipeline(
      offer: "permessage-deflate; server_max_window_bits=99, permessage-deflate; server_max_window_bits=10, permessage-deflate",
      keepsContext: false)
    #expect(end.agreed == "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10")
  }

  @Test(
    "[RFC 7692 §6] RSV1 stands on the first frame of a message and nowhere else; RSV2 and RSV3 nowhere",
    arguments: [
      Wire.frame(0x41, [0xF2]) + Wire.frame(0xC0, [0x48]), Wire.text("a", first: 0x01) + Wire.frame(0xC0, [0x48]), Wire.frame(0xC9, [1]),
      Wire.frame(0xCA, [1]), Wire.frame(0xC8, [0x03, 0xE8]), Wire.frame(0xA1, [1]), Wire.frame(0x91, [1]), Wire.frame(0xE1, [1]),
    ])
  func reservedBits(frames: [UInt8]) throws {
    let end = try Pipeline(offer: "permessage-deflate")
    try end.receive(frames)
    #expect(end.closeCodes == [1002] && end.listener.messages.isEmpty)
  }

  @Test("[RFC 7692 §7.2.3.6] empty messages: one zero byte, also in fragments; none at all is half a block; and ours")
  func emptyMessages() throws {
    let end = try Pipeline(offer: "permessage-deflate")
    let empties = [
      Wire.frame(0xC1, [0x00]), Wire.frame(0x41) + Wire.frame(0x80, [0x00]), Wire.frame(0x41, [0x00]) + Wire.frame(0x80),
      Wire.frame(0x41) + Wire.frame(0x00, [0x00]) + Wire.frame(0x80), Wire.text(""),
    ]
    for frames in empties { try end.receive(frames) }
    #expect(end.listener.messages == Array(repeating: .text(ByteBuffer()), count: empties.count) && end.closeCodes.isEmpty)
    try end.receive(Wire.frame(0xC1, [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]))
    #expect(end.listener.messages.last == .text(ByteBuffer(string: "Hello")), "the window is as it was")
    end.connection?.send(.text, ByteBuffer())
    #expect(try end.sent() == [0x81, 0x00])
    // The four bytes that the wire leaves out do not begin a block: with nothing before them a window would be left in the middle of one.
    try end.receive(Wire.frame(0x41) + Wire.frame(0x80))
    #expect(end.closeCodes == [1007])
  }

  @Test("[RFC 7692 §7.2.3.4] a message that ends with a final block, then one that refers to it; data behind a final block counts too")
  func finalBlock() throws {
    let end = try Pipeline(offer: "permessage-deflate")
    try end.receive(Wire.frame(0xC1, [0xF3, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00, 0x00]))
    try end.receive(Wire.frame(0xC1, [0xF2, 0x00, 0x11, 0x00, 0x00]))
    try end.receive(Wire.frame(0x41, [0xF3, 0x48, 0xCD]) + Wire.frame(0x80, [0xC9, 0xC9, 0x07, 0x00]))
    try end.receive(Wire.frame(0xC1, [0xF2, 0x00, 0x11, 0x00, 0x00]))
    #expect(end.listener.messages == Array(repeating: .text(ByteBuffer(string: "Hello")), count: 4) && end.closeCodes.isEmpty)
  }

  @Test("[1009] bombs in one frame and in a thousand end at the limit, with all of them at once costing little memory")
  func bombs() throws {
    var packed = ByteBuffer()
    RawDeflater(level: 9).appendMessage(ByteBuffer(repeating: 0, count: 64 << 20), keepsContext: false, to: &packed)
    let bomb = Array(packed.readableBytesView)
    #expect(bomb.count < 80_000)
    let before = try #require(Self.residentBytes)
    var ends: [Pipeline] = []
    for index in 0..<40 {
      let end = try Pipeline(offer: "permessage-deflate", messageBytesMax: 1 << 20)
      if index % 2 == 0 {
        try end.receive(Wire.frame(0xC2, bomb))
      } else {
        let size = bomb.count / 1000 + 1
        for start in stride(from: 0, to: bomb.count, by: size) {
          let isLast = start + size >= bomb.count
          try end.receive(Wire.frame((start == 0 ? 0x42 : 0x00) | (isLast ? 0x80 : 0), Array(bomb[start..<min(start + size, bomb.count)])))
        }
      }
      #expect(end.closeCodes == [1009] && end.listener.messages.isEmpty)
      ends.append(end)
    }
    // 40 times 64 MiB would be 2.5 GiB.
    #expect(try #require(Self.residentBytes) - before < 200 << 20)
    withExtendedLifetime(ends) {}
  }

  private static var residentBytes: Int? {
    (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)).flatMap { Int($0.split(separator: " ")[1]) }.map { $0 * 4096 }
  }
}
