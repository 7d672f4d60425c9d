import CRDT
import CollabProtocol
import Testing
import WorkflowDocument
import WorkflowGraph

@testable import CollabClient

@Suite("How edits leave")
struct SendingTests {
  @Test("[WP1] the hello carries who we are and no lease the first time")
  func firstHello() throws {
    var script = MachineScript {
      $0.token = "secret"
      $0.create = true
      $0.kind = .bot
    }
    #expect(script.tell(.start).connects)
    let hello = try #require(script.tell(.connected).hellos.first)
    #expect(hello.token == "secret")
    #expect(hello.name == "tester")
    #expect(hello.kind == .bot)
    #expect(hello.create)
    #expect(hello.lease == nil)
    #expect(hello.version.isEmpty)
  }

  @Test("[AK1] an edit is seen at once, leaves with the turn, and is saved only when it is acknowledged")
  func editAndAck() throws {
    var script = MachineScript.joined()
    let change = try script.edit(Make.node("a"))
    #expect(script.machine.document.has("a"))
    #expect(change.replica == ReplicaID(3) && change.seq == 1)
    let turn = script.tell(.flush)
    #expect(turn.batches.map(\.changes) == [[change]])
    #expect(turn.saveStates == [.saving(waiting: 1)])
    #expect(!script.machine.isSaved)
    #expect(script.ack(1, 1, position: 1).saveStates == [.saved])
    #expect(script.machine.isSaved)
  }

  @Test("[CR3] stamps follow the server's clock when this computer's is wrong")
  func clockOffset() throws {
    var script = MachineScript()
    script.now.wallMilliseconds = 5_000_000
    script.tell(.start)
    script.tell(.connected)
    script.tell(.received(.welcome(script.welcome(replica: 3))))
    script.pass(250)
    let change = try script.edit(Make.node("a"))
    #expect(change.hlc.milliseconds == MachineScript.serverMilliseconds + 250)
  }

  @Test("[CR3] a stamp is later than everything seen")
  func clockObserves() throws {
    var script = MachineScript.joined()
    let ahead = MachineScript.serverMilliseconds + 30_000
    script.tell(.received(.changes([Make.logged(1, Make.change(9, 1, Make.node("x"), at: ahead))])))
    #expect(try script.edit(Make.label("x", "later")).hlc > HybridTime(milliseconds: ahead))
  }

  @Test("changes of one turn leave as one batch; the server's bounds cut it")
  func batches() throws {
    var limits = Limits()
    limits.changesPerBatchMax = 3
    limits.changesInFlightMax = 7
    var script = MachineScript.joined(limits: limits)
    for index in 0..<10 { try script.edit(Make.node("n\(index)")) }
    let first = script.tell(.flush).batches
    #expect(first.map(\.changes.count) == [3, 3, 1])
    #expect(first.map(\.batch) == [1, 2, 3])
    #expect(script.ack(1, 3).batches.map(\.changes.count) == [3])
    #expect(script.ack(4, 10).batches.isEmpty)
    #expect(script.machine.isSaved)
  }

  @Test("a batch fits the server's largest message, whatever the encoding")
  func batchBytes() throws {
    var limits = Limits()
    limits.messageBytesMax = 8192
    var script = MachineScript.joined(limits: limits)
    for index in 0..<6 { try script.edit(Make.label("n", "\(index)" + String(repeating: "\\\"", count: 1000))) }
    let batches = script.tell(.flush).batches
    #expect(batches.count >= 3)
    #expect(batches.reduce(0) { $0 + $1.changes.count } == 6)
  }

  @Test("the batch says what was seen when its first change was made [ME5]")
  func seen() throws {
    var script = MachineScript.joined()
    script.tell(.received(.changes([Make.logged(1, Make.change(9, 1, Make.node("x")))])))
    try script.edit(Make.label("x", "mine"))
    #expect(script.tell(.flush).batches.first?.seen == 1)
  }

  @Test("edits that cannot be taken throw and change nothing")
  func refusedHere() throws {
    var fresh = MachineScript()
    #expect(throws: ClientError.notJoined) { try fresh.edit(Make.node("a")) }

    var viewer = MachineScript.joined(role: .viewer)
    #expect(throws: ClientError.readOnly(.viewer)) { try viewer.edit(Make.node("a")) }

    var commenter = MachineScript.joined(role: .commenter)
    #expect(throws: ClientError.readOnly(.commenter)) { try commenter.edit(Make.node("a")) }
    try commenter.edit([.setCommentLife(comment: CommentID("c"), alive: true)])

    var small = MachineScript.joined { $0.pendingChangesMax = 2 }
    try small.edit(Make.node("a"))
    try small.edit(Make.node("b"))
    #expect { try small.edit(Make.node("c")) } throws: { if case ClientError.pendingFull(changes: 2, _) = $0 { true } else { false } }
    #expect(!small.machine.document.has("c"))

    var script = MachineScript.joined()
    #expect { try script.edit([.setNodeField(node: NodeID("a"), field: "selected", value: JSONText(unchecked: "true"))]) } throws: {
      if case ClientError.invalid = $0 { true } else { false }
    }
    let big = JSONText(unchecked: "\"" + String(repeating: "x", count: 300 << 10) + "\"")
    #expect { try script.edit([.setNodeField(node: NodeID("a"), field: .data("v"), value: big)]) } throws: {
      if case ClientError.tooLarge = $0 { true } else { false }
    }
    #expect { try script.edit([]) } throws: { if case ClientError.invalid = $0 { true } else { false } }
    #expect(script.machine.document.version.isEmpty)
    #expect(script.machine.isSaved)
  }

  @Test("many small batches on their way make the next ones grow")
  func batchesInFlight() throws {
    var script = MachineScript.joined()
    var sent = 0
    for index in 0..<100 {
      try script.edit(Make.node("n\(index)"))
      sent += script.tell(.flush).batches.count
    }
    #expect(sent == 32)
    let more = script.ack(1, 1).batches
    #expect(more.map(\.changes.count) == [68])
  }
}
