import CollabProtocol
import Foundation
import NIOHTTP1
import RateLimits
import RoomCore
import Rooms
import Testing

@testable import Gateway

/// What is told when something is not done: kinds of problems beside their description, and limits that say when to come back.
@Suite(.timeLimit(.minutes(5))) struct ProblemTests {
  private struct Told: Decodable {
    var type: String
    var title: String
    var status: Int
    var detail: String
    var requestId: String?
  }

  private static func description() throws -> String {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../protocol/openapi.yaml")
    return try String(contentsOf: file, encoding: .utf8)
  }

  @Test("the description names every kind of problem, and no other; no two kinds look alike")
  func table() throws {
    let described = try Self.description().matches(of: #/\n +- (/problems/[a-z-]+)(?=\n)/#).map { String($0.1) }
    #expect(described == ProblemKind.allCases.map(\.type))
    #expect(Set(ProblemKind.allCases.map(\.title)).count == ProblemKind.allCases.count)
    #expect(Set(ProblemKind.allCases.map(\.advice)).count == ProblemKind.allCases.count)
    for kind in ProblemKind.allCases { #expect((400..<600).contains(kind.status.code), "\(kind)") }
  }

  @Test("what passes by itself says when to come back, whoever throws it")
  func transient() {
    for kind in ProblemKind.allCases {
      let fields = Problem(kind, "Not now.").headers
      #expect(fields.contains { $0.0 == "retry-after" } == kind.isTransient, "\(kind)")
      #expect(Problem(kind, "Not now.", headers: [("retry-after", "7")]).headers.count { $0.0 == "retry-after" } == 1, "\(kind)")
    }
  }

  @Test("the address of a kind explains it")
  func explained() async throws {
    try await TestServer.with { (server: TestServer) async throws in
      let all = try await RawClient.get("/problems", from: server.port)
      for kind in ProblemKind.allCases {
        let answer = try await RawClient.get(kind.type, from: server.port)
        #expect(answer.status == 200 && answer["content-type"] == "text/plain; charset=utf-8")
        #expect(answer.body.contains(kind.title) && answer.body.contains(kind.advice) && all.body.contains(kind.type))
      }
      #expect(try await RawClient.get("/problems/no-such", from: server.port).status == 404)
    }
  }

  @Test("every operation tells a problem by a kind of the table, under the id of its request", arguments: RouteRole.all)
  func form(row: RouteRole) async throws {
    try await TestServer.with(authenticator: try TestTokens.authenticator()) { (server: TestServer) async throws in
      let answer = try await TestTokens.send(row.method, Self.path(of: row), row.body, to: server)
      let told = try JSONDecoder().decode(Told.self, from: Data(answer.content))
      #expect(answer.status == 401 && told.status == 401 && answer["content-type"] == "application/problem+json")
      #expect(told.type == ProblemKind.unauthorized.type && told.title == ProblemKind.unauthorized.title)
      #expect(told.requestId != nil && told.requestId == answer["x-request-id"])
    }
  }

  @Test("[LM3] every operation is described with 429 and 503, and told 429 with Retry-After when its address asks for too much")
  func limits() async throws {
    let operations = try Self.responses()
    #expect(Set(operations.keys) == Set(RouteRole.all.map { OpenAPITests.Operation(method: $0.method, path: $0.path) }))
    for (operation, lines) in operations {
      #expect(lines.contains(##""429": { $ref: "#/components/responses/Limited" }"##), "\(operation)")
      #expect(lines.contains(##""503": { $ref: "#/components/responses/Unavailable" }"##), "\(operation)")
    }
    var rooms = RoomConfiguration()
    for thing in [RatedThing.reads, .writes, .exports] { rooms.limits.rates[thing, per: .address] = Rate(1, burst: 1) }
    try await TestServer.with(rooms: rooms) { (server: TestServer) async throws in
      for row in RouteRole.all {
        var answer = RawClient.Answer(bytes: [])
        // The first may be free.
        for _ in 0..<5 where answer.status != 429 {
          answer = try await TestTokens.send(row.method, Self.path(of: row), row.body, to: server)
        }
        let told = try JSONDecoder().decode(Told.self, from: Data(answer.content))
        #expect(answer.status == 429 && told.type == ProblemKind.tooManyRequests.type, "\(row.testDescription)")
        #expect(answer["retry-after"] == "1", "\(row.testDescription)")
      }
    }
  }

  @Test("[OP3] refusals are counted by limit, whether a request, a connection, a session or a room refused")
  func counted() async throws {
    let metrics = ServerMetrics()
    var rooms = RoomConfiguration()
    rooms.limits.rates[.reads, per: .address] = Rate(1, burst: 1)
    rooms.limits.rates[.pings, per: .session] = Rate(1, burst: 1)
    rooms.limits.rates[.history, per: .session] = Rate(1, burst: 1)
    try await TestServer.with(rooms: rooms, metrics: metrics) { (server: TestServer) async throws in
      for limit in RateTable.names { #expect(metrics.text().contains("thaiyyal_limit_refusals_total{limit=\"\(limit)\"} 0\n")) }
      for _ in 0..<5 { _ = try await RawClient.get("/api/v1/catalogue", from: server.port) }
      let (client, send) = try await LiveClient.open("demo", port: server.port)
      var hello = Hello()
      hello.name = "ada"
      hello.create = true
      send(.hello(hello))
      var isAsked = false
      var limits: Set<String> = []
      for await event in client.events {
        if case .message(.welcome) = event, !isAsked {
          isAsked = true
          for number in 1...3 {
            send(.ping(Ping(id: UInt64(number))))
            send(.history(HistoryRequest(request: UInt64(number), before: 0, count: 1)))
          }
        }
        if case .message(.error(let report)) = event { limits.insert(report.limit) }
        if limits == ["pings-per-session", "history-per-session"] { break }
      }
      let text = metrics.text()
      for limit in ["reads-per-address", "pings-per-session", "history-per-session"] {
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix("thaiyyal_limit_refusals_total{limit=\"\(limit)\"}") })
        #expect(Int(line.split(separator: " ").last ?? "") ?? 0 > 0, "\(line)")
      }
      #expect(text.contains("thaiyyal_limit_refusals_total{limit=\"runs-per-session\"} 0\n"))
    }
  }

  @Test("[OP3] requests that find no place, or no memory for their body, are counted by limit as well")
  func countedBounds() async throws {
    let body = #"{"nodes":[],"edges":[]}"#
    for limit in ["adHocRunCountMax", "adHocRunsPerCallerMax", "bodyBytesHeldMax"] {
      let metrics = ServerMetrics()
      var configuration = GatewayConfiguration()
      var rooms = RoomConfiguration()
      switch limit {
      case "adHocRunCountMax": rooms.adHocRunCountMax = 0
      case "adHocRunsPerCallerMax": rooms.adHocRunsPerCallerMax = 0
      default: configuration.bodyBytesHeldMax = 1
      }
      try await TestServer.with(
        configuration, authenticator: try TestTokens.authenticator(), rooms: rooms, metrics: metrics
      ) { (server: TestServer) async throws in
        #expect(metrics.text().contains("thaiyyal_limit_refusals_total{limit=\"\(limit)\"} 0\n"))
        let token = try TestTokens.token("ada", claims: #""role":"owner""#)
        let refused = try await TestTokens.send("POST", "/api/v1/workflows/validate", body, to: server, token: token)
        #expect(refused.status == 429 && refused.body.contains("\"limit\":\"\(limit)\""), "\(refused.text)")
        #expect(metrics.text().contains("thaiyyal_limit_refusals_total{limit=\"\(limit)\"} 1\n"))
      }
    }
  }

  // MARK: pieces

  private static func path(of row: RouteRole) -> String {
    row.path.replacing("{id}", with: "none").replacing("{subject}", with: "bob").replacing("{version}", with: "1")
      .replacing(#/\{[a-z]+\}/#, with: "0123456789abcdef")
  }

  /// The lines of each operation of the description, without their indentation.
  private static func responses() throws -> [OpenAPITests.Operation: Set<String>] {
    var found: [OpenAPITests.Operation: Set<String>] = [:]
    var path = ""
    var operation: OpenAPITests.Operation?
    for line in try description().split(separator: "\n") {
      if !line.hasPrefix("      ") { operation = nil }
      if line.hasPrefix("  /"), line.hasSuffix(":") { path = line.dropFirst(2).dropLast().description }
      for method in ["get", "post", "put", "patch", "delete"] where line == "    \(method):" {
        operation = OpenAPITests.Operation(method: method.uppercased(), path: path)
      }
      if let operation { found[operation, default: []].insert(line.trimmingCharacters(in: .whitespaces)) }
    }
    return found
  }
}
