import CRDT
import Testing
import WorkflowDocument
import WorkflowGraph

/// Every order of delivery of a few changes of up to three replicas that knew nothing of each other, chosen to collide.
@Suite struct ExhaustiveTests {
  private static func writer(_ replica: UInt32, _ changes: [[Op]], times: [UInt64]) -> [Change] {
    changes.enumerated().map { index, ops in
      Change(replica: ReplicaID(replica), seq: UInt64(index + 1), hlc: HybridTime(milliseconds: times[index]), ops: ops)
    }
  }

  private static func tag(_ replica: UInt32, _ seq: UInt64, at time: UInt64, _ index: UInt32 = 0) -> Stamp {
    Stamp(hlc: HybridTime(milliseconds: time), replica: ReplicaID(replica), seq: seq, index: index)
  }

  /// Three rings of edges over three nodes, drawn and removed against the clock.
  static let cycles: [[Change]] = [
    writer(1, [make("a") + make("b") + make("c"), [.addEdge(edge("a", "b"))], [.addEdge(edge("b", "a"))]], times: [1, 4, 8]),
    writer(
      2, [[.addEdge(edge("b", "c"))], [.addEdge(edge("c", "a"))], [.removeEdge(edge("a", "b"), tags: [tag(1, 2, at: 4)])]],
      times: [2, 5, 9]),
    writer(
      3, [[.addEdge(edge("c", "b"))], [.addEdge(edge("a", "c"))], [.removeEdge(edge("b", "c"), tags: [tag(2, 1, at: 2)])]],
      times: [3, 6, 7]),
  ]

  /// Lives, types, parents and late field writes.
  static let nodes: [[Change]] = [
    writer(1, [make("a"), [set("a", .parentID, "\"b\"")], [.setNodeLife(node: node("a"), alive: false)]], times: [5, 6, 9]),
    writer(2, [make("b"), [set("b", .parentID, "\"a\"")], [set("a", "data.value", "1"), .addEdge(edge("a", "b"))]], times: [4, 7, 8]),
    writer(
      3, [make("a", "operation"), [set("b", .type, nil)], [.setNodeLife(node: node("a"), alive: true), set("b", .type, "\"number\"")]],
      times: [3, 8, 10]),
  ]

  /// One edge added, removed, added again and decorated by all, removals before adds among it.
  static let tags: [[Change]] = [
    writer(
      1, [make("a") + make("b"), [.addEdge(edge("a", "b"))], [.setEdgeField(edge: edge("a", "b"), field: "data.w", value: .number(1))]],
      times: [1, 5, 6]),
    writer(
      2,
      [
        [.removeEdge(edge("a", "b"), tags: [tag(1, 2, at: 5)])], [.addEdge(edge("a", "b"))],
        [.removeEdge(edge("a", "b"), tags: [tag(3, 1, at: 2)])],
      ], times: [1, 7, 8]),
    writer(
      3,
      [
        [.addEdge(edge("a", "b"))], [.setEdgeField(edge: edge("a", "b"), field: "data.w", value: .number(2))],
        [.removeEdge(edge("a", "b"), tags: [tag(2, 2, at: 7)]), .addEdge(edge("b", "a"))],
      ], times: [2, 3, 9]),
  ]

  @Test("[ME1] all 1 680 orders of three times three changes end alike", arguments: [cycles, nodes, tags])
  func threeByThree(changes: [[Change]]) throws { try expectAllOrdersAlike(changes) }

  @Test("[ME1] all 34 650 orders of three times four changes end alike")
  func threeByFour() throws {
    var changes = Self.cycles
    changes[0].append(
      Change(replica: ReplicaID(1), seq: 4, hlc: HybridTime(milliseconds: 10), ops: [.setNodeLife(node: node("c"), alive: false)]))
    changes[1].append(Change(replica: ReplicaID(2), seq: 4, hlc: HybridTime(milliseconds: 3), ops: [.addEdge(edge("a", "b"))]))
    changes[2].append(
      Change(replica: ReplicaID(3), seq: 4, hlc: HybridTime(milliseconds: 11), ops: [.setNodeLife(node: node("c"), alive: true)]))
    try expectAllOrdersAlike(changes)
  }

  /// Walks the tree of orders; each branch goes on from a copy. At every point the document is what the model says of its version.
  private func expectAllOrdersAlike(_ changes: [[Change]]) throws {
    var hashes: [Version: [UInt8]] = [:]
    var orders = 0
    func walk(_ document: WorkflowDocument, _ next: [Int]) throws {
      var document = document
      let hash = document.documentHash()
      if let expected = hashes[document.version] {
        try #require(hash == expected, "two orders of \(document.version) differ")
      } else {
        let model = NaiveModel(changes.indices.flatMap { changes[$0][..<next[$0]] }).view()
        try #require(document.view() == model, "the document is not the model's at \(document.version)")
        hashes[document.version] = hash
      }
      var isEnd = true
      for writer in changes.indices where next[writer] < changes[writer].count {
        isEnd = false
        var branch = document
        var following = next
        _ = try branch.apply(changes[writer][next[writer]])
        following[writer] += 1
        try walk(branch, following)
      }
      if isEnd { orders += 1 }
    }
    try walk(WorkflowDocument(), changes.map { _ in 0 })
    #expect(orders == (changes[0].count == 3 ? 1680 : 34650))
  }
}
