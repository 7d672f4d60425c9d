public import WorkflowGraph

/// The first engine: reads a graph, infers types, orders, executes node by node. Stateless; each run is for itself.
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
  /// - Parameters: `clock` gives a monotonic reading, asked around every node; `observer` gets every event, in order, while the run waits.
  public func run(
    _ graph: WorkflowGraph, clock: @Sendable () -> Duration, cancellation: CancellationFlag? = nil,
    observer: (EngineEvent) -> Void = { _ in }
  ) async -> RunResult {
    await run(nodeCount: graph.nodes.count, clock, cancellation, observer) { () throws(RunFailure) in try GraphDecoder.decode(graph) }
  }

  /// Runs the JSON payload that the outside engine takes: `{"nodes":[{id,type,data}],"edges":[{source,target}]}`.
  public func run(
    payload: [UInt8], clock: @Sendable () -> Duration, cancellation: CancellationFlag? = nil,
    observer: (EngineEvent) -> Void = { _ in }
  ) async -> RunResult {
    await run(nodeCount: 0, clock, cancellation, observer) { () throws(RunFailure) in try PayloadDecoder.decode(payload) }
  }

  private func run(
    nodeCount: Int, _ clock: @Sendable () -> Duration, _ cancellation: CancellationFlag?, _ observer: (EngineEvent) -> Void,
    _ decode: () throws(RunFailure) -> EngineGraph
  ) async -> RunResult {
    let start = clock()
    let result: RunResult
    do throws(RunFailure) {
      var graph = try decode()
      graph.inferTypes()
      observer(.runStarted(nodeCount: graph.nodes.count))
      var run = Run(graph: graph, plan: try ExecutionPlan(graph), engine: self, start: start)
      result = await run.execute(clock, cancellation, observer)
    } catch {
      if error.kind == .payload { observer(.runStarted(nodeCount: nodeCount)) }
      result = RunResult(values: [], finalOutput: .null, failure: error)
    }
    observer(.runEnded(result, duration: clock() - start))
    return result
  }
}
