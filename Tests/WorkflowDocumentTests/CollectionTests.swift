import CRDT
import Testing
import WorkflowDocument
import WorkflowGraph

@Suite struct CollectionTests {
  @Test("[ME5] a snapshot is as large as what is on the canvas, not as its past")
  func proportional() throws {
    var anna = Writer(1)
    try anna.write(make("keep"))
    let small = anna.document
    for round in 0..<50 {
      try anna.write(make("n\(round)") + [set("n\(round)", "data.value", "1"), .addEdge(edge("keep", "n\(round)"))])
      try anna.write(.setEdgeField(edge: edge("keep", "n\(round)"), field: "data.w", value: .number(1)))
      try anna.write(
        .removeEdge(edge("keep", "n\(round)"), tags: anna.document.liveTags(edge("keep", "n\(round)"))),
        .setNodeLife(node: node("n\(round)"), alive: false))
      try anna.write(set("keep", .data("k\(round)"), "1"))
      try anna.write(set("keep", .data("k\(round)"), nil))
    }
    let hash = anna.document.documentHash()
    #expect(anna.document.encodeSnapshot().count > 2000)
    #expect(anna.document.collect(stable: anna.document.version, before: HybridTime(rawValue: .max)) == 50 * 5)
    #expect(anna.document.encodeSnapshot().count < small.encodeSnapshot().count + 8)
    #expect(anna.document.byteCount == small.byteCount)
    #expect(anna.document.documentHash() == hash)
    #expect(anna.document.collect(stable: anna.document.version, before: HybridTime(rawValue: .max)) == 0)
  }

  @Test("[ME5] nothing goes that somebody has not seen, or that is younger than the horizon")
  func kept() throws {
    var anna = Writer(1)
    try anna.write(make("a"), at: 10)
    try anna.write(.setNodeLife(node: node("a"), alive: false), at: 20)
    #expect(anna.document.collect(stable: Version(), before: HybridTime(rawValue: .max)) == 0)
    let first = Version([.init(replica: ReplicaID(1), seq: 1)])
    #expect(anna.document.collect(stable: first, before: HybridTime(rawValue: .max)) == 0)
    #expect(anna.document.collect(stable: anna.document.version, before: HybridTime(milliseconds: 20)) == 0)
    #expect(anna.document.collect(stable: anna.document.version, before: HybridTime(milliseconds: 21)) == 2)
  }

  @Test("[ME2][ME5] what was collected on one side goes on the other when they merge, and does not come back")
  func merged() throws {
    var (anna, bo) = (Writer(1), Writer(2))
    try anna.write(make("a") + make("b"))
    try anna.write(.setNodeLife(node: node("a"), alive: false))
    try bo.hear(anna)
    _ = anna.document.collect(stable: anna.document.version, before: HybridTime(rawValue: .max))
    let bytes = anna.document.byteCount
    var merged = anna.document
    merged.merge(bo.document)
    #expect(merged.byteCount == bytes)
    bo.document.merge(anna.document)
    #expect(bo.document.byteCount == bytes)
  }

  @Test("[LM1][ME5] names that nobody uses any more count until they are collected")
  func names() throws {
    var anna = Writer(1)
    try anna.write(make("a"))
    let before = anna.document.byteCount
    for round in 0..<10 {
      try anna.write(.addEdge(EdgeKey(source: node("a"), sourceHandle: "handle \(round)", target: node("b"))))
      let edge = anna.document.edges(at: node("a"))[0]
      try anna.write(.removeEdge(edge, tags: anna.document.liveTags(edge)))
    }
    #expect(anna.document.byteCount > before + 500)
    try anna.write(.setMeta(field: .title, value: nil))
    _ = anna.document.collect(stable: anna.document.version, before: HybridTime(rawValue: .max))
    #expect(anna.document.byteCount == before)
  }

  @Test("[DO6] edges that come and go leave nothing behind")
  func edgesLeaveNothing() throws {
    var anna = Writer(1)
    try anna.write(make("a"))
    let before = anna.document.byteCount
    for round in 0..<20 {
      try anna.write(.addEdge(edge("a", "ghost\(round)")))
      try anna.write(.removeEdge(edge("a", "ghost\(round)"), tags: anna.document.liveTags(edge("a", "ghost\(round)"))))
    }
    #expect(anna.document.byteCount == before)
  }
}
