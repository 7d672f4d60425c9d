import CollabProtocol
import Foundation
import RoomCore
import Rooms
import Storage
import Testing
import WorkflowGraph

@testable import Gateway

/// What a caller is told when what it asked for may have happened, and whether that is true.
@Suite(.timeLimit(.minutes(2))) struct UnconfirmedTests {
  private static let workflows = "/api/v1/workflows"

  private static func post(
    _ path: String, _ body: String? = nil, key: String, token: String? = nil, to server: TestServer
  ) async throws -> RawClient.Answer {
    try await OnceTests.post(path, body, key: key, token: token, to: server)
  }

  private static func isProblem(_ answer: RawClient.Answer, _ status: Int, _ kind: String) -> Bool {
    answer.status == status && answer.body.contains("/problems/\(kind)\"")
  }

  /// A workflow `w` whose version 1 has the title One, and which has the title Two.
  private static func prepare(_ server: TestServer, token: String? = nil) async throws {
    #expect(try await post(workflows, #"{"id":"w","title":"One"}"#, key: "a", token: token, to: server).status == 201)
    #expect(try await post(workflows + "/w/versions", #"{"name":"n"}"#, key: "b", token: token, to: server).status == 201)
    #expect(try await TestTokens.send("PATCH", workflows + "/w", #"{"title":"Two"}"#, to: server, token: token).status == 200)
  }

  private static func title(_ server: TestServer, token: String? = nil) async throws -> String? {
    let answer = try await TestTokens.send("GET", workflows + "/w", to: server, token: token)
    return try RunRESTTests.json(answer)["graph"]?["title"]?.stringValue
  }

  @Test("[RQ3, RQ4] a restore that the store does not confirm is 503 unconfirmed; it may happen all the same, and is not done again")
  func late() async throws {
    var configuration = GatewayConfiguration()
    configuration.editPatience = .milliseconds(200)
    try await TestServer.with(configuration) { (server: TestServer) async throws in
      try await Self.prepare(server)
      server.store.stallAtChange()
      let told = try await Self.post(Self.workflows + "/w/restore/1", key: "r", to: server)
      #expect(Self.isProblem(told, 503, "unconfirmed") && told["retry-after"] == "5", "\(told.text)")
      server.store.resume()
      #expect(Self.isProblem(try await Self.post(Self.workflows + "/w/restore/1", key: "r", to: server), 409, "outcome-unknown"))
      #expect(try await Self.title(server) == "One", "it happened")
      #expect(try await TestTokens.send("PATCH", Self.workflows + "/w", #"{"title":"Three"}"#, to: server).status == 200)
      #expect(Self.isProblem(try await Self.post(Self.workflows + "/w/restore/1", key: "r", to: server), 409, "outcome-unknown"))
      #expect(try await Self.title(server) == "Three")
    }
  }

  @Test("[RQ3, OW1] who is sent away while an edit waits for the store is told what became of it")
  func sentAway() async throws {
    try await TestServer.with(authenticator: try TestTokens.authenticator()) { (server: TestServer) async throws in
      let ada = try TestTokens.token("ada", claims: #""role":"owner""#)
      let bob = try TestTokens.token("bob", claims: #""role":"editor""#)
      try await Self.prepare(server, token: ada)
      server.store.stallAtChange()
      async let restored = Self.post(Self.workflows + "/w/restore/1", key: "r", token: bob, to: server)
      while !server.store.isStalled { await Task.yield() }
      let workflow = try #require(WorkflowID("w"))
      server.registry.evict("bob", from: workflow)
      while await server.registry.status(of: workflow)?.room.members.isEmpty == false { await Task.yield() }
      server.store.resume()
      let told = try await restored
      #expect(told.status == 200 && told.body.contains(#""changed":true"#), "\(told.text)")
      let again = try await Self.post(Self.workflows + "/w/restore/1", key: "r", token: bob, to: server)
      #expect(again.body == told.body && again["idempotency-replayed"] == "true")
      #expect(try await Self.title(server, token: ada) == "One")
    }
  }

  @Test("[RQ3] when the room goes before the store has answered, an edit is 503 unconfirmed")
  func roomGone() async throws {
    var rooms = RoomConfiguration()
    rooms.limits.drainFlushMilliseconds = 100
    let metrics = ServerMetrics()
    try await TestServer.with(rooms: rooms, metrics: metrics) { (server: TestServer) async throws in
      try await Self.prepare(server)
      server.store.stallAtChange()
      async let restored = Self.post(Self.workflows + "/w/restore/1", key: "r", to: server)
      while !server.store.isStalled { await Task.yield() }
      let workflow = try #require(WorkflowID("w"))
      async let isGone = server.registry.delete(workflow)
      while !metrics.text().contains("\nthaiyyal_rooms 0\n") { await Task.yield() }
      server.store.resume()
      let told = try await restored
      #expect(Self.isProblem(told, 503, "unconfirmed"), "\(told.text)")
      #expect(try await isGone)
    }
  }

  @Test("[RQ3] a workflow that was made in vain and cannot be taken back is no refusal: its key is not free")
  func notTakenBack() async throws {
    var rooms = RoomConfiguration()
    rooms.limits.protocolLimits.nodesMax = 1
    rooms.limits.protocolLimits.valueBytesMax = 64
    try await TestServer.with(rooms: rooms) { (server: TestServer) async throws in
      let nodes = ["a", "b"].map { #"{"id":"\#($0)","type":"numberNode","data":{"value":1}}"# }
      let large = #"{"title":"Made","canvas":{"nodes":[\#(nodes.joined(separator: ","))]}}"#
      server.store.failDeletes()
      let made = try await Self.post(Self.workflows, large, key: "m", to: server)
      #expect(Self.isProblem(made, 503, "unconfirmed"), "\(made.text)")
      #expect(Self.isProblem(try await Self.post(Self.workflows, large, key: "m", to: server), 409, "outcome-unknown"))
      #expect(try await server.store.workflows(after: nil, limit: 9).count == 1)
      #expect(try await Self.post(Self.workflows, large, key: "n", to: server).status == 422)
      #expect(try await server.store.workflows(after: nil, limit: 9).count == 1, "it was taken back")
      let text = String(repeating: "x", count: 100)
      let small = #"{"title":"Read","nodes":[{"id":"a","type":"textInputNode","data":{"text":"\#(text)"}}],"edges":[]}"#
      server.store.failDeletes()
      let read = try await Self.post(Self.workflows + "/import", small, key: "i", to: server)
      #expect(Self.isProblem(read, 503, "unconfirmed"), "\(read.text)")
      #expect(Self.isProblem(try await Self.post(Self.workflows + "/import", small, key: "i", to: server), 409, "outcome-unknown"))
      #expect(try await server.store.workflows(after: nil, limit: 9).count == 2)
    }
  }
}
