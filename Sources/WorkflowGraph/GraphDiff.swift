/// What changed between two graphs, in the words of the person who edits: added, removed, reconfigured, rewired, moved.
public struct GraphDiff: Sendable, Hashable {
  /// A field before and after; `nil` where it is not set.
  public struct FieldChange: Sendable, Hashable {
    public var field: FieldKey
    public var before: JSONText?
    public var after: JSONText?

    public init(field: FieldKey, before: JSONText?, after: JSONText?) {
      self.field = field
      self.before = before
      self.after = after
    }
  }
  public struct NodeChange: Sendable, Hashable {
    public var node: NodeID
    /// In field order.
    public var fields: [FieldChange]

    public init(node: NodeID, fields: [FieldChange]) {
      self.node = node
      self.fields = fields
    }
  }
  public struct EdgeChange: Sendable, Hashable {
    public var edge: EdgeKey
    public var fields: [FieldChange]
  }

  /// Nodes in id order, edges in the order of the graph that has them.
  public private(set) var added: [WorkflowGraph.Node] = []
  public private(set) var removed: [WorkflowGraph.Node] = []
  /// Another type or other settings: the node does something else.
  public private(set) var reconfigured: [NodeChange] = []
  /// Another place, size or look: the node does the same. A node may be reconfigured and moved.
  public private(set) var moved: [NodeChange] = []
  public private(set) var edgesAdded: [EdgeKey] = []
  public private(set) var edgesRemoved: [EdgeKey] = []
  public private(set) var edgesChanged: [EdgeChange] = []
  /// Nodes of both graphs whose list of inputs is another, be it only in order, which is meaning too. In id order.
  public private(set) var rewired: [NodeID] = []

  public var isEmpty: Bool {
    added.isEmpty && removed.isEmpty && reconfigured.isEmpty && moved.isEmpty && edgesAdded.isEmpty && edgesRemoved.isEmpty
      && edgesChanged.isEmpty && rewired.isEmpty
  }

  /// Whether a run of both graphs gives the same: nothing but places, looks and attributes of edges differ.
  public var isLayoutOnly: Bool { added.isEmpty && removed.isEmpty && reconfigured.isEmpty && rewired.isEmpty }

  /// Values that differ in spelling only (`1` and `1.0`) count as equal. O(nodes + edges + fields).
  public init(from before: WorkflowGraph, to after: WorkflowGraph) {
    let edgesBefore = Dictionary(before.edges.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
    let keysAfter = Set(after.edges.map(\.key))
    for edge in after.edges {
      guard let old = edgesBefore[edge.key] else {
        edgesAdded.append(edge.key)
        continue
      }
      let changes = Self.fieldChanges(from: old.fields, to: edge.fields)
      if !changes.isEmpty { edgesChanged.append(EdgeChange(edge: edge.key, fields: changes)) }
    }
    edgesRemoved = before.edges.lazy.map(\.key).filter { !keysAfter.contains($0) }

    let inputsBefore = Self.inputs(of: before)
    let inputsAfter = Self.inputs(of: after)
    var (i, j) = (0, 0)
    while i < before.nodes.count || j < after.nodes.count {
      if j == after.nodes.count || i < before.nodes.count && before.nodes[i].id < after.nodes[j].id {
        removed.append(before.nodes[i])
        i += 1
      } else if i == before.nodes.count || after.nodes[j].id < before.nodes[i].id {
        added.append(after.nodes[j])
        j += 1
      } else {
        compare(before.nodes[i], after.nodes[j])
        let id = after.nodes[j].id
        if inputsBefore[id] != inputsAfter[id] { rewired.append(id) }
        i += 1
        j += 1
      }
    }
  }

  private mutating func compare(_ before: WorkflowGraph.Node, _ after: WorkflowGraph.Node) {
    let changes = Self.fieldChanges(from: before.fields, to: after.fields)
    guard !changes.isEmpty else { return }
    let layout = changes.filter(\.field.isLayout)
    if layout.count < changes.count { reconfigured.append(NodeChange(node: after.id, fields: changes.filter { !$0.field.isLayout })) }
    if !layout.isEmpty { moved.append(NodeChange(node: after.id, fields: layout)) }
  }

  private static func inputs(of graph: WorkflowGraph) -> [NodeID: [EdgeKey]] {
    var inputs: [NodeID: [EdgeKey]] = [:]
    for edge in graph.edges { inputs[edge.key.target, default: []].append(edge.key) }
    return inputs
  }

  /// The fields whose values differ, in field order. O(fields).
  public static func fieldChanges(from before: [FieldKey: JSONText], to after: [FieldKey: JSONText]) -> [FieldChange] {
    if before == after { return [] }
    var changes: [FieldChange] = []
    for (field, value) in before where !value.hasSameValue(as: after[field]) {
      changes.append(FieldChange(field: field, before: value, after: after[field]))
    }
    for (field, value) in after where before[field] == nil { changes.append(FieldChange(field: field, before: nil, after: value)) }
    return changes.sorted { $0.field < $1.field }
  }
}

extension JSONText {
  /// Whether both texts are there and mean the same: `1` and `1.0` do.
  public func hasSameValue(as other: JSONText?) -> Bool {
    guard let other else { return false }
    if self == other { return true }
    var (x, y): ([UInt8], [UInt8]) = ([], [])
    canonical(into: &x)
    other.canonical(into: &y)
    return x == y
  }
}
