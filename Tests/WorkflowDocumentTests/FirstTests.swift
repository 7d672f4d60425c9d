import CRDT
import Testing
import WorkflowDocument
import WorkflowGraph

@Suite struct ApplyTests {
  @Test("[CR1] a gap in seq is refused, a seq that was seen is a duplicate")
  func gap() throws {
    var document = WorkflowDocument()
    let one = Change(replica: ReplicaID(1), seq: 1, hlc: HybridTime(milliseconds: 1), ops: [.setMeta(field: .title, value: .string("a"))])
    var three = one
    three.seq = 3
    #expect(try document.apply(one) == .applied)
    #expect(try document.apply(one) == .duplicate)
    #expect(throws: ApplyError.gap(expected: 2, got: 3)) { try document.apply(three) }
    #expect(document.version[ReplicaID(1)] == 1)
    #expect(document.meta(.title) == .string("a"))
  }
}
