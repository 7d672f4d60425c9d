import WorkflowGraph

/// A graph as it was found, with what a `WorkflowGraph` cannot hold: ids twice, edges without ends.
struct ValidationSubject {
  struct Node {
    var id: NodeID
    /// `nil`: from no file.
    var place: String?
    var fields: [FieldKey: JSONText] = [:]
  }

  struct Edge {
    var key: EdgeKey
    var place: String?
    var id: String?
  }

  var nodes: [Node] = []
  var edges: [Edge] = []
  /// Of what could not be read.
  var faults: [GraphValidation.Finding] = []

  init() {}

  init(_ graph: WorkflowGraph) {
    nodes = graph.nodes.map { Node(id: $0.id, fields: $0.fields) }
    edges = graph.edges.map { Edge(key: $0.key, id: $0.fields[.id]?.stringValue) }
  }
}
