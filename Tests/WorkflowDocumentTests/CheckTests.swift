import CRDT
import Testing
import WorkflowDocument
import WorkflowGraph

@Suite struct CheckTests {
  private static var small: DocumentLimits {
    var limits = DocumentLimits()
    limits.nodeCountMax = 2
    limits.edgeCountMax = 1
    limits.valueBytesMax = 16
    limits.opCountMax = 8
    limits.idBytesMax = 8
    limits.fieldCountMax = 3
    limits.tagCountMax = 2
    return limits
  }

  private static func document() throws -> Writer {
    var anna = Writer(1)
    try anna.write(make("a") + make("b") + [.addEdge(edge("a", "b")), set("a", "data.value", "1"), set("a", "data.label", "\"x\"")])
    return anna
  }

  private static func fault(_ ops: [Op]) throws -> ChangeFault? {
    try document().document.check(Change(replica: ReplicaID(1), seq: 2, hlc: HybridTime(milliseconds: 9), ops: ops), limits: small)
  }

  private static let foreignTag = Stamp(hlc: HybridTime(milliseconds: 1), replica: ReplicaID(4), seq: 1, index: 0)

  static let faulty: [(ChangeFault.Code, [Op])] = [
    (.invalid, []),
    (.tooLarge, Array(repeating: set("a", "data.value", "1"), count: 9)),
    (.invalid, [set("a", "selected", "true")]),
    (.invalid, [set("a", "data._executionData", "{}")]),
    (.invalid, [set("a", "data", "{}")]),
    (.invalid, [set("a", "id", "\"b\"")]),
    (.invalid, [set("a", "", "1")]),
    (.invalid, [set("", "data.value", "1")]),
    (.invalid, [set("a", .type, "5")]),
    (.invalid, [set("a", .type, "\"\"")]),
    (.invalid, [set("a", .position, "[1,2]")]),
    (.invalid, [set("a", .parentID, "7")]),
    (.invalid, [.setEdgeField(edge: edge("a", "b"), field: "source", value: .string("c"))]),
    (.invalid, [.setMeta(field: "nodes", value: .null)]),
    (.invalid, [.setCommentLife(comment: CommentID(""), alive: true)]),
    (.invalid, [.removeEdge(edge("a", "b"), tags: [])]),
    (.invalid, [.removeEdge(edge("a", "b"), tags: [foreignTag])]),
    (.tooLarge, [.removeEdge(edge("a", "b"), tags: [foreignTag, foreignTag, foreignTag])]),
    (.tooLarge, [set("a", "data.value", "\"0123456789abcdef\"")]),
    (.tooLarge, [set("123456789", "data.value", "1")]),
    (.tooLarge, [.addEdge(EdgeKey(source: node("a"), sourceHandle: "123456789", target: node("b")))]),
    (.limit, make("c")),
    (.limit, [.addEdge(edge("b", "a"))]),
    (.limit, [set("a", "data.more", "1")]),
  ]

  @Test("[LM1] what no well-behaved author sends, and what is too much, has its code and a sentence", arguments: faulty.indices)
  func faults(index: Int) throws {
    let (code, ops) = Self.faulty[index]
    let fault = try #require(try Self.fault(ops))
    #expect(fault.code == code, "\(fault.text)")
    #expect(fault.text.hasSuffix(".") && fault.text.count > 20)
  }

