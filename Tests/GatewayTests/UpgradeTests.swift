import CollabProtocol
import Testing

@testable import Gateway

@Suite struct UpgradeTests {
  static let path = "/api/v1/workflows/demo/live"

  @Test("[WP0] a good request is switched over, with the accept key of RFC 6455 §1.3 and the subprotocol chosen")
  func accepted() async throws {
    try await TestServer.with { (server: TestServer) async throws in
      let answer = try await RawClient.upgrade(
        Self.path, port: server.port, [("sec-websocket-protocol", "thaiyyal.v1.json, thaiyyal.v1.proto")])
      #expect(answer.status == 101)
      #expect(answer["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
      #expect(answer["sec-websocket-protocol"] == "thaiyyal.v1.proto")
      let plain = try await RawClient.upgrade(Self.path, port: server.port)
      #expect(plain.status == 101)
      #expect(plain["sec-websocket-protocol"] == nil)
    }
  }

  struct Refused: Sendable, CustomTestStringConvertible {
    var name: String
    var status: Int
    var path = "/api/v1/workflows/demo/live"
    var method = "GET"
    var version = "HTTP/1.1"
    var fields: [(String, String?)] = []
    var testDescription: String { name }
  }

  private static let rows: [Refused] = [
    Refused(name: "no workflow of that name can be", status: 400, path: "/api/v1/workflows/.x/live"),
    Refused(name: "foreign origin", status: 403, fields: [("origin", "https://evil.example")]),
    Refused(name: "unknown subprotocol", status: 400, fields: [("sec-websocket-protocol", "mqtt")]),
    Refused(name: "another WebSocket version", status: 426, fields: [("sec-websocket-version", "8")]),
    Refused(name: "no WebSocket version", status: 426, fields: [("sec-websocket-version", nil)]),
    Refused(name: "no key", status: 400, fields: [("sec-websocket-key", nil)]),
    Refused(name: "a key that is none", status: 400, fields: [("sec-websocket-key", "short")]),
    Refused(name: "no host", status: 400, fields: [("host", nil)]),
    Refused(name: "a body", status: 400, fields: [("content-length", "5")]),
    Refused(name: "POST", status: 400, method: "POST"),
    Refused(name: "no upgrade asked for", status: 426, fields: [("upgrade", nil), ("connection", "close")]),
    Refused(name: "upgrade to something else", status: 426, fields: [("upgrade", "h2c")]),
    Refused(
      name: "upgrade of another address", status: 404, path: "/api/v1/workflows/demo/dead", fields: [("connection", "Upgrade, close")]),
  ]

  @Test("[WP0] a request that is not in order gets its status and the connection stays out of the room", arguments: rows)
  func refused(_ row: Refused) async throws {
    try await TestServer.with { (server: TestServer) async throws in
      let fields = row.fields + (row.name == "upgrade to something else" ? [("connection", "Upgrade, close")] : [])
      let answer = try await RawClient.upgrade(row.path, port: server.port, fields, method: row.method, version: row.version)
      #expect(answer.status == row.status)
      #expect(!answer.body.isEmpty)
      #expect(try await RawClient.get("/livez", from: server.port).status == 200)
    }
  }

  @Test("[WP0] a page of the server's own may connect, and so may one that the operator allows")
  func origins() async throws {
    var configuration = GatewayConfiguration()
    configuration.origins = OriginPolicy(allowed: ["https://app.example"])
    try await TestServer.with(configuration) { (server: TestServer) async throws in
      for origin in ["http://localhost:\(server.port)", "https://app.example"] {
        #expect(try await RawClient.upgrade(Self.path, port: server.port, [("origin", origin)]).status == 101)
      }
    }
  }

  @Test("connections beyond the total are told 503, beyond those of one address 429; when one ends, another may come")
  func caps() async throws {
    var few = GatewayConfiguration()
    few.connectionCountMax = 2
    try await TestServer.with(few) { server in try await fill(server, expecting: 503) }
    var fewFromOne = GatewayConfiguration()
    fewFromOne.connectionCountPerAddressMax = 2
    try await TestServer.with(fewFromOne) { server in try await fill(server, expecting: 429) }
  }

  private func fill(_ server: TestServer, expecting status: Int) async throws {
    let first = try await LiveClient.open("demo", port: server.port)
    let second = try await LiveClient.open("demo", port: server.port)
    let third = try await RawClient.upgrade(Self.path, port: server.port)
    #expect(third.status == status)
    #expect(third["retry-after"] != nil)
    #expect(third["content-type"] == "application/problem+json")
    #expect(try await RawClient.get("/", from: server.port).status == status)
    // A message that is no hello ends the connection.
    first.send(.ping(Ping(id: 1)))
    _ = await first.client.untilClosed()
    var answer = try await RawClient.get("/livez", from: server.port)
    // The server counts a connection until its socket is closed, which may be a moment after the client heard of it.
    for _ in 0..<200 where answer.status != 200 {
      try await Task.sleep(for: .milliseconds(10))
      answer = try await RawClient.get("/livez", from: server.port)
    }
    #expect(answer.status == 200)
    second.send(.ping(Ping(id: 1)))
    _ = await second.client.untilClosed()
  }
}
