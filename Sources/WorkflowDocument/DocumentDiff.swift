import CRDT
public import WorkflowGraph

/// What changed between two states of a workflow: the graph, its own fields, the comments. Spec: HI5.
public struct DocumentDiff: Sendable, Hashable {
  public struct CommentChange: Sendable, Hashable {
    public var comment: CommentID
    public var fields: [GraphDiff.FieldChange]
  }

  public var graph: GraphDiff
  /// Fields of the workflow itself, its title say.
  public var workflow: [GraphDiff.FieldChange]
  /// All three in id order.
  public private(set) var commentsAdded: [CommentID] = []
  public private(set) var commentsRemoved: [CommentID] = []
  public private(set) var commentsChanged: [CommentChange] = []

  public var isEmpty: Bool {
    graph.isEmpty && workflow.isEmpty && commentsAdded.isEmpty && commentsRemoved.isEmpty && commentsChanged.isEmpty
  }

  /// O(n log n) for n registers.
  public init(from before: WorkflowDocument, to after: WorkflowDocument) {
    graph = GraphDiff(from: before.graph(), to: after.graph())
    workflow = GraphDiff.fieldChanges(from: before.meta, to: after.meta)
    for comment in Set(before.comments).union(after.comments).sorted() {
      guard before.isAlive(comment) else {
        commentsAdded.append(comment)
        continue
      }
      guard after.isAlive(comment) else {
        commentsRemoved.append(comment)
        continue
      }
      let fields = GraphDiff.fieldChanges(from: before.fields(of: comment), to: after.fields(of: comment))
      if !fields.isEmpty { commentsChanged.append(CommentChange(comment: comment, fields: fields)) }
    }
  }
}

extension WorkflowDocument {
  func fields(of comment: CommentID) -> [FieldKey: JSONText] { state.comments[comment].map { values($0.fields.entries) } ?? [:] }
}

// MARK: - As JSON

extension DocumentDiff {
  /// `{"nodes":{"added":[{"id","type"}],"removed":…,"reconfigured":[{"node","fields":[{"field","from","to"}]}],"relabelled":[{"node","from","to"}],
  /// "moved":…,"rewired":[id]},"edges":{"added":[key],"removed":…,"changed":…},"comments":…,"workflow":[…]}`; `from` and `to` are missing where
  /// the field was not set. Who sees a label as a setting like others finds it under `relabelled` all the same, and only there.
  public var json: JSONValue {
    func nodes(_ nodes: [WorkflowGraph.Node]) -> JSONValue {
      .array(nodes.map { .object([.init("id", .string($0.id.rawValue)), .init("type", .string($0.type ?? ""))]) })
    }
    func changes(_ changes: [GraphDiff.NodeChange]) -> JSONValue {
      .array(changes.map { .object([.init("node", .string($0.node.rawValue)), .init("fields", Self.json($0.fields))]) })
    }
    var relabelled: [JSONValue] = []
    var reconfigured: [GraphDiff.NodeChange] = []
    for change in graph.reconfigured {
      if let label = change.fields.first(where: { $0.field == .label }) {
        relabelled.append(.object([.init("node", .string(change.node.rawValue))] + Self.values(label)))
      }
      let others = change.fields.filter { $0.field != .label }
      if !others.isEmpty { reconfigured.append(GraphDiff.NodeChange(node: change.node, fields: others)) }
    }
    return .object([
      .init(
        "nodes",
        .object([
          .init("added", nodes(graph.added)), .init("removed", nodes(graph.removed)), .init("reconfigured", changes(reconfigured)),
          .init("relabelled", .array(relabelled)), .init("moved", changes(graph.moved)),
          .init("rewired", .array(graph.rewired.map { .string($0.rawValue) })),
        ])),
      .init(
        "edges",
        .object([
          .init("added", .array(graph.edgesAdded.map { Self.json($0) })),
          .init("removed", .array(graph.edgesRemoved.map { Self.json($0) })),
          .init(
            "changed",
            .array(graph.edgesChanged.map { .object([.init("edge", Self.json($0.edge)), .init("fields", Self.json($0.fields))]) })),
        ])),
      .init(
        "comments",
        .object([
          .init("added", .array(commentsAdded.map { .string($0.rawValue) })),
          .init("removed", .array(commentsRemoved.map { .string($0.rawValue) })),
          .init(
            "changed",
            .array(
              commentsChanged.map { .object([.init("comment", .string($0.comment.rawValue)), .init("fields", Self.json($0.fields))]) })),
        ])),
      .init("workflow", Self.json(workflow)),
    ])
  }

  private static func json(_ fields: [GraphDiff.FieldChange]) -> JSONValue {
    .array(fields.map { .object([.init("field", .string($0.field.rawValue))] + values($0)) })
  }

  private static func values(_ change: GraphDiff.FieldChange) -> [JSONValue.Member] {
    (change.before.map { [.init("from", value($0))] } ?? []) + (change.after.map { [.init("to", value($0))] } ?? [])
  }

  /// A text that is no JSON stands as a string, as in the hashes.
  private static func value(_ text: JSONText) -> JSONValue {
    do { return try text.value() } catch { return .string(text.text) }
  }

  private static func json(_ edge: EdgeKey) -> JSONValue {
    var members: [JSONValue.Member] = [.init("source", .string(edge.source.rawValue))]
    if let handle = edge.sourceHandle { members.append(.init("sourceHandle", .string(handle))) }
    members.append(.init("target", .string(edge.target.rawValue)))
    if let handle = edge.targetHandle { members.append(.init("targetHandle", .string(handle))) }
    return .object(members)
  }
}

extension DocumentDiff {
  /// How many of each kind: `{"nodesAdded":1,"edgesRemoved":2}`, in a fixed order, those of which there are none left out.
  public var summary: JSONValue {
    let relabelled = graph.reconfigured.count { $0.fields.contains { $0.field == .label } }
    let reconfigured = graph.reconfigured.count { $0.fields.contains { $0.field != .label } }
    let counts: [(String, Int)] = [
      ("nodesAdded", graph.added.count), ("nodesRemoved", graph.removed.count), ("nodesReconfigured", reconfigured),
      ("nodesRelabelled", relabelled), ("nodesMoved", graph.moved.count), ("nodesRewired", graph.rewired.count),
      ("edgesAdded", graph.edgesAdded.count), ("edgesRemoved", graph.edgesRemoved.count), ("edgesChanged", graph.edgesChanged.count),
      ("commentsAdded", commentsAdded.count), ("commentsRemoved", commentsRemoved.count), ("commentsChanged", commentsChanged.count),
      ("workflowFields", workflow.count),
    ]
    return .object(counts.filter { $0.1 > 0 }.map { .init($0.0, .number(Double($0.1))) })
  }
}
