import CollabProtocol
import NIOCore
import OutboundPolicy
import RateLimits
import RoomCore
import Storage
import Testing
import WorkflowDocument
import WorkflowGraph

@testable import Rooms

/// What sessions, subjects and addresses may do how often, on real event loops.
@Suite(.timeLimit(.minutes(3))) struct RateTests {
  let workflow = WorkflowID("demo")!

  private func cursor(_ x: Double) -> PresenceState {
    var state = PresenceState()
    state.cursor = Point(x: x, y: 0)
    return state
  }

  private func cursors(heardBy client: TestClient) -> [Double] {
    client.messages.flatMap { message -> [Double] in
      guard case .presence(let frame) = message else { return [] }
      return frame.slots.compactMap(\.state.cursor?.x)
    }
  }

  @Test("[LM3] of presence that comes too fast the newest is taken when it may be, without a word")
  func presence() async throws {
    let server = Server { $0.limits.rates[.presence, per: .session] = Rate(20, burst: 2) }
    let ada = try await TestClient.joined(server.registry, workflow, on: server.loops[0])
    let bob = try await TestClient.joined(server.registry, workflow, on: server.loops[1])
    try await ada.say((1...50).map { .presence(cursor(Double($0))) })
    try await bob.until { cursors(heardBy: $0).contains(50) }
    let heard = cursors(heardBy: bob)
    #expect(heard.count <= 3 && heard.last == 50, "those that were taken at once, at most, and the last: \(heard)")
    try await ada.say(.ping(Ping(id: 9)))
    try await ada.until { if case .pong = $0.lastMessage { true } else { false } }
    #expect(!ada.messages.contains { if case .error = $0 { true } else { false } })
    try await server.stop()
  }

  @Test("[LM3] pings that come too fast are refused with the limit and the time, and no other session notices")
  func pings() async throws {
    let server = Server { $0.limits.rates[.pings, per: .session] = Rate(1, burst: 3) }
    let ada = try await TestClient.joined(server.registry, workflow, on: server.loops[0])
    let bob = try await TestClient.joined(server.registry, workflow, on: server.loops[0])
    try await ada.say((1...5).map { .ping(Ping(id: $0)) })
    try await ada.until { $0.messages.contains { if case .error = $0 { true } else { false } } }
    let report = try #require(ada.messages.compactMap { if case .error(let report) = $0 { report } else { nil } }.first)
    #expect(report.code == .rateLimited && report.limit == "pings-per-session" && report.request == 0)
    #expect((1...1000).contains(report.retryAfterMilliseconds))
    #expect(ada.messages.count { if case .pong = $0 { true } else { false } } == 3)
    try await bob.say(.ping(Ping(id: 1)))
    try await bob.until { if case .pong = $0.lastMessage { true } else { false } }
    try await server.stop()
  }

  @Test("[LM3] who goes on and on is closed with 4429; what was good before it counts")
  func abuse() async throws {
    let server = Server {
      $0.limits.rates[.presence, per: .session] = Rate(1, burst: 1)
      $0.limits.rates[.refusals, per: .session] = Rate(1, burst: 10)
    }
    let ada = try await TestClient.joined(server.registry, workflow, on: server.loops[0])
    let change = ada.nextChange("kept")
    try await ada.say([.change(ChangeBatch(batch: 1, changes: [change], seen: 0))] + (1...20).map { .presence(cursor(Double($0))) })
    try await ada.until { $0.closeCode != nil }
    #expect(ada.closeCode == .abusive)
    let bob = try await TestClient.joined(server.registry, workflow, on: server.loops[0])
    try await bob.until { $0.document.isAlive(NodeID("kept")) }
    try await server.stop()
  }

  @Test("[LM3] ops of one subject are counted over all its sessions; the batch is refused with the time, and taken after it")
  func opsOfSubject() async throws {
    let server = Server { $0.limits.rates[.ops, per: .subject] = Rate(100, burst: 30) }
    let admission = Admission.admitted(subject: "ada", role: .owner)
    var sessions: [TestClient] = []
    for loop in server.loops {
      let client = try await TestClient(server.registry, workflow, on: loop, admission: admission)
      try await client.hello()
      try await client.until { $0.welcome != nil && $0.document.version == $0.welcome!.version }
      sessions.append(client)
    }
    // Three ops each.
    try await sessions[0].send((0..<9).map { sessions[0].nextChange("a\($0)") })
    try await sessions[0].until { $0.acks.last?.seq == 9 }
    let changes = (0..<6).map { sessions[1].nextChange("b\($0)") }
    try await sessions[1].send(changes)
    try await sessions[1].until { $0.acks.contains { !$0.refused.isEmpty } }
    let refused = sessions[1].acks.flatMap(\.refused)
    #expect(refused.count == 6 && refused.allSatisfy { $0.code == .rateLimited && $0.text.contains("ops-per-subject") })
    try await Task.sleep(for: .milliseconds(Int(refused[0].retryAfterMilliseconds)))
    try await sessions[1].send(changes)
    try await sessions[1].until { $0.acks.last?.seq == 6 }
    let other = try await TestClient.joined(server.registry, workflow, on: server.loops[0])
    try await other.send((0..<9).map { other.nextChange("c\($0)") })
    try await other.until { $0.acks.last?.seq == 9 }
    try await server.stop()
  }

  @Test("[LM3] messages and bytes that come too fast are read later, and nothing is lost", arguments: [RatedThing.messages, .bytes])
  func reading(thing: RatedThing) async throws {
    let server = Server { $0.limits.rates[thing, per: .session] = thing == .bytes ? Rate(2_000, burst: 1_000) : Rate(50, burst: 20) }
    let ada = try await TestClient.joined(server.registry, workflow, on: server.loops[0])
    for index in 0..<40 { try await ada.edit("n\(index)") }
    #expect(try await ada.isPaused())
    try await ada.until { $0.acks.last?.seq == 40 }
    for _ in 0..<200 where try await ada.isPaused() { try await Task.sleep(for: .milliseconds(20)) }
    #expect(try await !ada.isPaused(), "it is paid for by time")
    try await server.stop()
  }

  @Test("[LM3] a subject that begins sessions too fast is told to come back, however many sockets it uses")
  func connects() async throws {
    let server = Server { $0.limits.rates[.connects, per: .subject] = Rate(1, burst: 2) }
    let admission = Admission.admitted(subject: "ada", role: .owner)
    for index in 0..<3 {
      let client = try await TestClient(server.registry, workflow, on: server.loops[index % 2], admission: admission)
      try await client.hello()
      guard index == 2 else {
        try await client.until { $0.welcome != nil }
        continue
      }
      try await client.until { $0.closeCode != nil }
      #expect(client.closeCode == .draining)
      guard case .goodbye(let goodbye) = client.messages.first else {
        Issue.record("no goodbye")
        continue
      }
      #expect((1...1000).contains(goodbye.reconnectAfterMilliseconds) && goodbye.text.contains("connects-per-subject"))
    }
    try await server.stop()
  }

  @Test("[LM3] runs of an address are counted over all who come from there")
  func runsOfAddress() async throws {
    let server = Server { $0.limits.rates[.runs, per: .address] = Rate(1, burst: 1) }
    let account = server.registry.limits.account(of: IPAddress("192.0.2.1"))
    var errors: [ErrorReport] = []
    for (index, address) in [account, account, nil].enumerated() {
      let client = try await TestClient(server.registry, workflow, on: server.loops[index % 2], address: address)
      try await client.hello()
      try await client.until { $0.welcome != nil }
      var request = RunRequest()
      request.request = UInt64(index + 1)
      try await client.say(.run(request))
      try await client.until {
        // Who comes later is told of the runs before, too.
        index == 1 ? $0.messages.contains { if case .error = $0 { true } else { false } } : !$0.runEvents.isEmpty
      }
      errors += client.messages.compactMap { if case .error(let report) = $0 { report } else { nil } }
    }
    #expect(errors.map(\.request) == [2])
    #expect(errors.map(\.limit) == ["runs-per-address"])
    try await server.stop()
  }
}

