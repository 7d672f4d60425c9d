import CRDT
import CollabClient
import CollabProtocol
import Foundation
import Hashing
import Storage
import Testing
import WorkflowDocument
import WorkflowGraph

/// Versions and history over HTTP beside a canvas, on a real server with a real file.
@Suite("Versions over HTTP", .timeLimit(.minutes(2)))
struct VersionRESTTests {
  private static let path = "/api/v1/workflows/w"

  private static func numbers(_ server: TestServer) async throws -> [Double] {
    let list = try await HTTPCall.send("GET", path + "/versions", to: server)
    return try #require(try list.json["versions"]?.arrayValue).compactMap { $0["version"]?.numberValue }
  }

  @Test("[HI5, HI6, HI7, HI8] versions are kept, listed, compared and restored; the canvas shows what the answers say")
  func versions() async throws {
    try await TestServer.with { server in
      let ada = CollabSession(server.options("w", name: "Ada"))
      try await ada.live()
      try await ada.edit(Make.sum)
      try await ada.saved()
      let first = try await HTTPCall.send("POST", Self.path + "/versions", #"{"name":"first","note":"why"}"#, to: server)
      #expect(first.status == 201 && first["location"] == Self.path + "/versions/1")
      #expect(try first.json["changes"]?["nodesAdded"]?.numberValue == 4 && first.json["changes"]?["since"] == nil)
      let graph = await ada.hashes().graph
      #expect(try first.json["graphHash"]?.stringValue == Hex.encode(graph))
      #expect(try await HTTPCall.send("POST", Self.path + "/versions", to: server).status == 200, "nothing new")
      #expect(try await Self.numbers(server) == [1])

      try await ada.edit([.setNodeField(node: NodeID("1"), field: .data("value"), value: .number(9))])
      try await ada.saved()
      let second = try await HTTPCall.send("POST", Self.path + "/versions", headers: ["thaiyyal-author: ci"], to: server)
      #expect(
        try second.status == 201 && second.json["cause"]?.stringValue == "asked" && second.json["author"]?["name"]?.stringValue == "ci")
      #expect(try second.json["changes"]?["nodesReconfigured"]?.numberValue == 1 && second.json["changes"]?["since"]?.numberValue == 1)
      // An edit that was taken back is nothing new either.
      try await ada.edit([.setNodeField(node: NodeID("1"), field: .data("value"), value: .number(10))])
      try await ada.edit([.setNodeField(node: NodeID("1"), field: .data("value"), value: .number(9))])
      try await ada.saved()
      let same = try await HTTPCall.send("POST", Self.path + "/versions", to: server)
      #expect(try same.status == 200 && same.json["version"]?.numberValue == 2)

      let diff = try await HTTPCall.send("GET", Self.path + "/diff?from=1&to=2", to: server)
      let change = try #require(try diff.json["diff"]?["nodes"]?["reconfigured"]?.arrayValue?.first)
      #expect(change["node"]?.stringValue == "1" && change["fields"]?.arrayValue?.first?["to"]?.numberValue == 9)
      #expect(try await HTTPCall.send("GET", Self.path + "/diff?from=2", to: server).json["changes"] == .object([]))
      let shown = try await HTTPCall.send("GET", Self.path + "/versions/1", to: server)
      #expect(try shown.json["graph"]?["nodes"]?.arrayValue?.count == 4)

      let before = await ada.version
      let restored = try await HTTPCall.send("POST", Self.path + "/restore/1", headers: ["thaiyyal-author: ci"], to: server)
      #expect(try restored.status == 200 && restored.json["graphHash"]?.stringValue == Hex.encode(graph))
      try await ada.wait(for: before) { $0 == graph }
      #expect(try await HTTPCall.send("POST", Self.path + "/restore/1", headers: ["if-match: \"x\""], to: server).status == 412)
      #expect(try await HTTPCall.send("POST", Self.path + "/restore/99", to: server).status == 404)
      let last = try #require(try await server.history(of: "w")?.last)
      #expect(last.author.name == "ci" && last.change.ops.count == 1)
      await ada.close()
    }
  }

