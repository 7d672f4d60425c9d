import CRDT
import DocumentHistories
import Testing
import WorkflowDocument
import WorkflowGraph

@Suite struct CycleHistoryTests {
  @Test("[GV3][GV6] edges and removals between few nodes, in any order of time, park after every change what the rule parks")
  func dense() throws {
    for seed in Seeds.range(default: 120) {
      var random = SeededRandom(seed: seed)
      let nodes = (0..<Int.random(in: 3...9, using: &random)).map { node("n\($0)") }
      var document = WorkflowDocument()
      var changes: [Change] = []
      func apply(_ ops: [Op], at time: UInt64) throws {
        let change = Change(replica: ReplicaID(UInt32(changes.count + 1)), seq: 1, hlc: HybridTime(milliseconds: time), ops: ops)
        changes.append(change)
        _ = try document.apply(change)
      }
      try apply(nodes.flatMap { make($0.rawValue) }, at: 1)
      for step in 0..<50 {
        let time = UInt64.random(in: 2...60, using: &random)
        let source = nodes.randomElement(using: &random) ?? nodes[0]
        let target = nodes.randomElement(using: &random) ?? nodes[0]
        switch Int.random(in: 0..<10, using: &random) {
        case 0: try apply([.setNodeLife(node: source, alive: random.chance(50))], at: UInt64(100 + step))
        case 1, 2:
          guard let edge = document.edges(at: source).randomElement(using: &random) else { continue }
          try apply([.removeEdge(edge, tags: document.liveTags(edge))], at: time)
        case 3:
          try apply([.addEdge(EdgeKey(source: source, target: target)), .addEdge(EdgeKey(source: target, target: nodes[0]))], at: time)
        default: try apply([.addEdge(EdgeKey(source: source, target: target))], at: time)
        }
        let expected = NaiveModel(changes).view()
        try #require(document.visible == expected.graph.edges.map(\.key), "SEED=\(seed) step \(step)")
        try #require(document.parkedEdges == expected.parked, "SEED=\(seed) step \(step)")
        if step % 10 == 9 {
          var loaded = try WorkflowDocument(snapshot: document.encodeSnapshot())
          try #require(loaded.view() == expected, "SEED=\(seed) step \(step): snapshot")
        }
      }
    }
  }
}
