import CRDT
import CollabClient
import CollabProtocol
import Foundation
import Hashing
import Rooms
import Storage
import Testing
import WorkflowDocument
import WorkflowGraph

/// Programs that write over HTTP while people edit over WebSockets, on a real server with a real file.
@Suite("Outside writers", .timeLimit(.minutes(2)))
struct OutsideWriterTests {
  private static let path = "/api/v1/workflows/w"
  private static let workflow = WorkflowID("w")!

  @Test("[OW1, OW2, OW4] a PATCH while two people edit is merged, live on both canvases, and stands under its writer's name")
  func patch() async throws {
    try await TestServer.with { server in
      let ada = CollabSession(server.options("w", name: "Ada"))
      let bo = CollabSession(server.options("w", name: "Bo", encoding: .json))
      try await ada.live()
      try await ada.edit(Make.sum)
      try await ada.saved()
      try await bo.live()
      // Both write all the time, one value each; so do two programs, another value each.
      async let people: Void = Self.write(40, ada, "1", bo, "2")
      async let programs: Void = withThrowingTaskGroup(of: Void.self) { group in
        for program in ["x", "y"] {
          group.addTask {
            for number in 1...20 {
              let body = #"{"nodes":{"3":{"data":{"\#(program)":\#(number)}}}}"#
              let answer = try await HTTPCall.send(
                "PATCH", Self.path, body, headers: ["content-type: application/merge-patch+json", "thaiyyal-author: \(program)"], to: server
              )
              #expect(answer.status == 200 && answer["etag"] != nil, "\(answer.head)")
            }
          }
        }
        try await group.waitForAll()
      }
      _ = try await (people, programs)
      try await ada.saved()
      try await bo.saved()
      let state = try await HTTPCall.send("GET", Self.path, to: server)
      #expect(state.status == 200)
      let document = try #require(try await server.registry.document(of: Self.workflow))
      for session in [ada, bo] {
        try await session.reached(document.version)
        let shown = await session.document
        for (node, field, value) in [("1", "value", "40"), ("2", "value", "40"), ("3", "x", "20"), ("3", "y", "20")] {
          #expect(shown.value(node: NodeID(node), field: .data(field))?.text == value)
        }
        let hash = await session.hashes().graph
        #expect(try state.json["graphHash"]?.stringValue == Hex.encode(hash))
      }
      // Each program's twenty changes are its own in the history.
      let page = try await server.registry.history.page(of: Self.workflow, before: 0, count: 1000)
      for program in ["x", "y"] {
        let mine = page.entries.filter { $0.author == Author(name: program, kind: .bot) }
        #expect(mine.reduce(0) { $0 + $1.changeCount } == 20)
        #expect(mine.allSatisfy { $0.effects.map(\.kind) == [.nodesConfigured] && $0.effects[0].fields == ["data.\(program)"] })
      }
      #expect(document.version.entries.count < 20, "replica ids of requests are lent again: \(document.version)")
      for session in [ada, bo] { await session.close() }
    }
  }

  private static func write(_ count: Int, _ ada: CollabSession, _ a: String, _ bo: CollabSession, _ b: String) async throws {
    for number in 1...count {
      try await ada.edit([.setNodeField(node: NodeID(a), field: .data("value"), value: .number(Double(number)))])
      try await bo.edit([.setNodeField(node: NodeID(b), field: .data("value"), value: .number(Double(number)))])
      try await ada.saved()
      try await bo.saved()
    }
  }

