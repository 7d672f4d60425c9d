import CRDT
import Testing
import WorkflowDocument
import WorkflowGraph

@Suite struct ViewTests {
  @Test("[GV1] an edge is parked while an end is missing and comes back with it, in its old place")
  func orphan() throws {
    var anna = Writer(1)
    try anna.write(make("a") + make("b") + make("c") + [.addEdge(edge("a", "b")), .addEdge(edge("b", "c"))])
    try anna.write(.setNodeLife(node: node("a"), alive: false))
    #expect(anna.document.orphans == [edge("a", "b")])
    #expect(anna.document.visible == [edge("b", "c")])
    try anna.write(.setNodeLife(node: node("a"), alive: true))
    #expect(anna.document.visible == [edge("a", "b"), edge("b", "c")])
    try anna.write(set("b", .type, nil))
    #expect(anna.document.orphans.count == 2, "a node without a type is not visible")
  }

  @Test("[GV2] edges go by their lowest living tag, whoever removes the first one moves the edge back")
  func order() throws {
    var (anna, bo) = (Writer(1), Writer(2))
    try anna.write(make("a") + make("b"), at: 1)
    try bo.hear(anna)
    try anna.write(.addEdge(edge("a", "b")), at: 10)
    let first = anna.document.liveTags(edge("a", "b"))
    try bo.write(.addEdge(EdgeKey(source: node("a"), sourceHandle: "x", target: node("b"))), at: 20)
    try bo.write(.addEdge(edge("a", "b")), at: 30)
    try anna.hear(bo)
    #expect(anna.document.visible.map(\.sourceHandle) == [nil, "x"])
    try anna.write(.removeEdge(edge("a", "b"), tags: first))
    #expect(anna.document.visible.map(\.sourceHandle) == ["x", nil])
  }

  @Test("[GV3] of two edges drawn at once that close a loop the later is parked, on both sides, and comes back when the other goes")
  func cycle() throws {
    var (anna, bo) = (Writer(1), Writer(2))
    try anna.write(make("a") + make("b"), at: 1)
    try bo.hear(anna)
    try anna.write(.addEdge(edge("a", "b")), at: 10)
    try bo.write(.addEdge(edge("b", "a")), at: 11)
    try anna.hear(bo)
    try bo.hear(anna)
    #expect(anna.document.visible == [edge("a", "b")])
    #expect(bo.document.visible == [edge("a", "b")])
    #expect(bo.document.cyclic == [edge("b", "a")])
    try bo.write(.removeEdge(edge("a", "b"), tags: bo.document.liveTags(edge("a", "b"))))
    #expect(bo.document.visible == [edge("b", "a")])
    #expect(bo.document.cyclic.isEmpty)
  }

  @Test("[GV3] an edge from the past that closes a loop pushes the latest of the loop out, and that lets another back in")
  func lateArrival() throws {
    var (anna, bo) = (Writer(1), Writer(2))
    try anna.write(make("a") + make("b") + make("c"), at: 1)
    try bo.hear(anna)
    try anna.write(.addEdge(edge("b", "c")), at: 10)
    try anna.write(.addEdge(edge("c", "a")), at: 20)
    try anna.write(.addEdge(edge("a", "c")), at: 30)
    #expect(anna.document.cyclic == [edge("a", "c")])
    try bo.write(.addEdge(edge("a", "b")), at: 5)
    try anna.hear(bo)
    #expect(anna.document.visible == [edge("a", "b"), edge("b", "c"), edge("a", "c")])
    #expect(anna.document.cyclic == [edge("c", "a")])
  }

  @Test("[GV3] an edge from a node to itself is parked for ever")
  func selfLoop() throws {
    var anna = Writer(1)
    try anna.write(make("a") + [.addEdge(edge("a", "a"))])
    #expect(anna.document.cyclic == [edge("a", "a")])
  }

  @Test("[GV3b] of a loop of groups the latest link does not count; a group that is not visible is none")
  func parents() throws {
    var anna = Writer(1)
    func parent(_ id: String) -> JSONText? { anna.document.graph().node(node(id))?.fields[.parentID] }
    try anna.write(make("a") + make("b") + make("c"))
    try anna.write(set("b", .parentID, "\"a\""))
    try anna.write(set("c", .parentID, "\"b\""))
    try anna.write(set("a", .parentID, "\"c\""))
    #expect([parent("a"), parent("b"), parent("c")] == [nil, .string("a"), .string("b")])
    #expect(anna.document.issues.map(\.code).contains("parent_loop"))
    try anna.write(set("b", .parentID, nil))
    #expect([parent("a"), parent("b"), parent("c")] == [.string("c"), nil, .string("b")])
    try anna.write(.setNodeLife(node: node("b"), alive: false))
    #expect([parent("a"), parent("c")] == [.string("c"), nil])
    #expect(anna.document.issues.map(\.code).contains("parent_missing"))
  }

  @Test("[GV4] findings come and go with the edits that cause them, and the changes add up to the whole")
  func issues() throws {
    var anna = Writer(1)
    try anna.write(make("a", "number") + make("b", "number") + make("v", "visualization"))
    var (added, removed) = anna.document.takeIssueChanges()
    #expect(Set(added) == Set(anna.document.issues))
    #expect(removed.isEmpty)
    #expect(added.contains { $0.code == "setting_missing" && $0.node == node("a") && $0.field == "data.value" })
    #expect(added.contains { $0.code == "input_missing" && $0.node == node("v") })

    try anna.write(set("a", "data.value", "1"), set("a", .label, "\"x\""), set("b", .label, "\"x\""), .addEdge(edge("a", "v")))
    (added, removed) = anna.document.takeIssueChanges()
    #expect(added.map(\.code) == ["name_duplicate", "name_duplicate"])
    #expect(Set(removed.map(\.code)) == ["setting_missing", "input_missing"])

    try anna.write(set("b", .label, "\"y\""), set("a", .type, "\"unheard\""))
    (added, removed) = anna.document.takeIssueChanges()
    #expect(added.map(\.code) == ["type_unknown"])
    #expect(removed.map(\.code) == ["name_duplicate", "name_duplicate"])
    #expect(anna.document.takeIssueChanges().added.isEmpty)
  }

  @Test("[GV4] what comes and goes between two looks is not told")
  func issuesCancel() throws {
    var anna = Writer(1)
    try anna.write(make("a") + [set("a", "data.value", "1")])
    _ = anna.document.takeIssueChanges()
    try anna.write(.addEdge(edge("a", "zz")))
    _ = anna.document.issues
    try anna.write(.removeEdge(edge("a", "zz"), tags: anna.document.liveTags(edge("a", "zz"))))
    let changes = anna.document.takeIssueChanges()
    #expect(changes.added.isEmpty && changes.removed.isEmpty)
  }

  @Test("[GV5] layout is in the document hash and not in the graph hash; the spelling of a value is in neither")
  func hashes() throws {
    var anna = Writer(1)
    try anna.write(make("a") + [set("a", "data.value", "10")])
    let (graph, document) = (anna.document.graphHash(), anna.document.documentHash())
    try anna.write(set("a", .position, "{\"x\":1,\"y\":2}"))
    #expect(anna.document.graphHash() == graph)
    #expect(anna.document.documentHash() != document)
    try anna.write(set("a", .position, nil), set("a", "data.value", "1e1"))
    #expect(anna.document.graphHash() == graph)
    #expect(anna.document.documentHash() == document)
    try anna.write(set("a", "data.value", "11"))
    #expect(anna.document.graphHash() != graph)
  }
}
