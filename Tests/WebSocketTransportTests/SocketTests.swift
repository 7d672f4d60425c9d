import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

@testable import WebSocketTransport

/// Client and server over TCP.
@Suite(.timeLimit(.minutes(2))) struct SocketTests {
  @Test("[D10] messages of all sizes come back, compressed and not", arguments: [0, 1, 2])
  func echo(mode: Int) async throws {
    var deflate = DeflateConfiguration()
    deflate.keepsOwnContext = mode == 2
    deflate.allowsPeerContext = mode == 2
    var server = WebSocketConfiguration(role: .server, deflate: mode == 0 ? .off : .on(deflate))
    server.messageBytesMax = 4 << 20
    server.frameBytesMax = 4 << 20
    var request = WebSocketClientRequest(
      url: WebSocketURL(isSecure: false, host: "", port: 1, target: "/"), subprotocols: ["thaiyyal.v1.json"])
    request.configuration = server
    request.configuration.role = .client
    let echo = try await EchoServer.start(server)
    request.url = echo.url
    let client = try await TestClient(request)
    #expect(try await client.run { $0.deflate != nil } == (mode != 0))
    #expect(try await client.run { $0.subprotocol } == "thaiyyal.v1.json")
    var inbox = client.inbox.items.makeAsyncIterator()
    let pattern = Wire.noise(700_000, seed: 8)
    for size in [0, 1, 63, 64, 125, 126, 1_000, 65_535, 65_536, 700_000] {
      let text = ByteBuffer(bytes: pattern.prefix(size).map { $0 & 0x1F | 0x40 })
      let binary = ByteBuffer(bytes: pattern.prefix(size))
      try await client.run {
        $0.send(.text, text)
        $0.send(.binary, binary)
      }
      #expect(await inbox.next() == .message(.text(text)), "text of \(size)")
      #expect(await inbox.next() == .message(.binary(binary)), "binary of \(size)")
    }
    try await client.run { $0.close(code: 1000, reason: "enough") }
    #expect(await inbox.next() == .closed(1000, ""))
    #expect(await inbox.next() == nil)
    try await client.connection.closeFuture()
    try await echo.stop()
  }

  @Test("a client that does not read stops being read: memory stays small and nothing is lost")
  func backpressure() async throws {
    let echo = try await EchoServer.start(WebSocketConfiguration(role: .server, deflate: .off))
    let client = try await TestClient(
      WebSocketClientRequest(url: echo.url, configuration: WebSocketConfiguration(role: .client, deflate: .off)))
    try await client.run { $0.pauseReading() }
    let block = ByteBuffer(bytes: Wire.noise(200_000, seed: 1))
    let count = 100
    try await client.run { for _ in 0..<count { $0.send(.binary, block) } }
    // 20 MB are under way; the echo server stops at 1 MB unsent, so much of it must still be here.
    #expect(try await client.run { $0.bytesOutstanding } > 4 << 20)
    try await client.run { $0.resumeReading() }
    var inbox = client.inbox.items.makeAsyncIterator()
    for _ in 0..<count { #expect((await inbox.next() == .message(.binary(block))) as Bool) }
    try await client.run { $0.close(code: 1000) }
    #expect(await inbox.next() == .closed(1000, ""))
    try await echo.stop()
  }

  @Test("[1009] what a server finds too large is told to the client, with the rest of the message still on its way")
  func tooLarge() async throws {
    var small = WebSocketConfiguration(role: .server, deflate: .off)
    small.messageBytesMax = 1 << 16
    small.frameBytesMax = 1 << 16
    let echo = try await EchoServer.start(small)
    let client = try await TestClient(WebSocketClientRequest(url: echo.url))
    try await client.run { $0.send(.binary, ByteBuffer(repeating: 1, count: 3 << 20), compress: false) }
    var inbox = client.inbox.items.makeAsyncIterator()
    #expect(await inbox.next() == .closed(1009, "more than 65536 bytes"))
    try await echo.stop()
  }

  // MARK: Handshakes that fail

  private func failure(_ request: WebSocketClientRequest) async -> WebSocketClientError? {
    do {
      _ = try await TestClient(request)
      return nil
    } catch {
      return error as? WebSocketClientError
    }
  }

  @Test("a refusal carries status, Retry-After and body")
  func refusal() async throws {
    let echo = try await EchoServer.start(decide: { _ in .refuse(.serviceUnavailable, headers: ["Retry-After": "3"], body: "draining") })
    #expect(
      await failure(WebSocketClientRequest(url: echo.url))
        == .refused(status: 503, reason: "Service Unavailable", retryAfter: "3", body: "draining\n"))
    try await echo.stop()
    let http = try await EchoServer.start(decide: { _ in .http })
    #expect(
      await failure(WebSocketClientRequest(url: http.url)) == .refused(status: 418, reason: "I'm a teapot", retryAfter: nil, body: "short"))
    try await http.stop()
  }

  @Test("nobody there, nobody answering, no TLS given")
  func unreachable() async throws {
    let silent = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton).bind(host: "127.0.0.1", port: 0).get()
    let url = WebSocketURL(isSecure: false, host: "127.0.0.1", port: silent.localAddress?.port ?? 0, target: "/")
    #expect(await failure(WebSocketClientRequest(url: url, deadline: .milliseconds(200))) == .timeout)
    try await silent.close().get()
    await #expect(throws: NIOConnectionError.self) { try await TestClient(WebSocketClientRequest(url: url)) }
    #expect(await failure(WebSocketClientRequest(url: WebSocketURL(isSecure: true, host: "127.0.0.1", port: 1, target: "/"))) == .needsTLS)
  }

  struct Answer: CustomTestStringConvertible {
    var testDescription: String
    var text: String
  }

  @Test(
    "[RFC 6455 §4.1] an answer that is not one to our handshake fails",
    arguments: [
      Answer(testDescription: "no HTTP", text: "hello\r\n\r\n"),
      Answer(
        testDescription: "wrong key",
        text: "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAA\r\n\r\n"),
      Answer(testDescription: "no upgrade", text: "HTTP/1.1 101 x\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: KEY\r\n\r\n"),
      Answer(
        testDescription: "subprotocol not offered",
        text:
          "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: KEY\r\nSec-WebSocket-Protocol: x\r\n\r\n"),
      Answer(
        testDescription: "extension not offered",
        text:
          "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: KEY\r\nSec-WebSocket-Extensions: x\r\n\r\n"),
      Answer(testDescription: "header without end", text: "HTTP/1.1 101 x\r\nX: " + String(repeating: "x", count: 20_000)),
    ])
  func badAnswer(_ answer: Answer) async throws {
    let server = try await FakeServer.start(answer.text)
    guard case .badAnswer? = await failure(WebSocketClientRequest(url: server.url)) else {
      Issue.record("expected a bad answer")
      return
    }
    try await server.channel.close().get()
  }

  @Test("a good answer by hand opens, and what comes with it is read; an answer cut off fails")
  func goodAnswer() async throws {
    let head = "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Accept: KEY\r\n\r\n"
    let server = try await FakeServer.start(head + "\u{01}\u{01}a\u{0}\u{01}b", finals: [head.utf8.count + 3])
    let client = try await TestClient(WebSocketClientRequest(url: server.url))
    var inbox = client.inbox.items.makeAsyncIterator()
    #expect(await inbox.next() == .message(.text(ByteBuffer(string: "ab"))))
    try await server.channel.close().get()
    let cut = try await FakeServer.start("HTTP/1.1 101 x\r\nUpgr", ends: true)
    #expect(await failure(WebSocketClientRequest(url: cut.url)) == .ended("the answer is cut off"))
    try await cut.channel.close().get()
  }

  @Test("a refusal's body ends where the answer says, also when more came with it", arguments: [("2", "no"), ("0", ""), ("-3", "")])
  func refusalBody(length: String, body: String) async throws {
    let server = try await FakeServer.start("HTTP/1.1 404 Not Found\r\nContent-Length: \(length)\r\n\r\nno more")
    #expect(
      await failure(WebSocketClientRequest(url: server.url))
        == .refused(status: 404, reason: "Not Found", retryAfter: nil, body: body))
    try await server.channel.close().get()
  }

  @Test(
    "URLs",
    arguments: [
      ("ws://a", "ws://a/"), ("wss://a:443/x?y=1", "wss://a/x?y=1"), ("https://[::1]:8443?q", "wss://[::1]:8443/?q"),
      ("HTTP://h:80", "ws://h/"),
    ])
  func urls(text: String, normal: String) throws { #expect(try WebSocketURL(text).description == normal) }

  @Test(
    "bad URLs",
    arguments: [
      "a", "ftp://a", "ws://", "ws://a:0", "ws://a:x", "ws://a:70000", "ws://u@a", "ws://a/#f", "ws://::1/", "ws://[::1", "ws://a/ b",
      "ws://[::1]x",
    ])
  func badURLs(text: String) { #expect(throws: WebSocketClientError.self) { try WebSocketURL(text) } }
}

extension NIOLoopBound where Value == WebSocketConnection {
  /// Waits until TCP has ended.
  fileprivate func closeFuture() async throws {
    let loop = eventLoop
    let bound = self
    try await loop.flatSubmit { bound.value.context?.channel.closeFuture ?? loop.makeSucceededVoidFuture() }.get()
  }
}

/// Answers any request head with fixed bytes in which "KEY" becomes the right accept key.
struct FakeServer {
  let channel: any Channel
  var url: WebSocketURL { WebSocketURL(isSecure: false, host: "127.0.0.1", port: channel.localAddress?.port ?? 0, target: "/") }

  /// - Parameter finals: places in the text, "KEY" counted as three bytes, whose byte gets its top bit: FIN, which no text holds.
  static func start(_ answer: String, finals: [Int] = [], ends: Bool = false) async throws -> FakeServer {
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(Fake(answer, finals, ends)) }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    return FakeServer(channel: channel)
  }

  private final class Fake: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer
    private let answer: String
    private let finals: [Int]
    private let ends: Bool
    private var received = ""

    init(_ answer: String, _ finals: [Int], _ ends: Bool) { (self.answer, self.finals, self.ends) = (answer, finals, ends) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      received += String(buffer: unwrapInboundIn(data))
      guard received.hasSuffix("\r\n\r\n"),
        let line = received.split(separator: "\r\n").first(where: { $0.hasPrefix("Sec-WebSocket-Key: ") })
      else { return }
      var bytes = Array(answer.utf8)
      for place in finals { bytes[place] |= 0x80 }
      let key = HandshakeKey.accept(String(line.dropFirst("Sec-WebSocket-Key: ".count)))
      if let place = answer.firstRange(of: "KEY") {
        let start = answer.utf8.distance(from: answer.startIndex, to: place.lowerBound)
        bytes.replaceSubrange(start..<start + 3, with: key.utf8)
      }
      context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
      if ends { context.close(mode: .output, promise: nil) }
    }
  }
}
