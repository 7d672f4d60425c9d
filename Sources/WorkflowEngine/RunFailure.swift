public import WorkflowGraph

/// Why a run gave no result.
public struct RunFailure: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Kind: String, Sendable, CaseIterable {
    /// The graph could not be read: a setting of the wrong kind, text that is no JSON.
    case payload
    /// The graph has a cycle, an edge to a node that is not there, or an id twice.
    case order
    case node
    case limit
    case cancelled
    /// All nodes ran, and the result holds a number that JSON cannot say.
    case encoding
  }
  public var kind: Kind
  public var text: String
  /// The node it happened at.
  public var node: NodeID?

  public init(_ kind: Kind, _ text: String, node: NodeID? = nil) {
    self.kind = kind
    self.text = text
    self.node = node
  }
  public var description: String { text }
}

/// Why a node could not be executed; the engine puts the node's name in front.
public struct NodeFailure: Error, Hashable, Sendable {
  public var text: String
  public init(_ text: String) { self.text = text }
}
