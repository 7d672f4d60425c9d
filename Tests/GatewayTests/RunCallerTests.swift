import CollabProtocol
import Foundation
import Rooms
import Storage
import Testing
import WorkflowGraph

@testable import Gateway

/// Who asks over HTTP: what is left of callers, what they are told of runs and types.
@Suite(.timeLimit(.minutes(2))) struct RunCallerTests {
  @Test("[CR5] callers over HTTP take no replica id from those who edit, and nothing is left of them")
  func leases() async throws {
    try await TestServer.with { (server: TestServer) async throws in
      try await RunRESTTests.prepare(server, pause: "60s")
      for _ in 0..<5 {
        let run = try #require(
          try RunRESTTests.json(try await RunRESTTests.post("/api/v1/workflows/sums/runs", to: server))["run"]?.stringValue)
        #expect(try await RunRESTTests.post("/api/v1/workflows/sums/runs/\(run)/cancel", to: server).status == 202)
      }
      let workflow = try #require(WorkflowID("sums"))
      #expect(try await server.store.load(workflow)?.leases.isEmpty == true)
    }
  }

  @Test("a caller that says nothing more is answered with what is known, and holds nothing up")
  func callerLeaves() async throws {
    try await TestServer.with { (server: TestServer) async throws in
      try await RunRESTTests.prepare(server, pause: "60s")
      let lines = [
        "POST /api/v1/workflows/sums/execute HTTP/1.1", "host: localhost:\(server.port)", "prefer: wait=300", "content-length: 0",
      ]
      let start = ContinuousClock.now
      let answer = try await RawClient.send(lines.joined(separator: "\r\n") + "\r\n\r\n", to: server.port, halfCloses: true)
      #expect(ContinuousClock.now - start < .seconds(60))
      #expect(answer.status == 202)
    }
  }

  @Test("runs are listed page by page, without results, with how they were asked for")
  func list() async throws {
    try await TestServer.with { (server: TestServer) async throws in
      try await RunRESTTests.prepare(server)
      var runs: [String] = []
      for _ in 0..<3 {
        let answer = try await RunRESTTests.post("/api/v1/workflows/sums/execute", #"{"policy":"queue","parked":"prune"}"#, to: server)
        runs.insert(try #require(try RunRESTTests.json(answer)["run"]?.stringValue), at: 0)
      }
      func page(_ query: String) async throws -> [JSONValue] {
        try RunRESTTests.json(try await RawClient.get("/api/v1/workflows/sums/runs" + query, from: server.port))["runs"]?.arrayValue ?? []
      }
      let all = try await page("")
      #expect(all.map { $0["run"]?.stringValue } == runs)
      #expect(all.allSatisfy { $0["result"] == nil && $0["status"]?.stringValue == "succeeded" })
      #expect(all.allSatisfy { $0["policy"]?.stringValue == "queue" && $0["parked"]?.stringValue == "prune" })
      #expect(try await page("?limit=1&before=\(runs[0])").map { $0["run"]?.stringValue } == [runs[1]])
      #expect(try await page("?before=\(runs[2])").isEmpty)
      #expect(try await RawClient.get("/api/v1/workflows/sums/runs?before=x", from: server.port).status == 400)
    }
  }

  @Test("[GV4] the catalogue says what runs here know")
  func catalogue() async throws {
    try await TestServer.with { (server: TestServer) async throws in
      let answer = try await RawClient.get("/api/v1/catalogue", from: server.port)
      #expect(answer.status == 200)
      let types = try RunRESTTests.json(answer)["types"]?.arrayValue ?? []
      #expect(types.compactMap { $0["type"]?.stringValue } == NodeCatalogue.types.map(\.engineName))
    }
    let authenticator = TokenAuthenticator([])
    try await TestServer.with(authenticator: authenticator) { (server: TestServer) async throws in
      #expect(try await RawClient.get("/api/v1/catalogue", from: server.port).status == 401)
    }
  }
}
