import CRDT
import Foundation
import WorkflowDocument
import WorkflowGraph

@testable import CollabProtocol

/// Not the one of the testing library.
typealias GraphIssue = Issue

/// Histories with what must come of them: the cases of the rules one by one, then seeded random ones.
struct DocumentVectors {
  var name: String
  var changes: [Change]

  static func all() throws -> [DocumentVectors] {
    var vectors = byHand()
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
        "graphHash": Golden.hex(document.graphHash()), "documentHash": Golden.hex(document.documentHash()),
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

  // MARK: Rule by rule

  private static func byHand() -> [DocumentVectors] {
    func node(_ id: String, _ type: String = "vizNode") -> [Op] {
      [
        .setNodeLife(node: NodeID(id), alive: true),
        .setNodeField(node: NodeID(id), field: .type, value: JSONText(unchecked: "\"\(type)\"")),
      ]
    }
    func edge(_ a: String, _ b: String, _ handle: String? = nil) -> EdgeKey {
      EdgeKey(source: NodeID(a), target: NodeID(b), targetHandle: handle)
    }
    func change(_ replica: UInt32, _ seq: UInt64, _ time: UInt64, _ ops: [Op]) -> Change {
      Change(replica: ReplicaID(replica), seq: seq, hlc: HybridTime(milliseconds: time), ops: ops)
    }
    func value(_ text: String) -> JSONText { JSONText(unchecked: text) }
    let abc = node("a", "numberNode") + node("b") + node("c")
    let first = change(1, 1, 1, abc + [.addEdge(edge("a", "b"))])
    let canonical =
      #"{"z":[1e2,-0,0.1,1E-7,123456789012345680000,1e21,true,null],"\u20ac":"\u00e9\n\u001f\/","a":{"b":1.50,"a":"\ud83d\ude42"},"\ufb33":1,"\ud83d\ude00":2}"#
    return [
      DocumentVectors(name: "empty", changes: []),
      DocumentVectors(name: "one change [CR1]", changes: [first]),
      DocumentVectors(
        name: "the later stamp wins, whatever comes last [DO1]",
        changes: [
          first, change(2, 1, 9, [.setNodeField(node: NodeID("a"), field: .data("value"), value: value("2"))]),
          change(1, 2, 5, [.setNodeField(node: NodeID("a"), field: .data("value"), value: value("1"))]),
        ]),
      DocumentVectors(
        name: "two settings of one node both win, unset leaves nothing [DO2]",
        changes: [
          first, change(1, 2, 5, [.setNodeField(node: NodeID("a"), field: .data("value"), value: value("1"))]),
          change(
            2, 1, 6,
            [
              .setNodeField(node: NodeID("a"), field: .data("label"), value: value("\"A\"")),
              .setNodeField(node: NodeID("a"), field: .data("value"), value: nil),
            ]),
        ]),
      DocumentVectors(
        name: "add wins over a removal that did not see it [DO4]",
        changes: [
          first, change(2, 1, 5, [.addEdge(edge("a", "b"))]), change(3, 1, 6, [.removeEdge(edge("a", "b"), tags: [first.stamp(6)])]),
        ]),
      DocumentVectors(
        name: "an absent handle and an empty one differ; attributes before the lowest tag do not count [DO4]",
        changes: [
          first,
          change(
            1, 2, 5,
            [
              .addEdge(edge("a", "b", "")), .setEdgeField(edge: edge("a", "c"), field: "data.label", value: value("1")),
              .addEdge(edge("a", "c")),
              .setEdgeField(edge: edge("a", "b"), field: "data.weight", value: value("2.50")),
              .setEdgeField(edge: edge("a", "b"), field: "type", value: value("\"smoothstep\"")),
            ]),
        ]),
      DocumentVectors(
        name: "a write to a removed node is kept and shown when it comes back [DO5]",
        changes: [
          first, change(1, 2, 5, [.setNodeLife(node: NodeID("b"), alive: false)]),
          change(2, 1, 6, [.setNodeField(node: NodeID("b"), field: .data("mode"), value: value("\"text\""))]),
          change(1, 3, 7, [.setNodeLife(node: NodeID("b"), alive: true)]),
        ]),
      DocumentVectors(
        name: "an edge to a removed node is parked [GV1]",
        changes: [first, change(2, 1, 5, [.setNodeLife(node: NodeID("b"), alive: false)])]),
      DocumentVectors(
        name: "a removal that comes before its add [DO6]",
        changes: [change(2, 1, 9, [.removeEdge(edge("a", "b"), tags: [first.stamp(6)])]), first]),
      DocumentVectors(
        name: "a removal that waits for its add [DO6]", changes: [change(2, 1, 9, [.removeEdge(edge("a", "b"), tags: [first.stamp(6)])])]),
      DocumentVectors(
        name: "of two edges that close a loop the later one is parked [GV3]",
        changes: [first, change(2, 1, 4, [.addEdge(edge("c", "a"))]), change(3, 1, 3, [.addEdge(edge("b", "c"))])]),
      DocumentVectors(name: "an edge from a node to itself [GV3]", changes: [first, change(2, 1, 4, [.addEdge(edge("c", "c"))])]),
      DocumentVectors(
        name: "groups inside each other [GV3b]",
        changes: [
          first, change(1, 2, 5, [.setNodeField(node: NodeID("a"), field: .parentID, value: value("\"b\""))]),
          change(2, 1, 6, [.setNodeField(node: NodeID("b"), field: .parentID, value: value("\"a\""))]),
          change(3, 1, 7, [.setNodeField(node: NodeID("c"), field: .parentID, value: value("\"gone\""))]),
        ]),
      DocumentVectors(
        name: "comments, meta and layout are in the document hash only [DO7, GV5]",
        changes: [
          first,
          change(
            1, 2, 5,
            [
              .setMeta(field: "title", value: value("\"T\"")), .setCommentLife(comment: CommentID("k"), alive: true),
              .setCommentField(comment: CommentID("k"), field: "text", value: value("\"why?\"")),
              .setCommentField(comment: CommentID("dead"), field: "text", value: value("\"x\"")),
              .setNodeField(node: NodeID("a"), field: .position, value: value("{\"y\":2,\"x\":1}")),
            ]),
        ]),
      DocumentVectors(
        name: "canonical numbers, strings and member order [GV5]",
        changes: [first, change(1, 2, 5, [.setNodeField(node: NodeID("a"), field: .data("deep"), value: value(canonical))])]),
      DocumentVectors(
        name: "ids are compared by bytes, nothing is normalised [DO1]",
        changes: [change(1, 1, 1, node("\u{e9}") + node("e\u{301}") + node("\u{10000}") + node("\u{ffff}") + node("Z") + node("a"))]),
    ]
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
