import NIOCore
import NIOEmbedded
import NIOHTTP1
import Testing

@testable import WebSocketTransport

@Suite struct FirstRequestTests {
  /// A channel whose first request is being waited for.
  final class Waiting {
    let channel = EmbeddedChannel()
    let outlet = Outlet()
    let listener = Listener()
    let http = Bytes()
    var outcomes: [FirstRequestSwitch.Outcome] = []
    var asked: [HTTPRequestHead] = []
    var connection: WebSocketConnection?

    init(limits: FirstRequestSwitch.Limits = .init(), decision: UpgradeDecision? = nil, subprotocol: String? = nil) throws {
      let first = FirstRequestSwitch(
        limits: limits,
        decide: { [unowned self] head in
          asked.append(head)
          return decision
            ?? .accept(
              WebSocketAcceptance(
                configuration: WebSocketConfiguration(role: .server), subprotocol: subprotocol, headers: ["X-More": "yes"]
              ) { made in
                self.connection = made
                return self.listener
              })
        },
        installHTTP: { [http] channel in try channel.pipeline.syncOperations.addHandler(http) },
        onOutcome: { [unowned self] in outcomes.append($0) })
      try channel.pipeline.syncOperations.addHandlers([outlet, first])
      try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    func receive(_ text: String, _ bytes: [UInt8] = []) throws { _ = try channel.writeInbound(ByteBuffer(bytes: Array(text.utf8) + bytes)) }

    func sent() throws -> String {
      var all = ByteBuffer()
      while var buffer = try channel.readOutbound(as: ByteBuffer.self) { all.writeBuffer(&buffer) }
      return String(buffer: all)
    }

    deinit { _ = try? channel.finish(acceptAlreadyClosed: true) }
  }

  /// Collects what an HTTP pipeline would get.
  final class Bytes: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    var received = ByteBuffer()
    func channelRead(context: ChannelHandlerContext, data: NIOAny) { received.writeImmutableBuffer(unwrapInboundIn(data)) }
  }

  /// The request of RFC 6455 §1.2, changed and extended.
  static func request(_ changes: [String: String?] = [:], line: String = "GET /chat HTTP/1.1") -> String {
    var fields = [
      "Host": "server.example.com", "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
      "Sec-WebSocket-Version": "13",
    ]
    for (name, value) in changes { fields[name] = value }
    return "\(line)\r\n" + fields.sorted { $0.key < $1.key }.map { "\($0): \($1)\r\n" }.joined() + "\r\n"
  }

  @Test("[RFC 6455 §1.3] the example's request is answered with its accept key; the connection is open and alone")
  func upgrades() throws {
    let waiting = try Waiting()
    try waiting.receive(Self.request())
    let answer = try waiting.sent()
    #expect(answer.hasPrefix("HTTP/1.1 101 Switching Protocols\r\n"))
    #expect(answer.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") && answer.contains("X-More: yes\r\n"))
    #expect(!answer.contains("Sec-WebSocket-Protocol") && !answer.contains("Sec-WebSocket-Extensions"))
    #expect(waiting.outcomes == [.webSocket] && waiting.asked.map(\.uri) == ["/chat"])
    #expect(throws: (any Error).self) { try waiting.channel.pipeline.syncOperations.handler(type: FirstRequestSwitch.self) }
    waiting.channel.embeddedEventLoop.advanceTime(by: .seconds(11))
    #expect(waiting.channel.isActive)
  }

  @Test("subprotocol and compression are agreed in the answer")
  func negotiates() throws {
    let waiting = try Waiting(subprotocol: "thaiyyal.v1.proto")
    try waiting.receive(
      Self.request([
        "Sec-WebSocket-Protocol": "thaiyyal.v1.json, thaiyyal.v1.proto",
        "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits",
      ]))
    let answer = try waiting.sent()
    #expect(answer.contains("Sec-WebSocket-Protocol: thaiyyal.v1.proto\r\n"))
    #expect(answer.contains("Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n"))
    #expect(waiting.connection?.subprotocol == "thaiyyal.v1.proto" && waiting.connection?.sharesCompressedFrames == true)
    #expect(waiting.asked.first?.offeredSubprotocols == ["thaiyyal.v1.json", "thaiyyal.v1.proto"])
  }

