import CRDT
import CollabProtocol
import Testing
import WorkflowDocument
import WorkflowGraph

@testable import CollabClient

@Suite("Coming back")
struct ResumeTests {
  /// Three changes sent, the connection lost, connecting again; the hello of the second connection.
  private func interrupted() throws -> (script: MachineScript, changes: [Change], hello: Hello) {
    var script = MachineScript.joined()
    let changes = [try script.edit(Make.node("a")), try script.edit(Make.node("b")), try script.edit(Make.node("c"))]
    script.tell(.flush)
    script.tell(.disconnected(code: 1006, reason: "cut"))
    #expect(script.machine.saveState == .offline(waiting: 3))
    #expect(script.passToDeadline().connects)
    let hello = try #require(script.tell(.connected).hellos.first)
    return (script, changes, hello)
  }

  @Test("[RS1] the hello shows the lease and claims nothing that may never have arrived")
  func hello() throws {
    let (_, _, hello) = try interrupted()
    #expect(hello.lease == Lease(replica: ReplicaID(3), secret: MachineScript.secret))
    #expect(hello.version.isEmpty)
  }

  @Test("[RS1] lost acks: what the lease says arrived is saved, the rest is sent again under its old numbers")
  func lostAcks() throws {
    var (script, changes, _) = try interrupted()
    let turn = script.tell(.received(.welcome(script.welcome(replica: 3, through: 2, position: 2, catchup: .changes))))
    #expect(turn.batches.flatMap(\.changes) == [changes[2]])
    #expect(script.machine.pendingCount == 1)
    #expect(!script.machine.isLive)
    let caughtUp = script.tell(.received(.changes([Make.logged(1, changes[0]), Make.logged(2, changes[1])])))
    #expect(caughtUp.links == [.live])
    #expect(script.machine.position == 2)
    script.ack(1, 3, position: 3)
    #expect(script.machine.isSaved)
  }

  @Test("[CR5] a lost lease: what arrived stays, what did not takes the new replica's numbers and new times, own tags follow")
  func lostLease() throws {
    var script = MachineScript.joined()
    let one = try script.edit(Make.node("a") + Make.node("b"))
    let two = try script.edit([.addEdge(Make.edge("a", "b"))])
    try script.edit([.removeEdge(Make.edge("a", "b"), tags: [two.stamp(0)]), .addEdge(Make.edge("b", "a"))])
    script.tell(.flush)
    script.tell(.disconnected(code: 1006, reason: "cut"))
    script.passToDeadline()
    script.tell(.connected)

    // Somebody else was lent replica 3 in the meantime and wrote under the number that our second change had.
    let foreign = Make.change(3, 2, Make.node("theirs"), at: MachineScript.serverMilliseconds + 5000)
    let welcome = script.welcome(
      replica: 8, through: 1, restamp: true, version: Version([.init(replica: ReplicaID(3), seq: 2)]), position: 2, catchup: .changes)
    let turn = script.tell(.received(.welcome(welcome)))
    #expect(turn.batches.isEmpty)
    #expect(turn.resyncs.count == 1)
    script.tell(.received(.changes([Make.logged(1, one), Make.logged(2, foreign)])))
    let healed = script.snapshot(Make.document([one, foreign]), position: 2)
    let again = try #require(healed.batches.first).changes
    #expect(again.map(\.replica) == [ReplicaID(8), ReplicaID(8)])
    #expect(again.map(\.seq) == [1, 2])
    #expect(again.allSatisfy { $0.hlc > foreign.hlc })
    #expect(again[1].ops.first == .removeEdge(Make.edge("a", "b"), tags: [again[0].stamp(0)]))
    #expect(script.machine.document.has("theirs"))
    #expect(script.machine.document.edges(at: NodeID("a")) == [Make.edge("b", "a")])
    #expect(try script.edit(Make.node("next")).seq == 3)
  }

  @Test("[CR5] a lost lease with nothing pending needs no snapshot")
  func lostLeaseClean() throws {
    var script = MachineScript.joined()
    let earlier = (1...6).map { Make.logged($0, Make.change(4, $0, Make.node("x\($0)"))) }
    script.tell(.received(.changes(earlier)))
    let one = try script.edit(Make.node("a"))
    script.tell(.flush)
    script.ack(1, 1, position: 7)
    script.tell(.received(.changes([Make.logged(7, one)])))
    script.tell(.disconnected(code: 1001, reason: ""))
    script.passToDeadline()
    #expect(script.tell(.connected).hellos.first?.version == script.machine.document.version)
    let welcome = script.welcome(replica: 4, through: 1, restamp: true, version: script.machine.document.version, position: 7)
    #expect(script.tell(.received(.welcome(welcome))).resyncs.isEmpty)
    let next = try script.edit(Make.node("b"))
    #expect(next.replica == ReplicaID(4) && next.seq == 7)
  }

