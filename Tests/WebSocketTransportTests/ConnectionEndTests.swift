import NIOCore
import NIOEmbedded
import Testing

@testable import WebSocketTransport

/// Every way a connection can end, and that its delegate hears of it exactly once.
@Suite struct ConnectionEndTests {
  typealias Close = Listener.Close

  @Test("[RFC 6455 §7] the peer closes: echoed, reported, output ended, TCP ends when the peer's does")
  func peerCloses() throws {
    let end = try EmbeddedConnection()
    try end.receive(Wire.close(4400, "done") + Wire.text("too late"))
    #expect(end.listener.closes == [Close(code: 4400, reason: "done")])
    #expect(try end.sent() == [0x88, 0x02, 0x11, 0x30])
    #expect(end.outlet.outputClosed && end.channel.isActive)
    #expect(end.listener.messages.isEmpty && end.connection.delegate == nil)
    end.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    #expect(!end.channel.isActive && end.listener.closes.count == 1)
  }

  @Test("[1005] a Close without a code is answered by one without")
  func emptyClose() throws {
    let end = try EmbeddedConnection()
    try end.receive(Wire.frame(0x88))
    #expect(end.listener.closes == [Close(code: 1005, reason: "")])
    #expect(try end.sent() == [0x88, 0x00])
  }

  @Test("this end closes: nothing is sent after, messages are ignored, the peer's answer ends it")
  func weClose() throws {
    let end = try EmbeddedConnection()
    end.connection.close(code: 4503, reason: "draining")
    end.connection.close(code: 1000, reason: "again")
    end.connection.send(.text, ByteBuffer(string: "x"))
    end.connection.sendFrames(ByteBuffer(bytes: [0x81, 0x00]))
    #expect(try end.sent() == Wire.close(4503, "draining", masked: false))
    #expect(end.listener.closes.isEmpty && !end.connection.isOpen)
    try end.receive(Wire.text("still talking") + Wire.frame(0x89) + Wire.close(4503))
    #expect(end.listener.messages.isEmpty && end.listener.closes == [Close(code: 4503, reason: "")])
    #expect(try end.sent() == [] && end.outlet.outputClosed)
  }

  @Test("[1006] a peer that does not answer our Close is dropped at the deadline")
  func closeDeadline() throws {
    let end = try EmbeddedConnection()
    end.connection.close(code: 1000)
    end.advance(4)
    #expect(end.channel.isActive && end.listener.closes.isEmpty)
    end.advance(1)
    #expect(!end.channel.isActive && end.listener.closes.map(\.code) == [1006])
  }

  @Test("a peer that closed but keeps TCP open is dropped at the deadline, however much it sends")
  func lingers() throws {
    let end = try EmbeddedConnection()
    try end.receive(Wire.close(1000))
    for _ in 0..<10 { try end.receive([UInt8](repeating: 0xFF, count: 1000)) }
    #expect(end.channel.isActive)
    end.advance(5)
    #expect(!end.channel.isActive && end.listener.closes == [Close(code: 1000, reason: "")])
  }

  @Test("[RFC 6455 §7.1.1] a client leaves the end of TCP to the server")
  func clientWaits() throws {
    let end = try EmbeddedConnection(WebSocketConfiguration(role: .client, deflate: .off))
    try end.receive(Wire.close(1001, masked: false))
    #expect(end.listener.closes == [Close(code: 1001, reason: "")] && !end.outlet.outputClosed && end.channel.isActive)
    end.advance(5)
    #expect(!end.channel.isActive)
  }

  @Test("[1006] TCP ends without a Close", arguments: [false, true])
  func tcpEnds(half: Bool) throws {
    let end = try EmbeddedConnection()
    if half {
      end.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    } else {
      try end.channel.close().wait()
    }
    #expect(end.listener.closes.map(\.code) == [1006] && !end.channel.isActive)
  }

  @Test("[1006] an error below ends the connection, with its text")
  func errorBelow() throws {
    struct Broken: Error, CustomStringConvertible { var description: String { "bad record" } }
    let end = try EmbeddedConnection()
    end.channel.pipeline.fireErrorCaught(Broken())
    #expect(end.listener.closes == [Close(code: 1006, reason: "bad record")] && !end.channel.isActive)
  }

  @Test("[1001] a server that quiesces says so")
  func quiesces() throws {
    let end = try EmbeddedConnection()
    end.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    #expect(try end.sent() == Wire.close(1001, "going away", masked: false))
  }

  @Test("[1002 1007 1009] a fault is told to both sides, output ends, input is ignored", arguments: FrameDecoderTests.breaches)
  func fault(_ breach: FrameDecoderTests.Breach) throws {
    guard breach.role == .server else { return }
    var configuration = WebSocketConfiguration(role: .server, deflate: .off)
    configuration.messageBytesMax = 1 << 16
    configuration.frameBytesMax = 1 << 16
    let end = try EmbeddedConnection(configuration)
    try end.receive(Wire.text("before") + breach.bytes + Wire.text("after"))
    #expect(end.listener.messages == [.text(ByteBuffer(string: "before"))])
    #expect(end.listener.closes.map(\.code) == [breach.code])
    let answer = Wire.decode([try end.sent()], role: .client).events
    #expect(answer == [.close(code: breach.code, reason: end.listener.closes[0].reason)] && end.outlet.outputClosed)
    try end.receive(Wire.text("more"))
    #expect(end.listener.messages.count == 1)
    end.advance(5)
    #expect(!end.channel.isActive && end.listener.closes.count == 1)
  }