  @Test("a subprotocol that was not offered is not chosen")
  func strangeSubprotocol() throws {
    let waiting = try Waiting(subprotocol: "other")
    try waiting.receive(Self.request(["Sec-WebSocket-Protocol": "thaiyyal.v1.json"]))
    #expect(try !waiting.sent().contains("Sec-WebSocket-Protocol") && waiting.connection?.subprotocol == nil)
  }

  @Test("frames that came with the request are read, wherever the reads are cut")
  func pipelined() throws {
    let bytes = Array(Self.request().utf8) + Wire.text("early") + Wire.text("bird")
    for pieces in [[bytes], bytes.map { [$0] }, [Array(bytes.dropLast(4)), Array(bytes.suffix(4))]] {
      let waiting = try Waiting()
      for piece in pieces { try waiting.receive("", piece) }
      #expect(waiting.listener.messages == [.text(ByteBuffer(string: "early")), .text(ByteBuffer(string: "bird"))])
    }
  }

  @Test(
    "everything that does not ask for a WebSocket goes to HTTP, byte for byte",
    arguments: [
      "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody", "GET / HTTP/1.0\r\n\r\n",
      request(["Upgrade": "h2c"]), request(["Upgrade": nil]), request(["Connection": "keep-alive"]), request(line: "GET /chat HTTP/1.0"),
      "\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\nGET /second HTTP/1.1\r\nHost: x\r\n\r\n", "GET / HTTP/1.1\nHost: x\n\n",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ])
  func http(request: String) throws {
    for pieces in [[request], request.map { String($0) }] {
      let waiting = try Waiting()
      for piece in pieces { try waiting.receive(piece) }
      #expect(String(buffer: waiting.http.received) == request)
      #expect(waiting.outcomes == [.http] && waiting.asked.isEmpty)
      #expect(try waiting.sent() == "")
    }
  }

  @Test("a request that decides for HTTP goes there whole")
  func decidesHTTP() throws {
    let waiting = try Waiting(decision: .http)
    try waiting.receive(Self.request())
    #expect(String(buffer: waiting.http.received) == Self.request() && waiting.outcomes == [.http])
  }

  struct Bad: CustomTestStringConvertible {
    var testDescription: String
    var request: String
    var status: Int
  }

  static let bad: [Bad] = [
    Bad(testDescription: "version 8", request: request(["Sec-WebSocket-Version": "8"]), status: 426),
    Bad(testDescription: "no version", request: request(["Sec-WebSocket-Version": nil]), status: 426),
    Bad(testDescription: "no key", request: request(["Sec-WebSocket-Key": nil]), status: 400),
    Bad(testDescription: "short key", request: request(["Sec-WebSocket-Key": "AAAA"]), status: 400),
    Bad(testDescription: "key not Base64", request: request(["Sec-WebSocket-Key": "????????????????????????"]), status: 400),
    Bad(testDescription: "no Host", request: request(["Host": nil]), status: 400),
    Bad(testDescription: "POST", request: request(line: "POST /chat HTTP/1.1"), status: 400),
    Bad(testDescription: "a body", request: request(["Content-Length": "5"]), status: 400),
    Bad(testDescription: "a chunked body", request: request(["Transfer-Encoding": "chunked"]), status: 400),
    Bad(
      testDescription: "extensions out of the grammar", request: request(["Sec-WebSocket-Extensions": "permessage-deflate;"]), status: 400),
    Bad(testDescription: "TLS on a plain port", request: "\u{16}\u{03}\u{01}", status: 400),
    Bad(testDescription: "no version in the line", request: "GET /\r\n\r\n", status: 400),
    Bad(testDescription: "four words", request: "GET / x HTTP/1.1\r\n\r\n", status: 400),
    Bad(testDescription: "HTTP/x", request: "GET / HTTP/x\r\n\r\n", status: 400),
    Bad(testDescription: "field without colon", request: "GET / HTTP/1.1\r\nHost\r\n\r\n", status: 400),
    Bad(testDescription: "blank before colon", request: "GET / HTTP/1.1\r\nHost : x\r\n\r\n", status: 400),
    Bad(testDescription: "folded field", request: "GET / HTTP/1.1\r\nHost: x\r\n y\r\n\r\n", status: 400),
    Bad(testDescription: "zero byte", request: "GET / HTTP/1.1\r\nHost: \u{0}\r\n\r\n", status: 400),
    Bad(testDescription: "129 fields", request: "GET / HTTP/1.1\r\n" + String(repeating: "a: b\r\n", count: 129) + "\r\n", status: 400),
    Bad(testDescription: "a head without end", request: "GET / HTTP/1.1\r\nX: " + String(repeating: "x", count: 17_000), status: 431),
  ]

