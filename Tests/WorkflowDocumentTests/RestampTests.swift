import CRDT
import Testing
import WorkflowDocument
import WorkflowGraph

@Suite struct RestampTests {
  private func pending() throws -> (acknowledged: WorkflowDocument, changes: [Change]) {
    var anna = Writer(1)
    try anna.write(make("a") + make("b"))
    let acknowledged = anna.document
    try anna.write(set("a", "data.value", "1"))
    try anna.write(set("b", "data.value", "2"), .addEdge(edge("a", "b")))
    try anna.write(.removeEdge(edge("a", "b"), tags: anna.document.liveTags(edge("a", "b"))), set("a", "data.label", "\"x\""))
    return (acknowledged, Array(anna.changes.dropFirst()))
  }

  @Test("[RF1] behind a refused change the others close the gap, keep their times, and removals follow their adds")
  func refused() throws {
    let (acknowledged, pending) = try pending()
    let kept = Restamp.restamp(Array(pending.dropFirst()), replica: ReplicaID(1), firstSeq: 2, dropping: [pending[0]])
    #expect(kept.map(\.seq) == [2, 3])
    #expect(kept.map(\.hlc) == pending.dropFirst().map(\.hlc))
    var document = acknowledged
    for change in kept {
      #expect(document.check(change) == nil)
      _ = try document.apply(change)
    }
    #expect(document.edgeCount == 0)
    #expect(document.value(node: node("a"), field: "data.value") == nil)
    #expect(document.value(node: node("a"), field: "data.label") == .string("x"))
  }

  @Test("[RF1] a removal of an add that was refused goes with it, and a change of which nothing is left too")
  func dropped() throws {
    let (_, pending) = try pending()
    let left = Restamp.restamp([pending[2]], replica: ReplicaID(1), firstSeq: 2, dropping: [pending[1]])
    #expect(left.map(\.ops) == [[set("a", "data.label", "\"x\"")]])
    var only = pending[2]
    only.ops.removeLast()
    #expect(Restamp.restamp([only], replica: ReplicaID(1), firstSeq: 2, dropping: [pending[1]]).isEmpty)
  }

  @Test("[CR5] under a new replica every change takes a later time, and the outcome is the same")
  func newLease() throws {
    let (acknowledged, pending) = try pending()
    var clock = HybridClock(last: HybridTime(milliseconds: 500))
    let moved = Restamp.restamp(pending, replica: ReplicaID(9), firstSeq: 1) { clock.tick(nowMilliseconds: 0) }
    #expect(moved.map(\.replica.rawValue) == [9, 9, 9])
    #expect(moved.map(\.seq) == [1, 2, 3])
    #expect(moved.map(\.hlc) == moved.map(\.hlc).sorted())
    var (document, old) = (acknowledged, acknowledged)
    for change in moved { _ = try document.apply(change) }
    for change in pending { _ = try old.apply(change) }
    #expect(document.documentHash() == old.documentHash())
  }
}
