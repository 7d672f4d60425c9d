import WorkflowGraph

@testable import WorkflowEngine

/// One node after the other, in the order of the plan: what a run means, without any thought of doing two things at once.
struct SequentialOracle {
  private(set) var values: [(node: NodeID, value: Value)] = []
  private(set) var failure: RunFailure?
  private(set) var standings: [String: String] = [:]
  private(set) var finalOutput = Value.null

  var result: RunResult { RunResult(values: values, finalOutput: finalOutput, failure: failure) }

  init(_ payload: String, limits: RunLimits, machine: VirtualMachine) async {
    let frame = RunFrame(limits: limits, reading: { machine.now }, sleep: { await machine.sleep($0) }, cancellation: nil)
    do throws(RunFailure) {
      var graph = try PayloadDecoder.decode(Array(payload.utf8))
      graph.inferTypes()
      try await execute(graph, ExecutionPlan(graph), frame)
    } catch {
      failure = error
    }
  }

  private mutating func execute(_ graph: EngineGraph, _ plan: ExecutionPlan, _ frame: RunFrame) async throws(RunFailure) {
    var state = RunState()
    var outputs: [String: Value] = [:]
    var bytes = 0
    for index in plan.order { standings[plan.ids[index]] = "skipped" }
    for (turn, index) in plan.order.enumerated() {
      let id = plan.ids[index]
      let node = plan.nodes[index].map { graph.nodes[$0] } ?? EngineGraph.Node()
      if turn >= frame.limits.nodeExecutionsMax {
        let text = "maximum node executions exceeded: \(turn + 1) (limit: \(frame.limits.nodeExecutionsMax))"
        throw RunFailure(.limit, text, node: NodeID(id))
      }
      do throws(NodeFailure) {
        guard let executor = ExecutorRegistry.standard[node.type] else { throw NodeFailure("unknown node type: \(node.type)") }
        var settings = node.settings
        if state.hasContext, !node.type.hasPrefix("context_") {
          let texts = Interpolation(
            variables: state.contextVariables, constants: state.contextConstants, bytesMax: frame.limits.valueBytesMax)
          try texts.apply(to: &settings)
        }
        let inputs = graph.edges.filter { $0.target == id }.compactMap { outputs[$0.source] }
        let time = NodeTime(inTurn: frame.reading(), began: frame.reading(), frame)
        let call = NodeCall(node: NodeID(id), settings: settings, inputs: inputs, time: time, frame: frame)
        let value = try await executor.execute(call, state: &state)
        let weight = value.weight
        if weight.bytes > frame.limits.valueBytesMax {
          throw NodeFailure("value too large: \(weight.bytes) bytes (limit: \(frame.limits.valueBytesMax))")
        }
        if weight.depth > frame.limits.valueDepthMax {
          throw NodeFailure("value too deep: \(weight.depth) levels (limit: \(frame.limits.valueDepthMax))")
        }
        bytes += weight.bytes
        if bytes > frame.limits.resultBytesMax {
          throw NodeFailure("results too large: \(bytes) bytes (limit: \(frame.limits.resultBytesMax))")
        }
        outputs[id] = value
        values.append((NodeID(id), value))
        standings[id] = "ok"
      } catch {
        standings[id] = "failed: \(error.text)"
        throw RunFailure(.node, "error executing node \(id): \(error.text)", node: NodeID(id))
      }
    }
    let ends = graph.nodes.filter { node in !graph.edges.contains { $0.source == node.id } }
    let end = ends.first { !$0.type.hasPrefix("context_") } ?? ends.first
    finalOutput = end.flatMap { outputs[$0.id] } ?? .null
  }
}
