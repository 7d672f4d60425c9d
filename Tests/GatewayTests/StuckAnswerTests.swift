import NIOCore
import NIOEmbedded
import NIOPosix
import Testing

@testable import Gateway

@Suite struct StuckAnswerTests {
  /// Takes nothing until it is told to.
  private final class Socket: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    var takes = false
    func flush(context: ChannelHandlerContext) { if takes { context.flush() } }
  }

  private static func channel(_ socket: Socket = Socket()) throws -> EmbeddedChannel {
    let channel = EmbeddedChannel()
    try channel.pipeline.syncOperations.addHandlers([socket, StuckAnswer(patience: .seconds(30))])
    try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    return channel
  }

  private static func write(_ count: Int, to channel: EmbeddedChannel) {
    channel.writeAndFlush(ByteBuffer(repeating: 0, count: count), promise: nil)
  }

  @Test("a peer that takes nothing is cut off after a while, however much is written meanwhile")
  func stuck() throws {
    let channel = try Self.channel()
    defer { _ = try? channel.finish(acceptAlreadyClosed: true) }
    Self.write(100, to: channel)
    channel.embeddedEventLoop.advanceTime(by: .seconds(29))
    #expect(channel.isActive)
    Self.write(100, to: channel)
    channel.embeddedEventLoop.advanceTime(by: .seconds(2))
    #expect(!channel.isActive)
  }

  /// Source: docs/LIMITS.md, answerPatience and answerBytesMin. A socket that takes so many bytes of a long answer in each stretch of time.
  @Test("the least rate is enough, one byte less is not, and of less than it all must be taken", arguments: [4095, 4096])
  func leastRate(perStretch: Int) throws {
    let (channel, total) = (EmbeddedChannel(), 40_960)
    defer { _ = try? channel.finish(acceptAlreadyClosed: true) }
    var waiting = total
    let handler = StuckAnswer(patience: .seconds(30), bytesMin: 4096) { _ in waiting }
    try channel.pipeline.syncOperations.addHandlers([Socket(), handler])
    try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    Self.write(total, to: channel)
    for stretch in 1...9 {
      waiting -= perStretch
      channel.embeddedEventLoop.advanceTime(by: .seconds(30))
      #expect(channel.isActive == (perStretch >= 4096), "after stretch \(stretch)")
      guard channel.isActive else { return }
    }
    waiting = 0
    channel.embeddedEventLoop.advanceTime(by: .seconds(30))
    // Of little that waits all is due.
    waiting = 100
    Self.write(100, to: channel)
    channel.embeddedEventLoop.advanceTime(by: .seconds(29))
    #expect(channel.isActive)
    waiting = 1
    channel.embeddedEventLoop.advanceTime(by: .seconds(2))
    #expect(!channel.isActive)
  }

  /// A socket with a large buffer takes nothing for long although its peer does.
  @Test("who acknowledges the least rate goes on although the socket takes nothing, one byte less is not enough", arguments: [4095, 4096])
  func acknowledged(perStretch: UInt64) throws {
    let channel = EmbeddedChannel()
    defer { _ = try? channel.finish(acceptAlreadyClosed: true) }
    var acknowledged: UInt64 = 1000
    let handler = StuckAnswer(
      patience: .seconds(30), bytesMin: 4096, waitingBytes: { _ in 40_960 }, acknowledgedBytes: { _ in acknowledged })
    try channel.pipeline.syncOperations.addHandlers([Socket(), handler])
    try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    Self.write(40_960, to: channel)
    for stretch in 1...9 {
      acknowledged += perStretch
      channel.embeddedEventLoop.advanceTime(by: .seconds(30))
      #expect(channel.isActive == (perStretch >= 4096), "after stretch \(stretch)")
    }
  }

  @Test("the kernel tells what a peer has acknowledged")
  func kernel() async throws {
    let group = MultiThreadedEventLoopGroup.singleton
    let server = try await ServerBootstrap(group: group).bind(host: "127.0.0.1", port: 0) { $0.eventLoop.makeSucceededFuture($0) }
    try await server.executeThenClose { accepted in
      let client = try await ClientBootstrap(group: group).connect(to: try #require(server.channel.localAddress)).get()
      for try await peer in accepted {
        let before = try await client.eventLoop.submit { PeerProgress.acknowledgedBytes(of: client) }.get()
        // The peer's kernel takes it and says so, before its program looks.
        try await client.writeAndFlush(ByteBuffer(repeating: 0, count: 5000))
        var after = before
        while after < before + 5000 {
          after = try await client.eventLoop.submit { PeerProgress.acknowledgedBytes(of: client) }.get()
          await Task.yield()
        }
        #expect(after == before + 5000)
        try await client.close()
        // It hears of it, and closes its own end.
        try await peer.closeFuture.get()
        break
      }
    }
  }

  @Test("a slow one goes on, and one that took everything is left alone")
  func slow() throws {
    let socket = Socket()
    let channel = try Self.channel(socket)
    defer { _ = try? channel.finish(acceptAlreadyClosed: true) }
    for _ in 0..<4 {
      Self.write(100, to: channel)
      channel.embeddedEventLoop.advanceTime(by: .seconds(20))
      socket.takes = true
      channel.flush()
      socket.takes = false
      // As much waits at each look as at the last, but other bytes.
      Self.write(100, to: channel)
      channel.embeddedEventLoop.advanceTime(by: .seconds(11))
      #expect(channel.isActive)
      socket.takes = true
      channel.flush()
      socket.takes = false
    }
    channel.embeddedEventLoop.advanceTime(by: .seconds(600))
    #expect(channel.isActive)
  }
}
