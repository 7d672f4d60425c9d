import Testing
import WorkflowGraph

@Suite struct NamesTests {
  /// The same letter for Swift's `String`, three names for everybody else on the wire.
  static let lookalikes = ["\u{c5}", "A\u{30a}", "\u{212b}", "a\u{323}\u{307}", "a\u{307}\u{323}"]

  @Test("[DO4] names that look alike but have other bytes are different names")
  func bytewise() {
    #expect(Set(Self.lookalikes).count == 2, "Swift's own equality is the trap this test is about")
    #expect(Set(Self.lookalikes.map { NodeID($0) }).count == 5)
    #expect(Set(Self.lookalikes.map { CommentID($0) }).count == 5)
    #expect(Set(Self.lookalikes.map { FieldKey($0) }).count == 5)
    #expect(Set(Self.lookalikes.map { JSONText.string($0) }).count == 5)
    #expect(Set(Self.lookalikes.map { EdgeKey(source: NodeID("a"), sourceHandle: $0, target: NodeID("b")) }).count == 5)
    for a in Self.lookalikes {
      for b in Self.lookalikes {
        #expect((NodeID(a) != NodeID(b)) == !a.utf8.elementsEqual(b.utf8))
        #expect((NodeID(a) < NodeID(b)) == a.utf8.lexicographicallyPrecedes(b.utf8))
      }
    }
  }

  @Test("[GV2] node ids are ordered by their bytes")
  func order() {
    let sorted = ["", "10", "2", "Z", "a", "ab", "é", "\u{ffff}", "😀"]
    #expect(sorted.shuffledBySeed(3).map { NodeID($0) }.sorted().map(\.rawValue) == sorted)
  }

  @Test("[GV2] the order of bytes holds at every length and place of the difference")
  func orderOfAnyLength() {
    for count in 0...19 {
      let base = [UInt8](repeating: UInt8(ascii: "m"), count: count)
      var others = [base + [UInt8(ascii: "a")], Array(base.dropLast())]
      for place in 0..<count {
        for byte in [UInt8(ascii: "a"), UInt8(ascii: "z"), 0] {
          others.append(base)
          others[others.count - 1][place] = byte
          // A later difference the other way must not count.
          if place + 1 < count { others[others.count - 1][count - 1] = byte < UInt8(ascii: "m") ? 0x7f : 1 }
        }
      }
      let a = String(decoding: base, as: UTF8.self)
      #expect(Bytewise.equal(a, String(decoding: base, as: UTF8.self)) && !Bytewise.precedes(a, a))
      for other in others where other != base {
        let b = String(decoding: other, as: UTF8.self)
        #expect(!Bytewise.equal(a, b), "\(base) \(other)")
        #expect(Bytewise.precedes(a, b) == base.lexicographicallyPrecedes(other), "\(base) \(other)")
        #expect(Bytewise.precedes(b, a) == other.lexicographicallyPrecedes(base), "\(base) \(other)")
        let (start, otherStart) = (Bytewise.start(of: a), Bytewise.start(of: b))
        #expect(start == otherStart || (start < otherStart) == base.lexicographicallyPrecedes(other), "\(base) \(other)")
      }
    }
  }

  @Test("[DO4] a missing handle and an empty one differ; edges order by source, its handle, target, its handle")
  func edges() {
    func edge(_ a: String, _ x: String?, _ b: String, _ y: String?) -> EdgeKey {
      EdgeKey(source: NodeID(a), sourceHandle: x, target: NodeID(b), targetHandle: y)
    }
    let sorted = [
      edge("a", nil, "b", nil), edge("a", nil, "b", ""), edge("a", nil, "c", nil), edge("a", "", "b", nil), edge("a", "x", "b", nil),
      edge("a", "x", "b", "y"), edge("b", nil, "a", nil),
    ]
    #expect(Set(sorted).count == sorted.count)
    #expect(sorted.shuffledBySeed(5).sorted() == sorted)
  }

  @Test("[P1] a workflow id has 1 to 128 plain characters and no leading dot")
  func workflowID() {
    for text in ["a", "A-b_c.9", String(repeating: "x", count: 128)] { #expect(WorkflowID(text)?.rawValue == text) }
    for text in ["", ".a", "a/b", "é", "a b", "a%", "a\0", String(repeating: "x", count: 129)] { #expect(WorkflowID(text) == nil) }
  }
}

extension Array {
  func shuffledBySeed(_ seed: UInt64) -> [Element] {
    var random = SplitMix(state: seed)
    return map { ($0, random.next()) }.sorted { $0.1 < $1.1 }.map(\.0)
  }
}
