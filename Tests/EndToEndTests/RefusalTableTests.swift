import CRDT
import CollabProtocol
import NIOCore
import RateLimits
import RoomCore
import Storage
import Testing
import WorkflowDocument
import WorkflowGraph

/// Every code of the refusal table in protocol/SPEC.md §13, over a real socket: the connection stays, and so does everybody else.
@Suite("Every refusal, over real sockets", .timeLimit(.minutes(2)))
struct RefusalTableTests {
  /// Sends changes, expects their refusals, and then that a good change of the same session and one of a bystander are taken.
  private func refused(
    _ options: TestServer.Options = TestServer.Options(), encoding: WireEncoding = .json, role: Role? = nil, recovers: Bool = true,
    _ changes: @Sendable (UInt32) -> [Change]
  ) async throws -> [Refusal] {
    let server = try await TestServer.start(options)
    let bystander = try await RawPeer.joined(server)
    let peer = try await RawPeer.joined(server, "demo", encoding) { $0.roleMax = role }
    await peer.send(Make.batch(1, changes(await peer.replica)))
    let ack = try await peer.ack()
    if recovers {
      await peer.send(Make.batch(2, [Make.change(await peer.replica, ack.seq + 1, Make.node("good"))]))
      #expect(try await peer.ack().seq == ack.seq + 1)
    }
    await bystander.send(Make.batch(1, [Make.change(await bystander.replica, 1, Make.node("theirs"))]))
    #expect(try await bystander.ack().seq == 1)
    await peer.close()
    await bystander.close()
    try await server.stop()
    return ack.refused
  }

  @Test("[RF1] FORBIDDEN: a viewer writes; a commenter writes a node", arguments: [Role.viewer, .commenter])
  func forbidden(role: Role) async throws {
    let refused = try await refused(role: role, recovers: false) { [Make.change(max($0, 1), 1, Make.node("a"))] }
    #expect(refused.map(\.code) == [.forbidden])
    #expect(refused[0].seq == 1 && !refused[0].text.isEmpty)
  }

  @Test("[DO3, RF2, RF3] INVALID: a field that is never in the document, no ops, a value that is no JSON", arguments: WireEncoding.allCases)
  func invalid(encoding: WireEncoding) async throws {
    let bad: [[Op]] = [
      [.setNodeField(node: NodeID("a"), field: "selected", value: JSONText(unchecked: "true"))],
      [],
      [.setNodeField(node: NodeID("a"), field: .data("v"), value: JSONText(unchecked: "{\"a\":1,\"a\":2}"))],
      [.setNodeField(node: NodeID("a"), field: .data("v"), value: JSONText(unchecked: "{broken"))],
      [.setNodeField(node: NodeID(""), field: .data("v"), value: nil)],
    ]
    for ops in bad {
      let refused = try await refused(encoding: encoding) { [Make.change($0, 1, ops)] }
      #expect(refused.map(\.code) == [.invalid], "\(ops)")
    }
  }

  @Test("[RF1] a change refused in the middle: those before it stand, those after it are CONFLICT, revert says what holds")
  func middle() async throws {
    let refused = try await refused { replica in
      [
        Make.change(replica, 1, Make.node("a", ["v": "1"])),
        Make.change(
          replica, 2,
          [
            .setNodeField(node: NodeID("a"), field: .data("v"), value: JSONText(unchecked: "2")),
            .setNodeField(node: NodeID("a"), field: "dragging", value: JSONText(unchecked: "true")),
          ]),
        Make.change(replica, 3, Make.node("b")),
      ]
    }
    #expect(refused.map(\.code) == [.invalid, .conflict])
    #expect(refused.map(\.seq) == [2, 3])
    #expect(refused[0].revert.contains(.setNodeField(node: NodeID("a"), field: .data("v"), value: JSONText(unchecked: "1"))))
  }

  @Test("[RF2] TOO_LARGE: a value, an id, too many ops", arguments: WireEncoding.allCases)
  func tooLarge(encoding: WireEncoding) async throws {
    let big = JSONText(unchecked: "\"" + String(repeating: "x", count: 262_145) + "\"")
    let many = (0..<4097).map { Op.setNodeLife(node: NodeID("n\($0)"), alive: true) }
    let bad: [[Op]] = [
      [.setNodeField(node: NodeID("a"), field: .data("v"), value: big)],
      [.setNodeLife(node: NodeID(String(repeating: "i", count: 257)), alive: true)],
      many,
    ]
    for ops in bad {
      let refused = try await refused(encoding: encoding) { [Make.change($0, 1, ops)] }
      #expect(refused.map(\.code) == [.tooLarge])
    }
  }

  @Test("[LM1] LIMIT: more nodes than a document may hold")
  func limit() async throws {
    var options = TestServer.Options()
    options.limits.protocolLimits.nodesMax = 3
    let refused = try await refused(options) { [Make.change($0, 1, Make.node("a") + Make.node("b") + Make.node("c") + Make.node("d"))] }
    #expect(refused.map(\.code) == [.limit])
  }