@Suite struct LimitLedgerTests {
  private let ledger = LimitLedger(.defaults) { 0 }

  @Test("[LM3] a flood of addresses and subjects takes a bounded place, and those in use are not forgotten")
  func bounded() throws {
    let held = try #require(ledger.account(of: IPAddress("192.0.2.1")))
    let subject = try #require(ledger.account(ofSubject: "ada"))
    for index in 0..<200_000 as Range<UInt32> {
      _ = ledger.account(of: .v4(0x0a00_0000 + index))
      _ = ledger.account(ofSubject: "s\(index)")
    }
    #expect(ledger.accountCount <= 4 * AccountTable<String>.generationCountMax + 2)
    #expect(ledger.account(of: IPAddress("192.0.2.1")) === held)
    #expect(ledger.account(ofSubject: "ada") === subject)
  }

  @Test("who comes back soon finds what it owes; open mode has no subject, a Unix socket no address")
  func remembered() {
    let burst = RateTable.defaults[.connects, per: .subject]!.burst
    for _ in 0..<burst { #expect(ledger.take(.connects, ledger.account(ofSubject: "eve")) == nil) }
    #expect(ledger.take(.connects, ledger.account(ofSubject: "eve"))?.name == RateName(.connects, per: .subject))
    #expect(ledger.account(ofSubject: "") == nil && ledger.account(of: nil) == nil)
    #expect(ledger.take(.connects, nil) == nil)
  }

  @Test("what one of several refuses costs the others nothing")
  func together() throws {
    var rates = RateTable.none
    rates[.reads, per: .subject] = Rate(1, burst: 1)
    rates[.reads, per: .address] = Rate(1, burst: 5)
    let ledger = LimitLedger(rates) { 0 }
    let (address, subject) = (ledger.account(of: IPAddress("192.0.2.1")), ledger.account(ofSubject: "ada"))
    #expect(ledger.take(.reads, address, subject) == nil)
    for _ in 0..<20 { #expect(ledger.take(.reads, address, subject)?.name.scope == .subject) }
    for _ in 0..<4 { #expect(ledger.take(.reads, address) == nil) }
    #expect(ledger.take(.reads, address)?.name.scope == .address)
  }
}
