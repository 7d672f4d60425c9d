import CRDT
import CollabProtocol
import RateLimits
import RoomCore
import Testing
import WorkflowDocument
import WorkflowGraph

@Suite struct ChangeTests {
  @Test("[RM1] others hear a change, and its author the ack, when it is durable and not before")
  func durableFirst() {
    var stage = Stage()
    let ada = stage.join()
    let bob = stage.join("bob")
    stage.forget()
    let change = stage.edit(ada, commit: false)
    #expect(stage.received(ada).isEmpty && stage.received(bob).isEmpty)
    stage.commit()
    #expect(stage.peers[bob]?.changes.map(\.change) == [change])
    #expect(stage.peers[ada]?.acks == [Ack(batch: 1, replica: ReplicaID(1), seq: 1, position: 1)])
  }

  @Test("[AK1] the author hears its own change first, then the ack")
  func ackAfterChange() {
    var stage = Stage()
    let ada = stage.join()
    stage.forget()
    stage.edit(ada)
    let kinds = stage.received(ada).map { message in
      switch message {
      case .changes: "changes"
      case .ack: "ack"
      default: "other"
      }
    }
    #expect(kinds == ["changes", "ack"])
  }

  @Test("[AK1] acks are coalesced per session and commit")
  func coalescedAcks() {
    var stage = Stage()
    let ada = stage.join()
    stage.forget()
    for batch in 1...10 {
      let change = stage.change(ada, .makeNode("n\(batch)"))
      stage.send([change], ada, batch: UInt64(batch))
    }
    stage.commit(10)
    #expect(stage.peers[ada]?.acks == [Ack(batch: 10, replica: ReplicaID(1), seq: 10, position: 10)])
    #expect(stage.received(ada).count == 2, "one message with all changes, one ack")
  }

  @Test("[OR1] the order of changes is the same for everybody")
  func oneOrder() {
    var stage = Stage()
    let ada = stage.join()
    let bob = stage.join("bob")
    for _ in 0..<5 {
      stage.edit(ada, "a", commit: false)
      stage.edit(bob, "b", commit: false)
    }
    stage.commit()
    #expect(stage.peers[ada]?.changes == stage.store.log)
    #expect(stage.peers[bob]?.changes == stage.store.log)
  }

  @Test("a change sent twice is acknowledged twice and applied once")
  func exactlyOnce() {
    var stage = Stage()
    let ada = stage.join()
    let change = stage.edit(ada)
    stage.send([change], ada, batch: 2)
    stage.commit()
    #expect(stage.store.log.count == 1)
    #expect(stage.peers[ada]?.acks.map(\.batch) == [1, 2])
    #expect(stage.peers[ada]?.acks.last?.seq == 1)
    #expect(stage.peers[ada]?.refusals.isEmpty == true)
  }

  @Test("[RM1] a duplicate of a change that is not durable yet is acknowledged when it is")
  func duplicateInFlight() {
    var stage = Stage()
    let ada = stage.join()
    stage.forget()
    let change = stage.edit(ada, commit: false)
    stage.send([change], ada, batch: 2)
    #expect(stage.received(ada).isEmpty)
    stage.commit()
    #expect(stage.peers[ada]?.acks == [Ack(batch: 2, replica: ReplicaID(1), seq: 1, position: 1)])
  }

  // MARK: every refusal

  private func refusals(_ role: Role = .editor, _ limits: RoomLimits = RoomLimits(), _ make: (inout Stage, SessionID) -> [Change])
    -> [RefusalCode]
  {
    var stage = Stage(limits: limits)
    let ada = stage.join(role: role)
    let bob = stage.join("bob")
    let changes = make(&stage, ada)
    stage.send(changes, ada)
    stage.commit()
    #expect(stage.peers[ada]?.closeCode == nil, "the connection stays")
    stage.edit(bob, "others go on")
    #expect(stage.peers[ada]?.document.isAlive(NodeID("others go on")) == true)
    return stage.peers[ada]?.refusals.map(\.code) ?? []
  }

