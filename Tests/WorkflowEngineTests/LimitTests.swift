import Synchronization
import Testing
import WorkflowGraph

@testable import WorkflowEngine

/// Limits hold in the middle of a node, and graphs made to hurt end soon with a text that says why.
@Suite struct LimitTests {
  /// Asks a budget for as much as its settings say; waits by itself, and not by `NodeCall.wait`.
  struct Caller: WaitingNodeExecutor {
    static let type = "caller"
    var sleep: @Sendable (Duration) async -> Void = { _ in }
    /// Goes on when its task is cancelled, and gives a value.
    var isDeaf = false

    func execute(_ call: NodeCall) async throws(NodeFailure) -> Value {
      for _ in 0..<(call.settings.integer("repeat_n") ?? 0) { try call.outside.takeCall() }
      var total = 0
      for _ in 0..<(call.settings.integer("max_iterations") ?? 0) {
        total += 10
        try call.outside.takeBytes(10, total: total)
      }
      if let duration = call.settings.number("delta") { await sleep(.seconds(duration)) }
      if Task.isCancelled, !isDeaf { throw NodeFailure("cancelled") }
      return .text("\(call.timeLeft)")
    }
  }

  static func registry(_ caller: Caller = Caller()) -> ExecutorRegistry {
    var registry = ExecutorRegistry.standard
    registry.register(caller, as: Caller.type)
    return registry
  }

  static func callers(_ data: [String]) -> String {
    let nodes = data.enumerated().map { "{\"id\":\"n\($0.offset)\",\"type\":\"caller\",\"data\":\($0.element)}" }
    return "{\"nodes\":[\(nodes.joined(separator: ","))]}"
  }

  @Test("[EN7, RU5] calls to the outside, and what comes back, are counted over the run")
  func outside() {
    func failure(_ limits: RunLimits, _ data: String...) -> String? {
      VirtualRun(Self.callers(data), limits: limits, registry: Self.registry()).result.failure?.text
    }
    #expect(failure(RunLimits(outsideCallsMax: 5), #"{"repeat_n":3}"#, #"{"repeat_n":2}"#) == nil)
    #expect(
      failure(RunLimits(outsideCallsMax: 5), #"{"repeat_n":3}"#, #"{"repeat_n":3}"#)?.hasSuffix(
        "maximum outside calls exceeded: 6 (limit: 5)") == true)
    let bytes = RunLimits(responseBytesMax: 50, outsideBytesMax: 70)
    #expect(failure(bytes, #"{"max_iterations":4}"#, #"{"max_iterations":3}"#) == nil)
    #expect(failure(bytes, #"{"max_iterations":6}"#)?.hasSuffix("response too large: 60 bytes (limit: 50)") == true)
    #expect(
      failure(bytes, #"{"max_iterations":4}"#, #"{"max_iterations":4}"#)?.hasSuffix("responses too large: 80 bytes (limit: 70)") == true)
  }

  @Test("[EN7, RU5] a node that waits for the outside is cancelled when its time is over, or the run's", arguments: [false, true])
  func outsideTime(isDeaf: Bool) {
    func run(_ limits: RunLimits, _ data: String...) -> (failure: RunFailure?, passed: Duration) {
      let machine = VirtualMachine()
      let caller = Caller(sleep: { await machine.sleep($0) }, isDeaf: isDeaf)
      let engine = WorkflowEngine(registry: Self.registry(caller), limits: limits)
      let payload = Array(Self.callers(data).utf8)
      let result = machine.run {
        await engine.run(payload: payload, clock: { machine.now }, sleep: { await machine.sleep($0) })
      }
      #expect(machine.leftovers == 0)
      return (result?.failure, machine.now)
    }
    let node = RunLimits(duration: .seconds(60), nodeDuration: .seconds(10))
    #expect(run(node, #"{"delta":9}"#, #"{"delta":8}"#) == (nil, .seconds(9)))
    let late = run(node, #"{"delta":9}"#, #"{"delta":11}"#, #"{"delta":3}"#)
    #expect(late.failure?.text == "error executing node n1: node execution timeout: exceeded 10s")
    #expect(late.passed == .seconds(10) + .nanoseconds(1))
    let whole = run(RunLimits(duration: .seconds(5), nodeDuration: .seconds(10)), #"{"delta":4}"#, #"{"delta":11}"#)
    #expect(whole.failure == RunFailure(.limit, "workflow execution timeout: exceeded 5s", node: NodeID("n1")))
    #expect(whole.passed == .seconds(5) + .nanoseconds(1))
  }

  @Test("[EN7, RU5] a delay ends when the node's time is over, others go on until then")
  func nodeTime() {
    let limits = RunLimits(duration: .seconds(60), nodeDuration: .seconds(2))
    let payload = #"{"nodes":[{"id":"a","data":{"duration":"2s"}},{"id":"b","data":{"duration":"3s"}},{"id":"c","data":{"value":1}}]}"#
    let run = VirtualRun(payload, limits: limits)
    #expect(run.result.failure?.text == "error executing node b: node execution timeout: exceeded 2s")
    #expect(run.result.values.map(\.node.rawValue) == ["a"])
    #expect(run.standings == ["a": "ok", "b": "failed: node execution timeout: exceeded 2s", "c": "skipped"])
  }

  /// A clock that goes on by a second with each reading.
  static func clock(_ onReading: @escaping @Sendable (Int) -> Void) -> @Sendable () -> Duration {
    let reads = Counter()
    return {
      let read = reads.next()
      onReading(read)
      return .seconds(read)
    }
  }

  final class Counter: Sendable {
    private let value = Atomic(0)
    func next() -> Int { value.wrappingAdd(1, ordering: .relaxed).oldValue }
  }

  @Test("[EN7, RU4, RU5] time and cancellation reach a node in the middle of its work")
  func inTheMiddle() async {
    // Reading 0 is the start, 1 the first node, 2 the start of the long one's turn; the next ones come from its loop.
    let payload = feed([#"{"text":"0123456789"}"#], into: #"{"text_op":"repeat","repeat_n":400000}"#)
    let slow = await WorkflowEngine(limits: RunLimits(duration: .seconds(4))).run(
      payload: Array(payload.utf8), clock: Self.clock { _ in })
    #expect(slow.failure == RunFailure(.limit, "workflow execution timeout: exceeded 4s", node: NodeID("t")))
    let node = await WorkflowEngine(limits: RunLimits(nodeDuration: .seconds(3))).run(
      payload: Array(payload.utf8), clock: Self.clock { _ in })
    #expect(node.failure?.text == "error executing node t: node execution timeout: exceeded 3s")
    let flag = CancellationFlag()
    let cancelled = await WorkflowEngine().run(
      payload: Array(payload.utf8), clock: Self.clock { if $0 == 4 { flag.cancel() } }, cancellation: flag)
    #expect(cancelled.failure == RunFailure(.cancelled, "the run was cancelled", node: NodeID("t")))
    #expect(cancelled.values.map(\.node.rawValue) == ["in0"])
  }
}
