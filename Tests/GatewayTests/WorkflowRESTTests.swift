import CollabProtocol
import Foundation
import RoomCore
import Rooms
import Storage
import Testing
import WorkflowGraph

@testable import Gateway

/// Listing, importing, exporting and deleting over HTTP, on a whole server.
@Suite(.timeLimit(.minutes(2))) struct WorkflowRESTTests {
  private static func send(_ method: String, _ path: String, _ body: String? = nil, to server: TestServer, token: String? = nil)
    async throws
    -> RawClient.Answer
  {
    var lines = ["\(method) /api/v1/workflows\(path) HTTP/1.1", "host: localhost:\(server.port)", "connection: close"]
    if let token { lines.append("authorization: Bearer \(token)") }
    if let body { lines += ["content-type: application/json", "content-length: \(body.utf8.count)"] }
    return try await RawClient.send(lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? ""), to: server.port)
  }

  private static func json(_ answer: RawClient.Answer) throws -> JSONValue {
    try JSONText(validating: answer.body.trimmingCharacters(in: .whitespacesAndNewlines)).value()
  }

  private static let small = """
    {"title": "A <b>sum</b>", "nodes": [{"id": "a", "type": "numberNode", "position": {"x": 10.4, "y": 20}, "data": {"value": 1}},
     {"id": "b", "type": "vizNode", "data": {"mode": "text"}}], "edges": [{"id": "e", "source": "a", "target": "b"}]}
    """

  @Test("what is imported is listed, with a drawing of it, and exported as it was")
  func roundTrip() async throws {
    try await TestServer.with { (server: TestServer) async throws in
      let empty = try await Self.send("GET", "", to: server)
      #expect(empty.status == 200)
      #expect(try Self.json(empty)["workflows"]?.arrayValue == [])
      let taken = try Self.json(try await Self.send("POST", "/import", Self.small, to: server))
      #expect(taken["refused"]?.arrayValue == [])
      let made = try #require(taken["made"]?.arrayValue?.first)
      #expect(made["workflow"]?.stringValue == "a-b-sum-b")
      #expect(made["nodeCount"]?.numberValue == 2 && made["edgeCount"]?.numberValue == 1)

      let listed = try Self.json(try await Self.send("GET", "", to: server))
      #expect(listed["role"]?.stringValue == "owner")
      let item = try #require(listed["workflows"]?.arrayValue?.first)
      #expect(item["title"]?.stringValue == "A <b>sum</b>")
      #expect(item["nodeCount"]?.numberValue == 2)
      #expect(item["changedAtMilliseconds"]?.numberValue ?? 0 > 1_700_000_000_000)
      // A node without a place was given one, as the canvas does.
      #expect(
        item["sketch"]?["points"]?.arrayValue == [
          .array([.number(10), .number(20), .string("numberNode")]), .array([.number(250), .number(150), .string("vizNode")]),
        ])
      #expect(item["sketch"]?["lines"]?.arrayValue == [.array([.number(0), .number(1)])])

      let exported = try await Self.send("GET", "/a-b-sum-b/export", to: server)
      #expect(exported["content-disposition"] == "attachment; filename=\"a-b-sum-b.json\"")
      let canvas = try CanvasJSON.parse(exported.body)
      #expect(canvas.title == "A <b>sum</b>" && canvas.nodes.map(\.id.rawValue) == ["a", "b"] && canvas.edges.count == 1)
    }
  }

  @Test("a list of workflows becomes one each; what is wrong with one is said and keeps no other out; taken ids are gone round")
  func lists() async throws {
    let file = """
      [{"id": "wf one", "title": "First", "data": \(Self.small)}, {"id": "bad", "data": {"nodes": [{"type": "x"}], "edges": []}}, 7,
       {"id": "taken", "data": {"nodes": [], "edges": []}}]
      """
    try await TestServer.with { (server: TestServer) async throws in
      #expect(try await server.store.create(try #require(WorkflowID("taken"))))
      for round in 1...2 {
        let view = try Self.json(try await Self.send("POST", "/import", file, to: server))
        let made = view["made"]?.arrayValue?.compactMap { $0["workflow"]?.stringValue }
        #expect(made == (round == 1 ? ["wf-one", "taken-2"] : ["wf-one-2", "taken-3"]))
        let reasons = try #require(view["refused"]?.arrayValue?.compactMap { $0["reason"]?.stringValue })
        #expect(reasons.count == 2 && reasons[0].contains("[1].data.nodes[0]") && reasons[1].contains("[2]"), "\(reasons)")
      }
      for wrong in ["7", "{}", "[1", ""] {
        let answer = try await Self.send("POST", "/import", wrong, to: server)
        #expect(wrong == "{}" ? answer.status == 200 : (400..<500).contains(answer.status), "\(wrong): \(answer.status)")
      }
    }
  }

  @Test("what does not fit a workflow is refused and leaves nothing behind")
  func tooMuch() async throws {
    var rooms = RoomConfiguration()
    rooms.limits.protocolLimits.nodesMax = 1
    try await TestServer.with(rooms: rooms) { (server: TestServer) async throws in
      let view = try Self.json(try await Self.send("POST", "/import", Self.small, to: server))
      #expect(view["made"]?.arrayValue == [])
      #expect(view["refused"]?.arrayValue?.first?["reason"]?.stringValue?.contains("2 nodes") == true)
    }
    var tight = RoomConfiguration()
    tight.limits.protocolLimits.valueBytesMax = 8
    try await TestServer.with(rooms: tight) { (server: TestServer) async throws in
      let view = try Self.json(try await Self.send("POST", "/import", Self.small, to: server))
      #expect(view["refused"]?.arrayValue?.count == 1, "\(view)")
      #expect(try Self.json(try await Self.send("GET", "", to: server))["workflows"]?.arrayValue == [])
    }
  }

  @Test("pages follow each other without a gap")
  func pages() async throws {
    try await TestServer.with { (server: TestServer) async throws in
      for index in 0..<7 { #expect(try await server.store.create(try #require(WorkflowID("w\(index)")))) }
      var seen: [String] = []
      var query = "?limit=3"
      while true {
        let view = try Self.json(try await Self.send("GET", query, to: server))
        seen += try #require(view["workflows"]?.arrayValue).compactMap { $0["workflow"]?.stringValue }
        guard let next = view["next"]?.stringValue else { break }
        query = "?limit=3&after=\(next)"
      }
      #expect(seen == (0..<7).map { "w\($0)" })
      for wrong in ["?limit=0", "?limit=101", "?limit=x", "?after=.x", "?after=w1"] {
        #expect(try await Self.send("GET", wrong, to: server).status == 400, "\(wrong)")
      }
    }
  }

  @Test("[WP1] 4404: deleting sends everybody out for good; the id is free again at once")
  func delete() async throws {
    try await TestServer.with { (server: TestServer) async throws in
      #expect(try await Self.send("DELETE", "/none", to: server).status == 404)
      let (watcher, send) = try await LiveClient.open("gone", port: server.port)
      var hello = Hello()
      hello.name = "watcher"
      hello.create = true
      send(.hello(hello))
      var heard = watcher.events.makeAsyncIterator()
      while case .message(let message)? = await heard.next() { if case .welcome = message { break } }
      #expect(try await Self.send("DELETE", "/gone", to: server).status == 204)
      var end: CloseCode?
      while let event = await heard.next() { if case .closed(let code, _) = event { end = code } }
      #expect(end == .unknownWorkflow)
      #expect(try await Self.send("DELETE", "/gone", to: server).status == 404)
      #expect(try Self.json(try await Self.send("GET", "", to: server))["workflows"]?.arrayValue == [])
      #expect(try await server.store.create(try #require(WorkflowID("gone"))))
    }
  }

  @Test("lists take a viewer, imports an editor, deletion an owner")
  func roles() async throws {
    let secrets = ["viewer", "editor", "owner"].map { ($0, "secret-of-\($0)-0123456789") }
    let roles: [String: Role] = ["viewer": .viewer, "editor": .editor, "owner": .owner]
    let tokens = secrets.compactMap { name, secret in
      AccessToken(name: name, role: roles[name] ?? .viewer, kind: nil, secret: secret)
    }
    try await TestServer.with(authenticator: TokenAuthenticator(tokens)) { (server: TestServer) async throws in
      #expect(try await Self.send("GET", "", to: server).status == 401)
      #expect(try await server.store.create(try #require(WorkflowID("w"))))
      for (name, secret) in secrets {
        #expect(try await Self.send("GET", "", to: server, token: secret).status == 200)
        #expect(try await Self.send("GET", "/w/export", to: server, token: secret).status == 200)
        #expect(try await Self.send("POST", "/import", Self.small, to: server, token: secret).status == (name == "viewer" ? 403 : 200))
        #expect(try await Self.send("DELETE", "/w", to: server, token: secret).status == (name == "owner" ? 204 : 403))
      }
    }
  }
}
