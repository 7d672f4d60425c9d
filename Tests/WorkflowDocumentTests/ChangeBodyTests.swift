import CRDT
import DocumentHistories
import Hashing
import Testing
import WorkflowDocument
import WorkflowGraph

@Suite struct ChangeBodyTests {
  static let sample = Change(
    replica: ReplicaID(300), seq: 5, hlc: HybridTime(milliseconds: 1_700_000_000_000, counter: 3),
    ops: [
      .setMeta(field: .title, value: .string("t")), .setMeta(field: .title, value: nil), .setNodeLife(node: node("n"), alive: true),
      .setNodeLife(node: node("n"), alive: false), .setNodeField(node: node("n"), field: "data.value", value: JSONText(unchecked: "1")),
      .setNodeField(node: node("n"), field: "data.text", value: .string(String(repeating: "x", count: 300))),
      .addEdge(EdgeKey(source: node("a"), sourceHandle: "", target: node("b"))),
      .removeEdge(
        edge("a", "b"),
        tags: [
          Stamp(hlc: HybridTime(milliseconds: 1), replica: ReplicaID(1), seq: 2, index: 3),
          .init(hlc: .zero, replica: ReplicaID(2), seq: .max, index: .max),
        ]),
      .setEdgeField(edge: EdgeKey(source: node("a"), target: node("b"), targetHandle: "h"), field: "data.w", value: .number(1)),
      .setCommentLife(comment: CommentID("c"), alive: true), .setCommentField(comment: CommentID("c"), field: "text", value: .string("é")),
    ])

  @Test("[AK1] a change in the log is read back as it was")
  func roundTrip() throws {
    #expect(try ChangeBody.decode(ChangeBody.encode(Self.sample)) == Self.sample)
  }

  @Test("the log's bytes are the proto3 binary form, written out by hand here")
  func bytes() {
    let change = Change(replica: ReplicaID(1), seq: 2, hlc: HybridTime(rawValue: 300), ops: [.setNodeLife(node: node("n"), alive: true)])
    // 1: varint 1 · 2: varint 2 · 3: varint 300 · 4: 7 bytes { 2: 5 bytes { 1: "n" · 2: varint 1 } }
    #expect(Hex.encode(ChangeBody.encode(change)) == "0801" + "1002" + "18ac02" + "2207" + "1205" + "0a016e" + "1001")
  }

  @Test("fields that are not known are passed over")
  func unknown() throws {
    let bytes =
      ChangeBody.encode(Self.sample) + [0x78, 0x01] + [0x7a, 0x02, 0xff, 0xff] + [0x7d, 1, 2, 3, 4] + [0x79, 1, 2, 3, 4, 5, 6, 7, 8]
    #expect(try ChangeBody.decode(bytes) == Self.sample)
  }

  @Test("no truncation and no damaged byte traps; a text that is no UTF-8 is refused")
  func damaged() throws {
    let bytes = ChangeBody.encode(Self.sample)
    for count in bytes.indices { _ = try? ChangeBody.decode(Array(bytes[..<count])) }
    for seed in 0..<3000 as Range<UInt64> {
      var random = SeededRandom(seed: seed)
      var damaged = bytes
      for _ in 0..<3 { damaged[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random) }
      _ = try? ChangeBody.decode(damaged)  // Any outcome but a trap.
    }
    #expect(throws: ChangeBodyError.self) { try ChangeBody.decode([0x22, 0x05, 0x12, 0x03, 0x0a, 0x01, 0xff]) }
    #expect(throws: ChangeBodyError.self) { try ChangeBody.decode([0x22, 0xff, 0xff, 0xff, 0xff, 0x0f]) }
    #expect(throws: ChangeBodyError.self) { try ChangeBody.decode([0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02]) }
    #expect(throws: ChangeBodyError.self) { try ChangeBody.decode([0x22, 0x00]) }
  }
}
