import CRDT
import CollabClient
import CollabProtocol
import Gateway
import NIOCore
import NIOPosix
import RateLimits
import RoomCore
import Rooms
import Storage
import Testing
import WebSocketTransport
import WorkflowDocument
import WorkflowGraph

/// Every close code of the table in protocol/SPEC.md §12 that a server sends, over a real socket: a reason in words, and the room goes on.
@Suite("Every close code, over real sockets", .timeLimit(.minutes(2)))
struct CloseTableTests {
  private let hello = #"{"hello":{"protocolMajor":1,"name":"raw","create":true}}"#

  /// What becomes of a connection that says `texts`, while a bystander edits on.
  private func ending(
    _ options: TestServer.Options = TestServer.Options(), workflow: String = "demo", saying texts: [String]
  ) async throws -> (code: UInt16, reason: String) {
    let server = try await TestServer.start(options)
    let bystander = options.authenticator is OpenAuthenticator ? try await RawPeer.joined(server) : nil
    let peer = try await RawPeer.connect(server, workflow)
    for text in texts { await peer.send(text: text) }
    let end = await peer.untilClosed()
    if let bystander {
      await bystander.send(Make.batch(1, [Make.change(await bystander.replica, 1, Make.node("theirs"))]))
      #expect(try await bystander.ack().seq == 1)
      await bystander.close()
    }
    try await server.stop()
    return (end.code, end.reason)
  }

  @Test("1000 is answered with 1000, and gives the lease back")
  func normal() async throws {
    try await TestServer.with { server in
      let peer = try await RawPeer.joined(server)
      let replica = await peer.replica
      await peer.close(1000)
      #expect(await peer.untilClosed().code == 1000)
      let next = try await RawPeer.joined(server)
      #expect(await next.replica == replica)
      await next.close()
    }
  }

  @Test("1001: a viewer is given the right to write and comes back for a replica id")
  func goingAway() async throws {
    var options = TestServer.Options()
    options.authenticator = TokenAuthenticator([AccessToken(name: "ada", role: .viewer, kind: nil, secret: "sixteen bytes or more")!])
    try await TestServer.with(options) { server in
      _ = try await server.store.create(WorkflowID("demo")!)
      let peer = try await RawPeer.joined(server) {
        $0.token = "sixteen bytes or more"
        $0.create = false
      }
      #expect(await peer.welcome.role == .viewer)
      #expect(await peer.welcome.lease == nil)
      server.registry.setRole(.editor, of: "ada", in: WorkflowID("demo")!)
      let end = await peer.untilClosed()
      #expect(end.code == 1001)
      #expect(end.messages.contains { if case .role(let changed) = $0, changed.role == .editor { true } else { false } })
      #expect(end.messages.contains { if case .goodbye = $0 { true } else { false } })
    }
  }

  @Test("1002: a frame that is not masked")
  func protocolError() async throws {
    try await TestServer.with { server in
      let reply = try await RawBytes.afterUpgrade(server, send: [0x81, 0x02, 0x7B, 0x7D])
      #expect(RawBytes.closeCode(reply) == 1002)
    }
  }

  @Test("[WP5] 1003: a frame type that the subprotocol does not have")
  func frameType() async throws {
    try await TestServer.with { server in
      let peer = try await RawPeer.joined(server)
      await peer.send(ByteBuffer(bytes: [1, 2, 3]), isText: false)
      #expect(await peer.untilClosed().code == 1003)
    }
  }

  @Test("[WP6] 1007: text that is not UTF-8")
  func notUTF8() async throws {
    try await TestServer.with { server in
      let peer = try await RawPeer.joined(server)
      await peer.send(ByteBuffer(bytes: [0x22, 0xC3, 0x28, 0x22]), isText: true)
      #expect(await peer.untilClosed().code == 1007)
    }
  }

