import CRDT
import CollabProtocol
import Hashing
import Synchronization
import Telemetry
import Testing
import WorkflowDocument
import WorkflowGraph

@testable import Gateway

@Suite struct WatchTests {
  @Test("[OP3] metrics tell of requests, rooms, sessions and changes, by routes and codes that the program knows")
  func metrics() async throws {
    try await TestServer.with { (server: TestServer) async throws in
      let (client, send) = try await LiveClient.open("demo", port: server.port)
      var hello = Hello()
      hello.name = "ada"
      hello.create = true
      send(.hello(hello))
      var iterator = client.events.makeAsyncIterator()
      while let event = await iterator.next() {
        if case .message(.welcome) = event { break }
      }
      _ = try await RawClient.get("/api/v1/workflows/demo/runs?limit=3", from: server.port)
      _ = try await RawClient.get("/api/v1/workflows/..%2fsecret/runs", from: server.port)
      _ = try await RawClient.get("/no/such/place", from: server.port, method: "LOCK")
      let answer = try await RawClient.get("/metrics", from: server.port)
      #expect(answer.status == 200)
      #expect(answer["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
      for line in [
        "thaiyyal_rooms 1", "thaiyyal_sessions 1", "thaiyyal_live_connections 1", "thaiyyal_sessions_joined_total 1",
        "thaiyyal_refusals_total{code=\"clock_skew\"} 0", "thaiyyal_closes_total{code=\"4508\"} 0",
        "thaiyyal_closes_total{code=\"other\"} 0",
        "thaiyyal_http_request_duration_seconds_count{route=\"/api/v1/workflows/{id}/runs\",method=\"GET\",status=\"2xx\"} 1",
        "thaiyyal_http_request_duration_seconds_count{route=\"none\",method=\"other\",status=\"4xx\"} 1",
      ] { #expect(answer.body.contains(line + "\n"), "\(line)") }
      #expect(!answer.body.contains("secret") && !answer.body.contains("LOCK"))
      let names = answer.body.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }
      #expect(Set(names).count == names.count && names.count > 30)
    }
  }

