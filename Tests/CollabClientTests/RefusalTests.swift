import CRDT
import CollabProtocol
import Testing
import WorkflowDocument
import WorkflowGraph

@testable import CollabClient

@Suite("What the server does not take")
struct RefusalTests {
  @Test(
    "[RF1] a change refused in the middle goes from the document; those behind it close the gap",
    arguments: [RefusalCode.invalid, .tooLarge, .limit, .forbidden])
  func middleOfPipeline(code: RefusalCode) throws {
    var script = MachineScript.joined()
    let one = try script.edit(Make.node("a"))
    try script.edit(Make.node("bad"))
    try script.edit(Make.node("c"))
    try script.edit(Make.label("c", "last"))
    script.tell(.flush)

    let refused = [
      Refusal(seq: 2, code: code, text: "no"), Refusal(seq: 3, code: .conflict, text: ""), Refusal(seq: 4, code: .conflict, text: ""),
    ]
    let turn = script.ack(1, 1, position: 1, refused: refused)
    #expect(turn.refusals.map(\.seq) == [2])
    #expect(turn.resyncs.count == 1)
    #expect(turn.resyncs[0].documentHash.isEmpty)
    #expect(turn.batches.isEmpty)

    let healed = script.snapshot(Make.document([one]), position: 1)
    #expect(!script.machine.document.has("bad"))
    #expect(script.machine.document.has("c"))
    let again = try #require(healed.batches.first).changes
    #expect(again.map(\.seq) == [2, 3])
    #expect(again[0].ops == Make.node("c"))
    #expect(script.ack(2, 3, position: 3).saveStates.last == .saved)
    #expect(script.machine.document.version == Version([.init(replica: ReplicaID(3), seq: 3)]))
  }

  @Test("[RF1] removals of what a refused change added fall away; tags of renumbered adds follow them")
  func tagsFollow() throws {
    var script = MachineScript.joined()
    let base = try script.edit(Make.node("a") + Make.node("b"))
    let lost = try script.edit([.addEdge(Make.edge("a", "b"))])
    let kept = try script.edit([.addEdge(Make.edge("b", "a"))])
    try script.edit([.removeEdge(Make.edge("a", "b"), tags: [lost.stamp(0)])])
    try script.edit([.removeEdge(Make.edge("b", "a"), tags: [kept.stamp(0)])])
    script.tell(.flush)
    script.ack(1, 1, position: 1, refused: [Refusal(seq: 2, code: .invalid, text: "no")])
    let again = try #require(script.snapshot(Make.document([base]), position: 1).batches.first).changes
    #expect(again.count == 2)
    #expect(again[0].ops == [.addEdge(Make.edge("b", "a"))])
    #expect(again[1].ops == [.removeEdge(Make.edge("b", "a"), tags: [again[0].stamp(0)])])
    #expect(script.machine.document.edgeCount == 0)
  }

  @Test("edits made while the document is mended survive it")
  func editsDuringRepair() throws {
    var script = MachineScript.joined()
    let one = try script.edit(Make.node("a"))
    try script.edit(Make.node("bad"))
    script.tell(.flush)
    script.ack(1, 1, position: 1, refused: [Refusal(seq: 2, code: .invalid, text: "no")])
    try script.edit(Make.node("meanwhile"))
    #expect(script.tell(.flush).batches.isEmpty)
    let healed = script.snapshot(Make.document([one]), position: 1)
    #expect(script.machine.document.has("meanwhile"))
    #expect(healed.batches.first?.changes.map(\.seq) == [2])
  }

  @Test("nothing is renumbered before every batch on its way was answered")
  func waitsForAnswers() throws {
    var script = MachineScript.joined()
    try script.edit(Make.node("bad"))
    script.tell(.flush)
    try script.edit(Make.node("b"))
    script.tell(.flush)
    script.ack(1, 0, refused: [Refusal(seq: 1, code: .invalid, text: "no")])
    #expect(script.snapshot(WorkflowDocument(), position: 0).batches.isEmpty)
    let turn = script.ack(2, 0, refused: [Refusal(seq: 2, code: .conflict, text: "follows a refused change")])
    #expect(turn.batches.first?.changes.map(\.ops) == [Make.node("b")])
    #expect(script.machine.counters.refusals == 1)
  }

