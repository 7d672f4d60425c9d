import NIOCore
import NIOEmbedded
import Testing

@testable import OpenSSLTransport

/// What is written to a peer that takes nothing stays as it was written.
@Suite struct BacklogTests {
  private final class Ends {
    let server = EmbeddedChannel()
    let client = EmbeddedChannel()
    /// What came out of the client's TLS.
    private(set) var received = ByteBuffer()

    init() throws {
      let files = try Certificates()
      let context = try TLSServerContext(TLSServerConfiguration(certificateChainFile: files.chain, privateKeyFile: files.key))
      try server.pipeline.syncOperations.addHandler(context.makeHandler())
      try client.pipeline.syncOperations.addHandler(try TLSClientContext(.init(verification: .insecure)).makeHandler(host: "localhost"))
      let address = try SocketAddress(ipAddress: "127.0.0.1", port: 1)
      try server.connect(to: address).wait()
      try client.connect(to: address).wait()
      while try carry() {}
    }

    /// A channel lets go of its handlers, and they of it, in a task of its loop that nobody else runs.
    deinit { for channel in [server, client] { _ = try? channel.finish(acceptAlreadyClosed: true) } }

    /// Takes what both ends have written to the other. - Returns: whether there was anything.
    func carry() throws -> Bool {
      var isAny = false
      while let bytes = try server.readOutbound(as: ByteBuffer.self) {
        isAny = true
        try client.writeInbound(bytes)
        while var plain = try client.readInbound(as: ByteBuffer.self) { received.writeBuffer(&plain) }
      }
      while let bytes = try client.readOutbound(as: ByteBuffer.self) {
        isAny = true
        try server.writeInbound(bytes)
      }
      return isAny
    }

    func setWritable(_ isWritable: Bool) {
      server.isWritable = isWritable
      server.pipeline.fireChannelWritabilityChanged()
    }
  }

  private let plaintext = ByteBuffer(bytes: (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })

  @Test("nothing is encrypted for a channel that takes nothing; all of it follows, in order, when the channel takes it")
  func waitsForTheSocket() throws {
    let ends = try Ends()
    ends.setWritable(false)
    var settled: [Int] = []
    for (index, piece) in [plaintext, ByteBuffer(string: "a"), ByteBuffer(string: "b"), plaintext].enumerated() {
      let promise = ends.server.eventLoop.makePromise(of: Void.self)
      promise.futureResult.assumeIsolated().whenSuccess { settled.append(index) }
      ends.server.pipeline.write(piece, promise: promise)
      if index != 1 { ends.server.flush() }
    }
    #expect(try !ends.carry())
    #expect(settled.isEmpty)
    ends.setWritable(true)
    #expect(settled.isEmpty || settled == [0, 1, 2, 3])
    while try ends.carry() {}
    #expect(settled == [0, 1, 2, 3])
    var expected = plaintext
    expected.writeString("ab")
    expected.writeImmutableBuffer(plaintext)
    #expect(ends.received == expected)
  }

  @Test("a full channel gets no more than a piece at a time")
  func stopsWhenFull() throws {
    let ends = try Ends()
    ends.setWritable(false)
    ends.server.pipeline.write(plaintext, promise: nil)
    ends.server.flush()
    // A socket that is full after every write.
    let gate = Gate()
    try ends.server.pipeline.syncOperations.addHandler(gate, position: .first)
    var pieces: [Int] = []
    for _ in 0..<20 {
      let before = ends.received.readableBytes
      ends.setWritable(true)
      while try ends.carry() {}
      if ends.received.readableBytes > before { pieces.append(ends.received.readableBytes - before) }
    }
    #expect(pieces == [65536, 65536, 65536, 65536, 300_000 - 4 * 65536])
    #expect(ends.received == plaintext)
  }

  @Test("the end of the output comes behind what waits")
  func endsBehindTheBacklog() throws {
    let ends = try Ends()
    let ear = Ear()
    try ends.client.pipeline.syncOperations.addHandler(ear)
    ends.setWritable(false)
    ends.server.pipeline.write(plaintext, promise: nil)
    ends.server.flush()
    ends.server.pipeline.close(mode: .output, promise: nil)
    let late = ends.server.eventLoop.makePromise(of: Void.self)
    var error: (any Error)?
    late.futureResult.assumeIsolated().whenFailure { error = $0 }
    ends.server.pipeline.writeAndFlush(ByteBuffer(string: "late"), promise: late)
    #expect(error as? ChannelError == .outputClosed)
    #expect(try !ends.carry())
    ends.setWritable(true)
    while try ends.carry() {}
    #expect(ends.received == plaintext)
    #expect(ear.error == nil)
    // The client answered close_notify with its own end.
    #expect(!ends.client.isActive)
  }

  @Test("a channel closed at once loses what waits, and says no close_notify that would make it look whole")
  func closedAtOnce() throws {
    let ends = try Ends()
    ends.setWritable(false)
    let promise = ends.server.eventLoop.makePromise(of: Void.self)
    var error: (any Error)?
    promise.futureResult.assumeIsolated().whenFailure { error = $0 }
    ends.server.pipeline.writeAndFlush(plaintext, promise: promise)
    ends.server.close(promise: nil)
    #expect(error as? ChannelError == .ioOnClosedChannel)
    #expect(try ends.server.readOutbound(as: ByteBuffer.self) == nil)
  }

  /// A socket buffer that one write fills.
  private final class Gate: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    func flush(context: ChannelHandlerContext) {
      context.flush()
      guard let channel = context.channel as? EmbeddedChannel, channel.isWritable else { return }
      channel.isWritable = false
      channel.pipeline.fireChannelWritabilityChanged()
    }
  }

  private final class Ear: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    var error: (any Error)?
    func errorCaught(context: ChannelHandlerContext, error: any Error) { self.error = error }
  }
}