  @Test("[OP3] a secret of its own opens metrics, nothing else does; without one they are closed where others reach the server")
  func metricsAccess() async throws {
    var configuration = GatewayConfiguration()
    configuration.metricsAccess = .secret(digest: SHA256.digest("a secret of its own"))
    try await TestServer.with(configuration) { (server: TestServer) async throws in
      #expect(try await RawClient.get("/metrics", from: server.port).status == 401)
      for wrong in ["Bearer a secret of its owm", "Bearer ", "Basic a secret of its own", "a secret of its own"] {
        #expect(try await RawClient.get("/metrics", from: server.port, headers: ["authorization: \(wrong)"]).status == 401)
      }
      #expect(
        try await RawClient.get("/metrics", from: server.port, headers: ["authorization: Bearer a secret of its own"]).status == 200)
    }
    configuration.metricsAccess = .closed
    try await TestServer.with(configuration) { (server: TestServer) async throws in
      #expect(
        try await RawClient.get("/metrics", from: server.port, headers: ["authorization: Bearer a secret of its own"]).status == 403)
    }
    // A foreign page that was given a name of this machine.
    var local = GatewayConfiguration()
    local.origins.ownNameMustBeLocal = true
    try await TestServer.with(local) { (server: TestServer) async throws in
      let request = "GET /metrics HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n"
      #expect(try await RawClient.send(request, to: server.port).status == 403)
    }
  }

  @Test("[OP2] a request's trace is answered, and one begins where none came")
  func traces() async throws {
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    try await TestServer.with { (server: TestServer) async throws in
      for path in ["/livez", "/nothing", "/api/v1/workflows/x/runs"] {
        let answer = try await RawClient.get(path, from: server.port, headers: ["traceparent: \(parent)"])
        let own = try #require(answer["traceresponse"].flatMap { TraceContext($0) }, "\(path)")
        #expect(own.traceID == "0af7651916cd43dd8448eb211c80319c" && own.spanID != "b7ad6b7169203331")
        #expect(answer["x-request-id"]?.isEmpty == false)
      }
      let fresh = try await RawClient.get("/livez", from: server.port, headers: ["traceparent: nonsense"])["traceresponse"]
      #expect(fresh.flatMap { TraceContext($0) } != nil)
      let upgrade = [
        "GET /api/v1/workflows/demo/live HTTP/1.1", "host: x", "upgrade: websocket", "connection: upgrade", "sec-websocket-version: 13",
        "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==", "traceparent: \(parent)", "", "",
      ].joined(separator: "\r\n")
      let answer = try await RawClient.send(upgrade, to: server.port, until: { $0.contains("\r\n\r\n") })
      #expect(answer.status == 101)
      #expect(answer["traceresponse"].flatMap { TraceContext($0) }?.traceID == "0af7651916cd43dd8448eb211c80319c")
    }
  }

  @Test(
    "[OP4] the log tells of requests by route and of live connections by code; nothing that a peer sent as path, query, token or document")
  func log() async throws {
    let log = CapturedLog()
    try await TestServer.with(log: log) { (server: TestServer) async throws in
      _ = try await RawClient.get(
        "/api/v1/workflows/demo/runs?before=MARKED-query", from: server.port,
        headers: ["authorization: Bearer MARKED-token", "cookie: MARKED"])
      _ = try await RawClient.get("/MARKED-path", from: server.port)
      let (client, send) = try await LiveClient.open("demo", port: server.port)
      var hello = Hello()
      (hello.name, hello.token, hello.create) = ("MARKED-name", "MARKED-token", true)
      send(.hello(hello))
      var replica: ReplicaID?
      hearing: for await event in client.events {
        switch event {
        case .message(.welcome(let welcome)):
          replica = welcome.lease?.replica
          let ops: [Op] = [.setNodeField(node: NodeID("n"), field: .data("secret"), value: JSONText(unchecked: "\"MARKED-value\""))]
          let time = HybridTime(milliseconds: welcome.serverMilliseconds)
          send(.change(ChangeBatch(batch: 1, changes: [Change(replica: replica!, seq: 1, hlc: time, ops: ops)], seen: 0)))
        case .message(.ack):
          var request = RunRequest()
          (request.request, request.idempotencyKey) = (1, "MARKED-key")
          send(.run(request))
        case .message(.runEvent(let event)) where event.kind.isLast: break hearing
        default: break
        }
      }
      #expect(replica != nil)
    }
    let lines = log.all
    #expect(lines.contains { $0.contains("a request was answered") && $0.contains("route=/api/v1/workflows/{id}/runs") })
    #expect(lines.contains { $0.contains("a live connection ended") && $0.contains("workflow=demo") && $0.contains("trace_id=") })
    #expect(lines.contains { $0.contains("a run ended") })
    #expect(lines.allSatisfy { !$0.contains("MARKED") }, "\(lines.filter { $0.contains("MARKED") })")
  }
}

@Suite struct StoreProbeTests {
  private struct Failure: Error {}

  @Test("[OP1] one write a second at most, one for all who ask at once; what it says holds for a second")
  func coalesced() async {
    let count = Mutex(0)
    let probe = StoreProbe {
      count.withLock { $0 += 1 }
      try await Task.sleep(for: .milliseconds(20))
    }
    await withTaskGroup(of: Readiness.self) { group in
      for _ in 0..<20 { group.addTask { await probe.readiness() } }
      for await readiness in group { #expect(readiness == .ready) }
    }
    #expect(await probe.readiness() == .ready)
    #expect(count.withLock { $0 } == 1)
  }

  @Test("[OP1] a store that fails or hangs is not ready; one that hangs is asked no further until it answers")
  func failing() async throws {
    let failing = StoreProbe { throw Failure() }
    guard case .notReady(let reason) = await failing.readiness() else { throw Failure() }
    #expect(reason.contains("does not take writes"))

    let (gate, open) = AsyncStream<Void>.makeStream()
    let count = Mutex(0)
    let hanging = StoreProbe(patience: .milliseconds(30)) {
      count.withLock { $0 += 1 }
      for await _ in gate { break }
    }
    for _ in 0..<2 {
      guard case .notReady(let reason) = await hanging.readiness() else { throw Failure() }
      #expect(reason.contains("not made a write durable"))
      try await Task.sleep(for: StoreProbe.memory + .milliseconds(50))
    }
    #expect(count.withLock { $0 } == 1)
    open.yield()
    open.finish()
    try await Task.sleep(for: .milliseconds(100))
    #expect(await hanging.readiness() == .ready)
    #expect(count.withLock { $0 } == 2)
  }
}
