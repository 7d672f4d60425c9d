import Access
import CollabProtocol
import Foundation
import Rooms
import Storage
import Testing
import WorkflowGraph

@testable import Gateway

/// Requests that come more than once, over real HTTP.
@Suite(.timeLimit(.minutes(5))) struct OnceTests {
  private static let workflows = "/api/v1/workflows"

  static func post(
    _ path: String, _ body: String? = nil, key: String?, token: String? = nil, more: [String] = [], to server: TestServer
  ) async throws -> RawClient.Answer {
    var lines = ["POST \(path) HTTP/1.1", "host: localhost:\(server.port)", "connection: close"] + more
    if let key { lines.append("idempotency-key: \(key)") }
    if let token { lines.append("authorization: Bearer \(token)") }
    if body != nil { lines.append("content-type: application/json") }
    lines.append("content-length: \(body?.utf8.count ?? 0)")
    return try await RawClient.send(lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? ""), to: server.port)
  }

  /// Operations that take a key, on the workflow `w` that is there.
  static let operations: [(path: String, body: String?, status: Int)] = [
    (workflows, #"{"title":"Made"}"#, 201), (workflows + "/import", #"{"id":"in","nodes":[],"edges":[]}"#, 200),
    (workflows + "/execute", #"{"nodes":[{"id":"a","type":"numberNode","data":{"value":1}}],"edges":[]}"#, 200),
    (workflows + "/w/versions", #"{"name":"n"}"#, 201), (workflows + "/w/restore/1", nil, 200),
    (workflows + "/w/members/bob/kick", nil, 204),
  ]

  @Test("[RQ1] every request that makes or does something is carried out once and answered the same again")
  func same() async throws {
    try await TestServer.with { (server: TestServer) async throws in
      _ = try await Self.post(
        Self.workflows, #"{"id":"w","canvas":{"nodes":[{"id":"a","type":"numberNode","data":{"value":1}}]}}"#, key: nil, to: server)
      for (index, operation) in Self.operations.enumerated() {
        let first = try await Self.post(operation.path, operation.body, key: "key \(index)", to: server)
        #expect(first.status == operation.status && first["idempotency-replayed"] == nil, "\(operation.path): \(first.text.prefix(400))")
        let count = try await server.store.workflows(after: nil, limit: 100).count
        for _ in 0..<2 {
          let again = try await Self.post(operation.path, operation.body, key: "key \(index)", to: server)
          #expect(again.status == first.status && again.body == first.body, "\(operation.path): \(again.text.prefix(400))")
          #expect(again["idempotency-replayed"] == "true" && again["content-type"] == first["content-type"])
          #expect(again["location"] == first["location"] && again["etag"] == first["etag"])
        }
        #expect(try await server.store.workflows(after: nil, limit: 100).count == count)
      }
    }
  }

  @Test("[RQ1] a restore that comes again does not take back what was done after it")
  func restoreOnce() async throws {
    try await TestServer.with { (server: TestServer) async throws in
      _ = try await Self.post(Self.workflows, #"{"id":"w","title":"One","canvas":{"nodes":[]}}"#, key: nil, to: server)
      #expect(try await Self.post(Self.workflows + "/w/versions", nil, key: nil, to: server).status == 201)
      #expect(try await TestTokens.send("PATCH", Self.workflows + "/w", #"{"title":"Two"}"#, to: server).status == 200)
      #expect(try await Self.post(Self.workflows + "/w/restore/1", nil, key: "r", to: server).body.contains(#""changed":true"#))
      #expect(try await TestTokens.send("PATCH", Self.workflows + "/w", #"{"title":"Three"}"#, to: server).status == 200)
      #expect(try await Self.post(Self.workflows + "/w/restore/1", nil, key: "r", to: server).body.contains(#""changed":true"#))
      #expect(try await RawClient.get(Self.workflows + "/w", from: server.port).body.contains(#""title":"Three""#))
    }
  }

  @Test("[RQ2] a key stands for one request: another address, body, condition or author is refused and does nothing")
  func otherRequest() async throws {
    try await TestServer.with { (server: TestServer) async throws in
      let body = #"{"title":"One"}"#
      #expect(try await Self.post(Self.workflows, body, key: "k", to: server).status == 201)
      let others: [(String, String, [String])] = [
        (Self.workflows, #"{"title":"Two"}"#, []), (Self.workflows, body + " ", []), (Self.workflows + "?x=1", body, []),
        (Self.workflows + "/import", #"{"nodes":[]}"#, []), (Self.workflows, body, ["thaiyyal-author: Ada"]),
        (Self.workflows, body, ["thaiyyal-author-kind: bot"]),
      ]
      for (path, body, more) in others {
        let answer = try await Self.post(path, body, key: "k", more: more, to: server)
        #expect(answer.status == 422 && answer.body.contains("/problems/idempotency-key-reused"), "\(path) \(body) \(more)")
      }
      #expect(try await server.store.workflows(after: nil, limit: 9).count == 1)
      for key in ["", String(repeating: "k", count: 129)] {
        #expect(try await Self.post(Self.workflows, body, key: key, to: server).status == 400)
      }
      for path in [Self.workflows, Self.workflows + "/one/runs"] {
        #expect(try await Self.post(path, body, key: "a", more: ["idempotency-key: b"], to: server).status == 400)
        // Bytes that are no UTF-8 would all come as the same character, and these two as one key.
        for byte: UInt8 in [0xe8, 0xe9] {
          let head = ["POST \(path) HTTP/1.1", "host: localhost", "connection: close", "content-length: 0", "idempotency-key: k"]
          let answer = try await RawClient.send(head.joined(separator: "\r\n"), bytes: [byte] + Array("\r\n\r\n".utf8), to: server.port)
          #expect(answer.status == 400 && answer.body.contains("printable ASCII"), "\(path) \(answer.text)")
        }
      }
      // Quotes belong to it.
      #expect(try await Self.post(Self.workflows, #"{"title":"Quoted"}"#, key: #""k""#, to: server).status == 201)
    }
  }

  @Test("[RQ2] of many at once one is carried out")
  func atOnce() async throws {
    var rooms = RoomConfiguration()
    // A place for each: who finds none is told 429 before the key is looked at.
    rooms.adHocRunCountMax = 20
    try await TestServer.with(rooms: rooms) { (server: TestServer) async throws in
      let answers = try await withThrowingTaskGroup(of: RawClient.Answer.self) { group in
        for _ in 0..<20 { group.addTask { try await Self.post(Self.workflows, #"{"title":"T"}"#, key: "k", to: server) } }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(answers.count { $0.status == 201 && $0["idempotency-replayed"] == nil } == 1)
      for answer in answers where answer.status != 201 {
        #expect(answer.status == 409 && answer.body.contains("/problems/request-in-progress") && answer["retry-after"] == "1")
      }
      #expect(try await server.store.workflows(after: nil, limit: 9).count == 1)
    }
  }

  @Test("[RQ3] a refusal leaves the key free; who may not ask any more is not told the answer, and others have keys of their own")
  func refusals() async throws {
    try await TestServer.with(authenticator: try TestTokens.authenticator()) { (server: TestServer) async throws in
      let (viewer, owner) = (
        try TestTokens.token("ada", claims: #""role":"viewer""#), try TestTokens.token("ada", claims: #""role":"owner""#)
      )
      let body = #"{"id":"w"}"#
      #expect(try await Self.post(Self.workflows, body, key: "k", token: viewer, to: server).status == 403)
      #expect(try await Self.post(Self.workflows, #"{"id":"!"}"#, key: "k", token: owner, to: server).status == 422)
      #expect(try await Self.post(Self.workflows, body, key: "k", token: owner, to: server).status == 201)
      let taken = try await Self.post(Self.workflows, body, key: "k2", token: owner, to: server)
      #expect(taken.status == 409 && taken.body.contains("/problems/id-taken"))
      #expect(try await TestTokens.send("DELETE", Self.workflows + "/w", to: server, token: owner).status == 204)
      #expect(try await Self.post(Self.workflows, body, key: "k2", token: owner, to: server).status == 201, "it was refused, so it is free")
      #expect(try await Self.post(Self.workflows, body, key: "k", token: viewer, to: server).status == 403)
      let bob = try TestTokens.token("bob", claims: #""role":"owner""#)
      let other = try await Self.post(Self.workflows, #"{"id":"x"}"#, key: "k", token: bob, to: server)
      #expect(other.status == 201 && other["idempotency-replayed"] == nil)
    }
  }

  @Test("[RQ4] a claim without an answer is nobody's any more: nothing is done, but for keys and links that were not made")
  func interrupted() async throws {
    try await TestServer.with(authenticator: try TestTokens.authenticator()) { (server: TestServer) async throws in
      let token = try TestTokens.token("ada", claims: #""role":"owner""#)
      let link = #"{"role":"viewer"}"#
      #expect(try await Self.post(Self.workflows, #"{"id":"w"}"#, key: nil, token: token, to: server).status == 201)
      for (path, body) in [
        (Self.workflows, #"{"id":"v"}"#), ("/api/v1/keys", #"{"name":"ci","role":"viewer"}"#), (Self.workflows + "/w/links", link),
      ] {
        // As a server that ended behind the claim left it: the answer is taken away again.
        #expect(try await Self.post(path, body, key: path, token: token, to: server).status == 201)
        server.store.loseAnswers()
        let again = try await Self.post(path, body, key: path, token: token, to: server)
        let kind = path == Self.workflows ? "outcome-unknown" : "answer-not-kept"
        #expect(again.status == 409 && again.body.contains("/problems/\(kind)"), "\(path): \(again.body)")
      }
      // Not made, as far as one can see: it is made now, under the id that was meant.
      let workflow = try #require(WorkflowID("w"))
      let made = try #require(try await server.store.links(of: workflow).first)
      #expect(try await server.store.removeLink(made.id, of: made.workflow) == .done)
      let now = try await Self.post(Self.workflows + "/w/links", link, key: Self.workflows + "/w/links", token: token, to: server)
      #expect(now.status == 201 && now.body.contains(made.id) && now.body.contains("secret"))
      let untold = try await Self.post(Self.workflows + "/w/links", link, key: Self.workflows + "/w/links", token: token, to: server)
      #expect(untold.status == 409 && untold.body.contains(made.id) && !untold.body.contains("tls_"))
    }
  }

  @Test("[RQ5] guests of all links of one maker are in one count, however many links it makes")
  func holders() async throws {
    try await TestServer.with(authenticator: try TestTokens.authenticator()) { (server: TestServer) async throws in
      let token = try TestTokens.token("ada", claims: #""role":"owner""#)
      #expect(try await Self.post(Self.workflows, #"{"id":"w"}"#, key: nil, token: token, to: server).status == 201)
      for number in 0..<2 {
        let made = try await Self.post(Self.workflows + "/w/links", #"{"role":"editor"}"#, key: nil, token: token, to: server)
        let secret = try #require(try RunRESTTests.json(made)["secret"]?.stringValue)
        for guest in [secret, secret + "~abcdefgh"] {
          let kept = try await Self.post(Self.workflows + "/w/versions", #"{"name":"n\#(number)"}"#, key: "k", token: guest, to: server)
          // Other guests, other keys.
          #expect(kept.status < 300 && kept["idempotency-replayed"] == nil)
          let again = try await Self.post(Self.workflows + "/w/versions", #"{"name":"n\#(number)"}"#, key: "k", token: guest, to: server)
          #expect(again.body == kept.body && again["idempotency-replayed"] == "true")
        }
      }
      #expect(server.store.answerCounts.values.sorted() == [4])
    }
  }

  @Test("[RQ5] an answer that is too large to be kept is not given again, and nothing is done again")
  func large() async throws {
    try await TestServer.with { (server: TestServer) async throws in
      let text = String(repeating: "x", count: KeptAnswer.bodyBytesMax)
      let graph = #"{"nodes":[{"id":"a","type":"textInputNode","data":{"text":"\#(text)"}}],"edges":[]}"#
      let first = try await Self.post(Self.workflows + "/execute", graph, key: "k", to: server)
      #expect(first.status == 200 && first.body.contains(text))
      let again = try await Self.post(Self.workflows + "/execute", graph, key: "k", to: server)
      #expect(again.status == 409 && again.body.contains("/problems/answer-not-kept"))
    }
  }

  @Test("[RQ1] the description names the key where one is taken, and nowhere else")
  func described() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../protocol/openapi.yaml")
    var operation = ""
    var taking: Set<String> = []
    var isPost = false
    var posts: Set<String> = []
    for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
      if line.hasPrefix("    "), !line.hasPrefix("     ") { isPost = line == "    post:" }
      if line.hasPrefix("components:") { break }
      if line.hasPrefix("      operationId: ") {
        operation = String(line.dropFirst(19))
        if isPost { posts.insert(operation) }
      }
      if line.contains("parameters/RequestKey") || line.contains("parameters/IdempotencyKey") { taking.insert(operation) }
    }
    #expect(taking == posts.subtracting(["validateGraph"]))
  }
}
