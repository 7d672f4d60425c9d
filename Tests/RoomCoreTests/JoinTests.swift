import CRDT
import CollabProtocol
import RoomCore
import Testing
import WorkflowDocument

@Suite struct HandshakeTests {
  private func judge(_ configure: (inout Hello) -> Void) -> CloseCode? {
    var hello = Hello()
    hello.name = "ada"
    configure(&hello)
    if case .refuse(let code, _) = Handshake.judge(.hello(hello), limits: RoomLimits()) { return code }
    return nil
  }

  @Test("[WP1] a good hello passes, a bad one is closed with the code of the table")
  func hellos() {
    #expect(judge { _ in } == nil)
    #expect(judge { $0.colour = "#a0B1c2" } == nil)
    #expect(judge { $0.name = "" } == .badRequest)
    #expect(judge { $0.name = String(repeating: "x", count: 65) } == .badRequest)
    #expect(judge { $0.client = String(repeating: "x", count: 65) } == .badRequest)
    #expect(judge { $0.colour = "red" } == .badRequest)
    #expect(judge { $0.colour = "#12345g" } == .badRequest)
    #expect(judge { $0.protocolMajor = 2 } == .version)
    #expect(judge { $0.protocolMinor = 9 } == nil, "a newer minor version is fine")
    #expect(judge { $0.lease = Lease(replica: ReplicaID(1), secret: [1, 2]) } == .badRequest)
    #expect(judge { $0.lease = Lease(replica: .none, secret: [UInt8](repeating: 1, count: 16)) } == .badRequest)
  }

  @Test("[WP1] anything else before the hello closes with 4400, nothing with 4408")
  func beforeHello() {
    for message in [ClientMessage.ping(Ping(id: 1)), .presence(PresenceState()), .run(RunRequest()), .unknown] {
      guard case .refuse(let code, _) = Handshake.judge(message, limits: RoomLimits()) else {
        Issue.record("\(message) passed")
        continue
      }
      #expect(code == .badRequest)
    }
    #expect(Handshake.tooLate == .refuse(.helloTooLate, reason: "no hello came in time"))
  }
}

@Suite struct JoinTests {
  @Test("[CR5] the welcome waits until the lease is durable")
  func leaseBeforeWelcome() {
    var stage = Stage()
    let ada = stage.join(commit: false)
    #expect(stage.received(ada).isEmpty)
    #expect(stage.pending.count == 1)
    stage.commit()
    #expect(stage.peers[ada]?.welcome?.lease?.replica == ReplicaID(1))
    #expect(stage.peers[ada]?.welcome?.catchup == .nothing)
    #expect(stage.peers[ada]?.welcome?.restamp == false)
  }

  @Test("a viewer gets no lease and no wait")
  func viewer() {
    var stage = Stage()
    let ada = stage.join(role: .viewer, commit: false)
    #expect(stage.peers[ada]?.welcome != nil)
    #expect(stage.peers[ada]?.welcome?.lease == nil)
    #expect(stage.peers[ada]?.welcome?.role == .viewer)
  }

  @Test("role_max in the hello lowers the role and never raises it")
  func roleMax() {
    var stage = Stage()
    let low = stage.join(role: .owner) { $0.roleMax = .commenter }
    let high = stage.join(role: .editor) { $0.roleMax = .owner }
    #expect(stage.peers[low]?.welcome?.role == .commenter)
    #expect(stage.peers[high]?.welcome?.role == .editor)
  }

  @Test("[CR5] the smallest free replica id is lent")
  func smallestFree() {
    var stage = Stage()
    let ids = (0..<4).map { _ in stage.join() }
    #expect(ids.map { stage.peers[$0]!.lease!.replica.rawValue } == [1, 2, 3, 4])
    // Closed for good: ends at once.
    stage.handle(.sessionLeft(ids[2], isFinal: true))
    stage.handle(.sessionLeft(ids[1], isFinal: true))
    #expect(stage.peers[stage.join()]!.lease!.replica.rawValue == 2)
    #expect(stage.peers[stage.join()]!.lease!.replica.rawValue == 3)
    #expect(stage.peers[stage.join()]!.lease!.replica.rawValue == 5)
  }