  @Test("[FC1] told to wait, everything is kept and sent again when the time is over", arguments: [RefusalCode.rateLimited, .unavailable])
  func retryLater(code: RefusalCode) throws {
    var script = MachineScript.joined()
    for id in ["a", "b", "c"] { try script.edit(Make.node(id)) }
    script.tell(.flush)
    let turn = script.ack(
      1, 1, refused: [Refusal(seq: 2, code: code, text: "later", retryAfterMilliseconds: 700), Refusal(seq: 3, code: .conflict, text: "")])
    #expect(turn.refusals.isEmpty && turn.resyncs.isEmpty && turn.batches.isEmpty)
    script.pass(699)
    #expect(script.tell(.timePassed).batches.isEmpty)
    #expect(script.machine.nextDeadline == script.now.uptimeMilliseconds + 1)
    let again = script.passToDeadline()
    #expect(again.batches.first?.changes.map(\.seq) == [2, 3])
    script.ack(2, 3)
    #expect(script.machine.isSaved)
    #expect(script.machine.document.has("c"))
  }

  @Test("a refusal that explains an earlier batch overrules the waiting that a later one was told")
  func lateReason() throws {
    var script = MachineScript.joined()
    try script.edit(Make.node("bad"))
    script.tell(.flush)
    try script.edit(Make.node("b"))
    script.tell(.flush)
    script.ack(2, 0, refused: [Refusal(seq: 2, code: .rateLimited, text: "later", retryAfterMilliseconds: 60_000)])
    let turn = script.ack(2, 0, refused: [Refusal(seq: 1, code: .invalid, text: "no")])
    #expect(turn.refusals.map(\.seq) == [1])
    #expect(script.snapshot(WorkflowDocument(), position: 0).batches.first?.changes.map(\.ops) == [Make.node("b")])
  }

  @Test("[CR3] a change from the future takes the time again and is not lost")
  func clockSkew() throws {
    var script = MachineScript.joined()
    script.now.wallMilliseconds += 3_600_000  // the computer's clock was set an hour ahead
    let early = try script.edit(Make.node("a"))
    script.tell(.flush)
    script.now.wallMilliseconds -= 3_600_000
    let turn = script.ack(1, 0, refused: [Refusal(seq: 1, code: .clockSkew, text: "from the future")])
    #expect(turn.refusals.isEmpty)
    let again = try #require(script.snapshot(WorkflowDocument(), position: 0).batches.first?.changes.first)
    #expect(again.ops == early.ops && again.seq == 1)
    #expect(again.hlc.milliseconds == script.now.wallMilliseconds)
  }

  @Test("[CR3] stamps follow the server's clock, however this computer's is set")
  func ownClockJumps() throws {
    var script = MachineScript.joined()
    script.now.wallMilliseconds += 3_600_000
    script.pass(500)
    #expect(try script.edit(Make.node("a")).hlc.milliseconds == MachineScript.serverMilliseconds + 500)
    script.now.wallMilliseconds -= 7_200_000
    script.pass(500)
    #expect(try script.edit(Make.node("b")).hlc.milliseconds == MachineScript.serverMilliseconds + 1000)
  }

  @Test("[CR3] refused for its time again and again, a change stays, and the next welcome tells the time anew")
  func clockSkewForEver() throws {
    var script = MachineScript.joined()
    try script.edit(Make.node("a"))
    script.tell(.flush)
    for round in 1...2 as ClosedRange<UInt64> {
      script.ack(round, 0, refused: [Refusal(seq: 1, code: .clockSkew, text: "from the future")])
      script.snapshot(WorkflowDocument(), position: 0)
    }
    let turn = script.ack(3, 0, refused: [Refusal(seq: 1, code: .clockSkew, text: "from the future")])
    #expect(turn.disconnects != nil && turn.refusals.isEmpty)
    #expect(script.machine.pendingCount == 1)
    #expect(script.machine.document.has("a"))
  }

