public import WorkflowGraph

/// One type of node at work. Executors are stateless; what lasts over a run lives in `RunState`.
public protocol NodeExecutor: Sendable {
  /// The engine name of the type: `text_operation`.
  static var type: String { get }
  init()

  /// - Throws: the engine's text for what is wrong with the settings or the inputs. Never traps, never loops beyond the limits.
  func execute(_ call: NodeCall, state: inout RunState) async throws(NodeFailure) -> Value
}

/// What an executor gets to see.
public struct NodeCall: Sendable {
  public let node: NodeID
  /// With the texts of context nodes filled in.
  public let settings: NodeSettings
  /// In edge order; inputs that have no value are left out.
  public let inputs: [Value]
  public let limits: RunLimits

  /// A setting that must be there.
  func requiredText(_ name: String, _ message: StaticString) throws(NodeFailure) -> String {
    guard let text = settings.text(name) else { throw NodeFailure("\(message)") }
    return text
  }

  /// The first input, which must be there.
  func firstInput(_ message: StaticString) throws(NodeFailure) -> Value {
    guard let first = inputs.first else { throw NodeFailure("\(message)") }
    return first
  }
}

/// Which executor runs which type. A type that nobody registered fails when its node's turn comes.
public struct ExecutorRegistry: Sendable {
  private var executors: [String: any NodeExecutor] = [:]

  public init() {}

  /// Replaces the executor of the same type.
  public mutating func register<E: NodeExecutor>(_ type: E.Type) { executors[E.type] = E() }

  public subscript(type: String) -> (any NodeExecutor)? { executors[type] }

  /// All types this engine can run by itself.
  public static let standard: ExecutorRegistry = {
    var registry = ExecutorRegistry()
    registry.register(NumberExecutor.self)
    registry.register(TextInputExecutor.self)
    registry.register(VisualizationExecutor.self)
    registry.register(OperationExecutor.self)
    registry.register(TextOperationExecutor.self)
    registry.register(ConditionExecutor.self)
    return registry
  }()
}