  @Test("[FC1] RATE_LIMITED: more ops than a session may write, with the time to wait; then they are taken")
  func rateLimited() async throws {
    var options = TestServer.Options()
    options.limits.rates[.ops, per: .session] = Rate(100, burst: 20)
    try await TestServer.with(options) { server in
      let peer = try await RawPeer.joined(server)
      let replica = await peer.replica
      let changes = (1...10).map { Make.change(replica, $0, Make.node("n\($0)")) }
      await peer.send(Make.batch(1, Array(changes[..<6])))
      #expect(try await peer.ack().seq == 6)
      await peer.send(Make.batch(2, Array(changes[6...])))
      let refused = try await peer.ack().refused
      #expect(refused.map(\.code) == Array(repeating: .rateLimited, count: 4))
      let wait = refused[0].retryAfterMilliseconds
      #expect((1...1000).contains(wait))
      try await Task.sleep(for: .milliseconds(Int(wait)))
      await peer.send(Make.batch(3, Array(changes[6...])))
      #expect(try await peer.ack().seq == 10)
      await peer.close()
    }
  }

  @Test("[CR3] CLOCK_SKEW: a stamp more than a minute ahead of the server's clock")
  func clockSkew() async throws {
    let refused = try await refused { [Make.change($0, 1, Make.node("a"), at: Make.nowMilliseconds + 120_000)] }
    #expect(refused.map(\.code) == [.clockSkew])
  }

  @Test("[CR5] STALE_LEASE: a change under a replica id that is somebody else's")
  func staleLease() async throws {
    let refused = try await refused { [Make.change($0 + 1, 1, Make.node("a"))] }
    #expect(refused.map(\.code) == [.staleLease])
  }

  @Test("[CR1] CONFLICT: a gap in seq")
  func conflict() async throws {
    let refused = try await refused { [Make.change($0, 3, Make.node("a"))] }
    #expect(refused.map(\.code) == [.conflict])
  }

  @Test("UNAVAILABLE: the store does not take writes; when it does again, the same change is taken")
  func unavailable() async throws {
    let store = InMemoryWorkflowStore()
    var options = TestServer.Options()
    options.store = store
    options.limits.unavailableRetryMilliseconds = 30
    options.limits.reloadRetryMilliseconds = 300
    try await TestServer.with(options) { server in
      let peer = try await RawPeer.joined(server)
      let change = Make.change(await peer.replica, 1, Make.node("a"))
      store.failAppends(1)
      var batch: UInt64 = 0
      var codes: Set<RefusalCode> = []
      while true {
        batch += 1
        await peer.send(Make.batch(batch, [change]))
        let wanted = batch
        let ack = try await peer.until { if case .ack(let ack) = $0, ack.batch == wanted { ack } else { nil } }
        codes.formUnion(ack.refused.map(\.code))
        if ack.seq == 1 { break }
        try await Task.sleep(for: .milliseconds(30))
      }
      #expect(codes == [.unavailable])
      await peer.close()
    }
  }

  @Test("[PR1, ER1] presence that is too large: an error, and the connection stays")
  func presenceTooLarge() async throws {
    try await TestServer.with { server in
      let peer = try await RawPeer.joined(server)
      var state = PresenceState()
      state.extra = "\"" + String(repeating: "x", count: 5000) + "\""
      await peer.send(.presence(state))
      #expect(try await peer.error().code == .tooLarge)
      await peer.send(Make.batch(1, [Make.change(await peer.replica, 1, Make.node("a"))]))
      #expect(try await peer.ack().seq == 1)
      await peer.close()
    }
  }

  @Test("[RU1] runs: forbidden below runner; conflict with parked edges, which prune leaves out")
  func runRefusals() async throws {
    try await TestServer.with { server in
      let editor = try await RawPeer.joined(server) { $0.roleMax = .editor }
      var request = RunRequest()
      request.request = 3
      await editor.send(.run(request))
      let forbidden = try await editor.error()
      #expect(forbidden.request == 3 && forbidden.code == .forbidden)

      let owner = try await RawPeer.joined(server)
      await owner.send(Make.batch(1, [Make.change(await owner.replica, 1, Make.sum + [Make.edge("1", "gone")])]))
      _ = try await owner.ack()
      await owner.send(.run(request))
      let conflict = try await owner.error()
      #expect(conflict.code == .conflict && conflict.text.contains("gone"))
      request.parked = .prune
      await owner.send(.run(request))
      let last = try await owner.until { if case .runEvent(let event) = $0, event.kind.isLast { event } else { nil } }
      #expect(last.kind == .runFinished)
      await editor.close()
      await owner.close()
    }
  }
}
