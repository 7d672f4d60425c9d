import Foundation
import Glibc
import Testing
import WorkflowGraph

/// Requests with an idempotency key beside a server of a real process that is killed.
@Suite(
  "Requests once, over kill -9", .timeLimit(.minutes(2)), .enabled(if: ChildServer.executable != nil, "the executable was not built"))
struct OnceRestartTests {
  private static let workflows = "/api/v1/workflows"
  private static let key = ["idempotency-key: 7c1e-once"]

  private static func with(_ body: (_ data: String) async throws -> Void) async throws {
    let folder = try TestFolder("once")
    defer { folder.remove() }
    try await body(folder.file("data.sqlite"))
  }

  private static func commitCount(_ port: Int) async throws -> Int {
    let text = try await HTTPCall.send("GET", "/metrics", port: port).body
    let line = text.split(separator: "\n").first { $0.hasPrefix("thaiyyal_store_commit_calls_total ") }
    return try #require(line?.split(separator: " ").last.flatMap { Int($0) })
  }

  private static func restart(_ child: ChildServer, _ data: String) async throws -> ChildServer {
    kill(child.pid, SIGKILL)
    _ = await child.exitStatus()
    return try await ChildServer.start(ChildServer.executable!, data: data, port: 0)
  }

  @Test("[RQ1, RQ4] what was answered before kill -9 is answered the same after it, and not done again")
  func answered() async throws {
    try await Self.with { data in
      var child = try await ChildServer.start(ChildServer.executable!, data: data, port: 0)
      let body = #"{"title":"Once"}"#
      let first = try await HTTPCall.send("POST", Self.workflows, body, headers: Self.key, port: child.port)
      let made = try await HTTPCall.send(
        "POST", "/api/v1/keys", #"{"name":"ci","role":"viewer"}"#, headers: ["idempotency-key: 7c1e-key"], port: child.port)
      #expect(first.status == 201 && first["idempotency-replayed"] == nil && made.status == 201)
      child = try await Self.restart(child, data)
      let again = try await HTTPCall.send("POST", Self.workflows, body, headers: Self.key, port: child.port)
      #expect(again.status == 201 && again["idempotency-replayed"] == "true" && again.body == first.body)
      #expect(again["location"] == first["location"] && again["etag"] == first["etag"])
      let list = try await HTTPCall.send("GET", Self.workflows, port: child.port)
      #expect(try list.json["workflows"]?.arrayValue?.count == 1)
      let other = try await HTTPCall.send("POST", Self.workflows, #"{"title":"Other"}"#, headers: Self.key, port: child.port)
      #expect(other.status == 422 && other.body.contains("/problems/idempotency-key-reused"))
      // The secret is not told a second time, and is not in the file.
      let secret = try #require(try made.json["secret"]?.stringValue)
      let id = try #require(try made.json["key"]?["key"]?.stringValue)
      let untold = try await HTTPCall.send(
        "POST", "/api/v1/keys", #"{"name":"ci","role":"viewer"}"#, headers: ["idempotency-key: 7c1e-key"], port: child.port)
      #expect(untold.status == 409 && untold.body.contains("/problems/answer-not-kept") && untold.body.contains(id))
      kill(child.pid, SIGKILL)
      _ = await child.exitStatus()
      for suffix in ["", "-wal"] {
        let bytes = (try? Data(contentsOf: URL(filePath: data + suffix))) ?? Data()
        #expect(bytes.firstRange(of: Data(secret.utf8)) == nil)
      }
    }
  }

  @Test("[RQ2, RQ4] killed in the middle of a request: nobody knows, nothing is done again, and another key is free")
  func interrupted() async throws {
    try await Self.with { data in
      var child = try await ChildServer.start(ChildServer.executable!, data: data, port: 0)
      let graph =
        #"{"nodes":[{"id":"a","type":"numberNode","data":{"value":1}},{"id":"b","type":"delayNode","data":{"duration":"60s"}}],"#
        + #""edges":[{"id":"e","source":"a","target":"b"}]}"#
      let port = child.port
      let commits = try await Self.commitCount(port)
      // Of two at once one is carried out, which takes a minute; the other is told so.
      let told = await withTaskGroup(of: HTTPCall.Answer?.self) { group in
        for _ in 0..<2 {
          group.addTask { try? await HTTPCall.send("POST", Self.workflows + "/execute", graph, headers: Self.key, port: port) }
        }
        let told = await group.next() ?? nil
        // The key of the first is durable: from here on it is in the middle.
        while let count = try? await Self.commitCount(port), count == commits {}
        kill(child.pid, SIGKILL)
        return told
      }
      #expect(told?.status == 409 && told?.body.contains("/problems/request-in-progress") == true && told?["retry-after"] == "1")
      _ = await child.exitStatus()
      child = try await ChildServer.start(ChildServer.executable!, data: data, port: 0)
      let after = try await HTTPCall.send("POST", Self.workflows + "/execute", graph, headers: Self.key, port: child.port)
      #expect(after.status == 409 && after.body.contains("/problems/outcome-unknown"))
      let quick = try await HTTPCall.send(
        "POST", Self.workflows + "/execute", graph.replacing("60s", with: "1ms"), headers: ["idempotency-key: other"], port: child.port)
      #expect(quick.status == 200)
      kill(child.pid, SIGKILL)
      _ = await child.exitStatus()
    }
  }
}
