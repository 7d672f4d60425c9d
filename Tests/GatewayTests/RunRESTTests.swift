import CRDT
import CollabProtocol
import Foundation
import RoomCore
import Rooms
import Storage
import Testing
import WorkflowDocument
import WorkflowGraph

@testable import Gateway

/// Runs over HTTP, on a whole server.
@Suite(.timeLimit(.minutes(2))) struct RunRESTTests {
  /// 2 × (3 + 4), with a pause in between when one is asked for.
  static func prepare(_ server: TestServer, pause: String? = nil) async throws {
    let workflow = try #require(WorkflowID("sums"))
    #expect(try await server.store.create(workflow))
    var ops: [Op] = []
    func node(_ id: String, _ type: String, _ data: [String: JSONText]) {
      ops.append(.setNodeLife(node: NodeID(id), alive: true))
      ops.append(.setNodeField(node: NodeID(id), field: .type, value: .string(type)))
      for (key, value) in data { ops.append(.setNodeField(node: NodeID(id), field: .data(key), value: value)) }
    }
    node("three", "numberNode", ["value": .number(3)])
    node("four", "numberNode", ["value": .number(4)])
    node("sum", "opNode", ["op": .string("add")])
    var edges = [("three", "sum"), ("four", "sum")]
    if let pause {
      node("wait", "delayNode", ["duration": .string(pause)])
      edges.append(("sum", "wait"))
    }
    for (source, target) in edges {
      ops.append(.addEdge(EdgeKey(source: NodeID(source), sourceHandle: nil, target: NodeID(target), targetHandle: nil)))
    }
    let change = Change(replica: ReplicaID(1), seq: 1, hlc: HybridTime(milliseconds: 1_700_000_000_000), ops: ops)
    let author = Author(name: "test", kind: .bot)
    try await server.store.append(
      [.change(LoggedChange(position: 1, author: author, takenAtMilliseconds: 1_700_000_000_000, change: change))], to: workflow)
  }

  static func post(
    _ path: String, _ body: String? = nil, to server: TestServer, headers: [String] = [], type: String = "application/json"
  ) async throws -> RawClient.Answer {
    var lines = ["POST \(path) HTTP/1.1", "host: localhost:\(server.port)", "connection: close"] + headers
    if let body { lines += ["content-type: \(type)", "content-length: \(body.utf8.count)"] }
    return try await RawClient.send(lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? ""), to: server.port)
  }

  static func json(_ answer: RawClient.Answer) throws -> JSONValue { try JSONText(validating: answer.body.trimmed).value() }

  @Test("[RU1, RU2] execute answers with the result, and everybody in the room sees that very run")
  func execute() async throws {
    try await TestServer.with { (server: TestServer) async throws in
      try await Self.prepare(server)
      let (watcher, send) = try await LiveClient.open("sums", port: server.port)
      var hello = Hello()
      hello.name = "watcher"
      send(.hello(hello))
      var heard = watcher.events.makeAsyncIterator()
      while case .message(let message)? = await heard.next() { if case .welcome = message { break } }

      let answer = try await Self.post("/api/v1/workflows/sums/execute", to: server)
      #expect(answer.status == 200)
      #expect(answer["content-type"] == "application/json")
      let view = try Self.json(answer)
      #expect(view["status"]?.stringValue == "succeeded")
      #expect(view["result"]?["final_output"]?.numberValue == 7)
      #expect(view["nodeCount"]?.numberValue == 3)
      #expect(view["startedBy"]?["name"]?.stringValue == "REST")
      let run = try #require(view["run"]?.stringValue)
      #expect(answer["location"] == "/api/v1/workflows/sums/runs/\(run)")

      var events: [RunEvent] = []
      while events.last?.kind.isLast != true, case .message(let message)? = await heard.next() {
        if case .runEvent(let event) = message { events.append(event) }
      }
      #expect(Set(events.map(\.run)) == [run])
      #expect(events.map(\.seq) == Array(1...UInt64(events.count)))

      let shown = try Self.json(try await RawClient.get("/api/v1/workflows/sums/runs/\(run)", from: server.port))
      // A version of its graph is kept beside the run, perhaps a moment later.
      func members(_ value: JSONValue) -> [JSONValue.Member] {
        if case .object(let all) = value { all.filter { $0.name != "workflowVersion" } } else { [] }
      }
      #expect(members(shown) == members(view))
      let listed = try Self.json(try await RawClient.get("/api/v1/workflows/sums/runs?limit=5", from: server.port))
      #expect(listed["runs"]?.arrayValue?.map { $0["run"]?.stringValue } == [run])
      let status = try Self.json(try await RawClient.get("/api/v1/workflows/sums/status", from: server.port))
      #expect(status["status"]?.stringValue == "succeeded")
      #expect(status["lastRun"]?["run"]?.stringValue == run)
      let stored = try Self.json(try await RawClient.get("/api/v1/workflows/sums/runs/\(run)/events", from: server.port))
      #expect(stored["events"]?.arrayValue?.count == events.count)
    }
  }

  @Test("[RU2] a stream begins with what was, goes on with what comes, ends with the last event; a reader takes it up where it broke off")
  func stream() async throws {
    try await TestServer.with { (server: TestServer) async throws in
      try await Self.prepare(server, pause: "400ms")
      let answer = try await Self.post("/api/v1/workflows/sums/runs", to: server)
      #expect(answer.status == 202)
      let location = try #require(answer["location"])
      #expect(try Self.json(answer)["status"]?.stringValue == "running")

      let whole = try await RawClient.get(location + "/events", from: server.port, headers: ["accept: text/event-stream"])
      #expect(whole["content-type"] == "text/event-stream")
      let ids = Self.ids(whole)
      #expect(ids == Array(1...UInt64(ids.count)))
      #expect(whole.text.contains("event: run_started\n"))
      #expect(whole.text.contains("event: run_finished\n"))

      let rest = try await RawClient.get(
        location + "/events", from: server.port, headers: ["accept: text/event-stream", "last-event-id: 3"])
      #expect(Self.ids(rest) == Array(ids.dropFirst(3)))
      // A browser's reader comes back with the last id, and is told that there is no more.
      let none = try await RawClient.get(
        location + "/events", from: server.port, headers: ["accept: text/event-stream", "last-event-id: \(ids.count)"])
      #expect(none.status == 204)
    }
  }

  private static func ids(_ answer: RawClient.Answer) -> [UInt64] {
    answer.text.split(whereSeparator: \.isNewline).compactMap { $0.hasPrefix("id: ") ? UInt64($0.dropFirst(4)) : nil }
  }

  @Test("[RU3] the same key is the same run, from the header or the body, also when it is over")
  func idempotency() async throws {
    try await TestServer.with { (server: TestServer) async throws in
      try await Self.prepare(server)
      let first = try Self.json(
        try await Self.post("/api/v1/workflows/sums/execute", to: server, headers: ["idempotency-key: deploy-7"]))
      let again = try Self.json(
        try await Self.post("/api/v1/workflows/sums/execute", #"{"idempotencyKey":"deploy-7"}"#, to: server))
      #expect(first["run"]?.stringValue != nil)
      #expect(first["run"] == again["run"])
      let other = try Self.json(try await Self.post("/api/v1/workflows/sums/execute", "{}", to: server))
      #expect(other["run"] != first["run"])
    }
  }

  @Test("[RU3] beside a run: reject is 409, queue waits, and what takes longer than its caller waits for is 202")
  func policies() async throws {
    try await TestServer.with { (server: TestServer) async throws in
      try await Self.prepare(server, pause: "30s")
      let slow = try await Self.post("/api/v1/workflows/sums/execute", to: server, headers: ["prefer: wait=1"])
      #expect(slow.status == 202)
      let location = try #require(slow["location"])
      let rejected = try await Self.post("/api/v1/workflows/sums/runs", #"{"policy":"reject"}"#, to: server)
      #expect(rejected.status == 409)
      #expect(rejected["content-type"] == "application/problem+json")
      let queued = try await Self.post("/api/v1/workflows/sums/runs", #"{"policy":"queue"}"#, to: server, headers: ["idempotency-key: q"])
      #expect(queued.status == 202)
      #expect(try Self.json(queued)["status"]?.stringValue == "waiting")
      #expect(queued["location"] == nil)

      #expect(try await Self.post(location + "/cancel", to: server).status == 202)
      let stream = try await RawClient.get(location + "/events", from: server.port, headers: ["accept: text/event-stream"])
      #expect(stream.text.contains("event: run_cancelled\n"))
      #expect(try await Self.post(location + "/cancel", to: server).status == 409)
      let view = try Self.json(try await RawClient.get(location, from: server.port))
      #expect(view["status"]?.stringValue == "cancelled")

      // The queued one has begun: its key finds it.
      let begun = try await Self.post("/api/v1/workflows/sums/runs", to: server, headers: ["idempotency-key: q"])
      let next = try #require(begun["location"])
      #expect(next != location)
      #expect(try await Self.post(next + "/cancel", to: server).status == 202)
    }
  }

  @Test("[RU1] a run that must include what never comes is a conflict, not silence")
  func barrier() async throws {
    var rooms = RoomConfiguration()
    rooms.limits.runBarrierMilliseconds = 300
    try await TestServer.with(rooms: rooms) { (server: TestServer) async throws in
      try await Self.prepare(server)
      let answer = try await Self.post(
        "/api/v1/workflows/sums/execute", #"{"include":{"replica":[1],"seq":["9"]}}"#, to: server, headers: ["prefer: wait=20"])
      #expect(answer.status == 409)
      let present = try await Self.post("/api/v1/workflows/sums/execute", #"{"include":{"replica":[1],"seq":[1]}}"#, to: server)
      #expect(present.status == 200)
    }
  }

  @Test("a graph in the body is run at once, and leaves no trace")
  func adHoc() async throws {
    try await TestServer.with { (server: TestServer) async throws in
      let graph =
        #"{"nodes":[{"id":"a","type":"numberNode","data":{"value":20}},{"id":"b","type":"numberNode","data":{"value":22}},"#
        + #"{"id":"c","type":"opNode","data":{"op":"add"}}],"edges":[{"source":"a","target":"c"},{"source":"b","target":"c"}]}"#
      let answer = try await Self.post("/api/v1/workflows/execute", graph, to: server)
      #expect(answer.status == 200)
      let view = try Self.json(answer)
      #expect(view["status"]?.stringValue == "succeeded")
      #expect(view["result"]?["final_output"]?.numberValue == 42)
      let failed = try Self.json(
        try await Self.post("/api/v1/workflows/execute", #"{"nodes":[{"id":"x","type":"nonsense","data":{}}],"edges":[]}"#, to: server))
      #expect(failed["status"]?.stringValue == "failed")
      #expect(failed["error"]?.stringValue?.contains("nonsense") == true)
      #expect(try await Self.post("/api/v1/workflows/execute", #"{"nodes":3}"#, to: server).status == 422)
      #expect(try await Self.post("/api/v1/workflows/execute", to: server).status == 400)
      #expect(try await server.store.workflows(after: nil, limit: 10).isEmpty)
    }
  }

  @Test("validate says all that is wrong at once, with places; a good graph is valid")
  func validate() async throws {
    try await TestServer.with { (server: TestServer) async throws in
      let bad =
        #"{"nodes":[{"id":"a","type":"numberNode","data":{}},{"id":"b","type":"nonsense","data":{}}],"#
        + #""edges":[{"id":"e","source":"a","target":"gone"}]}"#
      let answer = try await Self.post("/api/v1/workflows/validate", bad, to: server)
      #expect(answer.status == 200)
      let view = try Self.json(answer)
      #expect(view["valid"]?.boolValue == false)
      let findings = try #require(view["findings"]?.arrayValue)
      let codes = findings.map { $0["code"]?.stringValue }
      #expect(codes.contains("setting_missing") && codes.contains("type_unknown") && codes.contains("edge_orphan"))
      #expect(findings.first { $0["code"]?.stringValue == "type_unknown" }?["node"]?.stringValue == "b")
      let good = #"{"nodes":[{"id":"a","type":"numberNode","data":{"value":1}}],"edges":[]}"#
      #expect(try Self.json(try await Self.post("/api/v1/workflows/validate", good, to: server))["valid"]?.boolValue == true)
    }
  }

  @Test("a stream over a silence longer than the idle time of a connection is not cut off")
  func quietStream() async throws {
    var configuration = GatewayConfiguration()
    configuration.idleTimeout = .milliseconds(500)
    try await TestServer.with(configuration) { (server: TestServer) async throws in
      try await Self.prepare(server, pause: "1500ms")
      let location = try #require(try await Self.post("/api/v1/workflows/sums/runs", to: server)["location"])
      let whole = try await RawClient.get(location + "/events", from: server.port, headers: ["accept: text/event-stream"])
      #expect(whole.text.contains("event: run_finished\n"))
      let waited = try await Self.post("/api/v1/workflows/sums/execute", to: server)
      #expect(waited.status == 200)
    }
  }

  @Test("a type that no reader takes whole ends neither the server nor the list of runs")
  func longType() async throws {
    try await TestServer.with { (server: TestServer) async throws in
      let workflow = try #require(WorkflowID("long"))
      #expect(try await server.store.create(workflow))
      let ops: [Op] = [
        .setNodeLife(node: NodeID("x"), alive: true),
        .setNodeField(node: NodeID("x"), field: .type, value: .string(String(repeating: "é", count: 40_000))),
      ]
      let change = Change(replica: ReplicaID(1), seq: 1, hlc: HybridTime(milliseconds: 1_700_000_000_000), ops: ops)
      let author = Author(name: "test", kind: .bot)
      try await server.store.append(
        [.change(LoggedChange(position: 1, author: author, takenAtMilliseconds: 1_700_000_000_000, change: change))], to: workflow)
      let answer = try await Self.post("/api/v1/workflows/long/execute", to: server)
      #expect(answer.status == 200)
      #expect(try Self.json(answer)["status"]?.stringValue == "failed")
      #expect(try await RawClient.get("/api/v1/workflows/long/runs", from: server.port).status == 200)
    }
  }

  @Test("[GB1] a server that is to end does not wait for streams and for callers that wait")
  func shutdown() async throws {
    try await TestServer.with { (server: TestServer) async throws in
      try await Self.prepare(server, pause: "60s")
      let location = try #require(try await Self.post("/api/v1/workflows/sums/runs", to: server)["location"])
      async let stream = RawClient.get(location + "/events", from: server.port, headers: ["accept: text/event-stream"])
      async let waiting = Self.post("/api/v1/workflows/sums/execute", to: server, headers: ["prefer: wait=60"])
      // Both are inside: the run has two callers.
      _ = try await Self.post("/api/v1/workflows/sums/execute", to: server, headers: ["prefer: wait=1"])
      let start = ContinuousClock.now
      await server.shutDown()
      #expect(ContinuousClock.now - start < .seconds(20))
      #expect(try await stream.text.contains("event: run_started"))
      #expect(try await waiting.status == 202)
    }
  }

  @Test("a page whose name was pointed at this machine cannot read what is open to this machine only")
  func rebinding() async throws {
    var configuration = GatewayConfiguration()
    configuration.origins = OriginPolicy(ownNameMustBeLocal: true)
    try await TestServer.with(configuration) { (server: TestServer) async throws in
      try await Self.prepare(server)
      let lines = ["GET /api/v1/workflows/sums/runs HTTP/1.1", "host: evil.example:\(server.port)", "connection: close", "", ""]
      #expect(try await RawClient.send(lines.joined(separator: "\r\n"), to: server.port).status == 403)
      #expect(try await RawClient.get("/api/v1/workflows/sums/runs", from: server.port).status == 200)
    }
  }

  private struct Bad: Sendable {
    var path: String
    var body: String?
    var headers: [String] = []
    var type = "application/json"
    var status: Int
  }

  @Test("what is asked wrongly is refused with a reason and changes nothing")
  func refusals() async throws {
    let bad = [
      Bad(path: "/api/v1/workflows/none/execute", status: 404), Bad(path: "/api/v1/workflows/.x/execute", status: 400),
      Bad(path: "/api/v1/workflows/sums/execute", body: "{", status: 400),
      Bad(path: "/api/v1/workflows/sums/execute", body: "[]", status: 400),
      Bad(path: "/api/v1/workflows/sums/execute", body: #"{"polcy":"queue"}"#, status: 400),
      Bad(path: "/api/v1/workflows/sums/execute", body: #"{"policy":"soon"}"#, status: 400),
      Bad(path: "/api/v1/workflows/sums/execute", body: #"{"include":{"replica":[2,1],"seq":[1,1]}}"#, status: 400),
      Bad(path: "/api/v1/workflows/sums/execute", body: "policy=queue", type: "application/x-www-form-urlencoded", status: 415),
      Bad(path: "/api/v1/workflows/sums/execute", body: String(repeating: " ", count: 300_000), status: 413),
      Bad(path: "/api/v1/workflows/sums/execute", headers: ["idempotency-key: " + String(repeating: "k", count: 200)], status: 400),
      Bad(path: "/api/v1/workflows/sums/execute", headers: ["origin: https://evil.example"], status: 403),
      Bad(path: "/api/v1/workflows/sums/execute", headers: ["authorization: Basic YTpi"], status: 401),
      Bad(path: "/api/v1/workflows/sums/runs/0123456789abcdef/cancel", status: 404),
      Bad(path: "/api/v1/workflows/sums/runs/0123/cancel", status: 400),
    ]
    try await TestServer.with { (server: TestServer) async throws in
      try await Self.prepare(server)
      for request in bad {
        let answer = try await Self.post(request.path, request.body, to: server, headers: request.headers, type: request.type)
        #expect(answer.status == request.status, "\(request.path) \(request.body?.prefix(40) ?? "") \(request.headers)")
        #expect(answer["content-type"] == "application/problem+json")
      }
      for (path, status) in [("/runs?limit=0", 400), ("/runs/0123456789abcdef", 404), ("/runs/0123456789abcdef/events", 404)] {
        #expect(try await RawClient.get("/api/v1/workflows/sums" + path, from: server.port).status == status)
      }
      #expect(try await RawClient.get("/api/v1/workflows/none/runs", from: server.port).status == 404)
      let listed = try Self.json(try await RawClient.get("/api/v1/workflows/sums/runs", from: server.port))
      #expect(listed["runs"]?.arrayValue?.isEmpty == true)
    }
  }

  @Test("[WP1] without a token nothing is told; with one, as much as its role may do")
  func roles() async throws {
    let authenticator = TokenAuthenticator([
      try #require(AccessToken(name: "eve", role: .editor, kind: nil, secret: "eve's secret is long")),
      try #require(AccessToken(name: "ci", role: .runner, kind: .agent, secret: "ci's secret is longer")),
    ])
    try await TestServer.with(authenticator: authenticator) { (server: TestServer) async throws in
      try await Self.prepare(server)
      let path = "/api/v1/workflows/sums/execute"
      let stranger = try await Self.post(path, to: server)
      #expect(stranger.status == 401)
      #expect(stranger["www-authenticate"] == "Bearer")
      #expect(try await RawClient.get("/api/v1/workflows/sums/runs", from: server.port).status == 401)
      let eve = "authorization: Bearer eve's secret is long"
      #expect(try await Self.post(path, to: server, headers: [eve]).status == 403)
      #expect(try await RawClient.get("/api/v1/workflows/sums/runs", from: server.port, headers: [eve]).status == 200)
      let answer = try await Self.post(path, to: server, headers: ["authorization: Bearer ci's secret is longer"])
      #expect(answer.status == 200)
      #expect(try Self.json(answer)["startedBy"]?["subject"]?.stringValue == "ci")
      #expect(try Self.json(answer)["startedBy"]?["kind"]?.stringValue == "agent")
    }
  }
}

extension String {
  fileprivate var trimmed: String { trimmingCharacters(in: .whitespacesAndNewlines) }
}
