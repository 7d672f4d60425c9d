import CRDT
import WorkflowDocument
import WorkflowGraph

/// Histories for the rules one by one. All begin with the nodes a, b, c and an edge from a to b, whose tag is `first`'s op 6.
enum DocumentCases {
  static var all: [DocumentVectors] { registers + edges + view }

  private static let first = change(1, 1, 1, node("a", "numberNode") + node("b") + node("c") + [.addEdge(edge("a", "b"))])

  private static func node(_ id: String, _ type: String = "vizNode") -> [Op] {
    [.setNodeLife(node: NodeID(id), alive: true), set(id, .type, "\"\(type)\"")]
  }
  private static func set(_ node: String, _ field: FieldKey, _ value: String?) -> Op {
    .setNodeField(node: NodeID(node), field: field, value: value.map { JSONText(unchecked: $0) })
  }
  private static func life(_ node: String, _ alive: Bool) -> Op { .setNodeLife(node: NodeID(node), alive: alive) }
  private static func edge(_ a: String, _ b: String, _ handle: String? = nil) -> EdgeKey {
    EdgeKey(source: NodeID(a), target: NodeID(b), targetHandle: handle)
  }
  private static func attribute(_ edge: EdgeKey, _ field: FieldKey, _ value: String) -> Op {
    .setEdgeField(edge: edge, field: field, value: JSONText(unchecked: value))
  }
  private static func change(_ replica: UInt32, _ seq: UInt64, _ time: UInt64, _ ops: [Op]) -> Change {
    Change(replica: ReplicaID(replica), seq: seq, hlc: HybridTime(milliseconds: time), ops: ops)
  }
  private static func history(_ name: String, _ changes: Change...) -> DocumentVectors { DocumentVectors(name: name, changes: changes) }

  private static var registers: [DocumentVectors] {
    let canonical =
      #"{"z":[1e2,-0,0.1,1E-7,123456789012345680000,1e21,true,null],"\u20ac":"\u00e9\n\u001f\/","a":{"b":1.50,"a":"\ud83d\ude42"},"#
      + #""\ufb33":1,"\ud83d\ude00":2}"#
    let comment = CommentID("k")
    return [
      history("empty"),
      history("one change [CR1]", first),
      history(
        "the later stamp wins, whatever comes last [DO1]", first, change(2, 1, 9, [set("a", .data("value"), "2")]),
        change(1, 2, 5, [set("a", .data("value"), "1")])),
      history(
        "two settings of one node both win, unset leaves nothing [DO2]", first, change(1, 2, 5, [set("a", .data("value"), "1")]),
        change(2, 1, 6, [set("a", .data("label"), "\"A\""), set("a", .data("value"), nil)])),
      history(
        "a write to a removed node is kept and shown when it comes back [DO5]", first, change(1, 2, 5, [life("b", false)]),
        change(2, 1, 6, [set("b", .data("mode"), "\"text\"")]), change(1, 3, 7, [life("b", true)])),
      history(
        "ids are compared by bytes, nothing is normalised [DO1]",
        change(1, 1, 1, node("\u{e9}") + node("e\u{301}") + node("\u{10000}") + node("\u{ffff}") + node("Z") + node("a"))),
      history(
        "comments, meta and layout are in the document hash only [DO7, GV5]", first,
        change(
          1, 2, 5,
          [
            .setMeta(field: "title", value: JSONText(unchecked: "\"T\"")), .setCommentLife(comment: comment, alive: true),
            .setCommentField(comment: comment, field: "text", value: JSONText(unchecked: "\"why?\"")),
            .setCommentField(comment: CommentID("dead"), field: "text", value: JSONText(unchecked: "\"x\"")),
            set("a", .position, "{\"y\":2,\"x\":1}"),
          ])),
      history("canonical numbers, strings and member order [GV5]", first, change(1, 2, 5, [set("a", .data("deep"), canonical)])),
    ]
  }

  private static var edges: [DocumentVectors] {
    let removal = change(2, 1, 9, [.removeEdge(edge("a", "b"), tags: [first.stamp(6)])])
    return [
      history(
        "add wins over a removal that did not see it [DO4]", first, change(3, 1, 5, [.addEdge(edge("a", "b"))]), removal),
      history(
        "an absent handle and an empty one differ; attributes before the lowest tag do not count [DO4]", first,
        change(
          1, 2, 5,
          [
            .addEdge(edge("a", "b", "")), attribute(edge("a", "c"), "data.label", "1"), .addEdge(edge("a", "c")),
            attribute(edge("a", "b"), "data.weight", "2.50"), attribute(edge("a", "b"), "type", "\"smoothstep\""),
          ])),
      history("a removal that comes before its add [DO6]", removal, first),
      history("a removal that waits for its add [DO6]", removal),
    ]
  }

  private static var view: [DocumentVectors] {
    [
      history(
        "what nodes share without an edge is in their fingerprints and in those after them, the label is not [RU6]", first,
        change(
          1, 2, 5, node("v", "variableNode") + node("w", "counter") + [set("v", .data("var_name"), "\"x\""), .addEdge(edge("w", "c"))]),
        change(2, 1, 6, node("t", "textInputNode") + [set("t", .data("text"), "\"{{ variable.x }}\""), set("t", .data("label"), "\"T\"")]),
        change(2, 2, 7, [.addEdge(edge("b", "c", "in")), set("b", .data("label"), "\"B\""), set("b", .position, "{\"x\":1,\"y\":2}")])),
      history("an edge to a removed node is parked [GV1]", first, change(2, 1, 5, [life("b", false)])),
      history(
        "of two edges that close a loop the later one is parked [GV3]", first, change(2, 1, 4, [.addEdge(edge("c", "a"))]),
        change(3, 1, 3, [.addEdge(edge("b", "c"))])),
      history("an edge from a node to itself [GV3]", first, change(2, 1, 4, [.addEdge(edge("c", "c"))])),
      history(
        "groups inside each other [GV3b]", first, change(1, 2, 5, [set("a", .parentID, "\"b\"")]),
        change(2, 1, 6, [set("b", .parentID, "\"a\"")]), change(3, 1, 7, [set("c", .parentID, "\"gone\"")])),
    ]
  }
}
