import Synchronization
import Testing
import WorkflowEngine
import WorkflowGraph

@Suite struct RunTests {
  /// A clock that moves by one second each time it is read.
  static func ticking() -> @Sendable () -> Duration {
    let reads = Counter()
    return { .seconds(reads.next()) }
  }

  final class Counter: Sendable {
    private let value = Atomic(0)
    func next() -> Int { value.wrappingAdd(1, ordering: .relaxed).oldValue }
  }

  static let chain =
    #"{"nodes":[{"id":"a","data":{"value":1}},{"id":"b","data":{"condition":">0"}},{"id":"c","data":{"mode":"m"}}],"#
    + #""edges":[{"source":"a","target":"b"},{"source":"b","target":"c"}]}"#

  @Test("[RU2] events come in order, each node's once, and the last one tells the end")
  func events() async {
    let recorder = Recorder()
    _ = await WorkflowEngine().run(payload: Array(Self.chain.utf8), clock: Self.ticking(), observer: { recorder.note($0) })
    #expect(
      recorder.lines == [
        "run started 3", "a started", "a gave 1 in 1.0 seconds", "b started",
        #"b gave {"condition":"\u003e0","condition_met":true,"value":1} in 1.0 seconds"#, "c started",
        #"c gave {"mode":"m","value":{"condition":"\u003e0","condition_met":true,"value":1}} in 1.0 seconds"#,
        "run ended well in 5.0 seconds",
      ])
  }

  @Test("[RU2] after a failure the rest is told to be skipped")
  func failure() async {
    let recorder = Recorder()
    let payload = #"{"nodes":[{"id":"a","data":{"op":"add"}},{"id":"b","data":{"value":1}},{"id":"c","data":{"value":1}}]}"#
    _ = await WorkflowEngine().run(payload: Array(payload.utf8), clock: { .zero }, observer: { recorder.note($0) })
    #expect(
      recorder.lines == [
        "run started 3", "a started", "a failed: operation needs 2 inputs, got 0 in 0.0 seconds", "b skipped", "c skipped",
        "run ended error executing node a: operation needs 2 inputs, got 0 in 0.0 seconds",
      ])
    let broken = Recorder()
    _ = await WorkflowEngine().run(payload: Array("{".utf8), clock: { .zero }, observer: { broken.note($0) })
    #expect(broken.lines == ["run started 0", "run ended failed to parse payload: unexpected end of JSON input in 0.0 seconds"])
    let cyclic = Recorder()
    let loop = #"{"nodes":[{"id":"a"}],"edges":[{"source":"a","target":"a"}]}"#
    _ = await WorkflowEngine().run(payload: Array(loop.utf8), clock: { .zero }, observer: { cyclic.note($0) })
    #expect(cyclic.lines == ["run started 1", "run ended workflow contains cycles (circular dependencies) in 0.0 seconds"])
  }

  @Test("[RU4] a run that is cancelled stops before the next node and keeps what it has")
  func cancellation() async {
    let flag = CancellationFlag()
    let recorder = Recorder()
    let result = await WorkflowEngine().run(
      payload: Array(Self.chain.utf8), clock: { .zero }, cancellation: flag,
      observer: { event in
        recorder.note(event)
        if case .nodeSucceeded = event { flag.cancel() }
      })
    #expect(result.failure == RunFailure(.cancelled, "the run was cancelled", node: NodeID("b")))
    #expect(result.values.map(\.node.rawValue) == ["a"])
    #expect(recorder.lines.suffix(3) == ["b skipped", "c skipped", "run ended the run was cancelled in 0.0 seconds"])

    let task = Task {
      await Task.yield()
      while !Task.isCancelled { await Task.yield() }
      return await run(Self.chain).failure?.kind
    }
    task.cancel()
    #expect(await task.value == .cancelled)
  }

  @Test("[RU5] time, count of nodes, size and depth of values are bounded, and the text names the limit")
  func limits() async {
    let slow = await WorkflowEngine(limits: RunLimits(duration: .seconds(2))).run(payload: Array(Self.chain.utf8), clock: Self.ticking())
    #expect(slow.failure == RunFailure(.limit, "workflow execution timeout: exceeded 2s", node: NodeID("c")))
    let many = await run(Self.chain, limits: RunLimits(nodeExecutionsMax: 2))
    #expect(many.failure == RunFailure(.limit, "maximum node executions exceeded: 3 (limit: 2)", node: NodeID("c")))
    let text = #"{"text":"0123456789"}"#
    let small = RunLimits(valueBytesMax: 64)
    #expect(await outcome(feed([text], into: #"{"text_op":"repeat","repeat_n":6}"#), limits: small).utf8.count == 62)
    #expect(
      await outcome(feed([text], into: #"{"text_op":"repeat","repeat_n":7}"#), limits: small) == "! value too large: 70 bytes (limit: 64)")
    #expect(
      await outcome(feed([text], into: #"{"text_op":"repeat","repeat_n":9223372036854775807}"#))
        == "! value too large: \(Int.max) bytes (limit: \(RunLimits().valueBytesMax))")
    #expect(await outcome(feed([#"{"text":""}"#], into: #"{"text_op":"repeat","repeat_n":9223372036854775807}"#)) == "\"\"")
    let concat = feed(Array(repeating: text, count: 7), into: #"{"text_op":"concat"}"#)
    #expect(await outcome(concat, limits: small) == "! value too large: 70 bytes (limit: 64)")
    #expect(await outcome(feed([text], into: #"{"mode":"m"}"#), limits: RunLimits(resultBytesMax: 20)).hasPrefix("! results too large: "))
    #expect(
      await outcome(feed([text], into: #"{"mode":"m"}"#), limits: RunLimits(valueDepthMax: 0)) == "! value too deep: 1 levels (limit: 0)")
  }

  @Test("[RU5] a value that holds its inputs many times over is weighed without being walked")
  func sharedParts() async {
    // Each node shows its input; 10 000 deep the JSON of all results would have 10^8 bytes.
    let count = 10_000
    let nodes = (0..<count).map { "{\"id\":\"\($0)\",\"data\":\($0 == 0 ? "{\"value\":1}" : "{\"mode\":\"m\"}")}" }
    let edges = (1..<count).map { "{\"source\":\"\($0 - 1)\",\"target\":\"\($0)\"}" }
    let result = await run("{\"nodes\":[\(nodes.joined(separator: ","))],\"edges\":[\(edges.joined(separator: ","))]}")
    #expect(result.failure?.text == "error executing node 63: value too deep: 63 levels (limit: 62)")
  }
}