  @Test("[CR5] when no id is left, the lease that is unused the longest ends; its holder still learns what arrived")
  func longestUnused() throws {
    var limits = RoomLimits()
    limits.leaseCountMax = 3
    var stage = Stage(limits: limits)
    let ids = (0..<3).map { _ in stage.join() }
    for id in ids { stage.edit(id, "n\(id.rawValue)") }
    #expect(stage.peers[stage.join()]?.closeCode == .draining, "all three are in use")

    let second = try #require(stage.peers[ids[1]]?.lease)
    stage.handle(.sessionLeft(ids[1], isFinal: false))
    stage.wait(10)
    stage.handle(.sessionLeft(ids[0], isFinal: false))
    stage.commit()
    #expect(stage.peers[stage.join()]?.lease?.replica == second.replica)
    let late = stage.join { $0.lease = second }
    let welcome = try #require(stage.peers[late]?.welcome)
    #expect(welcome.restamp)
    #expect(welcome.leaseThrough == 1)
    #expect(welcome.lease?.replica == stage.peers[ids[0]]?.lease?.replica, "the next one that was unused")
  }

  @Test("[CR5] a session that closes with 1000 gives its lease back, although it wrote")
  func finalGoodbye() throws {
    var stage = Stage()
    let ada = stage.join()
    let lease = try #require(stage.peers[ada]?.lease)
    stage.edit(ada, "a")
    stage.handle(.sessionLeft(ada, isFinal: true))
    stage.commit()
    let bob = stage.join()
    #expect(stage.peers[bob]?.lease?.replica == lease.replica)
    let again = stage.join { $0.lease = lease }
    #expect(stage.peers[again]?.welcome?.leaseThrough == 1)
  }

  @Test("[WP3][ER1] an answer to what came behind the hello comes behind the welcome, in its turn")
  func errorsWait() throws {
    var stage = Stage()
    let ada = stage.join(commit: false)
    stage.say(.ping(Ping(id: 1)), ada)
    stage.handle(.messageRefused(ErrorReport(request: 7, code: .invalid, text: "no"), from: ada))
    stage.say(.ping(Ping(id: 2)), ada)
    #expect(stage.peers[ada]?.inbox.isEmpty == true)
    stage.commit()
    let inbox = try #require(stage.peers[ada]?.inbox)
    guard case .welcome? = inbox.first else {
      Issue.record("the welcome comes first")
      return
    }
    let answers = inbox.compactMap { message -> UInt64? in
      switch message {
      case .pong(let pong): pong.id
      case .error(let error): error.request
      default: nil
      }
    }
    #expect(answers == [1, 7, 2])
  }

  @Test("[CR5] whoever shows the secret gets the replica again, and is told what arrived")
  func resume() throws {
    var stage = Stage()
    let ada = stage.join()
    stage.edit(ada, "a")
    let held = stage.store.document
    let lost = stage.change(ada, .makeNode("b"))
    let lease = try #require(stage.peers[ada]?.lease)
    stage.handle(.sessionLeft(ada, isFinal: false))
    stage.commit()
    let again = stage.join(holding: held) { $0.lease = lease }
    let welcome = try #require(stage.peers[again]?.welcome)
    #expect(welcome.lease == lease)
    #expect(welcome.leaseThrough == 1)
    #expect(!welcome.restamp)
    #expect(welcome.catchup == .nothing)
    stage.send([lost], again)
    stage.commit()
    #expect(stage.peers[again]?.acks.last?.seq == 2)
  }

  @Test("[CR5] a resume without a secret, with a wrong one, or for another replica gets a new lease and must restamp")
  func wrongSecret() throws {
    var stage = Stage()
    let ada = stage.join()
    let lease = try #require(stage.peers[ada]?.lease)
    for shown in [
      Lease(replica: lease.replica, secret: [UInt8](repeating: 99, count: 16)), Lease(replica: ReplicaID(77), secret: lease.secret),
    ] {
      let other = stage.join { $0.lease = shown }
      let welcome = try #require(stage.peers[other]?.welcome)
      #expect(welcome.lease?.replica != lease.replica)
      #expect(welcome.restamp)
      #expect(welcome.leaseThrough == 0)
      #expect(stage.peers[ada]?.closeCode == nil)
    }
  }

  @Test("the lease of a live session shown again replaces it: 4409")
  func replaced() throws {
    var stage = Stage()
    let ada = stage.join()
    let lease = try #require(stage.peers[ada]?.lease)
    let again = stage.join { $0.lease = lease }
    #expect(stage.peers[ada]?.closeCode == .replaced)
    #expect(stage.peers[ada]?.goodbyes.map(\.reconnectAfterMilliseconds) == [0], "[GB1] not before a person asks")
    #expect(stage.peers[again]?.welcome?.lease == lease)
    // The old connection's end is no longer the lease's business.
    stage.handle(.sessionLeft(ada, isFinal: true))
    stage.edit(again)
    #expect(stage.peers[again]?.acks.last?.seq == 1)
  }

