import CRDT
import DocumentHistories
import Testing
import WorkflowDocument
import WorkflowGraph

/// Graphs and patches of outside writers, as ops.
@Suite struct GraphWritingTests {
  private static func canvas(of document: WorkflowDocument) throws -> CanvasDocument {
    try CanvasJSON.parse(CanvasJSON.write(document.graph(), meta: document.meta))
  }

  private static func write(_ ops: [Op], into document: inout WorkflowDocument) throws {
    guard !ops.isEmpty else { return }
    let replica = ReplicaID(4000)
    _ = try document.apply(
      Change(
        replica: replica, seq: document.version[replica] + 1, hlc: HybridTime(rawValue: document.highestTime.rawValue + 1), ops: ops))
  }

  /// What is wrong with putting the graphs of one random history onto later states.
  static func fault(seed: UInt64) -> String? {
    var replicas = SimulatedReplicas(seed: seed)
    var earlier: [WorkflowDocument] = [WorkflowDocument()]
    return replicas.run(steps: 40) { document, _ in
      defer { earlier.append(document) }
      do {
        let own = document.ops(putting: try canvas(of: document))
        if !own.isEmpty { return "its own graph is a change: \(own)" }
        for old in earlier.suffix(4) {
          var now = document
          let wanted = try canvas(of: old)
          try write(now.ops(putting: wanted), into: &now)
          let left = GraphDiff(from: now.graph(), to: old.graph())
          if !left.added.isEmpty || !left.removed.isEmpty || !left.reconfigured.isEmpty || !left.rewired.isEmpty
            || !left.edgesAdded.isEmpty || !left.edgesRemoved.isEmpty || !left.edgesChanged.isEmpty
          {
            return "a difference is left: \(left)"
          }
          // A node without a place keeps the one it has; in a loop of groups a link that did not count may count now.
          let moved = left.moved.filter { $0.fields.contains { $0.field != .parentID && $0.after != nil } }
          if !moved.isEmpty { return "moved \(moved)" }
          if !now.ops(putting: wanted).allSatisfy({ if case .setNodeField(_, .parentID, _) = $0 { true } else { false } }) {
            return "twice: \(now.ops(putting: wanted))"
          }
          if now.comments != document.comments { return "comments" }
        }
      } catch { return "\(error)" }
      return nil
    }
  }

  @Test("[OW3] any graph of a random history can be put onto any later state; a state's own graph is no change")
  func random() {
    for seed in Seeds.range(default: 300) {
      if let fault = Self.fault(seed: seed) {
        Testing.Issue.record("SEED=\(seed): \(fault)")
        return
      }
    }
  }

