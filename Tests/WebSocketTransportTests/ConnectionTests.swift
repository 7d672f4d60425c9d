import Compression
import NIOCore
import NIOEmbedded
import Testing

@testable import WebSocketTransport

@Suite struct ConnectionTests {
  // MARK: Messages

  @Test("messages of one read come in order, then once the end of the read")
  func batch() throws {
    let end = try EmbeddedConnection()
    try end.receive(Wire.text("a") + Wire.frame(0x82, [1]) + Wire.text("b"))
    #expect(end.listener.messages == [.text(ByteBuffer(string: "a")), .binary(ByteBuffer(bytes: [1])), .text(ByteBuffer(string: "b"))])
    #expect(end.listener.finishedReads == 1)
    try end.receive(Array(Wire.text("c").dropLast()))
    #expect(end.listener.finishedReads == 1, "a read without a message")
  }

  @Test("a message is one frame and one flush; shared frames pass as they are")
  func sends() throws {
    let end = try EmbeddedConnection()
    end.connection.send(.text, ByteBuffer(string: "Hello"))
    #expect(try end.sent() == [0x81, 0x05, 0x48, 0x65, 0x6C, 0x6C, 0x6F])
    var frames = ByteBuffer()
    FrameEncoder.append(.text, ByteBuffer(string: "a"), to: &frames)
    FrameEncoder.append(.binary, ByteBuffer(bytes: [9]), to: &frames)
    end.connection.sendFrames(frames)
    #expect(try end.sent() == [0x81, 0x01, 0x61, 0x82, 0x01, 0x09])
    #expect(end.outlet.writes == 2 && end.outlet.flushes == 2)
  }

  @Test("[RFC 6455 §5.3] a client masks, with another mask each time")
  func clientMasks() throws {
    let end = try EmbeddedConnection(WebSocketConfiguration(role: .client, deflate: .off))
    end.connection.send(.text, ByteBuffer(string: "Hello"))
    end.connection.send(.text, ByteBuffer(string: "Hello"))
    let bytes = try end.sent()
    #expect(bytes.count == 22)
    #expect(Wire.decode([bytes]).events == Array(repeating: .message(.text, ByteBuffer(string: "Hello"), isCompressed: false), count: 2))
    #expect(bytes[2..<6] != bytes[13..<17])
    try end.receive([0x81, 0x02, 0x6F, 0x6B])
    #expect(end.listener.messages == [.text(ByteBuffer(string: "ok"))])
  }

  @Test("pings are answered with one flush per read")
  func pings() throws {
    let end = try EmbeddedConnection()
    try end.receive(Wire.frame(0x89, [1]) + Wire.frame(0x89, [2]))
    #expect(try end.sent() == [0x8A, 0x01, 0x01, 0x8A, 0x01, 0x02])
    #expect(end.outlet.flushes == 1)
  }

  // MARK: Compression

  private func compressing(_ change: (inout DeflateConfiguration, inout DeflateAgreement) -> Void = { _, _ in }) throws
    -> EmbeddedConnection
  {
    var deflate = DeflateConfiguration()
    var agreement = try #require(DeflateAgreement.answer([ExtensionOffer(name: "permessage-deflate")], deflate)).agreement
    change(&deflate, &agreement)
    return try EmbeddedConnection(WebSocketConfiguration(role: .server, deflate: .on(deflate)), deflate: agreement)
  }

  @Test("[RFC 7692 §7.2.3] compressed messages, whole and in fragments; uncompressed ones between")
  func compressed() throws {
    let end = try compressing()
    try end.receive(Wire.frame(0xC1, [0xF2, 0x48, 0xCD, 0xC9, 0xC9, 0x07, 0x00]))
    try end.receive(Wire.frame(0x41, [0xF2, 0x48, 0xCD]) + Wire.frame(0x89) + Wire.frame(0x80, [0xC9, 0xC9, 0x07, 0x00]))
    try end.receive(Wire.text("plain"))
    #expect(end.listener.messages == ["Hello", "Hello", "plain"].map { .text(ByteBuffer(string: $0)) })
  }

  @Test("what is compressed once is read by every receiver without context, and by nobody's window")
  func sharedFrames() throws {
    let sender = SharedDeflater()
    let payload = ByteBuffer(string: String(repeating: "nobody's edit is lost ", count: 20))
    var frames = ByteBuffer()
    sender.appendCompressedFrame(.text, payload, to: &frames)
    sender.appendCompressedFrame(.text, payload, to: &frames)
    sender.appendCompressedFrame(.text, ByteBuffer(string: "short"), to: &frames)
    #expect(frames.readableBytes < payload.readableBytes)
    var deflate = DeflateConfiguration()
    deflate.allowsPeerContext = true
    for serverKeepsContext in [false, true] {
      var agreement = try #require(DeflateAgreement(answer: [ExtensionOffer(name: "permessage-deflate")], deflate))
      agreement.serverKeepsContext = serverKeepsContext
      let end = try EmbeddedConnection(WebSocketConfiguration(role: .client, deflate: .on(deflate)), deflate: agreement)
      try end.receive(Array(frames.readableBytesView))
      #expect((end.listener.messages == [.text(payload), .text(payload), .text(ByteBuffer(string: "short"))]) as Bool)
    }
  }

