import CRDT
import DocumentHistories
import Hashing
import Testing
import WorkflowDocument
import WorkflowGraph

@Suite struct SnapshotTests {
  /// A document with something in every column.
  static func sample() throws -> WorkflowDocument {
    var (anna, bo) = (Writer(1), Writer(70_000))
    try anna.write(make("a") + make("b", "operation") + [set("a", "data.value", "1"), .setMeta(field: .title, value: .string("t"))])
    try bo.write(make("\u{1F600}") + [.setEdgeField(edge: edge("q", "b"), field: "data.w", value: .number(2))], at: 5_000_000)
    try anna.write([
      .addEdge(edge("a", "b")), .addEdge(EdgeKey(source: node("a"), sourceHandle: "", target: node("b"), targetHandle: "in")),
      .addEdge(edge("a", "ghost")), .setCommentLife(comment: CommentID("c"), alive: true),
      .setCommentField(comment: CommentID("c"), field: "text", value: .string("hm")), set("b", .parentID, "\"a\""),
      set("a", "data.value", nil),
    ])
    try anna.hear(bo)
    try anna.write(
      .setNodeLife(node: node("b"), alive: false),
      .removeEdge(edge("x", "y"), tags: [Stamp(hlc: HybridTime(milliseconds: 1), replica: ReplicaID(9), seq: 4, index: 2)]))
    return anna.document
  }

  @Test("[ME4] a snapshot gives the same document, which goes on as the old one would")
  func roundTrip() throws {
    var document = try Self.sample()
    let bytes = document.encodeSnapshot()
    var loaded = try WorkflowDocument(snapshot: bytes)
    #expect(loaded.view() == document.view())
    #expect(loaded.version == document.version)
    #expect(loaded.highestTime == document.highestTime)
    #expect(loaded.byteCount == document.byteCount)
    #expect(loaded.encodeSnapshot() == bytes)
    let next = Change(replica: ReplicaID(1), seq: 4, hlc: HybridTime(milliseconds: 9_000_000), ops: make("b") + [.addEdge(edge("b", "a"))])
    _ = try document.apply(next)
    _ = try loaded.apply(next)
    #expect(loaded.view() == document.view())
    #expect(try WorkflowDocument(snapshot: WorkflowDocument().encodeSnapshot()).version.isEmpty)
  }

  @Test("[ME4] what is not a snapshot is refused with the reason")
  func reasons() throws {
    let bytes = try Self.sample().encodeSnapshot()
    func error(_ bytes: [UInt8], _ limits: SnapshotLimits = .default) -> SnapshotError? {
      #expect(throws: SnapshotError.self) { try WorkflowDocument(snapshot: bytes, limits: limits) }
    }
    #expect(error([]) == .notSnapshot)
    #expect(error(Array("THYS".utf8)) == .notSnapshot)
    #expect(error(Array("PNG!".utf8) + bytes.dropFirst(4)) == .notSnapshot)
    #expect(error(Array("THYS".utf8) + [9] + bytes.dropFirst(5)) == .unknownFormat(9))
    #expect(error(Array(bytes.dropLast())) == .wrongLength(declared: UInt64(bytes.count - 21), got: bytes.count - 22))
    #expect(error(bytes + [0]) == .wrongLength(declared: UInt64(bytes.count - 21), got: bytes.count - 20))
    var damaged = bytes
    damaged[bytes.count / 2] ^= 1
    #expect(error(damaged) == .wrongChecksum)
    var tight = SnapshotLimits()
    tight.snapshotBytesMax = bytes.count - 1
    #expect(error(bytes, tight) == .tooLarge(bytesMax: bytes.count - 1))
    tight = SnapshotLimits()
    tight.documentBytesMax = 600
    #expect(error(bytes, tight) == .tooLarge(bytesMax: 600))
  }

  @Test("[ME4] a snapshot of fields without nodes is held to its limit as well")
  func metaOnly() throws {
    var anna = Writer(1)
    try anna.write((0..<50).map { .setMeta(field: FieldKey("name \($0)"), value: .number(Double($0))) })
    let bytes = anna.document.encodeSnapshot()
    var limits = SnapshotLimits()
    limits.documentBytesMax = anna.document.byteCount
    #expect(try WorkflowDocument(snapshot: bytes, limits: limits).byteCount == limits.documentBytesMax)
    limits.documentBytesMax -= 1
    #expect(throws: SnapshotError.tooLarge(bytesMax: limits.documentBytesMax)) { try WorkflowDocument(snapshot: bytes, limits: limits) }
  }

  @Test("[ME4] no truncation and no flipped bit gets by or traps")
  func damaged() throws {
    let bytes = try Self.sample().encodeSnapshot()
    for count in bytes.indices { #expect(throws: SnapshotError.self) { try WorkflowDocument(snapshot: Array(bytes[..<count])) } }
    for index in bytes.indices {
      var flipped = bytes
      flipped[index] ^= 1 << UInt8(index % 8)
      #expect(throws: SnapshotError.self) { try WorkflowDocument(snapshot: flipped) }
    }
  }

  @Test("[ME4] forged bytes under a right checksum are refused or read, never trap, and stay within the limits")
  func forged() throws {
    let bytes = try Self.sample().encodeSnapshot()
    var limits = SnapshotLimits()
    limits.documentBytesMax = 1 << 16
    var refused = 0
    for seed in Seeds.range(default: 4000) {
      var random = SeededRandom(seed: seed)
      var forged = Array(bytes.dropLast(8))
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let index = Int.random(in: 13..<forged.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: forged[index] = UInt8.random(in: 0...255, using: &random)
        case 1: forged[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        default: forged[index] = [0, 0x7f, 0x80, 0xff].randomElement(using: &random) ?? 0
        }
      }
      forged += SHA256.digest(forged).prefix(8)
      do {
        var document = try WorkflowDocument(snapshot: forged, limits: limits)
        _ = document.view()
        _ = document.encodeSnapshot()
        #expect(document.byteCount <= limits.documentBytesMax)
        var writer = Change(
          replica: ReplicaID(3), seq: document.version[ReplicaID(3)] &+ 1, hlc: HybridTime(milliseconds: 2), ops: make("b"))
        writer.ops.append(.addEdge(edge("b", "a")))
        _ = try? document.apply(writer)  // A forged version may leave a gap.
        document.merge(try Self.sample())
      } catch let error as SnapshotError {
        refused += 1
        #expect(error != .wrongChecksum, "seed \(seed)")
      }
    }
    #expect(refused > 0)
  }
}