  @Test("[CR5] a replica id lent again is taken once the changes of its earlier holder are here; edits meanwhile are not lost")
  func lentAgain() throws {
    var script = MachineScript.joined()
    script.tell(.disconnected(code: 1006, reason: ""))
    script.passToDeadline()
    script.tell(.connected)
    let theirs = Make.change(4, 1, Make.node("x"))
    let version = Version([.init(replica: ReplicaID(4), seq: 1)])
    script.tell(.received(.welcome(script.welcome(replica: 4, restamp: true, version: version, position: 1, catchup: .changes))))
    try script.edit(Make.node("mine"))
    let healed = script.snapshot(Make.document([theirs]), position: 1)
    #expect(healed.batches.first?.changes.map(\.replica) == [ReplicaID(4)])
    #expect(healed.batches.first?.changes.map(\.seq) == [2])
    #expect(script.machine.document.has("x") && script.machine.document.has("mine"))
  }

  @Test("[CR5] a connection lost between a new lease and the move to it: the number of its earlier holder acknowledges nothing of ours")
  func movedTwice() throws {
    var script = MachineScript.joined()
    for index in 1...3 { try script.edit(Make.node("n\(index)")) }
    script.tell(.flush)
    script.tell(.disconnected(code: 1006, reason: ""))
    let base = Make.document((1...9).map { Make.change(4, $0, Make.node("x\($0)")) })
    func welcome(restamp: Bool, through: UInt64) -> Welcome {
      script.welcome(replica: 4, through: through, restamp: restamp, version: base.version, position: 9, catchup: .snapshot)
    }
    script.passToDeadline()
    script.tell(.connected)
    script.tell(.received(.welcome(welcome(restamp: true, through: 0))))
    script.tell(.disconnected(code: 1006, reason: ""))
    script.passToDeadline()
    #expect(script.tell(.connected).hellos.first?.lease?.replica == ReplicaID(4))
    script.tell(.received(.welcome(welcome(restamp: false, through: 9))))
    let healed = script.snapshot(base, position: 9)
    #expect(healed.batches.flatMap(\.changes).map(\.seq) == [10, 11, 12])
    #expect(script.machine.document.has("n3"))
  }

  @Test("[CR5] a first replica id that somebody had before writes only after the catch-up")
  func firstLentAgain() throws {
    var script = MachineScript()
    script.tell(.start)
    script.tell(.connected)
    let base = Make.document([Make.change(3, 1, Make.node("x"))])
    script.tell(.received(.welcome(script.welcome(replica: 3, version: base.version, position: 1, catchup: .snapshot))))
    #expect(throws: ClientError.notJoined) { try script.edit(Make.node("a")) }
    script.snapshot(base, position: 1)
    #expect(try script.edit(Make.node("a")).seq == 2)
  }

  @Test("a connection lost in the middle of a repair is repaired on the next one, told once")
  func repairSurvives() throws {
    var script = MachineScript.joined()
    try script.edit(Make.node("bad"))
    try script.edit(Make.node("b"))
    script.tell(.flush)
    script.ack(1, 0, refused: [Refusal(seq: 1, code: .invalid, text: "no"), Refusal(seq: 2, code: .conflict, text: "")])
    script.tell(.disconnected(code: 1006, reason: ""))
    script.passToDeadline()
    script.tell(.connected)
    let turn = script.tell(.received(.welcome(script.welcome(replica: 3))))
    #expect(turn.resyncs.count == 1 && turn.batches.isEmpty && turn.refusals.isEmpty)
    let healed = script.snapshot(WorkflowDocument(), position: 0)
    #expect(healed.batches.first?.changes.map(\.ops) == [Make.node("b")])
    #expect(!script.machine.document.has("bad"))
  }

