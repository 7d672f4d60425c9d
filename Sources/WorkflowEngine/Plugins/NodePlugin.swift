public import WorkflowGraph

/// Types of nodes that do not belong to the engine: written in Swift and linked in, or an adapter to a program elsewhere.
public protocol NodePlugin: Sendable {
  /// For messages and lists.
  var name: String { get }
  var version: String { get }
  var types: [PluginType] { get }

  /// What the description of the type cannot say: settings that exclude each other, patterns that do not compile.
  /// - Parameter settings: of the kinds that the description names, completed.
  func findings(in settings: ObjectValue, type: String) -> [PluginFinding]

  /// Gives the node's value. Cancelling the task must end it soon; so must the end of `call.timeLeft`.
  func execute(_ call: PluginCall) async throws(NodeFailure) -> Value
}

extension NodePlugin {
  public func findings(in settings: ObjectValue, type: String) -> [PluginFinding] { [] }
}

/// One node's turn, as a plug-in sees it.
public struct PluginCall: Sendable {
  public var node: NodeID
  public var type: String
  /// Checked, completed, and with the texts of context nodes filled in.
  public var settings: ObjectValue
  /// In edge order.
  public var inputs: [Value]
  public var timeLeft: Duration
  /// What the run may still ask of the outside; to be asked before every request that leaves this process.
  public var outside: OutsideBudget
}

/// A plug-in that cannot be taken in.
public struct PluginFault: Error, Hashable, Sendable, CustomStringConvertible {
  public var text: String
  public init(_ text: String) { self.text = text }
  public var description: String { text }
}
