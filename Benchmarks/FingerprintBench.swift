import CRDT
import WorkflowDocument
import WorkflowGraph

/// What it costs to know which results are stale, in the graph that is worst for it: one chain of ten thousand nodes. Spec: RU6.
enum FingerprintBench {
  static func run(_ table: inout Table) {
    let count = 10_000
    let chain = chain(of: count)
    let end = NodeID("n\(count - 1)")
    let whole = Stopwatch.best {
      var document = chain
      _ = document.fingerprint(of: end)
    }
    table.add("Document", "fingerprints of a chain of \(count) nodes, the first time", "\(short(whole / 1e6)) ms")
    table.add("Document", "after an edit of its last node but nine", "\(short(edit(count - 10, of: chain, end) / 1000)) µs")
    table.add("Document", "after an edit of its first node: all that follow", "\(short(edit(0, of: chain, end) / 1e6)) ms")
  }

  /// Nanoseconds from an edit to the fingerprints after it, the edit included.
  private static func edit(_ index: Int, of chain: WorkflowDocument, _ end: NodeID) -> Double {
    var document = chain
    _ = document.fingerprint(of: end)
    var seq = document.version[ReplicaID(9)]
    return Stopwatch.best(rounds: 5, repetitions: 20) {
      for _ in 0..<20 {
        seq += 1
        let time = HybridTime(rawValue: document.highestTime.rawValue + 1)
        let op = Op.setNodeField(node: NodeID("n\(index)"), field: .data("value"), value: .number(Double(seq)))
        _ = try? document.apply(Change(replica: ReplicaID(9), seq: seq, hlc: time, ops: [op]))
        _ = document.fingerprint(of: end)
      }
    }
  }

  private static func chain(of count: Int) -> WorkflowDocument {
    var document = WorkflowDocument()
    for index in 0..<count {
      let node = NodeID("n\(index)")
      var ops: [Op] = [
        .setNodeLife(node: node, alive: true), .setNodeField(node: node, field: .type, value: .string("visualization")),
        .setNodeField(node: node, field: .data("mode"), value: .string("text")),
        .setNodeField(node: node, field: .label, value: .string("Node \(index)")),
      ]
      if index > 0 { ops.append(.addEdge(EdgeKey(source: NodeID("n\(index - 1)"), target: node))) }
      let change = Change(replica: ReplicaID(1), seq: UInt64(index + 1), hlc: HybridTime(milliseconds: UInt64(index + 1)), ops: ops)
      _ = try? document.apply(change)
    }
    return document
  }
}
