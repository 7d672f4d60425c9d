import CRDT
import Testing
import WorkflowDocument
import WorkflowGraph

@Suite struct ApplyTests {
  @Test("[CR1][CR4] a gap in seq is refused whole, a seq that was seen is a duplicate")
  func gap() throws {
    var document = WorkflowDocument()
    let one = Change(replica: ReplicaID(1), seq: 1, hlc: HybridTime(milliseconds: 1), ops: [.setMeta(field: .title, value: .string("a"))])
    var three = one
    three.seq = 3
    three.ops = [.setMeta(field: .title, value: .string("c"))]
    #expect(try document.apply(one) == .applied)
    #expect(try document.apply(one) == .duplicate)
    #expect(throws: ApplyError.gap(expected: 2, got: 3)) { try document.apply(three) }
    #expect(document.version[ReplicaID(1)] == 1)
    #expect(document.meta(.title) == .string("a"))
  }

  @Test("[DO2] two people changing two settings of one node both win")
  func settings() throws {
    var (anna, bo) = (Writer(1), Writer(2))
    try anna.write(make("n", "operation"))
    try bo.hear(anna)
    try anna.write(set("n", "data.op", "\"add\""))
    try bo.write(set("n", "data.label", "\"sum\""))
    try anna.hear(bo)
    #expect(anna.document.value(node: node("n"), field: "data.op") == .string("add"))
    #expect(anna.document.value(node: node("n"), field: "data.label") == .string("sum"))
  }

  @Test("[DO2] an unset field keeps its stamp: an older write does not bring it back")
  func unset() throws {
    var (anna, bo) = (Writer(1), Writer(2))
    try anna.write(make("n") + [set("n", "data.value", "1")], at: 10)
    try bo.write(set("n", "data.value", "2"), at: 15)
    try anna.write(set("n", "data.value", nil), at: 20)
    try anna.hear(bo)
    #expect(anna.document.value(node: node("n"), field: "data.value") == nil)
  }

  @Test("[DO4] a removal takes the adds its author saw; a concurrent add survives")
  func addWins() throws {
    var (anna, bo) = (Writer(1), Writer(2))
    try anna.write(make("a") + make("b") + [.addEdge(edge("a", "b"))])
    try bo.hear(anna)
    try anna.write(.removeEdge(edge("a", "b"), tags: anna.document.liveTags(edge("a", "b"))))
    try bo.write(.addEdge(edge("a", "b")))
    #expect(anna.document.visible.isEmpty)
    try anna.hear(bo)
    try bo.hear(anna)
    #expect(anna.document.visible == [edge("a", "b")])
    #expect(bo.document.liveTags(edge("a", "b")).map(\.replica.rawValue) == [2])
  }

  @Test("[DO4] a missing handle and an empty one are two edges; ids that look alike and differ in bytes are two nodes")
  func handles() throws {
    var anna = Writer(1)
    let bare = edge("a", "b")
    let empty = EdgeKey(source: node("a"), sourceHandle: "", target: node("b"))
    try anna.write(make("a") + make("b") + make("\u{e9}") + make("e\u{301}") + [.addEdge(bare), .addEdge(empty)])
    #expect(anna.document.visible == [bare, empty])
    #expect(anna.document.nodeCount == 4)
  }

  @Test("[DO4] an edge drawn anew starts without the attributes it once had")
  func attributes() throws {
    var anna = Writer(1)
    try anna.write(
      make("a") + make("b") + [.addEdge(edge("a", "b")), .setEdgeField(edge: edge("a", "b"), field: "data.w", value: .number(1))])
    #expect(anna.document.edgeValue(edge("a", "b"), "data.w") == .number(1))
    try anna.write(.removeEdge(edge("a", "b"), tags: anna.document.liveTags(edge("a", "b"))))
    try anna.write(.addEdge(edge("a", "b")))
    #expect(anna.document.edgeValue(edge("a", "b"), "data.w") == nil)
    #expect(anna.document.graph().edges.first?.fields.isEmpty == true)
  }

  @Test("[DO5] a write to a removed node is kept and does not bring it back; a later life shows all of it")
  func removedNode() throws {
    var (anna, bo) = (Writer(1), Writer(2))
    try anna.write(make("n"))
    try bo.hear(anna)
    try anna.write(.setNodeLife(node: node("n"), alive: false))
    try bo.write(set("n", "data.value", "5"))
    try anna.hear(bo)
    #expect(anna.document.graph().nodes.isEmpty)
    try anna.write(.setNodeLife(node: node("n"), alive: true))
    #expect(anna.document.graph().node(node("n"))?.fields["data.value"] == .number(5))
  }

  @Test("[DO6] a removal that comes before its add is remembered, also across a snapshot, and forgotten when the add has come")
  func earlyRemoval() throws {
    var (anna, bo) = (Writer(1), Writer(2))
    try anna.write(make("a") + make("b"))
    let add = try anna.write(.addEdge(edge("a", "b")))
    try bo.write(.removeEdge(edge("a", "b"), tags: [add.stamp(0)]))
    var late = try WorkflowDocument(snapshot: bo.document.encodeSnapshot())
    for change in anna.changes { _ = try late.apply(change) }
    #expect(late.visible.isEmpty)
    #expect(late.edgeCount == 0)
    var inOrder = anna.document
    _ = try inOrder.apply(bo.changes[0])
    #expect(late.encodeSnapshot().count == inOrder.encodeSnapshot().count)
  }

  @Test("[DO7] comments live beside the graph")
  func comments() throws {
    var anna = Writer(1)
    let before = anna.document.graphHash()
    let id = CommentID("c1")
    try anna.write(.setCommentLife(comment: id, alive: true), .setCommentField(comment: id, field: "text", value: .string("why?")))
    #expect(anna.document.comments == [id])
    #expect(anna.document.commentValue(id, "text") == .string("why?"))
    #expect(anna.document.graphHash() == before)
    try anna.write(.setCommentLife(comment: id, alive: false))
    #expect(anna.document.comments.isEmpty)
  }

  @Test("[RF1] the present state of what ops write is what a refused author goes back to, each register once")
  func presentState() throws {
    var anna = Writer(1)
    try anna.write(make("a") + make("b") + [set("a", "data.value", "1"), .addEdge(edge("a", "b"))])
    let present = anna.document.presentState(of: [
      set("a", "data.value", "7"), set("a", "data.value", "8"), set("b", "data.value", "9"), .addEdge(edge("b", "a")),
      .removeEdge(edge("a", "b"), tags: []), .setNodeLife(node: node("z"), alive: true),
    ])
    #expect(
      present == [
        set("a", "data.value", "1"), set("b", "data.value", nil), .removeEdge(edge("b", "a"), tags: []), .addEdge(edge("a", "b")),
        .setNodeLife(node: node("z"), alive: false),
      ])
  }
}
