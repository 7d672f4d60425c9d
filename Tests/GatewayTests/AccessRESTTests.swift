import Access
import CRDT
import CollabProtocol
import Foundation
import Storage
import Testing
import WorkflowDocument
import WorkflowGraph

@testable import Gateway

/// Members, links and keys over HTTP, and what open sockets notice of it.
@Suite(.timeLimit(.minutes(3))) struct AccessRESTTests {
  private static let demo = "/api/v1/workflows/demo"

  private static func json(_ answer: RawClient.Answer) throws -> JSONValue {
    try JSONText(validating: answer.body.trimmingCharacters(in: .whitespacesAndNewlines)).value()
  }

  private static func with(_ body: @Sendable (TestServer) async throws -> Void) async throws {
    try await TestServer.with(authenticator: try TestTokens.authenticator()) { (server: TestServer) async throws in
      try await body(server)
    }
  }

  /// An open socket of a test: what it hears, up to what is waited for.
  private final class Peer {
    let client: LiveClient
    let send: @Sendable (ClientMessage) -> Void
    private var heard: AsyncStream<LiveClient.Event>.AsyncIterator
    private(set) var messages: [ServerMessage] = []

    init(_ token: String, _ server: TestServer, workflow: String = "demo", create: Bool = false) async throws {
      (client, send) = try await LiveClient.open(workflow, port: server.port)
      heard = client.events.makeAsyncIterator()
      var hello = Hello()
      hello.name = "peer"
      hello.token = token
      hello.create = create
      send(.hello(hello))
    }

    func until<T>(_ find: (ServerMessage) -> T?) async -> T? {
      while let event = await heard.next() {
        guard case .message(let message) = event else { return nil }
        messages.append(message)
        if let found = find(message) { return found }
      }
      return nil
    }

    func welcome() async throws -> Welcome {
      try #require(await until { if case .welcome(let welcome) = $0 { welcome } else { nil } })
    }

    func role() async -> RoleChanged? { await until { if case .role(let changed) = $0 { changed } else { nil } } }

    /// The close code, and how long it took from `start`.
    func end(since start: ContinuousClock.Instant) async -> (code: CloseCode?, after: Duration) {
      while let event = await heard.next() {
        if case .closed(let code, _) = event { return (code, .now - start) }
        if case .message(let message) = event { messages.append(message) }
      }
      return (nil, .now - start)
    }
  }

  private static func make(_ server: TestServer, _ members: [(String, Role)] = []) async throws {
    let demo = try #require(WorkflowID("demo"))
    _ = try await server.store.create(demo, founder: Member(subject: "ada", role: .owner, addedAtMilliseconds: 1))
    for (subject, role) in members {
      _ = try await server.store.setMember(Member(subject: subject, role: role, addedAtMilliseconds: 1), of: demo, countMax: 9)
    }
  }

  @Test("[AC4] whoever makes a workflow, over a socket or over HTTP, owns it; others are not let in until they are members")
  func founders() async throws {
    try await Self.with { server in
      let ada = try TestTokens.token("ada")
      let bob = try TestTokens.token("bob")
      let peer = try await Peer(ada, server, create: true)
      #expect(try await peer.welcome().role == .owner)
      #expect(try await server.store.members(of: try #require(WorkflowID("demo"))).map(\.subject) == ["ada"])
      // Somebody else cannot make it a second time, nor come in, nor learn whether another one exists.
      for workflow in ["demo", "none"] {
        let stranger = try await Peer(bob, server, workflow: workflow, create: workflow == "demo")
        #expect(await stranger.end(since: .now).code == .forbidden)
      }
      let made = try await TestTokens.send("POST", "/api/v1/workflows", #"{"id":"two"}"#, to: server, token: bob)
      #expect(made.status == 201)
      let members = try Self.json(try await TestTokens.send("GET", "/api/v1/workflows/two/members", to: server, token: bob))
      #expect(members["members"]?.arrayValue?.first?["subject"]?.stringValue == "bob")
      // Each sees its own and no other, also in what leads to the next page.
      for (token, own) in [(ada, "demo"), (bob, "two")] {
        let list = try Self.json(try await TestTokens.send("GET", "/api/v1/workflows", to: server, token: token))
        #expect(list["workflows"]?.arrayValue?.compactMap { $0["workflow"]?.stringValue } == [own] && list["next"] == nil)
        #expect(list["role"]?.stringValue == "owner")
      }
    }
  }

  @Test("[AC3, AC7] a member's role reaches its open socket at once and holds for the next message; others see nothing of what was refused")
  func demotion() async throws {
    try await Self.with { server in
      try await Self.make(server, [("bob", .editor)])
      let ada = try TestTokens.token("ada")
      let bob = try await Peer(try TestTokens.token("bob"), server)
      let welcome = try await bob.welcome()
      let watcher = try await Peer(ada, server)
      _ = try await watcher.welcome()
      let start = ContinuousClock.now
      let answer = try await TestTokens.send("PUT", Self.demo + "/members/bob", #"{"role":"viewer"}"#, to: server, token: ada)
      #expect(answer.status == 200)
      #expect(await bob.role()?.role == .viewer)
      #expect(.now - start < .seconds(1))
      // A viewer's crafted change: with a lease that it had as an editor, well-formed in every way.
      let replica = try #require(welcome.lease?.replica)
      let change = Change(
        replica: replica, seq: 1, hlc: HybridTime(milliseconds: welcome.serverMilliseconds, counter: 1),
        ops: [
          .setNodeLife(node: NodeID("a"), alive: true),
          .setNodeField(node: NodeID("a"), field: .type, value: JSONText(unchecked: "\"numberNode\"")),
        ])
      bob.send(.change(ChangeBatch(batch: 1, changes: [change], seen: 0)))
      let refused = await bob.until { if case .ack(let ack) = $0 { ack.refused } else { nil } }
      #expect(refused?.map(\.code) == [.forbidden])
      watcher.send(.ping(Ping(id: 9)))
      _ = await watcher.until { if case .pong = $0 { true } else { nil } }
      #expect(!watcher.messages.contains { if case .changes = $0 { true } else { false } }, "nobody sees it")
      #expect(try await server.store.load(try #require(WorkflowID("demo")))?.log.isEmpty == true)
      let present = try Self.json(try await TestTokens.send("GET", Self.demo + "/members", to: server, token: ada))
      #expect(present["presentCount"]?.numberValue == 2)
      let roles = present["present"]?.arrayValue?.map { [$0["subject"]?.stringValue, $0["role"]?.stringValue] }
      #expect(roles == [["bob", "viewer"], ["ada", "owner"]])
    }
  }

  @Test("[AC3, AC7] who is removed is closed with 4403 within a second and stays out; who is kicked is closed with 4509 and may come back")
  func removal() async throws {
    try await Self.with { server in
      try await Self.make(server, [("bob", .editor), ("eve/../x é", .editor)])
      let ada = try TestTokens.token("ada")
      let bob = try TestTokens.token("bob")
      var peer = try await Peer(bob, server)
      _ = try await peer.welcome()
      var start = ContinuousClock.now
      #expect(try await TestTokens.send("POST", Self.demo + "/members/bob/kick", to: server, token: ada).status == 204)
      var end = await peer.end(since: start)
      #expect(end.code == .evicted && end.after < .seconds(1))
      peer = try await Peer(bob, server)
      _ = try await peer.welcome()
      start = .now
      #expect(try await TestTokens.send("DELETE", Self.demo + "/members/bob", to: server, token: ada).status == 204)
      end = await peer.end(since: start)
      #expect(end.code == .forbidden && end.after < .seconds(1))
      peer = try await Peer(bob, server)
      #expect(await peer.end(since: .now).code == .forbidden)
      #expect(try await TestTokens.send("DELETE", Self.demo + "/members/bob", to: server, token: ada).status == 404)
      // A subject is what its bytes say, whatever they look like in a path.
      let odd = "eve%2F..%2Fx%20%C3%A9"
      #expect(try await TestTokens.send("DELETE", Self.demo + "/members/\(odd)", to: server, token: ada).status == 204)
      for wrong in ["%", "%2", "%zz", "%ff", "%00", String(repeating: "a", count: 257)] {
        #expect(try await TestTokens.send("DELETE", Self.demo + "/members/\(wrong)", to: server, token: ada).status == 400, "\(wrong)")
      }
    }
  }

  @Test("[AC3] a workflow keeps an owner; everybody may leave; keys and guests are no members; bodies are read strictly")
  func rules() async throws {
    try await Self.with { server in
      try await Self.make(server, [("bob", .viewer)])
      let ada = try TestTokens.token("ada")
      func put(_ subject: String, _ body: String) async throws -> Int {
        try await TestTokens.send("PUT", Self.demo + "/members/\(subject)", body, to: server, token: ada).status
      }
      #expect(try await put("ada", #"{"role":"editor"}"#) == 409)
      #expect(try await TestTokens.send("DELETE", Self.demo + "/members/ada", to: server, token: ada).status == 409)
      #expect(try await TestTokens.send("DELETE", Self.demo + "/members/bob", to: server, token: try TestTokens.token("bob")).status == 204)
      for wrong in [#"{"role":"god"}"#, "{}", #"{"role":"editor","x":1}"#, "[]", #"{"role":5}"#] {
        #expect(try await put("eve", wrong) == 422, "\(wrong)")
      }
      #expect(try await put("eve", "{") == 400)
      #expect(try await put("link:1", #"{"role":"editor"}"#) == 422)
      #expect(try await put("key:1", #"{"role":"editor"}"#) == 422)
      #expect(try await put("eve", #"{"role":"owner"}"#) == 200)
      #expect(try await put("ada", #"{"role":"editor"}"#) == 200, "now there is another owner")
      #expect(try await put("ada", #"{"role":"owner"}"#) == 403)
    }
  }

  @Test("[AC6, AC7] a link lets guests in up to its role, tells them apart, and closes them with 4403 within a second when it is revoked")
  func links() async throws {
    try await Self.with { server in
      try await Self.make(server)
      let ada = try TestTokens.token("ada")
      let body = #"{"role":"commenter","name":"for review"}"#
      let made = try Self.json(try await TestTokens.send("POST", Self.demo + "/links", body, to: server, token: ada))
      let secret = try #require(made["secret"]?.stringValue)
      let id = try #require(made["link"]?["link"]?.stringValue)
      #expect(made["url"]?.stringValue == "/w/demo#share=\(secret)")
      let listed = try await TestTokens.send("GET", Self.demo + "/links", to: server, token: ada)
      #expect(!listed.body.contains(secret) && listed.body.contains("for review"))

      let guest = try await Peer(secret + "~browser-one", server)
      #expect(try await guest.welcome().role == .commenter)
      let other = try await Peer(secret + "~browser-two", server)
      let subjects = try await other.welcome().participants.map(\.author.subject)
      #expect(subjects.allSatisfy { $0.hasPrefix("link:\(id)~") && !$0.contains("browser") })
      // It opens this workflow and nothing else.
      let elsewhere = try await Peer(secret, server, workflow: "other", create: true)
      #expect(await elsewhere.end(since: .now).code == .forbidden)
      #expect(try await TestTokens.send("GET", Self.demo + "/export", to: server, token: secret).status == 200)
      for (method, path) in [("GET", "/members"), ("GET", "/links"), ("DELETE", ""), ("DELETE", "/links/\(id)")] {
        #expect(try await TestTokens.send(method, Self.demo + path, to: server, token: secret).status == 403, "\(method) \(path)")
      }
      let seen = try Self.json(try await TestTokens.send("GET", "/api/v1/workflows", to: server, token: secret))
      #expect(seen["workflows"]?.arrayValue?.compactMap { $0["workflow"]?.stringValue } == ["demo"])

      let start = ContinuousClock.now
      #expect(try await TestTokens.send("DELETE", Self.demo + "/links/\(id)", to: server, token: ada).status == 204)
      for peer in [guest, other] {
        let end = await peer.end(since: start)
        #expect(end.code == .forbidden && end.after < .seconds(1))
      }
      let late = try await Peer(secret, server)
      #expect(await late.end(since: .now).code == .notAuthenticated)
      for wrong in [
        #"{"role":"owner"}"#, #"{"role":"viewer","expiresAtMilliseconds":1}"#, #"{"role":"viewer","name":7}"#,
        #"{"role":"viewer","name":"a\u0000"}"#, "{}",
      ] {
        #expect(try await TestTokens.send("POST", Self.demo + "/links", wrong, to: server, token: ada).status == 422, "\(wrong)")
      }
    }
  }

  @Test("[AC6, AC9] a link that ends closes its guests with 4401 and lets nobody in")
  func endingLink() async throws {
    try await Self.with { server in
      try await Self.make(server)
      let ada = try TestTokens.token("ada")
      let body = #"{"role":"viewer","expiresAtMilliseconds":\#(TestTokens.nowMilliseconds() + 1500)}"#
      let made = try Self.json(try await TestTokens.send("POST", Self.demo + "/links", body, to: server, token: ada))
      let secret = try #require(made["secret"]?.stringValue)
      let guest = try await Peer(secret, server)
      #expect(try await guest.welcome().expiresAtMilliseconds > 0)
      let end = await guest.end(since: .now)
      #expect(end.code == .notAuthenticated && end.after < .seconds(3))
      #expect(try await TestTokens.send("GET", Self.demo + "/export", to: server, token: secret).status == 401)
      let listed = try Self.json(try await TestTokens.send("GET", Self.demo + "/links", to: server, token: ada))
      #expect(listed["links"]?.arrayValue == [])
    }
  }

  @Test("[AC5, AC7] a key has its scope, is shown once, notes its use, and closes its sockets with 4403 when it is revoked")
  func keys() async throws {
    try await Self.with { server in
      try await Self.make(server)
      let root = try TestTokens.token("root", claims: #""role":"owner""#)
      let body = #"{"name":"ci","role":"editor","kind":"agent","workflows":["demo"]}"#
      let made = try Self.json(try await TestTokens.send("POST", "/api/v1/keys", body, to: server, token: root))
      let secret = try #require(made["secret"]?.stringValue)
      let id = try #require(made["key"]?["key"]?.stringValue)
      let peer = try await Peer(secret, server)
      #expect(try await peer.welcome().role == .editor)
      let elsewhere = try await Peer(secret, server, workflow: "other", create: true)
      #expect(await elsewhere.end(since: .now).code == .forbidden)
      #expect(try await TestTokens.send("GET", "/api/v1/keys", to: server, token: secret).status == 403)
      let almost = String(secret.dropLast()) + (secret.last == "A" ? "B" : "A")
      #expect(try await TestTokens.send("GET", Self.demo + "/export", to: server, token: almost).status == 401)
      let listed = try await TestTokens.send("GET", "/api/v1/keys", to: server, token: root)
      #expect(!listed.body.contains(String(secret.suffix(43))))
      let start = ContinuousClock.now
      #expect(try await TestTokens.send("DELETE", "/api/v1/keys/\(id)", to: server, token: root).status == 204)
      let end = await peer.end(since: start)
      #expect(end.code == .forbidden && end.after < .seconds(1))
      #expect(try await TestTokens.send("GET", Self.demo + "/export", to: server, token: secret).status == 401)
      for wrong in [
        #"{"role":"viewer"}"#, #"{"name":"","role":"viewer"}"#, #"{"name":"x","role":"viewer","kind":"person"}"#,
        #"{"name":"x","role":"viewer","workflows":[".x"]}"#,
      ] {
        #expect(try await TestTokens.send("POST", "/api/v1/keys", wrong, to: server, token: root).status == 422, "\(wrong)")
      }
    }
  }

  @Test("[AC9] a session ends with its token unless it shows a fresh one of the same subject; another's is refused and changes nothing")
  func freshTokens() async throws {
    try await Self.with { server in
      try await Self.make(server, [("bob", .editor)])
      // Believed for the minute of leeway and no longer.
      let short = try TestTokens.token("bob", expiresIn: -57)
      let left = try await Peer(short, server)
      let stays = try await Peer(short, server)
      let start = ContinuousClock.now
      #expect(try await left.welcome().expiresAtMilliseconds > 0)
      _ = try await stays.welcome()
      stays.send(.token(TokenUpdate(request: 1, token: try TestTokens.token("ada"))))
      let refused = await stays.until { if case .error(let report) = $0 { report } else { nil } }
      #expect(refused?.request == 1 && refused?.code == .forbidden)
      stays.send(.token(TokenUpdate(request: 2, token: "nonsense")))
      let tooSoon = await stays.until { if case .error(let report) = $0 { report } else { nil } }
      #expect(tooSoon?.request == 2 && tooSoon?.code == .rateLimited)
      try await Task.sleep(for: .milliseconds(1050))
      stays.send(.token(TokenUpdate(request: 3, token: try TestTokens.token("bob", claims: #""role":"commenter""#))))
      let changed = await stays.role()
      #expect(changed?.request == 3 && changed?.role == .commenter)
      #expect(changed?.expiresAtMilliseconds ?? 0 > TestTokens.nowMilliseconds() + 3_000_000)
      let end = await left.end(since: start)
      #expect(end.code == .notAuthenticated && end.after < .seconds(5))
      stays.send(.ping(Ping(id: 4)))
      #expect(await stays.until { if case .pong = $0 { true } else { nil } } == true, "it is still here")
    }
  }

  @Test("[AC10] pages of the list name nothing that the caller may not see; owner=me and another's ask the same right")
  func lists() async throws {
    try await Self.with { server in
      for number in 0..<9 {
        let owner = Member(subject: number % 2 == 0 ? "ada" : "bob", role: .owner, addedAtMilliseconds: 1)
        let id = try #require(WorkflowID("w\(number)"))
        _ = try await server.store.create(id, founder: owner)
        if number % 3 == 0 {
          _ = try await server.store.setMember(Member(subject: "eve", role: .viewer, addedAtMilliseconds: 1), of: id, countMax: 9)
        }
      }
      func names(_ query: String, _ token: String) async throws -> [String] {
        var found: [String] = []
        var next = ""
        repeat {
          let page = try Self.json(try await TestTokens.send("GET", "/api/v1/workflows?limit=2\(query)\(next)", to: server, token: token))
          found += page["workflows"]?.arrayValue?.compactMap { $0["workflow"]?.stringValue } ?? []
          next = page["next"]?.stringValue.map { "&after=\($0)" } ?? ""
        } while !next.isEmpty && found.count < 50
        return found
      }
      let eve = try TestTokens.token("eve")
      #expect(try await names("", eve) == ["w0", "w3", "w6"])
      #expect(try await names("&owner=ada", eve) == ["w0", "w6"])
      #expect(try await names("&owner=me", eve) == [])
      #expect(try await names("&owner=me", try TestTokens.token("ada")) == ["w0", "w2", "w4", "w6", "w8"])
      #expect(try await names("&owner=bob", try TestTokens.token("root", claims: #""role":"viewer""#)) == ["w1", "w3", "w5", "w7"])
      #expect(try await names("", try TestTokens.token("dan", claims: #""workflows":{"w1":"viewer","none":"owner"}"#)) == ["w1"])
    }
  }

  @Test("pages of allowed origins may ask and read over HTTP, others may not, and no answer for one is kept for another")
  func crossOrigin() async throws {
    var configuration = GatewayConfiguration()
    configuration.origins = OriginPolicy(allowed: ["https://app.example"])
    try await TestServer.with(configuration) { (server: TestServer) async throws in
      let preflight = try await RawClient.get(
        "/api/v1/workflows/demo", from: server.port,
        headers: [
          "origin: https://app.example", "access-control-request-method: PATCH", "access-control-request-headers: authorization, if-match",
        ],
        method: "OPTIONS")
      #expect(preflight.status == 204 && preflight["access-control-allow-origin"] == "https://app.example")
      #expect(preflight["access-control-allow-methods"]?.contains("PATCH") == true && preflight["vary"] == "origin")
      #expect(preflight["access-control-allow-headers"]?.contains("if-match") == true)
      let read = try await RawClient.get("/api/v1/workflows", from: server.port, headers: ["origin: https://app.example"])
      #expect(read.status == 200 && read["access-control-allow-origin"] == "https://app.example")
      #expect(read["access-control-allow-credentials"] == nil && read["x-content-type-options"] == "nosniff")
      // What is refused is readable too: the page has to know why.
      let missing = try await RawClient.get("/api/v1/workflows/none", from: server.port, headers: ["origin: https://app.example"])
      #expect(missing.status == 404 && missing["access-control-allow-origin"] == "https://app.example")
      for method in ["GET", "OPTIONS"] {
        let foreign = try await RawClient.get(
          "/api/v1/workflows", from: server.port, headers: ["origin: https://evil.example", "access-control-request-method: GET"],
          method: method)
        #expect(foreign.status >= 400 && foreign["access-control-allow-origin"] == nil && foreign["vary"] == "origin")
      }
      let page = try await RawClient.get("/livez", from: server.port, headers: ["origin: https://app.example"])
      #expect(page["access-control-allow-origin"] == nil)
    }
  }
}
