import Testing
import WorkflowGraph

@Suite struct GraphDiffTests {
  static func node(_ id: String, _ fields: [FieldKey: String] = [:]) -> WorkflowGraph.Node {
    WorkflowGraph.Node(id: NodeID(id), fields: fields.mapValues { JSONText(unchecked: $0) })
  }
  static func edge(_ source: String, _ target: String, _ fields: [FieldKey: String] = [:]) -> WorkflowGraph.Edge {
    WorkflowGraph.Edge(key: EdgeKey(source: NodeID(source), target: NodeID(target)), fields: fields.mapValues { JSONText(unchecked: $0) })
  }

  static let before = WorkflowGraph(
    nodes: [node("a", [.type: "\"number\"", .data("value"): "1", .position: "{\"x\":1,\"y\":1}"]), node("b"), node("c"), node("d")],
    edges: [edge("a", "c"), edge("b", "c", [.type: "\"x\""]), edge("c", "d")])

  @Test("a graph does not differ from itself, nor by the spelling of a number")
  func same() {
    #expect(GraphDiff(from: Self.before, to: Self.before).isEmpty)
    #expect(GraphDiff(from: WorkflowGraph(), to: WorkflowGraph()).isEmpty)
    var nodes = Self.before.nodes
    nodes[0].fields[.data("value")] = "1.0".json
    nodes[0].fields[.position] = "{ \"y\":1, \"x\":1e0 }".json
    #expect(GraphDiff(from: Self.before, to: WorkflowGraph(nodes: nodes, edges: Self.before.edges)).isEmpty)
  }

  @Test("added, removed, reconfigured, moved, rewired: each is told once and in its own list")
  func everything() {
    let after = WorkflowGraph(
      nodes: [
        Self.node("a", [.type: "\"number\"", .data("value"): "2", .data("label"): "\"n\"", .position: "{\"x\":9,\"y\":1}"]),
        Self.node("b", [.width: "5"]), Self.node("c"), Self.node("e"),
      ],
      edges: [Self.edge("b", "c", [.type: "\"y\""]), Self.edge("a", "c"), Self.edge("c", "e")])
    let diff = GraphDiff(from: Self.before, to: after)
    #expect(diff.added.map(\.id.rawValue) == ["e"])
    #expect(diff.removed.map(\.id.rawValue) == ["d"])
    #expect(
      diff.reconfigured == [
        .init(
          node: NodeID("a"),
          fields: [
            .init(field: .label, before: nil, after: "\"n\"".json), .init(field: .data("value"), before: "1".json, after: "2".json),
          ])
      ])
    #expect(diff.moved.map(\.node.rawValue) == ["a", "b"])
    #expect(diff.moved[1].fields == [.init(field: .width, before: nil, after: "5".json)])
    #expect(diff.edgesAdded == [Self.edge("c", "e").key])
    #expect(diff.edgesRemoved == [Self.edge("c", "d").key])
    #expect(diff.edgesChanged.map(\.edge) == [Self.edge("b", "c").key])
    #expect(diff.rewired == [NodeID("c")], "the order of inputs is meaning")
    #expect(!diff.isLayoutOnly)
  }

  @Test("a drag changes nothing that runs; both directions mirror each other")
  func directions() {
    var nodes = Self.before.nodes
    nodes[0].fields[.position] = nil
    let after = WorkflowGraph(nodes: nodes, edges: Self.before.edges)
    let there = GraphDiff(from: Self.before, to: after)
    let back = GraphDiff(from: after, to: Self.before)
    #expect(there.isLayoutOnly && !there.isEmpty)
    #expect(there.moved.first?.fields.first?.before == back.moved.first?.fields.first?.after)
    #expect(GraphDiff(from: WorkflowGraph(), to: Self.before).added == GraphDiff(from: Self.before, to: WorkflowGraph()).removed)
  }

  @Test("[GV2] nodes come in id order whatever order they are given in, edges as given")
  func order() {
    let graph = WorkflowGraph(nodes: ["b", "10", "a", "2"].map { Self.node($0) }, edges: [Self.edge("b", "a"), Self.edge("a", "2")])
    #expect(graph.nodes.map(\.id.rawValue) == ["10", "2", "a", "b"])
    #expect(graph.edges.map(\.key.source.rawValue) == ["b", "a"])
    #expect(graph.node(NodeID("2"))?.id == NodeID("2"))
    #expect(graph.node(NodeID("3")) == nil)
  }
}