  @Test("a delegate may close inside a message: the rest of the read is not delivered")
  func closesInside() throws {
    let end = try EmbeddedConnection()
    end.listener.onMessage = { $0.close(code: 1008, reason: "no") }
    try end.receive(Wire.text("a") + Wire.text("b") + Wire.close(1008))
    #expect(end.listener.messages.count == 1 && end.listener.closes == [Close(code: 1008, reason: "")])
  }

  @Test("closing a paused connection still finds the peer's answer")
  func closesPaused() throws {
    let end = try EmbeddedConnection()
    end.connection.pauseReading()
    try end.receive(Wire.text("held back"))
    end.connection.close(code: 1000)
    try end.receive(Wire.close(1000))
    end.channel.embeddedEventLoop.run()
    #expect(end.listener.messages.isEmpty && end.listener.closes == [Close(code: 1000, reason: "")])
  }

  // MARK: Keep-alive

  private func keepAlive() throws -> EmbeddedConnection {
    var configuration = WebSocketConfiguration(role: .server, deflate: .off)
    configuration.pingInterval = .seconds(30)
    configuration.pongDeadline = .seconds(10)
    return try EmbeddedConnection(configuration)
  }

  @Test("silence is asked for a sign of life, and any byte is one")
  func pingsSilence() throws {
    let end = try keepAlive()
    end.advance(30)
    #expect(try end.sent() == [0x89, 0x00])
    try end.receive([Wire.text("x")[0]])
    end.advance(10)
    #expect(try end.sent() == [] && end.channel.isActive)
    end.advance(30)
    #expect(try end.sent() == [0x89, 0x00])
    try end.receive(Wire.frame(0x8A).prefix(0) + Array(Wire.text("x").dropFirst()))
    end.advance(9)
    #expect(end.channel.isActive && end.listener.closes.isEmpty)
  }

  @Test("[1006] a peer that gives none is dropped")
  func deadPeer() throws {
    let end = try keepAlive()
    end.advance(30)
    end.advance(9)
    #expect(end.channel.isActive)
    end.advance(1)
    #expect(!end.channel.isActive && end.listener.closes.map(\.code) == [1006])
  }

  @Test("a peer that talks is not asked, one that we do not listen to is not blamed")
  func noPingNeeded() throws {
    let end = try keepAlive()
    for _ in 0..<5 {
      try end.receive(Wire.text("x"))
      end.advance(29)
    }
    #expect(try end.sent() == [])
    end.connection.pauseReading()
    end.advance(300)
    #expect(end.channel.isActive && end.listener.closes.isEmpty)
    #expect(try end.sent() == [])
  }

  @Test("a message that never ends is as good as silence, however often a piece of it comes; one that ends begins anew")
  func drips() throws {
    let end = try keepAlive()
    let endless = Wire.text(String(repeating: "a", count: 100))
    try end.receive(Array(endless.prefix(10)))
    for index in 10..<14 {
      try end.receive([endless[index]])
      end.advance(30)
    }
    #expect(end.channel.isActive)
    try end.receive([endless[14]])
    end.advance(30)
    #expect(!end.channel.isActive && end.listener.closes == [Close(code: 1006, reason: "a message without an end")])

    let patient = try keepAlive()
    for _ in 0..<20 {
      let message = Wire.text("slow")
      try patient.receive(Array(message.prefix(7)))
      patient.advance(30)
      try patient.receive(Array(message.dropFirst(7)))
    }
    #expect(patient.channel.isActive && patient.listener.messages.count == 20)
  }

  @Test("the memory of beginnings of messages is counted for all connections; who adds too much is cut off, and everything is given back")
  func unfinished() throws {
    let ledger = InputLedger(bytesMax: 10_000)
    var configuration = WebSocketConfiguration(role: .server, deflate: .off)
    configuration.inputLedger = ledger
    let ends = try (0..<3).map { _ in try EmbeddedConnection(configuration) }
    let message = Wire.text(String(repeating: "a", count: 6000))
    try ends[0].receive(Array(message.prefix(5000)))
    #expect(ledger.heldBytes == 8192)
    try ends[1].receive(Array(message.prefix(5500)))
    #expect(!ends[1].channel.isActive && ends[1].listener.closes.map(\.code) == [1006])
    #expect(ledger.heldBytes == 8192)
    // Less than is free for everybody.
    try ends[2].receive(Array(message.prefix(4000)))
    try ends[0].receive(Array(message.dropFirst(5000)))
    #expect(ends[0].listener.messages.count == 1 && ends[2].channel.isActive)
    #expect(ledger.heldBytes == 4096)
    try ends[2].channel.close().wait()
    #expect(ledger.heldBytes == 0)
  }

  @Test("no timer outlives its connection")
  func timersEnd() throws {
    let end = try keepAlive()
    try end.receive(Wire.close(1000))
    try end.channel.close().wait()
    weak let connection = end.connection
    _ = connection
    end.advance(1000)
    #expect(end.listener.closes.count == 1)
  }
}
