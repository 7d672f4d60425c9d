import WorkflowGraph

/// One run in progress. See `RunSchedule` for what begins when.
///
/// Nodes are done in the order of the plan, whenever they ended: sizes are added up, failures count and values are kept in that order.
struct Run {
  /// A node that ended before its turn.
  private struct Ended {
    var result: Result<Value, NodeFailure>
    var duration: Duration
  }

  /// What the run waits for.
  private enum Arrival: Sendable {
    case ended(turn: Int, Result<Value, NodeFailure>, at: Duration)
    case cancelled
  }

  private let graph: EngineGraph
  private let plan: ExecutionPlan
  private let frame: RunFrame
  private let crew: RunCrew
  private var schedule: RunSchedule
  private var state = RunState()
  /// By plan index.
  private var values: [Value?]
  private var arrived: [(node: NodeID, value: Value)] = []
  private var resultBytes = 0
  /// The last reading of the clock.
  private var now: Duration
  /// What the nodes that are done took one after the other, and when the first began.
  private var elapsed = Duration.zero
  private let began: Duration

  /// By turn: what began and has not ended, and when.
  private var inFlight: [Int: Duration] = [:]
  /// By turn: what ended before its turn, and the bytes of its values.
  private var ahead: [Int: Ended] = [:]
  private var aheadBytes = 0
  /// Turns from here on do not begin: one that began has failed, or there are too many.
  private var bound: Int
  private var isWatched = false
  /// The node before the head has failed.
  private var hasFailed = false

  init(graph: EngineGraph, plan: ExecutionPlan, registry: ExecutorRegistry, frame: RunFrame) {
    self.graph = graph
    self.plan = plan
    self.frame = frame
    let crew = RunCrew(graph, plan, registry)
    self.crew = crew
    schedule = RunSchedule(plan, inFlightMax: frame.limits.nodesInFlightMax) { crew[$0].conduct }
    values = [Value?](repeating: nil, count: plan.ids.count)
    bound = frame.limits.nodeExecutionsMax
    now = frame.reading()
    began = now
    arrived.reserveCapacity(plan.order.count)
  }

  mutating func execute(_ observer: (EngineEvent) -> Void) async -> RunResult {
    await withTaskGroup(of: Arrival.self) { group in
      guard let failure = await work(in: &group, observer) else {
        // Only the watch on the cancellation is left.
        group.cancelAll()
        return RunResult(values: arrived, finalOutput: finalOutput(), failure: nil)
      }
      group.cancelAll()
      await group.waitForAll()
      tell(failure, observer)
      return RunResult(values: arrived, finalOutput: .null, failure: failure)
    }
  }

  /// Until all is done, or not to be done.
  private mutating func work(in group: inout TaskGroup<Arrival>, _ observer: (EngineEvent) -> Void) async -> RunFailure? {
    while true {
      while let turn = schedule.next(below: bound, isAheadAllowed: resultBytes + aheadBytes <= frame.limits.resultBytesMax) {
        if let obstacle = obstacle() { return obstacle }
        if let failure = await begin(turn, in: &group, observer) { return failure }
      }
      if schedule.isOver { return nil }
      if let obstacle = obstacle() { return obstacle }
      guard let arrival = await group.next() else { return nil }  // Unreachable: the head is in flight.
      now = frame.reading()
      if case .ended(let turn, let result, let end) = arrival {
        let start = inFlight.removeValue(forKey: turn) ?? end
        if let failure = settle(turn, result, duration: end - start, observer) { return failure }
      }
    }
  }

  /// Begins a node; one that does not wait also ends.
  private mutating func begin(
    _ turn: Int, in group: inout TaskGroup<Arrival>, _ observer: (EngineEvent) -> Void
  ) async -> RunFailure? {
    let index = plan.order[turn]
    let post = crew[index]
    let node = NodeID(plan.ids[index])
    observer(.nodeStarted(node: node, type: post.type))
    let start = now
    let result: Result<Value, NodeFailure>
    do throws(NodeFailure) {
      guard let executor = post.executor else { throw NodeFailure("unknown node type: \(post.type)") }
      let call = try call(to: node, index, post)
      if let waiting = post.waiting {
        inFlight[turn] = start
        let frame = frame
        group.addTask { .ended(turn: turn, await waiting.attend(call, frame), at: frame.reading()) }
        watch(in: &group)
        return nil
      }
      result = .success(try await executor.execute(call, state: &state))
    } catch {
      result = .failure(error)
    }
    now = frame.reading()
    return settle(turn, result, duration: now - start, observer)
  }

  private func call(to node: NodeID, _ index: Int, _ post: RunCrew.Post) throws(NodeFailure) -> NodeCall {
    var settings = plan.nodes[index].map { graph.nodes[$0].settings } ?? NodeSettings()
    if state.hasContext, !post.isContext {
      let texts = Interpolation(
        variables: state.contextVariables, constants: state.contextConstants, bytesMax: frame.limits.valueBytesMax)
      try texts.apply(to: &settings)
    }
    let inputs = plan.inputs(of: index).compactMap { values[$0] }
    let time = NodeTime(inTurn: began + elapsed, began: now, frame)
    return NodeCall(node: node, settings: settings, inputs: inputs, time: time, frame: frame)
  }

