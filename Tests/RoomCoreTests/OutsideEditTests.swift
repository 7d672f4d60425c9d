import CollabProtocol
import RoomCore
import Testing
import WorkflowDocument
import WorkflowGraph

@Suite struct OutsideEditTests {
  private static func patch(_ text: String) throws -> OutsideEdit.Aim { .patch(try GraphPatch(JSONText(validating: text))) }

  private static func receipt(_ outcome: EditOutcome?) -> EditReceipt? { if case .done(let receipt)? = outcome { receipt } else { nil } }
  private static func code(_ outcome: EditOutcome?) -> RefusalCode? { if case .refused(let report)? = outcome { report.code } else { nil } }

  @Test("[OW1, RM1] an outside edit is a change of its writer, told to all and answered when it is durable")
  func change() throws {
    var stage = Stage()
    let ada = stage.join()
    let ci = stage.join("ci", role: .editor, subject: "deploy") { $0.kind = .bot }
    stage.edit(ada, "a")
    stage.forget()
    stage.handle(.outsideEdit(OutsideEdit(try Self.patch(#"{"nodes":{"a":{"data":{"value":2}}}}"#)), 1, from: ci))
    #expect(stage.editOutcomes.isEmpty && stage.peers[ada]?.changes.isEmpty == true)
    stage.commit()
    let receipt = try #require(Self.receipt(stage.editOutcomes[1]))
    #expect(receipt.changeCount == 1 && receipt.position == 2 && receipt.version == stage.store.document.version)
    let heard = try #require(stage.peers[ada]?.changes.first)
    #expect(heard.author == Author(subject: "deploy", name: "ci", kind: .bot))
    #expect(stage.peers[ada]?.document.value(node: NodeID("a"), field: "data.value")?.text == "2")
    // Nothing to do is no change.
    stage.handle(.outsideEdit(OutsideEdit(try Self.patch(#"{"nodes":{"a":{"data":{"value":2.0}}}}"#)), 2, from: ci))
    #expect(Self.receipt(stage.editOutcomes[2])?.changeCount == 0 && stage.store.log.count == 2)
    #expect(Self.receipt(stage.editOutcomes[2])?.tag == receipt.tag)
  }

  @Test("[OW2] of two writers with one tag the first wins; the second is told the tag and changed nothing, even before either is durable")
  func tags() throws {
    var stage = Stage()
    let (one, two) = (stage.join("one"), stage.join("two"))
    stage.edit(one, "a")
    stage.handle(.outsideEdit(OutsideEdit(try Self.patch("{}")), 1, from: one))
    let tag = try #require(Self.receipt(stage.editOutcomes[1])?.tag)
    stage.handle(.outsideEdit(OutsideEdit(try Self.patch(#"{"title":"one"}"#), ifTagged: [tag]), 2, from: one))
    stage.handle(.outsideEdit(OutsideEdit(try Self.patch(#"{"title":"two"}"#), ifTagged: [tag]), 3, from: two))
    #expect(stage.editOutcomes[2] == nil && stage.editOutcomes[3] == nil, "[RM1] a tag reveals a change")
    stage.commit()
    let made = try #require(Self.receipt(stage.editOutcomes[2]))
    guard case .stale(let told)? = stage.editOutcomes[3] else {
      Testing.Issue.record("\(String(describing: stage.editOutcomes[3]))")
      return
    }
    #expect(told == made.tag && stage.store.document.meta(.title)?.stringValue == "one" && stage.store.log.count == 2)
    // With the tag that it was told it may.
    stage.handle(.outsideEdit(OutsideEdit(try Self.patch(#"{"title":"two"}"#), ifTagged: ["nonsense", told]), 4, from: two))
    stage.commit()
    #expect(stage.store.document.meta(.title)?.stringValue == "two")
  }

  @Test("[OW1] all of an edit or none: what does not fit leaves nothing behind, also of several changes")
  func whole() throws {
    var limits = RoomLimits()
    limits.protocolLimits.opsPerChangeMax = 2
    limits.protocolLimits.nodesMax = 3
    var stage = Stage(limits: limits)
    let ada = stage.join()
    stage.edit(ada, "a")
    var canvas = CanvasDocument()
    canvas.nodes = ["b", "c", "d", "e"].map { WorkflowGraph.Node(id: NodeID($0), fields: [.type: .string("number")]) }
    stage.handle(.outsideEdit(OutsideEdit(.graph(canvas)), 1, from: ada))
    stage.commit()
    #expect(Self.code(stage.editOutcomes[1]) == .limit && stage.store.log.count == 1)
    #expect(stage.room.latest?.document.nodeCount == 1)
    canvas.nodes.removeLast(2)
    stage.handle(.outsideEdit(OutsideEdit(.graph(canvas)), 2, from: ada))
    stage.commit()
    #expect(Self.receipt(stage.editOutcomes[2])?.changeCount == 4 && stage.store.document.graph().nodes.map(\.id.rawValue) == ["b", "c"])
  }

  @Test("[OW1] it takes the role editor; who has none, or is gone, is answered all the same")
  func rights() throws {
    var stage = Stage()
    let eve = stage.join("eve", role: .viewer)
    let com = stage.join("com", role: .commenter)
    stage.handle(.outsideEdit(OutsideEdit(try Self.patch(#"{"title":"x"}"#)), 1, from: eve))
    stage.handle(.outsideEdit(OutsideEdit(try Self.patch(#"{"title":"x"}"#)), 2, from: com))
    stage.handle(.sessionLeft(com, isFinal: true))
    stage.handle(.outsideEdit(OutsideEdit(try Self.patch(#"{"title":"x"}"#)), 3, from: com))
    #expect([1, 2, 3].map { Self.code(stage.editOutcomes[$0]) } == [.forbidden, .forbidden, .unavailable])
    #expect(stage.store.log.isEmpty)
  }

  @Test("[OW1] an edit that a store failure took is refused; one that was durable after all is done; meanwhile none is taken")
  func failure() throws {
    for isDurable in [false, true] {
      var stage = Stage()
      let ada = stage.join()
      stage.edit(ada, "a")
      stage.handle(.outsideEdit(OutsideEdit(try Self.patch(#"{"title":"x"}"#)), 1, from: ada))
      if isDurable { for write in stage.pending { stage.store.take(write) } }
      stage.pending = []
      stage.handle(.storeFailed(reason: "test"))
      stage.handle(.outsideEdit(OutsideEdit(try Self.patch(#"{"title":"y"}"#)), 2, from: ada))
      #expect(stage.editOutcomes[1] == nil && Self.code(stage.editOutcomes[2]) == .unavailable)
      stage.handle(.storeReloaded(stage.seed()))
      #expect(isDurable ? Self.receipt(stage.editOutcomes[1])?.changeCount == 1 : Self.code(stage.editOutcomes[1]) == .unavailable)
    }
  }
}
