/// What a workflow is at one moment: its visible nodes and edges, a plain value.
///
/// The document projects to it, the engine runs it, files are read into it and written from it. Spec: GV1, GV2.
public struct WorkflowGraph: Sendable, Hashable {
  public struct Node: Sendable, Hashable {
    public var id: NodeID
    public var fields: [FieldKey: JSONText]

    public init(id: NodeID, fields: [FieldKey: JSONText] = [:]) {
      self.id = id
      self.fields = fields
    }

    /// `nil` when the field is missing or no string.
    public var type: String? { fields[.type]?.stringValue }
  }

  public struct Edge: Sendable, Hashable {
    public var key: EdgeKey
    public var fields: [FieldKey: JSONText]

    public init(key: EdgeKey, fields: [FieldKey: JSONText] = [:]) {
      self.key = key
      self.fields = fields
    }
  }

  /// In id order, no id twice.
  public let nodes: [Node]
  /// In the order whose meaning is the order of inputs.
  public let edges: [Edge]

  /// - Parameters: `nodes` in any order, no id twice (traps: the caller's maps guarantee it); `edges` in their order, kept.
  /// - Complexity: O(nodes), O(n log n) when they are not in id order.
  public init(nodes: [Node] = [], edges: [Edge] = []) {
    func isOrdered(_ nodes: [Node]) -> Bool { zip(nodes, nodes.dropFirst()).allSatisfy { $0.id < $1.id } }
    if isOrdered(nodes) {
      self.nodes = nodes
    } else {
      self.nodes = nodes.sorted { $0.id < $1.id }
      precondition(isOrdered(self.nodes), "WorkflowGraph: a node id is there twice")
    }
    self.edges = edges
  }

  /// The node of that id. O(log nodes).
  public func node(_ id: NodeID) -> Node? {
    var low = 0
    var high = nodes.count
    while low < high {
      let middle = (low + high) / 2
      if nodes[middle].id < id { low = middle + 1 } else { high = middle }
    }
    return low < nodes.count && nodes[low].id == id ? nodes[low] : nil
  }
}
