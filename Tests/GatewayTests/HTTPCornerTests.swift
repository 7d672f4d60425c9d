import CollabProtocol
import NIOCore
import NIOPosix
import Testing

@testable import Gateway

/// What no proper client sends, over real sockets against the whole server. Where the answer is a choice, docs/CONFORMANCE.md says why.
@Suite(.timeLimit(.minutes(2))) struct HTTPCornerTests {
  static let live = "/api/v1/workflows/demo/live"
  static let get = "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
  static let fields = ["Host: x", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: \(key)", "Sec-WebSocket-Version: 13"]
  static let key = "dGhlIHNhbXBsZSBub25jZQ=="

  /// A good request for a WebSocket, without the fields that begin so, with others behind.
  static func upgrade(_ line: String = "GET \(live) HTTP/1.1", without: [String] = [], with more: [String] = [], end: String = "\r\n")
    -> String
  {
    let kept = fields.filter { field in !without.contains { field.hasPrefix($0 + ":") } }
    return ([line] + kept + more).map { $0 + end }.joined() + end
  }

  static func post(_ length: String) -> String {
    "POST /api/v1/workflows/validate HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n\(length)\r\n\r\n"
  }

  struct Case: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var request: String
    /// One per answer, in order. The connection must end behind the last one, unless that is 101.
    var statuses: [Int]

    init(_ name: String, _ request: String, _ statuses: Int...) {
      testDescription = name
      self.request = request
      self.statuses = statuses
    }
  }

  static let cases: [Case] = [
    // Which request may become a WebSocket.
    Case(
      "two requests, then one for a WebSocket, then another: 426, and nothing behind it is read", get + get + upgrade() + get, 200, 200, 426
    ),
    Case("a WebSocket at another address", upgrade("GET /nothing HTTP/1.1") + get, 404),
    Case("an upgrade that nobody speaks", upgrade(without: ["Upgrade"], with: ["Upgrade: h2c"]) + get, 426),
    Case("a WebSocket by HTTP/1.0", upgrade("GET \(live) HTTP/1.0"), 426),
    Case("a WebSocket by HTTP/1.2", upgrade("GET \(live) HTTP/1.2"), 101),
    Case("HTTP/1.0 ends after its answer", "GET /livez HTTP/1.0\r\n\r\n", 200),
    Case("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    Case("a request of HTTP/0.9", "GET /livez\r\n\r\n", 400),
    // Bodies of which nobody knows where they end: found by fuzzing as 500.
    Case("a coding that is not chunked", post("Transfer-Encoding: xchunked") + "0\r\n\r\n" + get, 400),
    Case("a chunk that is none", post("Transfer-Encoding: chunked") + "zz\r\n{}\r\n0\r\n\r\n" + get, 400),
    Case("a chunk that is none, behind one that is", post("Transfer-Encoding: chunked") + "1\r\n{\r\nzz\r\n" + get, 400),
    // Connection and Upgrade.
    Case("one of several tokens", upgrade(without: ["Connection"], with: ["Connection: keep-alive, upgrade"]), 101),
    Case("in a second field", upgrade(without: ["Connection"], with: ["connection: keep-alive", "CONNECTION: UPGRADE"]), 101),
    Case("not among the tokens", upgrade(without: ["Connection"], with: ["Connection: keep-alive, upgraded"]), 426),
    Case("one of several protocols", upgrade(without: ["Upgrade"], with: ["Upgrade: h2c, WebSocket"]), 101),
    Case("a version of the protocol", upgrade(without: ["Upgrade"], with: ["Upgrade: websocket/13"]), 426),
    // Key and version.
    Case("two keys", upgrade(with: ["Sec-WebSocket-Key: \(key)"]), 400),
    Case("an empty key", upgrade(without: ["Sec-WebSocket-Key"], with: ["Sec-WebSocket-Key:"]), 400),
    Case("a key of 15 bytes", upgrade(without: ["Sec-WebSocket-Key"], with: ["Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAA"]), 400),
    Case("two versions", upgrade(with: ["Sec-WebSocket-Version: 13"]), 426),
    Case("a list of versions", upgrade(without: ["Sec-WebSocket-Version"], with: ["Sec-WebSocket-Version: 13, 8"]), 426),
    Case("a leading zero", upgrade(without: ["Sec-WebSocket-Version"], with: ["Sec-WebSocket-Version: 013"]), 426),
    // Target and host.
    Case("absolute form", upgrade("GET http://x\(live) HTTP/1.1"), 101),
    Case("absolute form with the scheme of WebSocket", upgrade("GET WS://x\(live)?a=b HTTP/1.1"), 101),
    Case("absolute form of a page", "GET http://x/livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", 200),
    Case("a percent-encoded id", upgrade("GET /api/v1/workflows/d%65mo/live HTTP/1.1"), 400),
    Case("a percent-encoded slash", upgrade("GET /api/v1/workflows/a%2Fb/live HTTP/1.1"), 400),
    Case("dots in the path", upgrade("GET /api/v1/workflows/../workflows/demo/live HTTP/1.1"), 404),
    Case("the server as a whole", upgrade("GET * HTTP/1.1"), 404),
    Case("a fragment", upgrade("GET \(live)#x HTTP/1.1"), 404),
    Case("two hosts", upgrade(with: ["Host: evil"]), 400),
    Case("an empty host", upgrade(without: ["Host"], with: ["Host:"]), 400),
    Case("a host with a blank", upgrade(without: ["Host"], with: ["Host: a b"]), 400),
    Case("a page without host", "GET /livez HTTP/1.1\r\nConnection: close\r\n\r\n", 400),
    Case("a page with two hosts", "GET /livez HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n", 400),
    // Bodies.
    Case("a body of no bytes", upgrade(with: ["Content-Length: 0"]), 101),
    Case("a body behind the request", upgrade(with: ["Content-Length: 5"]) + "hello", 400),
    Case("a chunked body", upgrade(with: ["Transfer-Encoding: chunked"]) + "0\r\n\r\n", 400),
    Case("a length that is none", upgrade(with: ["Content-Length: abc"]), 400),
    Case("a page with a length that is none", "GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
    Case("two lengths", "GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n", 400),
    Case(
      "two ways to say the length", "POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      400),
    Case("to be told to go on with a WebSocket", upgrade(with: ["Expect: 100-continue"]), 101),
    Case(
      "to be told to go on with a body that nobody wants",
      "GET /livez HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n",
      413),
    // Size and grammar.
    Case("a head of 17 000 bytes", "GET / HTTP/1.1\r\nHost: x\r\nX: " + String(repeating: "x", count: 17_000) + "\r\n\r\n", 431),
    Case("a target of 17 000 bytes", "GET /" + String(repeating: "x", count: 17_000) + " HTTP/1.1\r\nHost: x\r\n\r\n", 431),
    Case("129 fields", "GET / HTTP/1.1\r\nHost: x\r\n" + String(repeating: "A: b\r\n", count: 128) + "\r\n", 400),
    Case(
      "a second head of 100 000 bytes", get + "GET / HTTP/1.1\r\nHost: x\r\nX: " + String(repeating: "x", count: 100_000) + "\r\n\r\n", 200,
      400),
    Case("a folded field", upgrade(with: ["X: a", " b"]), 400),
    Case("a folded field in a second request", get + "GET /livez HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n", 200, 400),
    Case("a blank before the colon", upgrade(with: ["X : a"]), 400),
    Case("a carriage return in a value", upgrade(with: ["X: a\rb"]), 400),
    Case("a zero byte in a value", upgrade(with: ["X: a\u{0}b"]), 400),
    Case("lines that end with LF alone", upgrade(end: "\n"), 101),
    Case("empty lines before the request", "\r\n\r\n" + upgrade(), 101),
    Case("two blanks in the request line", upgrade("GET  \(live) HTTP/1.1"), 400),
    Case("a method in lower case", upgrade("get \(live) HTTP/1.1"), 400),
    Case("HEAD", upgrade("HEAD \(live) HTTP/1.1"), 400),
  ]

  @Test("[WP0] a corner of HTTP/1.1 has its answer, and the connection its end", arguments: cases)
  func corner(_ corner: Case) async throws {
    try await TestServer.with { (server: TestServer) async throws in
      let answer = try await RawClient.send(
        corner.request, to: server.port, until: { $0.hasPrefix("HTTP/1.1 101") && $0.contains("\r\n\r\n") })
      let statuses = answer.text.ranges(of: "HTTP/1.1 ").compactMap { Int(answer.text[$0.upperBound...].prefix(3)) }
      #expect(statuses == corner.statuses)
      #expect(try await RawClient.get("/livez", from: server.port).status == 200)
    }
  }

  @Test("[WP0] frames in the same segment as the request are answered behind the 101")
  func pipelinedFrames() async throws {
    try await TestServer.with { (server: TestServer) async throws in
      // A ping and a close with 1000, masked with zeros.
      let frames: [UInt8] = [0x89, 0x82, 0, 0, 0, 0, 0x68, 0x69, 0x88, 0x82, 0, 0, 0, 0, 0x03, 0xE8]
      let answer = try await RawClient.send(Self.upgrade(), bytes: frames, to: server.port)
      #expect(answer.status == 101)
      #expect(answer.body.contains("hi"), "the pong")
      #expect(answer.text.ranges(of: "HTTP/1.1 ").count == 1)
    }
  }

  @Test(
    "a peer that has said everything and ends its side: a page is answered, a WebSocket ends, half a request is nothing", arguments: 0...3)
  func halfClose(how: Int) async throws {
    try await TestServer.with { (server: TestServer) async throws in
      let request = [Self.get, Self.upgrade(), String(Self.get.dropLast(8)), "\r\n"][how]
      let answer = try await RawClient.send(request, to: server.port, halfCloses: true)
      #expect(answer.status == [200, 101, 0, 0][how])
      #expect(try await RawClient.get("/livez", from: server.port).status == 200)
    }
  }

  @Test("the head of every request has its deadline, however its bytes drip")
  func slowHeads() async throws {
    var configuration = GatewayConfiguration()
    configuration.firstRequestDeadline = .milliseconds(300)
    try await TestServer.with(configuration) { (server: TestServer) async throws in
      for first in ["", Self.get] {
        let answer = try await Dripping.send(first, then: "GET /livez HTTP/1.1\r\nHost: x\r\nX: ", to: server.port)
        #expect(answer.status == (first.isEmpty ? 408 : 200))
        #expect(answer.text.ranges(of: "HTTP/1.1 ").count == 1)
      }
    }
  }
}

/// A byte every 20 ms until the server has had enough.
private enum Dripping {
  static func send(_ first: String, then drops: String, to port: Int) async throws -> RawClient.Answer {
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connect(host: "127.0.0.1", port: port) { channel in
        channel.eventLoop.makeCompletedFuture { try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel) }
      }
    return try await channel.executeThenClose { inbound, outbound in
      let dripping = Task {
        try await outbound.write(ByteBuffer(string: first + drops))
        while !Task.isCancelled {
          try await Task.sleep(for: .milliseconds(20))
          try await outbound.write(ByteBuffer(string: "x"))
        }
      }
      defer { dripping.cancel() }
      var text = ""
      do {
        for try await bytes in inbound { text += String(buffer: bytes) }
      } catch is IOError {
        // Cut off while a drop was on its way.
      }
      return RawClient.Answer(text: text)
    }
  }
}