  @Test("[RF1] forbidden: a viewer, and a commenter outside of comments")
  func forbidden() {
    let change = Change(replica: ReplicaID(1), seq: 1, hlc: HybridTime(milliseconds: 1), ops: [.makeNode("x")])
    #expect(refusals(.viewer) { _, _ in [change] } == [.forbidden])
    #expect(refusals(.commenter) { stage, id in [stage.change(id, .makeNode("x"))] } == [.forbidden])
    #expect(refusals(.commenter) { stage, id in [stage.change(id, .setCommentLife(comment: CommentID("c"), alive: true))] } == [])
    let mixed = refusals(.commenter) { stage, id in
      [stage.change(id, .setCommentLife(comment: CommentID("c"), alive: true), .makeNode("x"))]
    }
    #expect(mixed == [.forbidden])
  }

  @Test("[RF1] [RF2] invalid: no ops; a field that is never in the document; a fault that the decoder found")
  func invalid() {
    #expect(refusals { stage, id in [stage.change(id)] } == [.invalid])
    #expect(refusals { stage, id in [stage.change(id, .set("n", "selected", "true"))] } == [.invalid])
    var stage = Stage()
    let ada = stage.join()
    let good = stage.change(ada, .makeNode("a"))
    let faulty = stage.change(ada)
    let next = stage.change(ada, .makeNode("b"))
    stage.say(
      .change(
        ChangeBatch(batch: 3, changes: [good, faulty, next], seen: 0, faults: [.init(index: 1, code: .tooLarge, text: "long")])), ada)
    stage.commit()
    #expect(stage.store.log.map(\.change) == [good])
    #expect(stage.peers[ada]?.refusals.map(\.code) == [.tooLarge, .conflict])
    #expect(stage.peers[ada]?.refusals.map(\.seq) == [2, 3])
    #expect(stage.peers[ada]?.refusals.first?.text == "long")
  }

  @Test("[RF1] [LM1] too_large: ops in a change, changes in a batch")
  func tooLarge() {
    var limits = RoomLimits()
    limits.protocolLimits.opsPerChangeMax = 2
    limits.protocolLimits.changesPerBatchMax = 2
    #expect(refusals(.editor, limits) { stage, id in [stage.change(id, .makeNode("a"), .makeNode("b"), .makeNode("c"))] } == [.tooLarge])
    // The decoder closes such a connection; so does the room, should one come by.
    var stage = Stage(limits: limits)
    let ada = stage.join()
    stage.send((0..<3).map { stage.change(ada, .makeNode("n\($0)")) }, ada)
    #expect(stage.peers[ada]?.closeCode == .tooLarge)
  }

  @Test("[RF1] limit: more nodes than the document may have")
  func limit() {
    var limits = RoomLimits()
    limits.protocolLimits.nodesMax = 2
    var stage = Stage(limits: limits)
    let ada = stage.join()
    stage.send((0..<3).map { stage.change(ada, .makeNode("n\($0)")) }, ada)
    stage.commit()
    #expect(stage.peers[ada]?.refusals.map(\.code) == [.limit])
    #expect(stage.store.document.nodeCount == 2)
  }

  @Test("[CR3] when the server's clock is set back, who stamps behind all that was accepted may still write")
  func clockSetBack() {
    var stage = Stage()
    let ada = stage.join()
    stage.edit(ada)
    stage.time.wallMilliseconds -= 3_600_000
    let accepted = stage.store.document.highestTime.milliseconds
    for (ahead, code) in [(0, nil), (1, nil), (3, RefusalCode.clockSkew)] as [(UInt64, RefusalCode?)] {
      stage.forget()
      var change = stage.change(ada, .makeNode("n\(ahead)"))
      change.hlc = HybridTime(milliseconds: accepted + ahead, counter: 9)
      stage.send([change], ada)
      stage.commit()
      #expect(stage.peers[ada]?.refusals.first?.code == code, "\(ahead) ms after the latest")
    }
  }

  @Test("[CR3] clock_skew: a stamp from the future; up to the bound it is taken")
  func clockSkew() {
    for (ahead, code) in [(60_000, nil), (60_001, RefusalCode.clockSkew)] as [(UInt64, RefusalCode?)] {
      let codes = refusals { stage, id in
        var change = stage.change(id, .makeNode("x"))
        change.hlc = HybridTime(milliseconds: stage.time.wallMilliseconds + ahead)
        return [change]
      }
      #expect(codes == (code.map { [$0] } ?? []))
    }
  }

  @Test("[CR5] stale_lease: a change in somebody else's name")
  func staleLease() {
    let codes = refusals { stage, id in
      var change = stage.change(id, .makeNode("x"))
      change.replica = ReplicaID(2)
      return [change]
    }
    #expect(codes == [.staleLease])
  }

