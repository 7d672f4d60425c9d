/// A workflow as a canvas file holds it: durable fields only, nodes and edges in file order.
public struct CanvasDocument: Sendable, Hashable {
  /// The id that the browser's list of workflows gave it; `nil` in files of one workflow.
  public var sourceID: String?
  /// `title` and whatever else the file says about the workflow as a whole.
  public var meta: [FieldKey: JSONText] = [:]
  public var nodes: [WorkflowGraph.Node] = []
  public var edges: [WorkflowGraph.Edge] = []
  /// What was read in another way than written, one sentence each.
  public var notices: [String] = []

  public init() {}

  public var title: String? { meta[.title]?.stringValue }

  public var graph: WorkflowGraph { WorkflowGraph(nodes: nodes, edges: edges) }

  /// Gives every node without a `position` one on a diagonal, as the canvas does on import.
  public mutating func fillMissingPositions() {
    for index in nodes.indices where nodes[index].fields[.position] == nil {
      nodes[index].fields[.position] = .position(x: 50 + Double(index) * 200, y: 50 + Double(index) * 100)
    }
  }
}

/// What is wrong with a canvas file, and where.
public struct CanvasFault: Error, Hashable, Sendable, CustomStringConvertible {
  /// Such as `nodes[3].data`; "" for the file itself.
  public var place: String
  public var text: String

  public init(place: String, text: String) {
    self.place = place
    self.text = text
  }
  public var description: String { place.isEmpty ? text : "\(place): \(text)" }
}
