import CRDT
import Testing
import WorkflowDocument
import WorkflowGraph

/// What a result follows from, case by case. That it is what the rule says at every moment of any history is `HistoryTests`' affair.
@Suite struct FingerprintTests {
  /// Which nodes have another fingerprint after `edit`, or are new.
  private func touched(_ writer: inout Writer, _ edit: (inout Writer) throws -> Void) rethrows -> [String] {
    let before = writer.document.allFingerprints()
    try edit(&writer)
    return writer.document.allFingerprints().filter { before[$0.key] != $0.value }.map(\.key.rawValue).sorted()
  }

  private func chain() throws -> Writer {
    var anna = Writer(1)
    try anna.write(
      make("a") + make("b", "visualization") + make("c", "visualization") + [.addEdge(edge("a", "b")), .addEdge(edge("b", "c"))])
    return anna
  }

  @Test("[RU6] a setting touches its node and all downstream, and nothing when it is set back")
  func settings() throws {
    var anna = try chain()
    #expect(try touched(&anna) { try $0.write(set("a", "data.value", "2")) } == ["a", "b", "c"])
    let two = anna.document.allFingerprints()
    #expect(try touched(&anna) { try $0.write(set("b", "data.mode", "\"text\"")) } == ["b", "c"])
    #expect(try touched(&anna) { try $0.write(set("b", "data.mode", nil)) } == ["b", "c"])
    #expect(anna.document.allFingerprints() == two)
    #expect(try touched(&anna) { try $0.write(set("a", "data.value", "2.0")) } == [], "the same number in other digits")
    #expect(try touched(&anna) { try $0.write(set("b", .type, "\"delay\"")) } == ["b", "c"])
  }

  @Test("[RU6] place, size, group, label and comments touch nothing")
  func layout() throws {
    var anna = try chain()
    let edits: [Op] = [
      set("a", .position, "{\"x\":1,\"y\":2}"), set("a", .width, "7"), set("a", .parentID, "\"b\""), set("a", .label, "\"A\""),
      .setMeta(field: .title, value: .string("T")), .setCommentLife(comment: CommentID("k"), alive: true),
    ]
    for edit in edits { #expect(try touched(&anna) { try $0.write(edit) } == []) }
  }

  @Test("[RU6] edges and nodes that come and go touch what follows them")
  func edges() throws {
    var anna = try chain()
    try anna.write(make("d"))
    #expect(try touched(&anna) { try $0.write(.addEdge(edge("d", "b"))) } == ["b", "c"])
    #expect(try touched(&anna) { try $0.write(.setNodeLife(node: node("d"), alive: false)) } == ["b", "c"])
    #expect(anna.document.fingerprint(of: node("d")) == nil)
    let without = anna.document.allFingerprints()
    #expect(try touched(&anna) { try $0.write(.setNodeLife(node: node("d"), alive: true)) } == ["b", "c", "d"])
    try anna.write(.removeEdge(edge("d", "b"), tags: anna.document.liveTags(edge("d", "b"))))
    #expect(anna.document.allFingerprints().filter { $0.key != node("d") } == without)
    #expect(
      try touched(&anna) { try $0.write(.setEdgeField(edge: edge("a", "b"), field: "data.weight", value: .number(1))) } == ["b", "c"])
    #expect(try touched(&anna) { try $0.write(.addEdge(edge("c", "a"))) } == [], "parked: it would close a loop")
  }

  @Test("[RU6] the order of inputs is what a result follows from, too")
  func order() throws {
    var anna = try chain()
    try anna.write(make("d") + [.addEdge(edge("d", "c"))])
    let tags = anna.document.liveTags(edge("b", "c"))
    #expect(try touched(&anna) { try $0.write([.removeEdge(edge("b", "c"), tags: tags), .addEdge(edge("b", "c"))]) } == ["c"])
  }

  @Test(
    "[RU6] nodes that share state, and templates, hang on all that share it, and what is before those",
    arguments: [
      ("variable", "variable"), ("counterNode", "counter"), ("cache", "cacheNode"), ("accumulator", "accumulatorNode"),
      ("contextVariableNode", "variable"), ("context_constant", "counter"),
    ])
  func shared(setter: String, getter: String) throws {
    var anna = try chain()
    try anna.write(make("s", setter) + [.addEdge(edge("a", "s"))])
    try anna.write(make("g", getter) + make("x", "visualization") + [.addEdge(edge("g", "x"))])
    try anna.write(make("t", "text_input") + [set("t", "data.text", "\"{{ variable.v }}\"")])
    #expect(try touched(&anna) { try $0.write(set("a", "data.value", "5")) } == ["a", "b", "c", "g", "s", "t", "x"])
    #expect(try touched(&anna) { try $0.write(set("b", "data.mode", "\"json\"")) } == ["b", "c"])
    let there = anna.document.allFingerprints()
    #expect(try touched(&anna) { try $0.write(.setNodeLife(node: node("s"), alive: false)) } == ["g", "t", "x"])
    try anna.write(.setNodeLife(node: node("s"), alive: true))
    #expect(anna.document.allFingerprints() == there)
  }

  @Test("[RU6] an edit costs what hangs on it, not the document")
  func cost() throws {
    var anna = Writer(1)
    for start in stride(from: 0, to: 10_000, by: 100) {
      try anna.write((start..<start + 100).flatMap { make("n\($0)") + [.addEdge(edge("n\($0)", "n\($0 + 1)"))] })
    }
    let whole = ContinuousClock().measure { #expect(anna.document.fingerprint(of: node("n9999")) != nil) }
    var last = Duration.zero
    for value in 0..<100 {
      try anna.write(set("n9990", "data.value", "\(value)"))
      last += ContinuousClock().measure { _ = anna.document.fingerprint(of: node("n9999")) }
    }
    // Ten nodes of ten thousand, a hundred times: a tenth of the whole when it is in proportion.
    #expect(last < whole, "\(last) for a hundred edits, \(whole) for the document")
  }
}