  @Test("[SN1] a first snapshot in pieces, then live, then the changes that follow it")
  func snapshotJoin() throws {
    var script = MachineScript()
    script.tell(.start)
    script.tell(.connected)
    let base = (1...200).map { Make.change(9, UInt64($0), Make.node("node-\($0)") + Make.label("node-\($0)", "\($0 &* 7919)")) }
    let document = Make.document(base)
    script.tell(.received(.welcome(script.welcome(replica: 3, version: document.version, position: 200, catchup: .snapshot))))
    let chunks = MachineScript.chunks(document, position: 200, size: 300)
    #expect(chunks.count > 3)
    for chunk in chunks.dropLast() { #expect(script.tell(.received(.snapshot(chunk))).links.isEmpty) }
    #expect(script.tell(.received(.snapshot(chunks.last!))).links == [.live])
    let late = Make.logged(201, Make.change(9, 201, Make.node("late")))
    script.tell(.received(.changes([late])))
    #expect(script.machine.document.has("late"))
    #expect(script.machine.position == 201)
  }

  @Test("[SN1] a snapshot older than the own acknowledged changes waits for those that follow it")
  func cachedSnapshot() throws {
    var script = MachineScript.joined()
    let one = try script.edit(Make.node("a"))
    let two = try script.edit(Make.node("b"))
    script.tell(.flush)
    script.ack(1, 2, position: 2)
    try script.edit(Make.node("bad"))
    try script.edit(Make.node("d"))
    script.tell(.flush)
    script.ack(2, 2, position: 2, refused: [Refusal(seq: 3, code: .invalid, text: "no")])
    #expect(script.snapshot(Make.document([one]), position: 1).batches.isEmpty)
    let turn = script.tell(.received(.changes([Make.logged(2, two)])))
    #expect(turn.batches.first?.changes.map(\.seq) == [3])
    #expect(script.machine.document.has("b"))
  }

  @Test(
    "[SN1] damaged chunks end the connection, not the program",
    arguments: ["crc", "order", "count", "zlib", "content", "declared"])
  func damagedSnapshot(kind: String) throws {
    var script = MachineScript()
    script.tell(.start)
    script.tell(.connected)
    script.tell(.received(.welcome(script.welcome(replica: 3, position: 1, catchup: .snapshot))))
    var chunk = MachineScript.chunks(Make.document([Make.change(9, 1, Make.node("a"))]), position: 1)[0]
    switch kind {
    case "crc": chunk.crc32 ^= 1
    case "order": chunk.index = 1
    case "count": chunk.count = 0
    case "zlib":
      chunk.data = [1, 2, 3]
      chunk.crc32 = 0x55BC_801D
    case "content":
      let other = MachineScript.chunks(WorkflowDocument(), position: 1)[0]
      chunk = other
      chunk.rawBytes = 1
    default: chunk.rawBytes = .max
    }
    #expect(script.tell(.received(.snapshot(chunk))).disconnects != nil)
  }

  @Test("a server that sends damaged snapshots for ever is given up with a reason")
  func damagedForEver() throws {
    var script = MachineScript()
    script.tell(.start)
    for _ in 0..<10 where script.machine.stop == nil {
      script.tell(.connected)
      script.tell(.received(.welcome(script.welcome(replica: 3, position: 1, catchup: .snapshot))))
      var chunk = MachineScript.chunks(WorkflowDocument(), position: 1)[0]
      chunk.crc32 ^= 1
      script.tell(.received(.snapshot(chunk)))
      script.tell(.disconnected(code: 1006, reason: ""))
      script.passToDeadline()
    }
    #expect(script.machine.stop?.reason == .fault)
  }

  @Test("[OR1] a gap in the order is healed by a snapshot; duplicates are passed over")
  func gapAndDuplicates() throws {
    var script = MachineScript.joined()
    let changes = (1...4).map { Make.change(9, UInt64($0), Make.node("n\($0)")) }
    script.tell(.received(.changes([Make.logged(1, changes[0])])))
    script.tell(.received(.changes([Make.logged(1, changes[0])])))
    #expect(script.machine.counters.duplicatesReceived == 1)
    let turn = script.tell(.received(.changes([Make.logged(3, changes[2])])))
    #expect(turn.resyncs.count == 1)
    #expect(script.machine.counters.gaps == 1)
    script.snapshot(Make.document(Array(changes[...2])), position: 3)
    script.tell(.received(.changes([Make.logged(4, changes[3])])))
    #expect(script.machine.document.nodeCount == 4)
    #expect(script.machine.isLive)
  }

  @Test("[GV5] different hashes at equal versions are counted and healed; what is pending survives")
  func divergence() throws {
    var script = MachineScript.joined()
    let change = Make.change(9, 1, Make.node("a"))
    script.tell(.received(.changes([Make.logged(1, change)])))
    let wrong = HashReport(version: script.machine.document.version, position: 1, graphHash: [1], documentHash: [2])
    let turn = script.tell(.received(.hash(wrong)))
    #expect(turn.resyncs.count == 1)
    #expect(script.machine.counters.divergences == 1)
    try script.edit(Make.node("mine"))
    let healed = script.snapshot(Make.document([change]), position: 1)
    #expect(healed.batches.first?.changes.map(\.ops) == [Make.node("mine")])

    script.ack(1, 1, position: 2)
    var document = script.machine.document
    let right = HashReport(version: document.version, position: 2, graphHash: document.graphHash(), documentHash: document.documentHash())
    #expect(script.tell(.received(.hash(right))).resyncs.isEmpty)
    #expect(script.machine.counters.divergences == 1)
  }

  @Test("[UN1] undo knows its changes again after they were renumbered")
  func undoAfterRestamp() throws {
    var script = MachineScript.joined()
    try script.edit(Make.node("bad"))
    try script.edit(Make.node("kept"))
    script.tell(.flush)
    script.ack(1, 0, refused: [Refusal(seq: 1, code: .invalid, text: "no")])
    script.snapshot(WorkflowDocument(), position: 0)
    _ = try script.machine.undo(at: script.now)
    #expect(!script.machine.document.has("kept"))
    _ = try script.machine.redo(at: script.now)
    #expect(script.machine.document.has("kept"))
    _ = try script.machine.undo(at: script.now)
    #expect(throws: ClientError.nothingToUndo) { _ = try script.machine.undo(at: script.now) }
  }
}
