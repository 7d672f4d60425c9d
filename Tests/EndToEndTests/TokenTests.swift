import Access
import CollabClient
import CollabProtocol
import Foundation
import Gateway
import Hashing
import Storage
import Synchronization
import Testing
import WorkflowDocument
import WorkflowGraph

/// Tokens and rights that change while a session is there, with the Swift client against a whole server.
@Suite("Tokens and rights of an open session", .timeLimit(.minutes(3)))
struct TokenTests {
  private static let secret = [UInt8](repeating: 9, count: 32)

  private static func nowMilliseconds() -> UInt64 { UInt64(Date().timeIntervalSince1970 * 1000) }

  /// Good until so many seconds from now; the server gives a minute of leeway on top.
  private static func token(_ subject: String, seconds: Double, role: String? = nil) -> String {
    let end = Double(nowMilliseconds()) / 1000 + seconds
    let rest = role.map { #","role":"\#($0)""# } ?? ""
    let parts = [#"{"alg":"HS256"}"#, #"{"sub":"\#(subject)","exp":\#(end)\#(rest)}"#].map { Base64.encode(Array($0.utf8), .url) }
    let signed = parts.joined(separator: ".")
    return signed + "." + Base64.encode(HMACSHA256.authenticate(Array(signed.utf8), key: secret), .url)
  }

  private static func with(_ body: (TestServer) async throws -> Void) async throws {
    var options = TestServer.Options()
    let keys = KeySet([KeySet.Entry(id: nil, key: try SignatureKey(secret: secret))])
    options.authenticator = SignedTokenAuthenticator(keys, rules: TokenRules(), nowMilliseconds: { nowMilliseconds() })
    try await TestServer.with(options, body)
  }

  @Test("[AC9] a fresh token is shown without a reconnect, by hand and by the source; another subject's changes nothing")
  func freshToken() async throws {
    try await Self.with { server in
      let needs = Mutex<[TokenNeed]>([])
      var options = server.options("fresh", name: "ada")
      // Within the leeway it ends 3 seconds from now, and is asked for a quarter of that before.
      options.tokenSource = { need in
        needs.withLock { $0.append(need) }
        return need == .first ? Self.token("ada", seconds: -57) : Self.token("ada", seconds: 600)
      }
      let ada = CollabSession(options)
      try await ada.joined()
      let (joins, end) = (await ada.counters.joins, await ada.tokenExpiresAtMilliseconds)
      #expect(end > 0)
      await #expect(throws: ClientError.self) { try await ada.refreshToken(Self.token("eve", seconds: 600)) }
      #expect(await ada.tokenExpiresAtMilliseconds == end)
      for try await notice in await ada.notices() {
        if case .role(let changed) = notice, changed.expiresAtMilliseconds > Self.nowMilliseconds() + 300_000 { break }
      }
      #expect(needs.withLock { $0 } == [.first, .ending(atMilliseconds: end)])
      #expect(await ada.counters.joins == joins)
      try await Task.sleep(for: .milliseconds(1100))  // one token per second
      let changed = try await ada.refreshToken(Self.token("ada", seconds: 900, role: "viewer"))
      #expect(changed.role == .viewer)
      #expect(await ada.role == .viewer)
      #expect(await ada.tokenExpiresAtMilliseconds == changed.expiresAtMilliseconds)
      #expect(await ada.counters.joins == joins)
      await ada.close()
    }
  }

  @Test("[AC9] when a token has ended and another comes late, what was edited meanwhile is saved with it")
  func lateToken() async throws {
    try await Self.with { server in
      let (given, giver) = AsyncStream<String>.makeStream()
      var options = server.options("late", name: "ada") { $0.token = Self.token("ada", seconds: -58) }
      options.tokenSource = { _ in await given.first { _ in true } }
      let ada = CollabSession(options)
      try await ada.joined()
      let notices = await ada.notices()
      for try await notice in notices { if case .link(.waitingForToken) = notice { break } }
      try await ada.edit(Make.node("meanwhile"))
      #expect(await ada.saveState == .offline(waiting: 1))
      giver.yield(Self.token("ada", seconds: 600))
      try await ada.saved()
      #expect(await ada.counters.joins == 2)
      _ = try await ada.verified()
      await ada.close()
    }
  }

  /// Edits as soon as it is taken.
  private static func edit(_ session: CollabSession, _ ops: [Op]) async throws {
    let notices = await session.notices()
    if (try? await session.edit(ops)) != nil { return }  // not yet: the next notice may change it
    for try await _ in notices where (try? await session.edit(ops)) != nil { return }
  }

  @Test("[AC7, GB1] a viewer who is made editor may edit within 300 ms, and may not within 300 ms of being made viewer again")
  func roleAtOnce() async throws {
    try await Self.with { server in
      let ada = CollabSession(server.options("roles", name: "ada") { $0.token = Self.token("ada", seconds: 600) })
      try await ada.joined()
      try await ada.edit(Make.node("a"))
      try await ada.saved()
      func set(_ role: String) async throws {
        let bearer = "authorization: Bearer \(Self.token("ada", seconds: 600))"
        let answer = try await HTTPCall.send(
          "PUT", "/api/v1/workflows/roles/members/bo", #"{"role":"\#(role)"}"#, headers: [bearer], to: server)
        #expect((200...204).contains(answer.status), "\(answer.body)")
      }
      try await set("viewer")
      let bo = CollabSession(server.options("roles", name: "bo") { $0.token = Self.token("bo", seconds: 600) })
      try await bo.live()
      let clock = ContinuousClock()
      for turn in 0..<3 {
        var begin = clock.now
        try await set("editor")
        try await Self.edit(bo, Make.node("b\(turn)"))
        try await bo.saved()
        #expect(clock.now - begin < .milliseconds(300), "raised: \(clock.now - begin)")
        let notices = await bo.notices()
        begin = clock.now
        try await set("viewer")
        for try await _ in notices where await bo.role == .viewer { break }
        #expect(clock.now - begin < .milliseconds(300), "lowered: \(clock.now - begin)")
        await #expect(throws: ClientError.readOnly(.viewer)) { try await bo.edit(Make.node("no")) }
      }
      _ = try await bo.verified()
      await bo.close()
      await ada.close()
    }
  }
}
