import WorkflowGraph

/// One run in progress.
struct Run {
  private let graph: EngineGraph
  private let plan: ExecutionPlan
  private let registry: ExecutorRegistry
  private let limits: RunLimits
  private let time: RunTime
  private var state = RunState()
  /// By plan index.
  private var values: [Value?]
  private var arrived: [(node: NodeID, value: Value)] = []
  private var resultBytes = 0

  init(graph: EngineGraph, plan: ExecutionPlan, engine: WorkflowEngine, time: RunTime) {
    self.graph = graph
    self.plan = plan
    registry = engine.registry
    limits = engine.limits
    self.time = time
    values = [Value?](repeating: nil, count: plan.ids.count)
    arrived.reserveCapacity(plan.order.count)
  }

  mutating func execute(_ observer: (EngineEvent) -> Void) async -> RunResult {
    var now = time.reading()
    for (turn, index) in plan.order.enumerated() {
      let node = NodeID(plan.ids[index])
      let type = type(of: index)
      if let failure = obstacle(before: node, turn: turn, now: now) {
        return end(failure, skippingFrom: turn, observer)
      }
      observer(.nodeStarted(node: node, type: type))
      let started = now
      do throws(NodeFailure) {
        let value = try checked(await executeNode(index, node, type))
        now = time.reading()
        values[index] = value
        arrived.append((node, value))
        observer(.nodeSucceeded(node: node, type: type, value: value, duration: now - started))
      } catch {
        let text = "error executing node \(node): \(error.text)"
        now = time.reading()
        observer(.nodeFailed(node: node, type: type, text: error.text, duration: now - started))
        // A wait that was cut short failed for the run's reason, not for the node's.
        let failure = obstacle(before: node, turn: turn, now: now) ?? RunFailure(.node, text, node: node)
        return end(failure, skippingFrom: turn + 1, observer)
      }
    }
    return RunResult(values: arrived, finalOutput: finalOutput(), failure: nil)
  }

  private func type(of index: Int) -> String { plan.nodes[index].map { graph.nodes[$0].type } ?? "" }

  private mutating func executeNode(_ index: Int, _ node: NodeID, _ type: String) async throws(NodeFailure) -> Value {
    guard let executor = registry[type] else { throw NodeFailure("unknown node type: \(type)") }
    var settings = plan.nodes[index].map { graph.nodes[$0].settings } ?? NodeSettings()
    if state.hasContext, NodeCatalogue.type(named: type)?.category != .context {
      let texts = Interpolation(variables: state.contextVariables, constants: state.contextConstants, bytesMax: limits.valueBytesMax)
      try texts.apply(to: &settings)
    }
    let inputs = plan.inputs(of: index).compactMap { values[$0] }
    return try await executor.execute(NodeCall(node: node, settings: settings, inputs: inputs, limits: limits, time: time), state: &state)
  }

  /// What forbids the next node.
  private func obstacle(before node: NodeID, turn: Int, now: Duration) -> RunFailure? {
    if time.isCancelled { return RunFailure(.cancelled, "the run was cancelled", node: node) }
    if now > time.deadline {
      return RunFailure(.limit, "workflow execution timeout: exceeded \(GoDuration.text(limits.duration))", node: node)
    }
    if turn >= limits.nodeExecutionsMax {
      let text = "maximum node executions exceeded: \(turn + 1) (limit: \(limits.nodeExecutionsMax))"
      return RunFailure(.limit, text, node: node)
    }
    return nil
  }

  private mutating func checked(_ value: Value) throws(NodeFailure) -> Value {
    let weight = value.weight
    guard weight.bytes <= limits.valueBytesMax else {
      throw NodeFailure("value too large: \(weight.bytes) bytes (limit: \(limits.valueBytesMax))")
    }
    guard weight.depth <= limits.valueDepthMax else {
      throw NodeFailure("value too deep: \(weight.depth) levels (limit: \(limits.valueDepthMax))")
    }
    resultBytes += weight.bytes
    guard resultBytes <= limits.resultBytesMax else {
      throw NodeFailure("results too large: \(resultBytes) bytes (limit: \(limits.resultBytesMax))")
    }
    return value
  }

  private func end(_ failure: RunFailure, skippingFrom turn: Int, _ observer: (EngineEvent) -> Void) -> RunResult {
    for index in plan.order[turn...] { observer(.nodeSkipped(node: NodeID(plan.ids[index]), type: type(of: index))) }
    return RunResult(values: arrived, finalOutput: .null, failure: failure)
  }

  /// The first node in graph order that nothing follows; one that only defines a context value counts when there is no other.
  private func finalOutput() -> Value {
    var context: Value?
    for index in plan.ids.indices where plan.isTerminal[index] {
      guard let value = values[index] else { continue }
      if NodeCatalogue.type(named: type(of: index))?.category != .context { return value }
      context = context ?? value
    }
    return context ?? .null
  }
}
