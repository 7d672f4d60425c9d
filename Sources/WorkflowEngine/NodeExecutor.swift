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
  let time: RunTime

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

  /// All types this engine can run by itself: everything but `http`, which needs the outside world.
  public static let standard: ExecutorRegistry = {
    var registry = ExecutorRegistry()
    registry.register(NumberExecutor.self)
    registry.register(TextInputExecutor.self)
    registry.register(VisualizationExecutor.self)
    registry.register(OperationExecutor.self)
    registry.register(TextOperationExecutor.self)
    registry.register(ConditionExecutor.self)
    registry.register(ForEachExecutor.self)
    registry.register(WhileLoopExecutor.self)
    registry.register(VariableExecutor.self)
    registry.register(ExtractExecutor.self)
    registry.register(TransformExecutor.self)
    registry.register(AccumulatorExecutor.self)
    registry.register(CounterExecutor.self)
    registry.register(SwitchExecutor.self)
    registry.register(ParallelExecutor.self)
    registry.register(JoinExecutor.self)
    registry.register(SplitExecutor.self)
    registry.register(DelayExecutor.self)
    registry.register(CacheExecutor.self)
    registry.register(RetryExecutor.self)
    registry.register(TryCatchExecutor.self)
    registry.register(TimeoutExecutor.self)
    registry.register(ContextVariableExecutor.self)
    registry.register(ContextConstantExecutor.self)
    return registry
  }()
}