  @Test("[HI7, HI8, RU1] a run points to the version that it ran")
  func runs() async throws {
    try await TestServer.with { server in
      let ada = CollabSession(server.options("w", name: "Ada"))
      try await ada.live()
      try await ada.edit(Make.sum)
      try await ada.saved()
      for number in 1...2 {
        let run = try await HTTPCall.send("POST", Self.path + "/execute", to: server)
        #expect(run.status == 200)
        let id = try #require(try run.json["run"]?.stringValue)
        try await Self.until { try await Self.numbers(server).count == number }
        let view = try await HTTPCall.send("GET", Self.path + "/runs/\(id)", to: server)
        #expect(try view.json["workflowVersion"]?.numberValue == Double(number))
        let version = try await HTTPCall.send("GET", Self.path + "/versions/\(number)", to: server)
        #expect(try version.json["cause"]?.stringValue == "run" && version.json["graphHash"] == view.json["graphHash"])
        try await ada.edit([.setNodeField(node: NodeID("1"), field: .data("value"), value: .number(Double(number + 50)))])
        try await ada.saved()
      }
      await ada.close()
    }
  }

  @Test("[HI1, HI2] history is read in pages, whole and of one author")
  func history() async throws {
    try await TestServer.with { server in
      let ada = CollabSession(server.options("w", name: "Ada"))
      try await ada.live()
      try await ada.edit(Make.sum)
      try await ada.saved()
      for number in 1...5 {
        let body = #"{"nodes":{"1":{"data":{"value":\#(number)}}}}"#
        let author = number.isMultiple(of: 2) ? "even" : "odd"
        #expect(try await HTTPCall.send("PATCH", Self.path, body, headers: ["thaiyyal-author: \(author)"], to: server).status == 200)
      }
      var changes: [String: Double] = [:]
      var next: Double? = 0
      var pageCount = 0
      while let before = next {
        let query = before == 0 ? "?limit=1" : "?limit=1&before=\(Int(before))"
        let page = try await HTTPCall.send("GET", Self.path + "/history" + query, to: server)
        #expect(page.status == 200)
        for entry in try #require(try page.json["entries"]?.arrayValue) {
          changes[entry["author"]?["name"]?.stringValue ?? "", default: 0] += entry["changeCount"]?.numberValue ?? 0
        }
        next = try page.json["next"]?.numberValue
        pageCount += 1
      }
      #expect(changes == ["Ada": 1, "odd": 3, "even": 2], "each change once")
      #expect(pageCount > 2)
      let even = try await HTTPCall.send("GET", Self.path + "/history?author=even", to: server)
      let entries = try #require(try even.json["entries"]?.arrayValue)
      #expect(entries.count == 1 && entries[0]["changeCount"]?.numberValue == 2 && entries[0]["author"]?["kind"]?.stringValue == "bot")
      #expect(try await HTTPCall.send("GET", "/api/v1/workflows/nobody/history", to: server).status == 404)
      await ada.close()
    }
  }

  private static func until(_ isOver: () async throws -> Bool) async throws {
    for _ in 0..<500 {
      if try await isOver() { return }
      try await Task.sleep(for: .milliseconds(10))
    }
    Testing.Issue.record("it did not come in time")
  }
}

extension CollabSession {
  /// Waits until the graph that is shown has a hash; `version` is one that was seen before.
  fileprivate func wait(for version: Version, _ isReached: @Sendable ([UInt8]) -> Bool) async throws {
    for _ in 0..<500 {
      if isReached(hashes().graph), self.version.covers(version) { return }
      try await Task.sleep(for: .milliseconds(10))
    }
    Testing.Issue.record("the canvas never showed it")
  }
}