  private static func small() throws -> Writer {
    var ann = Writer(1)
    try ann.write(make("a") + make("b") + make("c") + [set("a", "data.value", "1"), set("a", "position", #"{"x":1,"y":2}"#)])
    try ann.write(.addEdge(edge("a", "c")), .addEdge(edge("b", "c")), .setMeta(field: .title, value: .string("T")))
    return ann
  }

  @Test("[OW3] only what differs is written: what is equal stays, and what the graph does not name of the workflow")
  func least() throws {
    let ann = try Self.small()
    let text = """
      {"nodes": [{"id": "a", "type": "number", "data": {"value": 1.0}}, {"id": "b", "type": "number"}, {"id": "c", "type": "number"},
       {"id": "d", "type": "number", "data": {"value": 4}}], "edges": [{"source": "a", "target": "c"}, {"source": "b", "target": "c"},
       {"id": "mine", "source": "d", "target": "b"}]}
      """
    #expect(
      ann.document.ops(putting: try CanvasJSON.parse(text)) == [
        .setNodeLife(node: node("d"), alive: true), set("d", "data.value", "4"),
        set("d", "position", #"{"x":110,"y":110}"#), set("d", "type", #""number""#), .addEdge(edge("d", "b")),
        .setEdgeField(edge: edge("d", "b"), field: .id, value: .string("mine")),
      ])
  }

  @Test("[OW3] the inputs of a node come in the order of the graph; other nodes' edges are let be")
  func order() throws {
    var ann = try Self.small()
    try ann.write(.addEdge(edge("a", "b")))
    var canvas = try Self.canvas(of: ann.document)
    canvas.edges.swapAt(0, 1)
    let ops = ann.document.ops(putting: canvas)
    #expect(ops == [.removeEdge(edge("a", "c"), tags: ann.document.liveTags(edge("a", "c"))), .addEdge(edge("a", "c"))])
    try ann.write(ops)
    #expect(ann.document.visible == [edge("b", "c"), edge("a", "b"), edge("a", "c")])
  }

  @Test("[OW3] a parked edge stays, and goes where it would come back without being wanted")
  func parked() throws {
    var ann = try Self.small()
    try ann.write(.addEdge(edge("c", "a")))
    try ann.write(.addEdge(edge("a", "gone")))
    #expect(ann.document.cyclic == [edge("c", "a")] && ann.document.orphans == [edge("a", "gone")])
    var canvas = try Self.canvas(of: ann.document)
    #expect(ann.document.ops(putting: canvas).isEmpty)
    canvas.nodes.append(WorkflowGraph.Node(id: node("gone"), fields: [.type: .string("number")]))
    canvas.edges.removeAll { $0.key == edge("a", "c") }
    try ann.write(ann.document.ops(putting: canvas))
    #expect(ann.document.visible == [edge("b", "c")] && ann.document.parkedEdges.isEmpty)
  }

  private static func patch(_ text: String, _ document: WorkflowDocument) throws -> [Op] {
    try document.ops(patching: GraphPatch(JSONText(validating: text)))
  }

  @Test("[OW4] what a patch names is merged into what is there; what it does not name stays")
  func patches() throws {
    var ann = try Self.small()
    #expect(
      try Self.patch(#"{"title": null, "nodes": {"a": {"position": {"x": 5}, "data": {"value": 1.0, "op": "add"}}}}"#, ann.document) == [
        .setMeta(field: .title, value: nil), set("a", "position", #"{"x":5,"y":2}"#), set("a", "data.op", #""add""#),
      ])
    #expect(try Self.patch(#"{"title": "T", "nodes": {"a": {}, "nobody": null}, "edges": {"nobody": null}}"#, ann.document).isEmpty)
    // A node takes its edges along; an edge is named as the graph names it.
    let swap = #"{"nodes": {"b": null, "d": {"type": "number"}}, "edges": {"e": {"source": "d", "target": "c"}}}"#
    try ann.write(try Self.patch(swap, ann.document))
    #expect(ann.document.visible == [edge("a", "c"), edge("d", "c")] && ann.document.parkedEdges.isEmpty)
    let rewire = #"{"edges": {"e": {"source": "a", "target": "d", "data": {"w": 1}}, "reactflow__edge-a-c": null}}"#
    try ann.write(try Self.patch(rewire, ann.document))
    #expect(ann.document.visible == [edge("a", "d")] && ann.document.edgeValue(edge("a", "d"), "data.w")?.text == "1")
    #expect(ann.document.edgeValue(edge("a", "d"), .id)?.stringValue == "e")
    // A node that comes again has what it is given now and nothing else.
    try ann.write(set("b", "data.value", "7"))
    try ann.write(try Self.patch(#"{"nodes": {"b": {"type": "number", "data": {"op": 1}}}}"#, ann.document))
    #expect(ann.document.value(node: node("b"), field: "data.value") == nil)
    #expect(ann.document.value(node: node("b"), field: "data.op")?.text == "1")
  }

  @Test(
    "[OW4] what cannot be done with what is there is refused with its place",
    arguments: [
      (#"{"nodes": {"x": {"data": {}}}}"#, "nodes.x"), (#"{"nodes": {"a": {"type": null}}}"#, "nodes.a.type"),
      (#"{"edges": {"x": {"source": "a"}}}"#, "edges.x"),
    ])
  func impossible(text: String, place: String) throws {
    let document = try Self.small().document
    #expect { try Self.patch(text, document) } throws: { ($0 as? CanvasFault)?.place == place }
  }

  @Test("[OW2] a state has one tag; another version, or another document, has another")
  func tags() throws {
    var ann = try Self.small()
    let first = ann.document.stateTag()
    #expect(first.utf8.count == 32 && ann.document.stateTag() == first)
    var copy = ann.document
    #expect(copy.stateTag() == first)
    try ann.write(set("a", "data.value", "2"))
    let second = ann.document.stateTag()
    try ann.write(set("a", "data.value", "1"))
    #expect(Set([first, second, ann.document.stateTag()]).count == 3, "the same content at another version")
  }
}
