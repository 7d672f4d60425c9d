import NIOCore
import NIOEmbedded
import NIOPosix
import Testing

@testable import OpenSSLTransport

/// Our client against our server, and against things that are neither.
@Suite(.timeLimit(.minutes(2))) struct HandlerTests {
  private func server(_ files: Certificates, deadline: Duration = .seconds(10)) throws -> TLSServerContext {
    var configuration = TLSServerConfiguration(certificateChainFile: files.chain, privateKeyFile: files.key)
    configuration.handshakeDeadline = deadline
    return try TLSServerContext(configuration)
  }

  // MARK: Whom a client trusts

  @Test("a client verifies name and chain, by file, pin, or not at all; the system does not know us")
  func verification() async throws {
    let files = try Certificates()
    let other = try Certificates()
    let server = try await TLSEchoServer(server(files))
    let pin = try files.sha256(files.chain)
    let rows: [(TLSClientConfiguration.Verification, String, Bool)] = [
      (.authorityFile(files.chain), "localhost", true), (.authorityFile(files.chain), "127.0.0.1", true),
      (.authorityFile(files.chain), "::1", true),
      (.authorityFile(files.chain), "example.com", false), (.authorityFile(files.chain), "127.0.0.2", false),
      (.authorityFile(other.chain), "localhost", false), (.systemRoots, "localhost", false), (.pinned([pin]), "whatever.example", true),
      (.pinned([try other.sha256(other.chain), pin]), "localhost", true), (.pinned([try other.sha256(other.chain)]), "localhost", false),
      (.insecure, "whatever.example", true),
    ]
    for (verification, host, isTrusted) in rows {
      let client = try await TLSTestClient(TLSClientContext(.init(verification: verification)), port: server.port, host: host)
      let item = await client.log.first {
        switch $0 {
        case .handshake, .error: true
        default: false
        }
      }
      if isTrusted {
        #expect(item == .handshake("http/1.1"), "\(verification) \(host)")
      } else {
        guard case .error(let error)? = item else {
          Issue.record("\(verification) trusted \(host)")
          continue
        }
        #expect(error.kind == .handshake && error.text.contains("certificate verify failed"))
      }
      try? await client.channel.close().get()
    }
    try await server.stop()
  }

  @Test("files that cannot be used are told at the start")
  func badFiles() throws {
    let files = try Certificates()
    let other = try Certificates()
    for (chain, key) in [("/nowhere", files.key), (files.chain, "/nowhere"), (files.chain, other.key), (files.key, files.key)] {
      let error = #expect(throws: TLSError.self) { try TLSServerContext(.init(certificateChainFile: chain, privateKeyFile: key)) }
      #expect(error?.kind == .configuration && error?.text.isEmpty == false)
    }
    #expect(throws: TLSError.self) { try TLSClientContext(.init(verification: .authorityFile("/nowhere"))) }
    #expect(throws: TLSError.self) { try TLSClientContext(.init(verification: .pinned([[1, 2]]))) }
  }

  // MARK: Data

  @Test("50 MB come back byte for byte")
  func bulk() async throws {
    let files = try Certificates()
    let server = try await TLSEchoServer(server(files))
    let context = try TLSClientContext(.init(verification: .authorityFile(files.chain)))
    let total = 50 << 20
    let done = MultiThreadedEventLoopGroup.singleton.next().makePromise(of: Bool.self)
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandlers([context.makeHandler(host: "localhost"), Comparer(total, done)])
        }
      }
      .connect(host: "127.0.0.1", port: server.port).get()
    #expect(try await done.futureResult.get())
    try await channel.close().get()
    try await server.stop()
  }

  /// Sends a pattern, a piece ahead of what came back, and compares.
  private final class Comparer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private let total: Int
    private let done: EventLoopPromise<Bool>
    private var sent = 0
    private var received = 0
    private let block = ByteBuffer(bytes: (0..<65_521).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 13) })

    init(_ total: Int, _ done: EventLoopPromise<Bool>) { (self.total, self.done) = (total, done) }

    func channelActive(context: ChannelHandlerContext) {
      for _ in 0..<16 { send(context) }
      context.flush()
    }

    private func send(_ context: ChannelHandlerContext) {
      guard sent < total else { return }
      sent += block.readableBytes
      context.write(wrapOutboundOut(block), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      var bytes = unwrapInboundIn(data)
      while bytes.readableBytes > 0 {
        let offset = received % block.readableBytes
        let count = min(bytes.readableBytes, block.readableBytes - offset)
        guard bytes.readSlice(length: count) == block.getSlice(at: offset, length: count) else { return done.succeed(false) }
        received += count
        if received % block.readableBytes == 0 { send(context) }
      }
      context.flush()
      if received >= total { done.succeed(true) }
    }
  }

  @Test("one flush is one write, however many messages it carries; every promise is settled")
  func coalesces() throws {
    let files = try Certificates()
    let (client, counter, server) = try embeddedPair(files)
    counter.writes = 0
    var settled = 0
    for _ in 0..<100 {
      let promise = client.eventLoop.makePromise(of: Void.self)
      promise.futureResult.assumeIsolated().whenSuccess { settled += 1 }
      client.write(ByteBuffer(string: "0123456789"), promise: promise)
    }
    #expect(settled == 0 && counter.writes == 0)
    client.flush()
    #expect(settled == 100 && counter.writes == 1)
    let record = try #require(try client.readOutbound(as: ByteBuffer.self))
    #expect(record.readableBytes < 1_000 + 60, "one record")
    try server.writeInbound(record)
    #expect(try server.readInbound(as: ByteBuffer.self)?.readableBytes == 1_000)
    _ = try? client.finish(acceptAlreadyClosed: true)
    _ = try? server.finish(acceptAlreadyClosed: true)
  }

  private final class Counter: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer
    var writes = 0
    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
      writes += 1
      context.write(data, promise: promise)
    }
  }

  /// Two channels whose handshake is done.
  private func embeddedPair(_ files: Certificates) throws -> (EmbeddedChannel, Counter, EmbeddedChannel) {
    let counter = Counter()
    let client = EmbeddedChannel()
    let tls = try TLSClientContext(.init(verification: .insecure)).makeHandler(host: "localhost")
    try client.pipeline.syncOperations.addHandlers([counter, tls])
    let server = EmbeddedChannel(handler: try self.server(files).makeHandler())
    try client.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    try server.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 2)).wait()
    try shuttle(client, server)
    #expect(tls.details?.version == "TLSv1.3")
    return (client, counter, server)
  }

  private func shuttle(_ a: EmbeddedChannel, _ b: EmbeddedChannel) throws {
    var moved = true
    while moved {
      moved = false
      for (from, to) in [(a, b), (b, a)] {
        while let bytes = try from.readOutbound(as: ByteBuffer.self) {
          try to.writeInbound(bytes)
          moved = true
        }
      }
    }
  }

  @Test("what is written before the handshake waits for it; every cut of the bytes works")
  func drops() throws {
    let files = try Certificates()
    let client = EmbeddedChannel(handler: try TLSClientContext(.init(verification: .insecure)).makeHandler(host: "localhost"))
    let server = EmbeddedChannel(handler: try self.server(files).makeHandler())
    client.writeAndFlush(ByteBuffer(string: "early"), promise: nil)
    try client.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    try server.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 2)).wait()
    var moved = true
    while moved {
      moved = false
      for (from, to) in [(client, server), (server, client)] {
        while var bytes = try from.readOutbound(as: ByteBuffer.self) {
          while let byte = bytes.readSlice(length: 1) { try to.writeInbound(byte) }
          moved = true
        }
      }
    }
    #expect(try server.readInbound(as: ByteBuffer.self) == ByteBuffer(string: "early"))
    _ = try? client.finish(acceptAlreadyClosed: true)
    _ = try? server.finish(acceptAlreadyClosed: true)
  }

  @Test("a flipped bit in a record ends the connection and delivers nothing")
  func flippedRecord() throws {
    let files = try Certificates()
    for place in [0, 1, 3, 5, 12, 30] {
      let (client, _, server) = try embeddedPair(files)
      client.writeAndFlush(ByteBuffer(string: "secret of the day"), promise: nil)
      var record = try #require(try client.readOutbound(as: ByteBuffer.self))
      record.setInteger(record.getInteger(at: place, as: UInt8.self)! ^ 0x40, at: place)
      let error = #expect(throws: TLSError.self) {
        try server.writeInbound(record)
        // A longer length waits for bytes that never come.
        try server.close(mode: .input).wait()
        throw TLSError.waiting
      }
      #expect(error?.kind == .record || error == .waiting)
      #expect(try server.readInbound(as: ByteBuffer.self) == nil)
      _ = try? client.finish(acceptAlreadyClosed: true)
      _ = try? server.finish(acceptAlreadyClosed: true)
    }
  }

  // MARK: The end

  @Test("this end closes its output: close_notify, TCP's FIN, and reading goes on")
  func halfClose() async throws {
    let files = try Certificates()
    let server = try await TLSEchoServer(server(files))
    let client = try await TLSTestClient(TLSClientContext(.init(verification: .insecure)), port: server.port)
    try await client.say("half\n")
    #expect(await client.log.first { $0 == .inactive } == .inactive, "the client closes in turn")
    #expect(await server.log.first { $0 == .inactive || $0 == .inputClosed } != nil)
    try await server.stop()
  }

  @Test("TCP that ends without close_notify is told from one that ends well")
  func truncated() throws {
    let files = try Certificates()
    let (client, _, server) = try embeddedPair(files)
    let error = #expect(throws: TLSError.self) {
      server.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
      try server.throwIfErrorCaught()
    }
    #expect(error?.kind == .truncated)
    let (first, _, second) = try embeddedPair(files)
    first.close(promise: nil)
    try shuttle(first, second)
    try second.throwIfErrorCaught()
    #expect(!second.isActive)
    for channel in [client, server, first, second] { _ = try? channel.finish(acceptAlreadyClosed: true) }
  }

  // MARK: Strangers

  @Test("garbage, half a hello, silence: refused in time, and the server serves on")
  func strangers() async throws {
    let files = try Certificates()
    let server = try await TLSEchoServer(server(files, deadline: .milliseconds(300)))
    let hello: [UInt8] = [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC, 0x03, 0x03]
    let garbage: [[UInt8]] = [
      Array("GET / HTTP/1.1\r\n\r\n".utf8), [UInt8](repeating: 0xFF, count: 5_000), hello, [], [0x16], [0x80, 0x2E, 0x01, 0x00, 0x02],
    ]
    for bytes in garbage + garbage {
      let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connect(host: "127.0.0.1", port: server.port)
        .get()
      if !bytes.isEmpty { channel.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil) }
      try await channel.closeFuture.get()
      let error = await server.log.firstError()
      #expect(error?.kind == .handshake || error?.kind == .timeout)
    }
    let client = try await TLSTestClient(TLSClientContext(.init(verification: .authorityFile(files.chain))), port: server.port)
    try await client.say("still here")
    #expect(await client.log.first { $0 == .bytes("still here") } != nil)
    try await client.channel.close().get()
    try await server.stop()
  }

  @Test("a client whose server speaks no TLS fails, with OpenSSL's reason")
  func plainServer() async throws {
    let plain = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Greeter()) }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    let client = try await TLSTestClient(TLSClientContext(.init(verification: .insecure)), port: plain.localAddress?.port ?? 0)
    let error = await client.log.firstError()
    #expect(error?.kind == .handshake && error?.text.contains("wrong version number") == true)
    try await plain.close().get()
  }
}

private final class Greeter: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer
  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: "220 mail ready\r\n")), promise: nil)
  }
}

extension TLSError {
  fileprivate static var waiting: TLSError { TLSError(.timeout, "nothing came") }
}
