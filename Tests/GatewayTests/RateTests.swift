import CollabProtocol
import Foundation
import NIOCore
import NIOPosix
import OutboundPolicy
import RateLimits
import RoomCore
import Rooms
import Testing

@testable import Gateway

/// Rates where connections and requests come in.
@Suite(.timeLimit(.minutes(2))) struct RateTests {
  private static func rooms(_ name: (RatedThing, RateScope), _ rate: Rate) -> RoomConfiguration {
    var rooms = RoomConfiguration()
    rooms.limits.rates = .none
    rooms.limits.rates[name.0, per: name.1] = rate
    return rooms
  }

  private static func isRefusal(_ answer: RawClient.Answer, _ limit: String, within milliseconds: ClosedRange<Int>) throws {
    #expect(answer.status == 429)
    #expect(answer["content-type"] == "application/problem+json")
    let problem = try #require(try JSONSerialization.jsonObject(with: Data(answer.content)) as? [String: Any])
    #expect(problem["limit"] as? String == limit)
    let wait = try #require(problem["retryAfterMilliseconds"] as? Int)
    #expect(milliseconds.contains(wait))
    #expect(answer["retry-after"] == "\((wait + 999) / 1000)")
  }

  @Test("[LM3] requests of an address beyond its rate are told which limit and when, whoever asks; pages and probes are free")
  func requests() async throws {
    try await TestServer.with(rooms: Self.rooms((.reads, .address), Rate(1, burst: 2))) { (server: TestServer) async throws in
      for _ in 0..<2 { #expect(try await RawClient.get("/api/v1/catalogue", from: server.port).status == 200) }
      let refused = try await RawClient.get("/api/v1/catalogue", from: server.port)
      try Self.isRefusal(refused, "reads-per-address", within: 1...1000)
      #expect(refused.body.contains("More than 1 reading requests a second of one address (reads-per-address)."))
      for path in ["/", "/livez", "/readyz", "/assets/main.js", "/api/v1/workflows"] {
        #expect(try await RawClient.get(path, from: server.port).status == 200, "\(path)")
      }
    }
  }

  /// Spec: LM3, OW1.
  @Test("[LM3] an edit over HTTP pays for its ops as one over a WebSocket does: the next one waits until nothing is owed")
  func outsideEdits() async throws {
    try await TestServer.with(rooms: Self.rooms((.ops, .address), Rate(10, burst: 20))) { (server: TestServer) async throws in
      @Sendable func put(nodes: Int) async throws -> RawClient.Answer {
        let list = (0..<nodes).map { #"{"id":"n\#($0)","type":"numberNode"}"# }.joined(separator: ",")
        return try await Self.send("PUT", "/api/v1/workflows/demo", #"{"nodes":[\#(list)],"edges":[]}"#, to: server.port)
      }
      #expect(try await Self.send("POST", "/api/v1/workflows", #"{"id":"demo"}"#, to: server.port).status == 201)
      // Life and type of each.
      #expect(try await put(nodes: 20).status == 200)
      let refused = try await put(nodes: 1)
      try Self.isRefusal(refused, "ops-per-address", within: 1...2100)
      let wait = try #require(refused["retry-after"].flatMap { Int($0) })
      try await Task.sleep(for: .seconds(wait))
      #expect(try await put(nodes: 1).status == 200)
    }
  }

  private static func send(_ method: String, _ path: String, _ body: String, of length: Int? = nil, as secret: String? = nil, to port: Int)
    async throws -> RawClient.Answer
  {
    var lines = ["\(method) \(path) HTTP/1.1", "host: localhost", "connection: close", "content-type: application/json"]
    lines.append("content-length: \(length ?? body.utf8.count)")
    if let secret { lines.append("authorization: Bearer \(secret)") }
    return try await RawClient.send(lines.joined(separator: "\r\n") + "\r\n\r\n" + body, to: port)
  }

  @Test("one subject has some of the places for graphs: slow bodies of one turn nobody else away, and a place is free again afterwards")
  func places() async throws {
    let secrets = ["ada": "a secret of ada's own", "bob": "a secret of bob's own"]
    let tokens = secrets.compactMap { AccessToken(name: $0.key, role: .owner, kind: nil, secret: $0.value) }
    var configuration = GatewayConfiguration()
    configuration.bodyPatience = .seconds(1)
    var rooms = RoomConfiguration()
    rooms.adHocRunCountMax = 3
    rooms.adHocRunsPerCallerMax = 2
    try await TestServer.with(configuration, authenticator: TokenAuthenticator(tokens), rooms: rooms) { (server: TestServer) async throws in
      @Sendable func validate(as name: String, of length: Int? = nil) async throws -> RawClient.Answer {
        try await Self.send(
          "POST", "/api/v1/workflows/validate", #"{"nodes":[],"edges":[]}"#, of: length, as: secrets[name], to: server.port)
      }
      try await withThrowingTaskGroup(of: Int.self) { slow in
        for _ in 0..<2 {
          slow.addTask {
            // While one of those below has a place it is told to come again.
            while true {
              let status = try await validate(as: "ada", of: 10_000).status
              if status != 429 { return status }
            }
          }
        }
        var refused = try await validate(as: "ada")
        while refused.status == 200 { refused = try await validate(as: "ada") }
        try Self.isRefusal(refused, "adHocRunsPerCallerMax", within: 1...1000)
        #expect(try await validate(as: "bob").status == 200)
        for try await status in slow { #expect(status == 408) }
      }
      #expect(try await validate(as: "ada").status == 200)
    }
  }

  @Test("bodies of all requests together are held to a bound, which is free again when they are answered")
  func bodies() async throws {
    var configuration = GatewayConfiguration()
    configuration.bodyBytesHeldMax = 4096
    try await TestServer.with(configuration) { (server: TestServer) async throws in
      for _ in 0..<3 {
        let large = #"{"nodes":[],"edges":[],"note":"\#(String(repeating: "x", count: 5000))"}"#
        let refused = try await Self.send("POST", "/api/v1/workflows/validate", large, to: server.port)
        try Self.isRefusal(refused, "bodyBytesHeldMax", within: 1...1000)
        #expect(
          try await Self.send("POST", "/api/v1/workflows/validate", #"{"nodes":[],"edges":[]}"#, to: server.port).status == 200)
      }
    }
  }

  @Test("[LM3] a subject's requests are counted wherever it asks from; what is named is exactly long enough")
  func subjects() async throws {
    let secrets = ["ada": "a secret of ada's own", "bob": "a secret of bob's own"]
    let tokens = secrets.compactMap { AccessToken(name: $0.key, role: .owner, kind: nil, secret: $0.value) }
    let rooms = Self.rooms((.reads, .subject), Rate(2, burst: 2))
    try await TestServer.with(authenticator: TokenAuthenticator(tokens), rooms: rooms) { (server: TestServer) async throws in
      @Sendable func get(as name: String) async throws -> RawClient.Answer {
        try await RawClient.get("/api/v1/catalogue", from: server.port, headers: ["authorization: Bearer \(secrets[name]!)"])
      }
      for _ in 0..<2 { #expect(try await get(as: "ada").status == 200) }
      let refused = try await get(as: "ada")
      try Self.isRefusal(refused, "reads-per-subject", within: 1...500)
      #expect(try await get(as: "bob").status == 200)
      try await Task.sleep(for: .milliseconds(500))
      #expect(try await get(as: "ada").status == 200)
    }
  }

  @Test("[LM3] connections beyond an address's rate are told 429 in the place of whatever they ask for")
  func connects() async throws {
    try await TestServer.with(rooms: Self.rooms((.connects, .address), Rate(1, burst: 2))) { (server: TestServer) async throws in
      for _ in 0..<2 { #expect(try await RawClient.get("/livez", from: server.port).status == 200) }
      try Self.isRefusal(try await RawClient.get("/livez", from: server.port), "connects-per-address", within: 1...1000)
      try Self.isRefusal(
        try await RawClient.upgrade("/api/v1/workflows/demo/live", port: server.port), "connects-per-address", within: 1...1000)
    }
  }

  @Test("[LM4] behind a trusted proxy those whom it names are counted; a name from anybody else counts for nothing")
  func proxies() async throws {
    var configuration = GatewayConfiguration()
    configuration.proxies.trusted = [IPRange("127.0.0.0/8")!]
    let rooms = Self.rooms((.connects, .address), Rate(1, burst: 1))
    let path = "/api/v1/workflows/demo/live"
    try await TestServer.with(configuration, rooms: rooms) { (server: TestServer) async throws in
      for client in 1...3 {
        let field = ("x-forwarded-for", "203.0.113.7, 198.51.100.\(client)")
        #expect(try await RawClient.upgrade(path, port: server.port, [field]).status == 101)
        try Self.isRefusal(try await RawClient.upgrade(path, port: server.port, [field]), "connects-per-address", within: 1...1000)
      }
    }
    try await TestServer.with(rooms: rooms) { (server: TestServer) async throws in
      #expect(try await RawClient.upgrade(path, port: server.port, [("x-forwarded-for", "198.51.100.1")]).status == 101)
      #expect(try await RawClient.upgrade(path, port: server.port, [("x-forwarded-for", "198.51.100.2")]).status == 429)
    }
  }

  @Test("[LM4] of those behind a proxy one that has all the connections it may have keeps nobody else out")
  func connectionsBehindProxy() async throws {
    var configuration = GatewayConfiguration()
    configuration.proxies.trusted = [IPRange("127.0.0.0/8")!]
    configuration.connectionCountPerAddressMax = 1
    try await TestServer.with(configuration) { (server: TestServer) async throws in
      // The proxy itself may have as many as it likes.
      let first = try await LiveClient.open("demo", port: server.port)
      let second = try await LiveClient.open("demo", port: server.port)
      let field = ("x-forwarded-for", "198.51.100.1")
      let path = "/api/v1/workflows/demo/live"
      try await Self.holding(path, field, on: server.port) {
        try Self.isRefusal(
          try await RawClient.upgrade(path, port: server.port, [field]), "connectionCountPerAddressMax", within: 5000...5000)
        #expect(try await RawClient.upgrade(path, port: server.port, [("x-forwarded-for", "198.51.100.2")]).status == 101)
      }
      for client in [first, second] {
        client.send(.ping(Ping(id: 1)))
        _ = await client.client.untilClosed()
      }
    }
  }

  /// Runs `body` while a live connection is open that a proxy made for somebody.
  private static func holding(_ path: String, _ field: (String, String), on port: Int, _ body: () async throws -> Void) async throws {
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connect(host: "127.0.0.1", port: port) { channel in
        channel.eventLoop.makeCompletedFuture { try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel) }
      }
    try await channel.executeThenClose { inbound, outbound in
      let lines = [
        "GET \(path) HTTP/1.1", "host: localhost:\(port)", "connection: Upgrade", "upgrade: websocket", "sec-websocket-version: 13",
        "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==", "\(field.0): \(field.1)", "", "",
      ]
      try await outbound.write(ByteBuffer(string: lines.joined(separator: "\r\n")))
      for try await piece in inbound {
        #expect(String(buffer: piece).hasPrefix("HTTP/1.1 101"))
        break
      }
      try await body()
    }
  }

  @Test(
    "a request that is refused before its body was read ends the connection: its body may have no end",
    arguments: [
      ("/api/v1/workflows/import", 415), ("/api/v1/nothing", 404), ("/api/v1/workflows/.bad/runs", 400),
    ])
  func endlessBodies(path: String, status: Int) async throws {
    try await TestServer.with { (server: TestServer) async throws in
      let head = "POST \(path) HTTP/1.1\r\nhost: localhost:\(server.port)\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabcde\r\n"
      let answer = try await RawClient.send(head, to: server.port)
      #expect(answer.status == status && answer["connection"] == "close")
    }
  }

  @Test("a body that drips is answered 408 as soon as too little of it came, one that comes slowly but enough is taken")
  func slowBodies() async throws {
    var configuration = GatewayConfiguration()
    configuration.bodyPatience = .milliseconds(400)
    configuration.bodyBytesMin = 100
    try await TestServer.with(configuration) { (server: TestServer) async throws in
      for (count, status) in [(5, 408), (200, 200)] {
        let answer = try await Self.dripping(String(repeating: " ", count: count), times: 5, to: server.port)
        #expect(answer.hasPrefix("HTTP/1.1 \(status)"), "\(answer)")
      }
    }
  }

  /// A graph to be looked at, in pieces of so many blanks every 0.3 s. Ends with the answer.
  private static func dripping(_ piece: String, times: Int, to port: Int) async throws -> String {
    let graph = #"{"nodes":[],"edges":[]}"#
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connect(host: "127.0.0.1", port: port) { channel in
        channel.eventLoop.makeCompletedFuture { try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel) }
      }
    return try await channel.executeThenClose { inbound, outbound in
      let head = [
        "POST /api/v1/workflows/validate HTTP/1.1", "host: localhost:\(port)", "content-type: application/json",
        "content-length: \(graph.utf8.count + times * piece.utf8.count)", "connection: close", "", "",
      ]
      try await outbound.write(ByteBuffer(string: head.joined(separator: "\r\n")))
      let writing = Task {
        for _ in 0..<times {
          try await outbound.write(ByteBuffer(string: piece))
          try await Task.sleep(for: .milliseconds(300))
        }
        try await outbound.write(ByteBuffer(string: graph))
      }
      defer { writing.cancel() }
      for try await answer in inbound { return String(buffer: answer) }
      return ""
    }
  }

  @Test(
    "a request is counted as what it costs",
    arguments: [
      ("GET", "/api/v1/workflows", RatedThing.exports), ("GET", "/api/v1/workflows/a/export", .exports),
      ("POST", "/api/v1/workflows/import", .exports), ("POST", "/api/v1/workflows/execute", .exports),
      ("POST", "/api/v1/workflows/a/execute", .writes), ("POST", "/api/v1/workflows/a/runs", .writes),
      ("GET", "/api/v1/workflows/a/runs", .reads), ("HEAD", "/api/v1/workflows/a/status", .reads),
      ("PATCH", "/api/v1/workflows/a", .writes), ("PUT", "/api/v1/workflows/a", .exports),
      ("DELETE", "/api/v1/workflows/a", .writes), ("GET", "/api/v1/workflows/a", .exports),
      ("POST", "/api/v1/workflows", .writes),
      ("GET", "/api/v1/workflows/a/versions", .reads), ("GET", "/api/v1/workflows/a/versions/3", .exports),
      ("POST", "/api/v1/workflows/a/restore/3", .exports), ("GET", "/api/v1/workflows/a/diff", .exports),
      ("DELETE", "/api/v1/workflows/a/members/export", .writes), ("GET", "/api/v1/keys", .reads),
      ("BREW", "/api/v1/x", .writes), ("GET", "/livez", nil), ("GET", "/w/demo", nil),
    ] as [(String, String, RatedThing?)])
  func classes(method: String, path: String, thing: RatedThing?) {
    #expect(RateMiddleware.thing(method, path) == thing)
  }
}