  @Test("a change of a replaced session, still on its way, is not heard")
  func lateChangeOfReplaced() throws {
    var stage = Stage()
    let ada = stage.join()
    let late = stage.change(ada, .makeNode("late"))
    let lease = try #require(stage.peers[ada]?.lease)
    let again = stage.join { $0.lease = lease }
    stage.send([late], ada)
    stage.commit()
    #expect(stage.store.log.isEmpty)
    #expect(stage.peers[again]?.welcome?.leaseThrough == 0)
  }

  @Test("a second hello closes with 4400")
  func secondHello() {
    var stage = Stage()
    let ada = stage.join()
    stage.say(.hello(Hello()), ada)
    #expect(stage.peers[ada]?.closeCode == .badRequest)
  }

  @Test("[WP1] what is said right behind the hello is heard after the welcome, in order")
  func beforeWelcome() {
    var stage = Stage()
    let ada = stage.join(commit: false)
    stage.say(.ping(Ping(id: 5)), ada)
    stage.send([Change(replica: ReplicaID(1), seq: 1, hlc: HybridTime(milliseconds: 1), ops: [.makeNode("x")])], ada)
    stage.say(.cancelRun(CancelRun(request: 3, run: "none")), ada)
    #expect(stage.received(ada).isEmpty, "[WP3] the first message is the welcome")
    stage.commit(1)
    #expect(stage.peers[ada]?.welcome != nil)
    #expect(stage.received(ada).contains(.pong(Pong(id: 5, serverMilliseconds: stage.time.wallMilliseconds))))
    #expect(stage.peers[ada]?.errors.map(\.request) == [3])
    stage.commit()
    #expect(stage.store.log.count == 1)
    #expect(stage.peers[ada]?.acks.last?.seq == 1)
  }

  @Test("[WP1] what is said before the welcome is bounded: 4400")
  func tooMuchBeforeWelcome() {
    var limits = RoomLimits()
    limits.earlyMessageCountMax = 3
    var stage = Stage(limits: limits)
    let ada = stage.join(commit: false)
    for _ in 0..<4 { stage.say(.presence(PresenceState()), ada) }
    #expect(stage.peers[ada]?.closeCode == .badRequest)
  }

  @Test("[RS1] who comes back gets only what is missing")
  func missingOnly() throws {
    var stage = Stage()
    let ada = stage.join()
    for index in 0..<3 { stage.edit(ada, "n\(index)") }
    let held = stage.store.document
    for index in 3..<5 { stage.edit(ada, "n\(index)") }
    let bob = stage.join("bob", holding: held)
    #expect(stage.peers[bob]?.welcome?.catchup == .changes)
    #expect(stage.peers[bob]?.changes.map(\.position) == [4, 5])
    #expect(stage.peers[bob]?.welcome?.version == stage.store.document.version)
    #expect(stage.peers[bob]?.welcome?.position == 5)
  }