  @Test("a bad request is refused with its status and a reason, output ends, the rest is ignored", arguments: bad)
  func refused(_ bad: Bad) throws {
    let waiting = try Waiting()
    try waiting.receive(bad.request)
    let answer = try waiting.sent()
    #expect(answer.hasPrefix("HTTP/1.1 \(bad.status) "))
    #expect(answer.contains("Connection: close\r\n") && answer.contains("Content-Type: text/plain"))
    #expect(bad.status != 426 || answer.contains("Sec-WebSocket-Version: 13\r\n"))
    let body = answer.split(separator: "\r\n\r\n", maxSplits: 1)[1]
    #expect(body.utf8.count > 5 && answer.contains("Content-Length: \(body.utf8.count)\r\n"))
    #expect(waiting.outlet.outputClosed && waiting.outcomes == [.ended] && waiting.connection == nil)
    try waiting.receive(Self.request())
    #expect(try waiting.sent() == "" && waiting.channel.isActive)
    waiting.channel.embeddedEventLoop.advanceTime(by: .seconds(2))
    #expect(!waiting.channel.isActive)
  }

  @Test("a decision to refuse carries status, fields and body")
  func decidesRefusal() throws {
    let waiting = try Waiting(decision: .refuse(.notFound, headers: ["X-Why": "gone"], body: "no such workflow"))
    try waiting.receive(Self.request())
    let answer = try waiting.sent()
    #expect(
      answer.hasPrefix("HTTP/1.1 404 Not Found\r\n") && answer.contains("X-Why: gone\r\n") && answer.hasSuffix("\r\n\r\nno such workflow\n")
    )
  }

  @Test("a slow first request is refused at the deadline, also when it comes in drops")
  func slow() throws {
    let waiting = try Waiting()
    for character in "GET / HTT" {
      try waiting.receive(String(character))
      waiting.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
    }
    #expect(try waiting.sent() == "")
    waiting.channel.embeddedEventLoop.advanceTime(by: .seconds(1))
    #expect(try waiting.sent().hasPrefix("HTTP/1.1 408 ") && waiting.outcomes == [.ended])
  }

  @Test("a connection that ends early tells so, once", arguments: [0, 1, 2, 3])
  func endsEarly(how: Int) throws {
    struct Broken: Error {}
    let waiting = try Waiting()
    try waiting.receive("GET / ")
    switch how {
    case 0: try waiting.channel.close().wait()
    case 1: waiting.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    case 2: waiting.channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
    default: waiting.channel.pipeline.fireErrorCaught(Broken())
    }
    #expect(!waiting.channel.isActive && waiting.outcomes == [.ended])
  }

  @Test("noise never traps and always ends in an outcome", arguments: 1...100 as ClosedRange<UInt64>)
  func noise(seed: UInt64) throws {
    let waiting = try Waiting()
    var random = Random(seed: seed)
    var bytes = Array(Self.request(["Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits=12"]).utf8)
    for _ in 0..<Int.random(in: 1...6, using: &random) {
      bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: .min ... .max, using: &random)
    }
    try waiting.receive("", bytes)
    waiting.channel.embeddedEventLoop.advanceTime(by: .seconds(11))
    #expect(waiting.outcomes.count == 1)
  }
}