  @Test("shared compressed frames are for those who have no private window and room enough")
  func sharing() throws {
    #expect(try compressing().connection.sharesCompressedFrames)
    #expect(try !compressing { $1.serverKeepsContext = true }.connection.sharesCompressedFrames)
    #expect(try !compressing { $1.serverWindowBits = 14 }.connection.sharesCompressedFrames)
    #expect(
      try compressing {
        $0.windowBits = 11
        $1.serverWindowBits = 12
      }.connection.sharesCompressedFrames)
    #expect(try !EmbeddedConnection().connection.sharesCompressedFrames)
  }

  @Test("with context the second of two equal messages is a few bytes; both ends follow", arguments: [false, true])
  func context(keeps: Bool) throws {
    var deflate = DeflateConfiguration()
    deflate.keepsOwnContext = keeps
    deflate.allowsPeerContext = keeps
    let answer = try #require(DeflateAgreement.answer([ExtensionOffer(name: "permessage-deflate")], deflate))
    let server = try EmbeddedConnection(WebSocketConfiguration(role: .server, deflate: .on(deflate)), deflate: answer.agreement)
    let client = try EmbeddedConnection(WebSocketConfiguration(role: .client, deflate: .on(deflate)), deflate: answer.agreement)
    let payload = ByteBuffer(bytes: Wire.noise(300, seed: 1).map { $0 & 0x3F | 0x20 })
    for (from, to) in [(server, client), (client, server)] {
      var sizes: [Int] = []
      for _ in 0..<2 {
        from.connection.send(.text, payload)
        let bytes = try from.sent()
        sizes.append(bytes.count)
        try to.receive(bytes)
      }
      #expect((to.listener.messages == [.text(payload), .text(payload)]) as Bool)
      #expect(keeps ? sizes[1] < 30 : sizes[1] == sizes[0])
    }
  }

  @Test("[1009] a compressed message unfolds no further than the limit")
  func bomb() throws {
    let end = try compressing()
    var packed = ByteBuffer()
    RawDeflater(level: 9).appendMessage(ByteBuffer(repeating: 0, count: 4 << 20), keepsContext: false, to: &packed)
    #expect(packed.readableBytes < 8_000)
    try end.receive(Wire.frame(0xC2, Array(packed.readableBytesView)))
    #expect(end.listener.closes.map(\.code) == [1009] && end.listener.messages.isEmpty)
  }

  @Test("[1007] damaged compression, and compressed text that is not UTF-8")
  func damagedCompression() throws {
    for payload: [UInt8] in [[0xFF, 0xFF, 0xFF], [0xF2, 0x48], [0x00, 0x01, 0x00, 0xFE, 0xFF, 0xC0, 0x00]] {
      let end = try compressing()
      try end.receive(Wire.frame(0xC1, payload))
      #expect(end.listener.closes.map(\.code) == [1007] && end.listener.messages.isEmpty)
    }
  }

  // MARK: Reading on demand

  @Test("a paused connection delivers nothing and asks the socket for nothing; what waits comes after resuming, in order")
  func pause() throws {
    let end = try EmbeddedConnection()
    end.listener.onMessage = { $0.pauseReading() }
    try end.receive(Wire.text("a") + Wire.text("b") + Wire.text("c"))
    #expect(end.listener.messages.count == 1)
    let reads = end.outlet.reads
    end.channel.read()
    #expect(end.outlet.reads == reads, "the read is held back")
    end.listener.onMessage = nil
    end.connection.resumeReading()
    #expect(end.listener.messages.count == 1, "not inside the call")
    #expect(end.outlet.reads == reads + 1)
    end.channel.embeddedEventLoop.run()
    #expect(end.listener.messages == ["a", "b", "c"].map { .text(ByteBuffer(string: $0)) })
    #expect(end.listener.finishedReads == 2)
  }

  @Test("pausing and resuming inside a message loses nothing and delivers nothing twice")
  func pauseAndResume() throws {
    let end = try EmbeddedConnection()
    end.listener.onMessage = {
      $0.pauseReading()
      $0.resumeReading()
    }
    try end.receive(Wire.text("a") + Wire.text("b") + Wire.text("c"))
    end.channel.embeddedEventLoop.run()
    #expect(end.listener.messages == ["a", "b", "c"].map { .text(ByteBuffer(string: $0)) })
  }

  // MARK: Congestion

  @Test("what a slow peer has not taken is counted, and told when it is gone")
  func congestion() throws {
    let end = try EmbeddedConnection()
    end.connection.send(.binary, ByteBuffer(repeating: 1, count: 1_000))
    #expect(end.connection.bytesOutstanding == 0)
    end.outlet.isStuck = true
    end.channel.isWritable = false
    end.channel.pipeline.fireChannelWritabilityChanged()
    for _ in 0..<3 { end.connection.send(.binary, ByteBuffer(repeating: 1, count: 996)) }
    #expect(end.connection.bytesOutstanding == 3_000)
    end.outlet.settle(2)
    #expect(end.connection.bytesOutstanding == 1_000)
    end.channel.isWritable = true
    end.channel.pipeline.fireChannelWritabilityChanged()
    #expect(end.connection.bytesOutstanding == 0 && end.listener.writableAgain == 1)
    end.outlet.settle(1)
    #expect(end.connection.bytesOutstanding == 0, "a receipt of the past")
  }

  @Test("[RFC 6455 §5.5.3] pings of a peer that reads nothing are owed one pong, the latest")
  func pingFlood() throws {
    let end = try EmbeddedConnection()
    end.channel.isWritable = false
    end.channel.pipeline.fireChannelWritabilityChanged()
    for index in 0..<100 as Range<UInt8> { try end.receive(Wire.frame(0x89, [index])) }
    #expect(try end.sent() == [])
    end.channel.isWritable = true
    end.channel.pipeline.fireChannelWritabilityChanged()
    #expect(try end.sent() == [0x8A, 0x01, 99])
  }
}