  @Test("[OR1] a catch-up has no gap in positions, even when the replica holds some of what comes")
  func noGaps() {
    var stage = Stage()
    let ada = stage.join()
    let bob = stage.join("bob")
    for index in 0..<3 {
      stage.edit(ada, "a\(index)")
      stage.edit(bob, "b\(index)")
    }
    // All of ada's, none of bob's: no prefix of the order.
    var held = WorkflowDocument()
    for entry in stage.store.log where entry.change.replica == ReplicaID(1) { #expect(throws: Never.self) { try held.apply(entry.change) } }
    let eve = stage.join("eve", holding: held)
    #expect(stage.peers[eve]?.welcome?.catchup == .changes)
    #expect(stage.received(eve).contains(.changes(Array(stage.store.log[1...]))))
  }

  @Test("[ME3] below the tail, or ahead of what the server has, a snapshot is sent")
  func snapshotWhenTailIsShort() {
    var limits = RoomLimits()
    limits.tailCountMax = 3
    var stage = Stage(limits: limits)
    let ada = stage.join()
    for index in 0..<10 { stage.edit(ada, "n\(index)") }
    let old = stage.join("old") { $0.version = Version([Version.Entry(replica: ReplicaID(1), seq: 2)]) }
    let ahead = stage.join("ahead") { $0.version = Version([Version.Entry(replica: ReplicaID(9), seq: 2)]) }
    let fresh = stage.join("fresh")
    for id in [old, ahead, fresh] {
      #expect(stage.peers[id]?.welcome?.catchup == .snapshot)
      #expect(stage.peers[id]?.document.version == stage.store.document.version)
      #expect(stage.peers[id]?.snapshotCount == 1)
    }
  }

  @Test("[SN1] joiners share one encoded snapshot, bridged by the tail; many changes later a new one is made")
  func sharedSnapshot() {
    var limits = RoomLimits()
    limits.snapshotReuseChangeCountMax = 4
    var stage = Stage(limits: limits)
    let ada = stage.join()
    for index in 0..<6 { stage.edit(ada, "n\(index)") }
    stage.join("bob")
    #expect(stage.shelf.keys.sorted() == [6])
    stage.edit(ada, "more")
    let eve = stage.join("eve")
    #expect(stage.shelf.keys.sorted() == [6], "the same snapshot")
    #expect(stage.peers[eve]?.changes.map(\.position) == [7])
    #expect(stage.peers[eve]?.document.version == stage.store.document.version)
    for index in 0..<6 { stage.edit(ada, "m\(index)") }
    stage.join("zoe")
    #expect(stage.shelf.keys.sorted() == [13], "too far behind: a new one")
  }

  @Test("[RM1] a snapshot of changes that are not durable waits for them, and so does its reader")
  func snapshotWaitsForDurability() {
    var limits = RoomLimits()
    limits.snapshotReuseChangeCountMax = 0
    var stage = Stage(limits: limits)
    let ada = stage.join()
    stage.edit(ada, "a")
    stage.edit(ada, "b", commit: false)
    let bob = stage.join("bob", role: .viewer, commit: false)
    stage.edit(ada, "c", commit: false)
    #expect(stage.received(bob).isEmpty)
    stage.commit(1)  // "b": bob's turn; the snapshot holds b and perhaps c
    stage.commit(1)
    #expect(stage.peers[bob]?.welcome?.catchup == .snapshot)
    #expect(stage.peers[bob]?.document.version == stage.store.document.version)
  }

  @Test("a snapshot that is slow to make loses nothing that is committed meanwhile")
  func slowSnapshot() {
    var limits = RoomLimits()
    limits.snapshotReuseChangeCountMax = 0
    var stage = Stage(limits: limits)
    stage.holdsSnapshots = true
    let ada = stage.join()
    stage.edit(ada, "a")
    let bob = stage.join("bob")
    for index in 0..<5 { stage.edit(ada, "later\(index)") }
    #expect(stage.received(bob).isEmpty)
    stage.finishSnapshots()
    #expect(stage.peers[bob]?.document.version == stage.store.document.version)
    stage.edit(ada, "live")
    #expect(stage.peers[bob]?.document.version == stage.store.document.version)
  }

  @Test("a joiner that cannot be served in time is closed with 4500; so are those whose snapshot fails")
  func joinDeadline() {
    var limits = RoomLimits()
    limits.snapshotReuseChangeCountMax = 0
    var stage = Stage(limits: limits)
    stage.holdsSnapshots = true
    let ada = stage.join()
    stage.edit(ada)
    let bob = stage.join("bob")
    stage.wait(limits.joinDeadlineMilliseconds + 1000)
    #expect(stage.peers[bob]?.closeCode == .serverFault)
    let eve = stage.join("eve")
    stage.handle(.snapshotFailed(position: 1))
    #expect(stage.peers[eve]?.closeCode == .serverFault)
    #expect(stage.peers[ada]?.closeCode == nil)
  }

  @Test("a full room turns newcomers away with a goodbye: 4503")
  func full() {
    var limits = RoomLimits()
    limits.sessionCountMax = 2
    var stage = Stage(limits: limits)
    stage.join()
    stage.join()
    let third = stage.join()
    #expect(stage.peers[third]?.closeCode == .draining)
    #expect(stage.peers[third]?.goodbyes.first?.reconnectAfterMilliseconds ?? 0 >= limits.reconnectMinMilliseconds)
  }

  @Test("who wants no changes gets none, and no catch-up")
  func wants() {
    var stage = Stage()
    let ada = stage.join()
    stage.edit(ada)
    let bot = stage.join("bot") { $0.wants = Wants(changes: false, presence: false, runs: true, issues: false) }
    #expect(stage.peers[bot]?.welcome?.catchup == .nothing)
    stage.edit(ada, "more")
    stage.say(.presence(PresenceState()), ada)
    stage.wait(5000)
    #expect(stage.peers[bot]?.changes.isEmpty == true)
    #expect(stage.peers[bot]?.presences.isEmpty == true)
    #expect(stage.peers[bot]?.hashes.isEmpty == true)
  }
}
