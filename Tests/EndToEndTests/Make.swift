import CRDT
import CollabProtocol
import Foundation
import WorkflowDocument
import WorkflowGraph

/// The protocol's issue, not the test library's.
typealias Finding = Issue

/// Ops and changes in short.
enum Make {
  static var nowMilliseconds: UInt64 { UInt64(Date().timeIntervalSince1970 * 1000) }

  static func node(_ id: String, type: String = "numberNode", _ data: [String: String] = [:]) -> [Op] {
    var ops: [Op] = [
      .setNodeLife(node: NodeID(id), alive: true),
      .setNodeField(node: NodeID(id), field: .type, value: JSONText(unchecked: "\"\(type)\"")),
      .setNodeField(node: NodeID(id), field: .position, value: JSONText(unchecked: "{\"x\":0,\"y\":0}")),
    ]
    for (key, value) in data.sorted(by: { $0.key < $1.key }) {
      ops.append(.setNodeField(node: NodeID(id), field: .data(key), value: JSONText(unchecked: value)))
    }
    return ops
  }

  static func edge(_ from: String, _ to: String) -> Op { .addEdge(EdgeKey(source: NodeID(from), target: NodeID(to))) }

  /// 2 + 3, shown.
  static var sum: [Op] {
    node("1", ["value": "2"]) + node("2", ["value": "3"]) + node("3", type: "opNode", ["op": "\"add\""])
      + node("4", type: "vizNode", ["mode": "\"text\""]) + [edge("1", "3"), edge("2", "3"), edge("3", "4")]
  }

  static func change(_ replica: UInt32, _ seq: UInt64, _ ops: [Op], at milliseconds: UInt64 = nowMilliseconds) -> Change {
    Change(replica: ReplicaID(replica), seq: seq, hlc: HybridTime(milliseconds: milliseconds), ops: ops)
  }

  static func batch(_ number: UInt64, _ changes: [Change]) -> ClientMessage {
    .change(ChangeBatch(batch: number, changes: changes, seen: 0))
  }
}