  @Test("[CR1] conflict: a gap in seq")
  func gap() {
    let codes = refusals { stage, id in
      var change = stage.change(id, .makeNode("x"))
      change.seq = 3
      return [change]
    }
    #expect(codes == [.conflict])
  }

  @Test("[RF1] what follows a refused change is refused, and the seq is free again")
  func afterRefusal() {
    var stage = Stage()
    let ada = stage.join()
    var first = stage.change(ada, .makeNode("a"))
    first.hlc = HybridTime(milliseconds: stage.time.wallMilliseconds + 100_000)
    let second = stage.change(ada, .makeNode("b"))
    stage.send([first, second], ada)
    stage.commit()
    #expect(stage.peers[ada]?.refusals.map(\.code) == [.clockSkew, .conflict])
    #expect(stage.peers[ada]?.refusals.last?.text == "follows a refused change")
    var renumbered = second
    renumbered.seq = 1
    stage.send([renumbered], ada, batch: 2)
    stage.commit()
    #expect(stage.peers[ada]?.acks.last == Ack(batch: 2, replica: ReplicaID(1), seq: 1, position: 1))
  }

  @Test("[RF3] revert is what the registers hold, and waits until that is durable; it is empty for what is sent again")
  func revert() {
    var stage = Stage()
    let ada = stage.join()
    let bob = stage.join("bob")
    stage.edit(bob, "n")
    stage.forget()
    stage.send([stage.change(bob, .set("n", "data.value", "7"))], bob)
    let bad = stage.change(ada, .set("n", "data.value", "8"), .set("n", "selected", "true"))
    let next = stage.change(ada, .set("n", "data.value", "9"))
    stage.send([bad, next], ada)
    #expect(stage.received(ada).isEmpty, "bob's value is not durable")
    stage.commit()
    #expect(stage.peers[ada]?.refusals.map(\.code) == [.invalid, .conflict])
    #expect(stage.peers[ada]?.refusals.first?.revert.first == .set("n", "data.value", "7"))
    #expect(stage.peers[ada]?.refusals.last?.revert.isEmpty == true)
  }

  @Test("[RF1] rate_limited says how long to wait, then takes the change; going on regardless is closed with 4429")
  func rateLimited() throws {
    var limits = RoomLimits()
    limits.rates[.ops, per: .session] = Rate(10, burst: 10)
    limits.rateStrikeCountMax = 3
    var stage = Stage(limits: limits)
    let ada = stage.join()
    stage.send((0..<10).map { stage.change(ada, .makeNode("n\($0)")) }, ada)
    let eleventh = stage.change(ada, .makeNode("last"))
    stage.send([eleventh], ada)
    stage.commit()
    let refusal = try #require(stage.peers[ada]?.refusals.first)
    #expect(refusal.code == .rateLimited)
    #expect(refusal.retryAfterMilliseconds == 100)
    stage.wait(UInt64(refusal.retryAfterMilliseconds))
    stage.send([eleventh], ada)
    stage.commit()
    #expect(stage.store.log.count == 11)
    for _ in 0..<5 { stage.send([stage.change(ada, .makeNode("flood"))], ada) }
    #expect(stage.peers[ada]?.closeCode == .abusive)
  }

  @Test("[RF1] unavailable: while too much waits for the store")
  func backlog() {
    var limits = RoomLimits()
    limits.undurableBytesMax = 300
    var stage = Stage(limits: limits)
    let ada = stage.join()
    for index in 0..<2 { stage.edit(ada, "n\(index)", commit: false) }
    let refused = stage.change(ada, .makeNode("x"))
    stage.send([refused], ada, batch: 9)
    #expect(stage.peers[ada]?.refusals.first?.code == .unavailable)
    #expect(stage.peers[ada]?.refusals.first?.retryAfterMilliseconds == limits.unavailableRetryMilliseconds)
    #expect(stage.peers[ada]?.acks.last?.batch == 0, "[AK1] the batches before it are not answered yet")
    stage.commit()
    #expect(stage.peers[ada]?.acks.last?.batch == 9)
    stage.send([refused], ada, batch: 10)
    #expect(stage.pending.count == 1, "taken")
  }

  // MARK: flow control

