import CRDT
import Foundation
import WorkflowDocument
import WorkflowGraph

@testable import CollabProtocol

/// Not the one of the testing library.
typealias GraphIssue = Issue

extension [NodeID: UInt64] {
  /// In the order of the nodes, 16 digits each.
  var hex: [String] { sorted { $0.key < $1.key }.map { Golden.hex(withUnsafeBytes(of: $0.value.bigEndian) { Array($0) }) } }
}

/// Histories with what must come of them: the cases of the rules one by one, then seeded random ones.
struct DocumentVectors {
  var name: String
  var changes: [Change]

  static func all() throws -> [DocumentVectors] {
    var vectors = DocumentCases.all
    for seed in UInt64(1)...12 { vectors.append(random(seed)) }
    return vectors
  }

  // MARK: What a history gives, as JSON

  var object: [String: Any] {
    get throws {
      var document = WorkflowDocument()
      for change in changes { _ = try document.apply(change) }
      let graph = document.graph()
      let nodes = graph.nodes.map { node -> [String: Any] in ["id": node.id.rawValue, "fields": Self.fields(node.fields)] }
      let edges = graph.edges.map { edge -> [String: Any] in ["key": Self.key(edge.key), "fields": Self.fields(edge.fields)] }
      return [
        "name": name, "changes": changes.map { Self.json($0) }, "nodes": nodes, "edges": edges,
        "parked": document.parkedEdges.map { ["key": Self.key($0.key), "reason": $0.reason.rawValue] as [String: Any] },
        "issues": document.issues.map { Self.issue($0) }, "meta": Self.fields(document.meta),
        "version": Dictionary(uniqueKeysWithValues: document.version.entries.map { ("\($0.replica.rawValue)", "\($0.seq)") }),
        "fingerprints": document.allFingerprints().hex, "graphHash": Golden.hex(document.graphHash()),
        "documentHash": Golden.hex(document.documentHash()),
        "snapshot": Golden.hex(document.encodeSnapshot()),
      ]
    }
  }

  /// The change as it stands in a batch.
  private static func json(_ change: Change) -> String {
    let text = String(decoding: MessageCodec.bytes(.change(ChangeBatch(batch: 0, changes: [change], seen: 0)), as: .json), as: UTF8.self)
    return String(text.dropFirst(#"{"change":{"changes":["#.count).dropLast("]}}".count))
  }

  private static func fields(_ fields: [FieldKey: JSONText]) -> [String: String] {
    Dictionary(uniqueKeysWithValues: fields.map { ($0.key.rawValue, $0.value.text) })
  }

  private static func key(_ key: EdgeKey) -> [String: String] {
    var object = ["source": key.source.rawValue, "target": key.target.rawValue]
    object["sourceHandle"] = key.sourceHandle
    object["targetHandle"] = key.targetHandle
    return object
  }

  private static func issue(_ issue: GraphIssue) -> [String: Any] {
    var object: [String: Any] = ["code": issue.code, "severity": issue.severity.rawValue]
    if let node = issue.node { object["node"] = node.rawValue }
    if let edge = issue.edge { object["edge"] = key(edge) }
    if let field = issue.field { object["field"] = field.rawValue }
    return object
  }

  // MARK: Random

  /// 3 replicas, 24 changes, delivered in an order that is not the order of their stamps.
  private static func random(_ seed: UInt64) -> DocumentVectors {
    var random = Seeded(seed)
    func pick<T>(_ items: [T]) -> T { items[Int.random(in: 0..<items.count, using: &random)] }
    let ids = ["a", "b", "c", "d", "\u{e9}"].map { NodeID($0) }
    var tags: [EdgeKey: [Stamp]] = [:]
    var seqs: [UInt32: UInt64] = [:]
    var changes: [Change] = []
    for _ in 0..<24 {
      let replica = pick([1, 2, 3] as [UInt32])
      seqs[replica, default: 0] += 1
      var change = Change(
        replica: ReplicaID(replica), seq: seqs[replica]!,
        hlc: HybridTime(
          milliseconds: 1_790_000_000_000 + UInt64.random(in: 0..<40, using: &random), counter: UInt16.random(in: 0..<2, using: &random)),
        ops: [])
      for index in 0...Int.random(in: 0..<4, using: &random) {
        let handle: String? = pick([nil, nil, "", "in"])
        let edge = EdgeKey(source: pick(ids), target: pick(ids), targetHandle: handle)
        switch Int.random(in: 0..<10, using: &random) {
        case 0...2:
          change.ops.append(.addEdge(edge))
          tags[edge, default: []].append(change.stamp(index))
        case 3:
          if let known = tags.keys.sorted().first, let named = tags[known] {
            change.ops.append(.removeEdge(known, tags: named))
            tags[known] = nil
          } else {
            change.ops.append(.setNodeLife(node: pick(ids), alive: true))
          }
        case 4: change.ops.append(.setNodeLife(node: pick(ids), alive: pick([true, true, false])))
        case 5, 6:
          change.ops.append(
            .setNodeField(
              node: pick(ids), field: .type, value: pick([nil, JSONText(unchecked: "\"numberNode\""), JSONText(unchecked: "\"vizNode\"")])))
        case 7:
          let value = JSONText(unchecked: pick(["1", "\"x\"", "{\"b\":1,\"a\":[]}"]))
          change.ops.append(.setNodeField(node: pick(ids), field: pick([.data("value"), .data("mode"), "style"]), value: value))
        case 8: change.ops.append(.setEdgeField(edge: edge, field: pick(["animated", "data.weight"]), value: JSONText(unchecked: "true")))
        default: change.ops.append(.setNodeField(node: pick(ids), field: .parentID, value: JSONText(unchecked: "\"\(pick(ids))\"")))
        }
      }
      changes.append(change)
    }
    return DocumentVectors(name: "random \(seed)", changes: changes)
  }
}
