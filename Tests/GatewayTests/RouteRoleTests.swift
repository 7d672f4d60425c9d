import Access
import CollabProtocol
import Foundation
import Hashing
import Storage
import Testing
import WorkflowGraph

@testable import Gateway

/// Every operation of the description × every role, over real HTTP.
@Suite(.timeLimit(.minutes(5))) struct RouteRoleTests {
  @Test("[AC2] every operation that is described has a row in the table, and every row an operation")
  func complete() throws {
    let rows = Set(RouteRole.all.map { OpenAPITests.Operation(method: $0.method, path: $0.path) })
    #expect(rows == (try OpenAPITests.described()))
    #expect(rows.count == RouteRole.all.count)
  }

  @Test("[AC2] allowed from its role on, refused below it, unknown without a token", arguments: RouteRole.all)
  func table(row: RouteRole) async throws {
    try await TestServer.with(authenticator: try TestTokens.authenticator()) { (server: TestServer) async throws in
      for role in Role.allCases {
        // Both ways to have a role: by the token in all workflows, and as a member of one.
        let everywhere = try TestTokens.token("ada-\(role)", claims: #""role":"\#(role)""#)
        try await check(row, role >= row.role, everywhere, "everywhere-\(role)", server)
        guard row.isOfWorkflow else { continue }
        let member = try TestTokens.token("member-\(role)")
        try await check(
          row, role >= row.role, member, "member-\(role)", server,
          member: Member(subject: "member-\(role)", role: role, addedAtMilliseconds: 1))
      }
      let stranger = try TestTokens.token("stranger", claims: row.isOfWorkflow ? "" : #""workflows":{}"#)
      try await check(row, !row.isOfWorkflow && row.role == .viewer, stranger, "stranger", server)
      for token in [nil, "unknown", try TestTokens.token("ada", claims: #""role":"owner""#, expiresIn: -3600)] {
        let (answer, _) = try await Self.ask(row, token, "nobody", server)
        #expect(answer.status == 401 && answer["www-authenticate"] == "Bearer", "\(row.testDescription): \(answer.status)")
      }
    }
  }

  private func check(
    _ row: RouteRole, _ isAllowed: Bool, _ token: String, _ who: String, _ server: TestServer, member: Member? = nil
  ) async throws {
    let (answer, workflow) = try await Self.ask(row, token, who, server, member: member)
    if isAllowed {
      #expect(row.statuses.contains(answer.status), "\(row.testDescription) as \(who): \(answer.text.prefix(600))")
      return
    }
    #expect(answer.status == 403, "\(row.testDescription) as \(who): \(answer.text.prefix(600))")
    #expect(answer["content-type"] == "application/problem+json")
    // Nothing was done.
    #expect(try await server.store.existing([workflow]) == [workflow])
    #expect(try await server.store.member("bob", of: workflow)?.role == .viewer)
    #expect(try await server.store.links(of: workflow).count == 1)
    #expect(try await server.store.load(workflow)?.log.isEmpty == true)
  }

  /// A workflow of its own for each call, so that none finds what another did.
  private static func ask(
    _ row: RouteRole, _ token: String?, _ who: String, _ server: TestServer, member: Member? = nil
  ) async throws -> (RawClient.Answer, WorkflowID) {
    let workflow = try #require(WorkflowID("w-\(who)"))
    _ = try await server.store.create(workflow, founder: Member(subject: "founder", role: .owner, addedAtMilliseconds: 1))
    for member in [Member(subject: "bob", role: .viewer, addedAtMilliseconds: 1), member].compactMap({ $0 }) {
      _ = try await server.store.setMember(member, of: workflow, countMax: 9)
    }
    let link = Hex.encode(Array(SHA256.digest(who).prefix(8)))
    _ = try await server.store.addLink(
      ShareLink(
        id: link, workflow: workflow, secretDigest: [], role: .viewer, name: "", madeBy: "founder", madeAtMilliseconds: 1,
        expiresAtMilliseconds: nil), countMax: 9)
    let path = row.path.replacing("{id}", with: workflow.rawValue).replacing("{subject}", with: "bob").replacing("{link}", with: link)
      .replacing("{run}", with: "0123456789abcdef").replacing("{key}", with: "0123456789abcdef").replacing("{version}", with: "1")
      .replacing("{hook}", with: "0123456789abcdef").replacing("{delivery}", with: "msg_0123456789abcdef0123456789abcdef")
    return (try await TestTokens.send(row.method, path, row.body, to: server, token: token), workflow)
  }
}

/// Signed tokens of tests.
enum TestTokens {
  private static let secret = [UInt8](repeating: 42, count: 32)

  static func nowMilliseconds() -> UInt64 { UInt64(Date().timeIntervalSince1970 * 1000) }

  static func authenticator() throws -> SignedTokenAuthenticator {
    SignedTokenAuthenticator(
      KeySet([KeySet.Entry(id: nil, key: try SignatureKey(secret: secret))]), rules: TokenRules(), nowMilliseconds: { nowMilliseconds() })
  }

  /// - Parameter claims: members beside `sub` and `exp`.
  static func token(_ subject: String, claims: String = "", expiresIn seconds: Double = 3600) throws -> String {
    let end = Double(nowMilliseconds()) / 1000 + seconds
    let rest = claims.isEmpty ? "" : "," + claims
    let text = try JSONText(validating: #"{"sub":"\#(subject)","exp":\#(end)\#(rest)}"#)
    return try #require(TokenMaker.make(claims: text, key: SignatureKey(secret: secret)))
  }

  static func send(_ method: String, _ path: String, _ body: String? = nil, to server: TestServer, token: String? = nil) async throws
    -> RawClient.Answer
  {
    var lines = ["\(method) \(path) HTTP/1.1", "host: localhost:\(server.port)", "connection: close"]
    if let token { lines.append("authorization: Bearer \(token)") }
    if let body { lines += ["content-type: application/json", "content-length: \(body.utf8.count)"] }
    return try await RawClient.send(lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? ""), to: server.port)
  }
}
