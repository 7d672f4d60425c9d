public import WorkflowGraph

/// The first engine: reads a graph, infers types, orders, executes. Stateless; each run is for itself.
///
/// Nodes that wait do not hold up nodes that do not depend on them; the result is that of running one node after the other.
///
/// Results, errors and their texts are those of the outside engine, bar what would crash or hang it. Costs O(nodes + edges + bytes of
/// values). Nothing is read from the world: time comes in as a function, cancellation as a flag.
public struct WorkflowEngine: Sendable {
  public let registry: ExecutorRegistry
  public let limits: RunLimits

  public init(registry: ExecutorRegistry = .standard, limits: RunLimits = RunLimits()) {
    self.registry = registry
    self.limits = limits
  }

  /// Runs the visible graph of a document.
  /// - Parameters: `clock` gives a monotonic reading, asked around every node; `sleep` waits on the same clock, without it nodes that
  ///   wait fail; `observer` gets every event, in order, while the run waits.
  public func run(
    _ graph: WorkflowGraph, clock: @escaping @Sendable () -> Duration, sleep: (@Sendable (Duration) async -> Void)? = nil,
    cancellation: CancellationFlag? = nil, observer: (EngineEvent) -> Void = { _ in }
  ) async -> RunResult {
    let frame = RunFrame(limits: limits, reading: clock, sleep: sleep, cancellation: cancellation)
    return await run(nodeCount: graph.nodes.count, frame, observer) { () throws(RunFailure) in
      try GraphDecoder.decode(graph, isPlugin: registry.isPlugin)
    }
  }

  /// Runs the JSON payload that the outside engine takes: `{"nodes":[{id,type,data}],"edges":[{source,target}]}`.
  public func run(
    payload: [UInt8], clock: @escaping @Sendable () -> Duration, sleep: (@Sendable (Duration) async -> Void)? = nil,
    cancellation: CancellationFlag? = nil, observer: (EngineEvent) -> Void = { _ in }
  ) async -> RunResult {
    let frame = RunFrame(limits: limits, reading: clock, sleep: sleep, cancellation: cancellation)
    return await run(nodeCount: 0, frame, observer) { () throws(RunFailure) in
      try PayloadDecoder.decode(payload, isPlugin: registry.isPlugin)
    }
  }

  private func run(
    nodeCount: Int, _ frame: RunFrame, _ observer: (EngineEvent) -> Void,
    _ decode: () throws(RunFailure) -> EngineGraph
  ) async -> RunResult {
    let result: RunResult
    do throws(RunFailure) {
      var graph = try decode()
      graph.inferTypes()
      observer(.runStarted(nodeCount: graph.nodes.count))
      var run = Run(graph: graph, plan: try ExecutionPlan(graph), registry: registry, frame: frame)
      result = await run.execute(observer)
    } catch {
      if error.kind == .payload { observer(.runStarted(nodeCount: nodeCount)) }
      result = RunResult(values: [], finalOutput: .null, failure: error)
    }
    observer(.runEnded(result, duration: frame.reading() - frame.start))
    return result
  }
}