  @Test("[FC1] beyond the changes in flight the socket is not read, until half of them are durable")
  func inFlight() {
    var limits = RoomLimits()
    limits.protocolLimits.changesInFlightMax = 4
    var stage = Stage(limits: limits)
    let ada = stage.join()
    for index in 0..<4 { stage.edit(ada, "n\(index)", commit: false) }
    #expect(stage.peers[ada]?.isPaused == false)
    stage.edit(ada, "one more", commit: false)
    #expect(stage.peers[ada]?.isPaused == true)
    stage.commit(2)
    #expect(stage.peers[ada]?.isPaused == true)
    stage.commit(1)
    #expect(stage.peers[ada]?.isPaused == false)
  }

  @Test("many changes of one commit go out in messages of bounded size, none lost")
  func bigCommit() {
    var limits = RoomLimits()
    limits.protocolLimits.changesPerBatchMax = 10
    var stage = Stage(limits: limits)
    let ada = stage.join()
    stage.forget()
    for start in stride(from: 0, to: 100, by: 10) {
      stage.send((start..<start + 10).map { stage.change(ada, .makeNode("n\($0)")) }, ada)
    }
    stage.commit(100)
    let sizes = stage.received(ada).compactMap { if case .changes(let changes) = $0 { changes.count } else { nil } }
    #expect(sizes == Array(repeating: 10, count: 10))
    #expect(stage.peers[ada]?.changes.map(\.position) == Array(1...100))
  }
}

@Suite struct LeaseTests {
  @Test("[CR5] a replica id lent again is safe although its old holder still has unsent changes")
  func lentAgain() throws {
    var stage = Stage()
    let ada = stage.join()
    stage.edit(ada, "kept")
    let unsent = stage.change(ada, .makeNode("unsent"))
    let old = try #require(stage.peers[ada]?.lease)
    stage.handle(.sessionLeft(ada, isFinal: false))
    stage.commit()
    stage.wait(61_000)
    stage.handle(.snapshotStored(position: 1))
    #expect(stage.isUnloaded)

    // A day later the room opens again; the records must say all of it.
    var next = Stage(stage.seed(), store: stage.store, startingAt: stage.time.wallMilliseconds + 24 * 3_600_000)
    next.commit()
    #expect(next.store.leases.map(\.seqAtEnd) == [1])
    let bob = next.join("bob", holding: next.store.document)
    #expect(next.peers[bob]?.lease?.replica == old.replica, "lent again")
    #expect(next.peers[bob]?.nextSeq == 2)
    next.edit(bob, "bobs")

    let late = next.join("ada", holding: next.store.document) { $0.lease = old }
    let welcome = try #require(next.peers[late]?.welcome)
    #expect(welcome.leaseThrough == 1, "exactly which of its changes arrived")
    #expect(welcome.restamp)
    #expect(welcome.lease?.replica == ReplicaID(2))
    // Sent all the same under the old name: refused, and bob's change of that seq stands.
    next.send([unsent], late)
    next.commit()
    #expect(next.peers[late]?.refusals.map(\.code) == [.staleLease])
    #expect(next.store.document.isAlive(NodeID("bobs")))
    #expect(!next.store.document.isAlive(NodeID("unsent")))
    #expect(next.peers[bob]?.closeCode == nil)
  }

  @Test("[CR5] a lease is kept while its session is there, however long; its record is kept young")
  func longSession() {
    var stage = Stage()
    let ada = stage.join()
    stage.edit(ada)
    stage.wait(72 * 3_600_000)
    stage.commit()
    let record = stage.store.leases.first
    #expect(record?.seqAtEnd == nil)
    #expect(stage.time.wallMilliseconds - (record?.touchedAtMilliseconds ?? 0) <= 24 * 3_600_000 / 4 + 600_000)
    stage.edit(ada, "still")
    #expect(stage.peers[ada]?.refusals.isEmpty == true)
  }

  @Test("an ended lease is forgotten after many others: its holder is a stranger then, and loses nothing of others")
  func forgotten() throws {
    var limits = RoomLimits()
    limits.endedLeaseCountMax = 2
    var stage = Stage(limits: limits)
    let ada = stage.join()
    let lease = try #require(stage.peers[ada]?.lease)
    let others = (0..<3).map { stage.join("other\($0)") }
    for id in [ada] + others { stage.handle(.sessionLeft(id, isFinal: true)) }
    stage.commit()
    let again = stage.join { $0.lease = lease }
    #expect(stage.peers[again]?.welcome?.restamp == true)
    #expect(stage.peers[again]?.welcome?.leaseThrough == 0)
  }
}