  @Test("[OW2] a stale If-Match is 412, says the tag of now, and loses nothing; of many at once with one tag one wins")
  func stale() async throws {
    try await TestServer.with { server in
      let ada = CollabSession(server.options("w", name: "Ada"))
      try await ada.live()
      try await ada.edit(Make.sum)
      try await ada.saved()
      let first = try await HTTPCall.send("GET", Self.path, to: server)
      let tag = try #require(first["etag"])
      #expect(try await HTTPCall.send("GET", Self.path, headers: ["if-none-match: \(tag)"], to: server).status == 304)
      try await ada.edit([.setNodeField(node: NodeID("1"), field: .data("value"), value: .number(77))])
      try await ada.saved()

      let graph = JSONText(try #require(try first.json["graph"])).text
      let late = try await HTTPCall.send("PUT", Self.path, graph, headers: ["if-match: \(tag)"], to: server)
      #expect(late.status == 412 && late["content-type"] == "application/problem+json")
      let now = try #require(late["etag"])
      #expect(now != tag)
      #expect(await ada.document.value(node: NodeID("1"), field: .data("value"))?.text == "77")

      let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
        for number in 0..<8 {
          group.addTask {
            try await HTTPCall.send("PATCH", Self.path, #"{"title":"\#(number)"}"#, headers: ["if-match: \(now)"], to: server).status
          }
        }
        return try await group.reduce(into: [Int]()) { $0.append($1) }.sorted()
      }
      #expect(statuses == [200] + Array(repeating: 412, count: 7))
      // Without a tag the same graph is merged: it takes back what Ada wrote, as it says, and nothing else.
      let before = try #require(await server.history(of: "w"))
      let put = try await HTTPCall.send("PUT", Self.path, graph, to: server)
      #expect(try put.status == 200 && put.json["changed"]?.boolValue == true)
      let change = try #require(await server.history(of: "w")?.last)
      #expect(try await server.history(of: "w")?.count == before.count + 1)
      #expect(change.change.ops.count == 1, "\(change.change.ops)")
      await ada.close()
    }
  }

  @Test("[OW1, OW3] a workflow is made, read, put as it was read without a change, patched and deleted")
  func life() async throws {
    try await TestServer.with { server in
      let body = #"{"id":"w","title":"T","canvas":{"nodes":[{"id":"a","type":"numberNode","data":{"value":1}}],"edges":[]}}"#
      let made = try await HTTPCall.send("POST", "/api/v1/workflows", body, headers: ["thaiyyal-author-kind: agent"], to: server)
      #expect(made.status == 201 && made["location"] == Self.path)
      #expect(try await HTTPCall.send("POST", "/api/v1/workflows", body, to: server).status == 409)
      let read = try await HTTPCall.send("GET", Self.path, to: server)
      #expect(read["etag"] == made["etag"])
      #expect(try read.json["graph"]?["title"]?.stringValue == "T")
      let graph = JSONText(try #require(try read.json["graph"])).text
      let tag = try #require(read["etag"])
      let same = try await HTTPCall.send("PUT", Self.path, graph, headers: ["if-match: W/\"x\", \(tag)"], to: server)
      #expect(try same.status == 200 && same.json["changed"]?.boolValue == false && same["etag"] == read["etag"])
      let edge = #"{"edges":{"e":{"source":"a","target":"nobody"}}}"#
      let parked = try await HTTPCall.send("PATCH", Self.path, edge, headers: ["if-match: *"], to: server)
      #expect(try parked.json["parked"]?.arrayValue?.first?["reason"]?.stringValue == "orphan")
      #expect(try await server.history(of: "w")?.first?.author.kind == .agent)
      for (method, body, status) in [
        ("PATCH", #"{"nodes":{"z":{}}}"#, 422), ("PATCH", "[]", 422), ("PUT", "{}", 422), ("PATCH", "", 400), ("PATCH", "{", 400),
      ] {
        #expect(try await HTTPCall.send(method, Self.path, body, to: server).status == status, "\(method) \(body)")
      }
      #expect(try await HTTPCall.send("PATCH", Self.path, "{}", headers: ["if-match: x"], to: server).status == 400)
      #expect(try await HTTPCall.send("PATCH", "/api/v1/workflows/nobody", "{}", to: server).status == 404)
      #expect(try await HTTPCall.send("GET", "/api/v1/workflows/nobody", to: server).status == 404)
      #expect(try await HTTPCall.send("DELETE", Self.path, to: server).status == 204)
    }
  }
}

extension TestServer {
  /// All changes, oldest first.
  func history(of workflow: String) async throws -> [LoggedChange]? {
    guard let id = WorkflowID(workflow) else { return nil }
    return try await store.changes(of: id, after: 0, limit: 10_000)
  }
}