  @Test("[LM1] 1009: a message larger than the server takes")
  func tooBig() async throws {
    try await TestServer.with { server in
      let peer = try await RawPeer.joined(server)
      await peer.send(text: #"{"presence":{"state":{"extra":""# + String(repeating: "x", count: 2 << 20) + #""}}}"#)
      #expect(await peer.untilClosed().code == 1009)
    }
  }

  @Test(
    "[WP1, WP6] 4400: no message, no hello first, a hello that is not in order, two hellos",
    arguments: [
      ["this is no JSON"], [#"{"ping":{"id":"1"}}"#], [#"{"hello":{"protocolMajor":1}}"#],
      [#"{"hello":{"protocolMajor":1,"name":"a","colour":"red"}}"#],
      [#"{"hello":{"protocolMajor":1,"name":"a","lease":{"replica":1,"secret":"AA=="}}}"#], [""],
      [#"{"hello":{"protocolMajor":1,"name":"a","create":true}}"#, "{"],
      [#"{"hello":{"protocolMajor":1,"name":"a","create":true}}"#, #"{"hello":{"protocolMajor":1,"name":"a"}}"#],
      [#"{"hello":{"protocolMajor":1,"name":"a","create":true}}"#, #"{"ping":{"id":"-1"}}"#],
      [#"{"hello":{"protocolMajor":1,"name":"a","create":true}}"#, #"{"ping":{"id":1},"resync":{}}"#],
      [#"{"hello":{"protocolMajor":1,"name":"a","create":true}}"#, String(repeating: "[", count: 100_000)],
    ])
  func badRequest(texts: [String]) async throws {
    let (code, reason) = try await ending(saying: texts)
    #expect(code == 4400)
    #expect(!reason.isEmpty)
  }

  @Test("[WP6] 4400: bytes that are no protobuf message")
  func badProto() async throws {
    try await TestServer.with { server in
      for bytes in [[0xFF], [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F], [0x0B], [0x0A, 0x02, 0x0D, 0x00]] as [[UInt8]] {
        let peer = try await RawPeer.joined(server, "demo", .proto)
        await peer.send(ByteBuffer(bytes: bytes), isText: false)
        #expect(await peer.untilClosed().code == 4400, "\(bytes)")
      }
    }
  }

  @Test("[WP1] 4401: no token and an unknown one; 4403: a token for another kind")
  func tokens() async throws {
    var options = TestServer.Options()
    options.authenticator = TokenAuthenticator([AccessToken(name: "ci", role: .editor, kind: .bot, secret: "sixteen bytes or more")!])
    #expect(try await ending(options, saying: [hello]).code == 4401)
    #expect(try await ending(options, saying: [#"{"hello":{"protocolMajor":1,"name":"a","token":"wrong"}}"#]).code == 4401)
    let person = #"{"hello":{"protocolMajor":1,"name":"a","token":"sixteen bytes or more","kind":"PERSON"}}"#
    #expect(try await ending(options, saying: [person]).code == 4403)
  }

  @Test("[WP1] 4404: a workflow that does not exist, and nobody asked to make it")
  func unknownWorkflow() async throws {
    #expect(try await ending(workflow: "nowhere", saying: [#"{"hello":{"protocolMajor":1,"name":"a"}}"#]).code == 4404)
  }

  @Test("[WP1] 4408: no hello in time")
  func helloTooLate() async throws {
    var options = TestServer.Options()
    options.limits.helloDeadlineMilliseconds = 150
    #expect(try await ending(options, saying: []).code == 4408)
  }

  @Test("[CR5] 4409: the same lease is shown by a newer session, which goes on")
  func replaced() async throws {
    try await TestServer.with { server in
      let old = try await RawPeer.joined(server)
      let lease = await old.welcome.lease
      let new = try await RawPeer.joined(server) { $0.lease = lease }
      #expect(await old.untilClosed().code == 4409)
      #expect(await new.welcome.lease == lease)
      await new.send(Make.batch(1, [Make.change(await new.replica, 1, Make.node("a"))]))
      #expect(try await new.ack().seq == 1)
      await new.close()
    }
  }

  @Test("[LM1] 4413: more changes in one batch than the server takes")
  func batchTooLarge() async throws {
    try await TestServer.with { server in
      let peer = try await RawPeer.joined(server)
      let replica = await peer.replica
      await peer.send(Make.batch(1, (1...1025).map { Make.change(replica, $0, [.setNodeLife(node: NodeID("a"), alive: true)]) }))
      #expect(await peer.untilClosed().code == 4413)
    }
  }

  @Test("[WP2] 4426: another major version; the reason names the one that works")
  func version() async throws {
    let (code, reason) = try await ending(saying: [#"{"hello":{"protocolMajor":9,"name":"a"}}"#])
    #expect(code == 4426)
    #expect(reason.contains("1"))
  }

  @Test("[FC1] 4429: goes on in spite of RATE_LIMITED")
  func abusive() async throws {
    var options = TestServer.Options()
    options.limits.rates[.ops, per: .session] = Rate(1, burst: 1)
    options.limits.rateStrikeCountMax = 5
    try await TestServer.with(options) { server in
      let peer = try await RawPeer.joined(server)
      let replica = await peer.replica
      for batch in 1...20 as ClosedRange<UInt64> { await peer.send(Make.batch(batch, [Make.change(replica, batch, Make.node("a"))])) }
      #expect(await peer.untilClosed().code == 4429)
    }
  }

  @Test("4500: the workflow cannot be loaded; the next attempt works")
  func serverFault() async throws {
    let store = InMemoryWorkflowStore()
    var options = TestServer.Options()
    options.store = store
    try await TestServer.with(options) { server in
      store.failLoads(10, of: WorkflowID("broken")!)
      let peer = try await RawPeer.connect(server, "broken")
      await peer.send(text: hello)
      #expect(await peer.untilClosed().code == 4500)
      let other = try await RawPeer.joined(server, "fine")
      await other.close()
    }
  }

  @Test("[GB1] 4503: the room is full")
  func full() async throws {
    var options = TestServer.Options()
    options.limits.sessionCountMax = 1
    try await TestServer.with(options) { server in
      let first = try await RawPeer.joined(server)
      let peer = try await RawPeer.connect(server)
      await peer.send(text: hello)
      let end = await peer.untilClosed()
      #expect(end.code == 4503)
      #expect(end.messages.contains { if case .goodbye(let goodbye) = $0 { goodbye.reconnectAfterMilliseconds > 0 } else { false } })
      await first.close()
    }
  }

  @Test("[FC2] 4508: does not read what it is sent; who writes is answered all the while")
  func tooSlow() async throws {
    var options = TestServer.Options()
    options.limits.outboxBytesMax = 64 << 10
    options.limits.slowGraceMilliseconds = 700
    try await TestServer.with(options) { server in
      let slow = try await RawPeer.joined(server)
      let writer = try await RawPeer.joined(server)
      await slow.pauseReading()
      let replica = await writer.replica
      let text = "\"" + String(repeating: "abcdefghij", count: 20_000) + "\""
      for seq in 1...120 as ClosedRange<UInt64> {
        await writer.send(Make.batch(seq, [Make.change(replica, seq, Make.node("n", ["text": text]))]))
        _ = try await writer.until { if case .ack(let ack) = $0, ack.seq >= seq { true } else { nil } }
      }
      try await Task.sleep(for: .milliseconds(2500))
      await slow.resumeReading()
      let end = await slow.untilClosed()
      #expect(end.code == 4508 || end.code == 1006, "a peer that never reads may be cut off before its close frame fits: \(end.code)")
      #expect(server.registry.isAccepting)
      await writer.close()
    }
  }

  @Test("4509: evicted by the operator")
  func evicted() async throws {
    try await TestServer.with { server in
      let peer = try await RawPeer.joined(server)
      server.registry.evict("", from: WorkflowID("demo")!)
      #expect(await peer.untilClosed().code == 4509)
    }
  }
}

/// Bytes on a TCP connection, for what no WebSocket client would send.
enum RawBytes {
  static func afterUpgrade(_ server: TestServer, send bytes: [UInt8]) async throws -> [UInt8] {
    let (stream, sink) = AsyncStream<ByteBuffer>.makeStream()
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Catcher(sink)) }
      }
      .connect(host: server.address.host, port: server.address.port).get()
    let request = """
      GET /api/v1/workflows/demo/live HTTP/1.1\r
      Host: \(server.address.host):\(server.address.port)\r
      Upgrade: websocket\r
      Connection: Upgrade\r
      Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
      Sec-WebSocket-Version: 13\r
      \r

      """
    try await channel.writeAndFlush(ByteBuffer(string: request))
    try await channel.writeAndFlush(ByteBuffer(bytes: bytes))
    var reply: [UInt8] = []
    for await part in stream { reply += Array(part.readableBytesView) }
    return reply
  }

  /// The code of the close frame at the end of an HTTP answer and frames.
  static func closeCode(_ reply: [UInt8]) -> UInt16? {
    guard let at = reply.indices.last(where: { reply[$0] == 0x88 && $0 + 3 < reply.count && Int(reply[$0 + 1]) == reply.count - $0 - 2 })
    else {
      return nil
    }
    return UInt16(reply[at + 2]) << 8 | UInt16(reply[at + 3])
  }

  private final class Catcher: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let sink: AsyncStream<ByteBuffer>.Continuation
    init(_ sink: AsyncStream<ByteBuffer>.Continuation) { self.sink = sink }
    func channelRead(context: ChannelHandlerContext, data: NIOAny) { sink.yield(unwrapInboundIn(data)) }
    func channelInactive(context: ChannelHandlerContext) { sink.finish() }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
  }
}