  /// Takes what a node gave, and does in turn what can be done.
  private mutating func settle(
    _ turn: Int, _ given: Result<Value, NodeFailure>, duration: Duration, _ observer: (EngineEvent) -> Void
  ) -> RunFailure? {
    var result = given
    if case .success(let value) = given {
      do throws(NodeFailure) { try check(value, isHead: turn == schedule.head) } catch { result = .failure(error) }
    }
    switch result {
    case .success(let value):
      let index = plan.order[turn]
      values[index] = value
      observer(.nodeSucceeded(node: NodeID(plan.ids[index]), type: crew[index].type, value: value, duration: duration))
      schedule.finish(turn)
    case .failure: bound = min(bound, turn)
    }
    let ended = Ended(result: result, duration: duration)
    guard turn == schedule.head else {
      if case .success(let value) = result { aheadBytes += value.weight.bytes }
      ahead[turn] = ended
      return nil
    }
    if let failure = complete(ended, observer) { return failure }
    while !ahead.isEmpty, let next = ahead.removeValue(forKey: schedule.head) {
      if case .success(let value) = next.result { aheadBytes -= value.weight.bytes }
      if let failure = complete(next, observer) { return failure }
    }
    return nil
  }

  /// The head ended, and everything before it is done.
  private mutating func complete(_ ended: Ended, _ observer: (EngineEvent) -> Void) -> RunFailure? {
    let index = plan.order[schedule.head]
    let node = NodeID(plan.ids[index])
    do throws(NodeFailure) {
      let value = try ended.result.get()
      let bytes = resultBytes + value.weight.bytes
      try check(resultBytes: bytes)
      resultBytes = bytes
      elapsed += ended.duration
      arrived.append((node, value))
      schedule.advance()
      return nil
    } catch {
      observer(.nodeFailed(node: node, type: crew[index].type, text: error.text, duration: ended.duration))
      // Work that was cut short failed for the run's reason, not for the node's.
      let failure = obstacle() ?? RunFailure(.node, "error executing node \(node): \(error.text)", node: node)
      schedule.advance()
      hasFailed = true
      return failure
    }
  }

  private func check(_ value: Value, isHead: Bool) throws(NodeFailure) {
    let weight = value.weight
    guard weight.bytes <= frame.limits.valueBytesMax else {
      throw NodeFailure("value too large: \(weight.bytes) bytes (limit: \(frame.limits.valueBytesMax))")
    }
    guard weight.depth <= frame.limits.valueDepthMax else {
      throw NodeFailure("value too deep: \(weight.depth) levels (limit: \(frame.limits.valueDepthMax))")
    }
    // Before it is told to have succeeded; out of turn nobody knows yet what comes before.
    if isHead { try check(resultBytes: resultBytes + weight.bytes) }
  }

  private func check(resultBytes: Int) throws(NodeFailure) {
    guard resultBytes <= frame.limits.resultBytesMax else {
      throw NodeFailure("results too large: \(resultBytes) bytes (limit: \(frame.limits.resultBytesMax))")
    }
  }

  /// What forbids to go on.
  private func obstacle() -> RunFailure? {
    let node = schedule.isOver ? nil : NodeID(plan.ids[plan.order[schedule.head]])
    if frame.isCancelled { return RunFailure(.cancelled, "the run was cancelled", node: node) }
    if now > frame.deadline {
      return RunFailure(.limit, "workflow execution timeout: exceeded \(GoDuration.text(frame.limits.duration))", node: node)
    }
    if schedule.head >= frame.limits.nodeExecutionsMax {
      let text = "maximum node executions exceeded: \(schedule.head + 1) (limit: \(frame.limits.nodeExecutionsMax))"
      return RunFailure(.limit, text, node: node)
    }
    return nil
  }

  /// What becomes of the nodes that are not done.
  private func tell(_ failure: RunFailure, _ observer: (EngineEvent) -> Void) {
    for (turn, index) in plan.order.enumerated().dropFirst(schedule.head) {
      let (node, type) = (NodeID(plan.ids[index]), crew[index].type)
      if turn == schedule.head, !hasFailed, let start = inFlight[turn] {
        observer(.nodeFailed(node: node, type: type, text: failure.text, duration: now - start))
      } else {
        observer(.nodeSkipped(node: node, type: type))
      }
    }
  }

  /// Nodes that wait are told at once when the run is cancelled.
  private mutating func watch(in group: inout TaskGroup<Arrival>) {
    guard !isWatched, let cancellation = frame.cancellation else { return }
    isWatched = true
    group.addTask {
      await cancellation.wait()
      return .cancelled
    }
  }

  /// The first node in graph order that nothing follows; one that only defines a context value counts when there is no other.
  private func finalOutput() -> Value {
    var context: Value?
    for index in plan.ids.indices where plan.isTerminal[index] {
      guard let value = values[index] else { continue }
      if !crew[index].isContext { return value }
      context = context ?? value
    }
    return context ?? .null
  }
}

extension WaitingNodeExecutor {
  /// Executes, and cancels what does not end when its time is over.
  fileprivate func attend(_ call: NodeCall, _ frame: RunFrame) async -> Result<Value, NodeFailure> {
    guard !Self.keepsTime, let sleep = frame.sleep else { return await result(of: call) }
    return await withTaskGroup(of: Result<Value, NodeFailure>?.self) { group in
      group.addTask { await result(of: call) }
      group.addTask {
        await sleep(call.timeLeft + .nanoseconds(1))
        return nil
      }
      let first = await group.next() ?? nil
      group.cancelAll()
      if let first { return first }
      // The node's own words about being cancelled say less than what it was cancelled for.
      let isLate = frame.reading() > call.time.deadline
      var last: Result<Value, NodeFailure>?
      for await result in group { last = result }
      return isLate ? .failure(NodeTime.over(frame)) : last ?? .failure(NodeTime.over(frame))
    }
  }

  private func result(of call: NodeCall) async -> Result<Value, NodeFailure> {
    do throws(NodeFailure) { return .success(try await execute(call)) } catch { return .failure(error) }
  }
}