  @Test("[LM1] at the limits everything that does not grow is taken")
  func fine() throws {
    let anna = try Self.document()
    let tags = anna.document.liveTags(edge("a", "b"))
    let fine: [[Op]] = [
      [set("a", "data.value", "22")], [set("a", "data.value", nil)], [set("b", .position, "{\"x\":1,\"y\":2}")],
      [.setNodeLife(node: node("a"), alive: true)], [.setNodeLife(node: node("a"), alive: false)], [.addEdge(edge("a", "b"))],
      [.removeEdge(edge("a", "b"), tags: tags)], [.setMeta(field: .title, value: .string("t"))],
      [.setCommentLife(comment: CommentID("c"), alive: true)],
    ]
    for ops in fine { #expect(try Self.fault(ops) == nil, "\(ops)") }
  }

  @Test("[LM1] a document that is full of bytes takes nothing that adds, and what makes it smaller")
  func bytes() throws {
    let anna = try Self.document()
    var limits = DocumentLimits()
    limits.documentBytesMax = anna.document.byteCount
    let change = Change(replica: ReplicaID(1), seq: 2, hlc: HybridTime(milliseconds: 9), ops: [set("b", "data.value", "1")])
    #expect(anna.document.check(change, limits: limits)?.code == .limit)
    var removal = change
    removal.ops = [.removeEdge(edge("a", "b"), tags: anna.document.liveTags(edge("a", "b"))), .setNodeLife(node: node("a"), alive: false)]
    #expect(anna.document.check(removal, limits: limits) == nil)
  }

  @Test("[LM1] many adds of one edge, many new fields of one thing in one change are counted together")
  func togetherInOneChange() throws {
    let twice: [Op] = [.addEdge(edge("a", "b")), .addEdge(edge("a", "b"))]
    #expect(try Self.fault(twice)?.code == .limit)
    #expect(try Self.fault([set("b", "data.1", "1"), set("b", "data.2", "1")]) == nil)
    #expect(try Self.fault([set("b", "data.1", "1"), set("b", "data.2", "1"), set("b", "data.3", "1")])?.code == .limit)
    #expect(try Self.fault([set("b", "data.1", "1"), set("b", "data.2", "1"), set("b", "data.2", "2")]) == nil)
    let meta = (1...4).map { Op.setMeta(field: FieldKey("m\($0)"), value: .null) }
    #expect(try Self.fault(Array(meta.prefix(3))) == nil)
    #expect(try Self.fault(meta)?.code == .limit)
    // Each of several things has its own count.
    #expect(try Self.fault([set("b", "data.1", "1"), set("b", "data.2", "1"), set("c", "data.1", "1"), set("c", "data.2", "1")]) == nil)
  }

  /// What a change makes the document grow by, against a limit that leaves room for one byte less.
  private static func expectRefused(_ ops: [Op], hlc: HybridTime, sourceLocation: SourceLocation = #_sourceLocation) throws {
    var anna = try document()
    try anna.write([set("b", "data.text", "\"\(String(repeating: "x", count: 500))\"")])
    let change = Change(replica: ReplicaID(1), seq: 3, hlc: hlc, ops: ops)
    var after = anna.document
    _ = try after.apply(change)
    try #require(after.byteCount > anna.document.byteCount, sourceLocation: sourceLocation)
    var limits = DocumentLimits()
    limits.documentBytesMax = after.byteCount - 1
    #expect(anna.document.check(change, limits: limits)?.code == .limit, sourceLocation: sourceLocation)
  }

  @Test("[LM1] what an op takes away is no room for another: it may be overtaken, or lose against a later write")
  func noCredit() throws {
    let long = "\"\(String(repeating: "y", count: 500))\""
    let late = HybridTime(milliseconds: 99)
    try Self.expectRefused([set("b", "data.text", "1"), set("b", "data.text", long), set("a", "data.new", long)], hlc: late)
    // Stamped before what is there, the first op does nothing.
    try Self.expectRefused([set("b", "data.text", "1"), set("a", "data.new", long)], hlc: HybridTime(rawValue: 1))
  }

  @Test("[LM1] names of fields and groups that nobody has seen count with their bytes")
  func namesCount() throws {
    let name = String(repeating: "n", count: 200)
    try Self.expectRefused([set("a", FieldKey(name), nil)], hlc: HybridTime(milliseconds: 99))
    try Self.expectRefused([set("a", .parentID, "\"\(name)\"")], hlc: HybridTime(milliseconds: 99))
  }

  @Test("[LM1] a removal may name an add that stands before it in the same change, and none that stands behind it")
  func ownTags() throws {
    let anna = try Self.document()
    let hlc = HybridTime(milliseconds: 9)
    func tag(_ index: UInt32) -> Stamp { Stamp(hlc: hlc, replica: ReplicaID(1), seq: 2, index: index) }
    var change = Change(
      replica: ReplicaID(1), seq: 2, hlc: hlc, ops: [.addEdge(edge("b", "a")), .removeEdge(edge("b", "a"), tags: [tag(0)])])
    #expect(anna.document.check(change) == nil)
    change.ops.reverse()
    #expect(anna.document.check(change)?.code == .invalid)
  }

  @Test("[CR2] numbers start at 1")
  func numbers() throws {
    let anna = try Self.document()
    let ops = [set("a", "data.value", "1")]
    #expect(anna.document.check(Change(replica: .none, seq: 1, hlc: HybridTime(milliseconds: 1), ops: ops))?.code == .invalid)
    #expect(anna.document.check(Change(replica: ReplicaID(1), seq: 0, hlc: HybridTime(milliseconds: 1), ops: ops))?.code == .invalid)
    #expect(anna.document.check(Change(replica: ReplicaID(1), seq: 1, hlc: .zero, ops: ops))?.code == .invalid)
  }
}