  @Test("[SN1] a snapshot may be older than what came before it: the changes come again behind it")
  func olderSnapshot() throws {
    var script = MachineScript.joined()
    let others = (1...4).map { Make.change(9, UInt64($0), Make.node("n\($0)")) }
    script.tell(.received(.changes([Make.logged(1, others[0])])))
    try script.edit(Make.node("bad"))
    script.tell(.flush)
    script.ack(1, 0, position: 1, refused: [Refusal(seq: 1, code: .invalid, text: "no")])
    script.tell(.received(.changes([Make.logged(2, others[1]), Make.logged(3, others[2])])))
    script.snapshot(Make.document([others[0]]), position: 1)
    script.tell(.received(.changes([Make.logged(2, others[1]), Make.logged(3, others[2]), Make.logged(4, others[3])])))
    #expect(script.machine.counters.gaps == 0 && script.machine.isLive)
    #expect(script.machine.position == 4 && script.machine.document.has("n4") && !script.machine.document.has("bad"))
  }

  @Test("[RF1] a refusal that comes while a snapshot is taken in, which nobody asked for, counts as any other")
  func refusedInRepair() throws {
    var script = MachineScript.joined()
    try script.edit(Make.node("bad"))
    try script.edit(Make.node("b"))
    script.tell(.flush)
    script.snapshot(WorkflowDocument(), position: 0)
    let turn = script.ack(1, 0, refused: [Refusal(seq: 1, code: .limit, text: "full"), Refusal(seq: 2, code: .conflict, text: "")])
    #expect(turn.refusals.map(\.code) == [.limit])
    #expect(turn.batches.first?.changes.map(\.ops) == [Make.node("b")])
    #expect(!script.machine.document.has("bad") && script.machine.document.has("b"))
    script.ack(2, 1, position: 1)
    #expect(script.machine.isSaved)
  }

  @Test("[CR5] a stale lease leads to a new connection, not to a loss")
  func staleLease() throws {
    var script = MachineScript.joined()
    try script.edit(Make.node("a"))
    script.tell(.flush)
    #expect(script.ack(1, 0, refused: [Refusal(seq: 1, code: .staleLease, text: "")]).disconnects != nil)
    script.tell(.disconnected(code: 1006, reason: ""))
    #expect(script.passToDeadline().connects)
    #expect(script.tell(.connected).hellos.first?.lease?.replica == ReplicaID(3))
    var welcome = script.welcome(replica: 5, restamp: true)
    welcome.version = Version()
    #expect(script.tell(.received(.welcome(welcome))).resyncs.count == 1)
    let again = try #require(script.snapshot(WorkflowDocument(), position: 0).batches.first?.changes.first)
    #expect(again.replica == ReplicaID(5) && again.seq == 1)
  }

  @Test("a role taken away ends all changes it forbids with one question to the server")
  func roleTaken() throws {
    var script = MachineScript.joined()
    for index in 0..<50 { try script.edit(Make.node("n\(index)")) }
    try script.edit([.setCommentLife(comment: CommentID("c"), alive: true)])
    script.tell(.flush)
    script.tell(.received(.role(RoleChanged(.commenter))))
    let turn = script.ack(1, 0, refused: [Refusal(seq: 1, code: .forbidden, text: "commenters comment")])
    #expect(turn.refusals.count == 50)
    #expect(turn.resyncs.count == 1)
    let again = script.snapshot(WorkflowDocument(), position: 0).batches
    #expect(again.flatMap(\.changes).map(\.ops) == [[.setCommentLife(comment: CommentID("c"), alive: true)]])
  }

  @Test("a server that never agrees about numbers is left, again and again a conflict does not spin")
  func conflicts() throws {
    var script = MachineScript.joined()
    try script.edit(Make.node("a"))
    script.tell(.flush)
    var rounds = 0
    var batch: UInt64 = 1
    while rounds < 20 {
      rounds += 1
      let turn = script.ack(batch, 0, refused: [Refusal(seq: 1, code: .conflict, text: "gap")])
      if turn.disconnects != nil { break }
      batch = script.passToDeadline().batches.last?.batch ?? batch
    }
    #expect(rounds == 5)
    #expect(script.machine.pendingCount == 1)
  }
}
