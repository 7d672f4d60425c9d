/// One type of node at work. Executors are stateless; what lasts over a run lives in `RunState`.
public protocol NodeExecutor: Sendable {
  /// The engine name of the type: `text_operation`.
  static var type: String { get }
  init()

  /// - Throws: the engine's text for what is wrong with the settings or the inputs. Never traps, never loops beyond the limits.
  func execute(_ call: NodeCall, state: inout RunState) async throws(NodeFailure) -> Value
}

/// A type whose nodes wait, for time to pass or for somebody outside. The rest of the run goes on meanwhile.
///
/// Such a node gets its settings and inputs as of its place in the order, and nothing of the run's state. Its task is cancelled when the
/// run ends without it: the executor must end soon then, whatever it throws.
public protocol WaitingNodeExecutor: NodeExecutor {
  /// Whether it waits by `NodeCall.wait` only, which ends at the limits of time by itself. Otherwise the task is cancelled there.
  static var keepsTime: Bool { get }

  /// - Throws: the engine's text for what is wrong. Asks `call.outside` before every call to the outside and for every byte that comes.
  func execute(_ call: NodeCall) async throws(NodeFailure) -> Value
}

extension WaitingNodeExecutor {
  public static var keepsTime: Bool { false }

  public func execute(_ call: NodeCall, state: inout RunState) async throws(NodeFailure) -> Value { try await execute(call) }
}

/// A type whose nodes share something over the run, and therefore work on it in the order of the plan.
protocol StatefulNodeExecutor: NodeExecutor {
  static var part: RunState.Part { get }
}

/// Which executor runs which type. A type that nobody registered fails when its node's turn comes.
public struct ExecutorRegistry: Sendable {
  private var executors: [String: any NodeExecutor] = [:]

  public init() {}

  /// Replaces the executor of the same type.
  public mutating func register<E: NodeExecutor>(_ type: E.Type) { register(E(), as: E.type) }

  /// An executor made by the caller, and for a type of any name: one executor may serve many.
  public mutating func register(_ executor: any NodeExecutor, as type: String) { executors[type] = executor }

  public subscript(type: String) -> (any NodeExecutor)? { executors[type] }

  public var types: some Collection<String> { executors.keys }

  /// All types this engine can run by itself: everything but `http`, see `HTTPExecutor`.
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
