import Testing
import WorkflowEngine
import WorkflowGraph

/// Nodes that decide, gather, wait or look after errors.
@Suite struct ControlNodeTests {
  @Test("[EN3] for_each and while_loop")
  func loops() async {
    let list = #"{"transform_type":"to_array"}"#
    #expect(await StateNodeTests.chain("{\"value\":1}", list, #"{"max_iterations":5,"label":"x"}"#).hasPrefix("! unknown node type"))
    func forEach(_ limit: Int) async -> String {
      await outcome(
        #"{"nodes":[{"id":"a","data":{"value":1}},{"id":"b","data":\#(list)},{"id":"t","type":"for_each","data":{"max_iterations":\#(limit)}}],"#
          + #""edges":[{"source":"a","target":"b"},{"source":"a","target":"b"},{"source":"b","target":"t"}]}"#)
    }
    #expect(await forEach(0) == #"{"count":2,"items":[1,1],"iterations":2}"#)
    #expect(await forEach(1) == "! for_each exceeds max iterations: 2 > 1")
    #expect(await outcome(feed(["{\"value\":1}"], into: "{}", type: "for_each")) == "! for_each node requires array input, got float64")
    #expect(
      await outcome(feed(["{\"value\":1}"], into: #"{"condition":">1"}"#, type: "while_loop"))
        == #"{"condition":"\u003e1","final_value":1,"iterations":0}"#)
    #expect(
      await outcome(feed(["{\"value\":1}"], into: #"{"condition":">0"}"#, type: "while_loop"))
        == "! while_loop exceeded max iterations: 100")
  }

  @Test("[EN3] switch takes the first case that matches")
  func switching() async {
    let cases =
      #"{"cases":[{"when":">=100","output_path":"big"},{"value":7},{"value":"a","when":"text"},{"when":">5","output_path":"mid"}],"default_path":"small"}"#
    func path(_ input: String) async -> String { await outcome(feed([input], into: cases)) }
    #expect(await path("{\"value\":150}") == #"{"case":"\u003e=100","matched":true,"output_path":"big","value":150}"#)
    #expect(await path("{\"value\":7}") == #"{"case":"","matched":true,"output_path":"matched","value":7}"#)
    #expect(await path("{\"text\":\"a\"}") == #"{"case":"text","matched":true,"output_path":"matched","value":"a"}"#)
    #expect(await path("{\"value\":6}") == #"{"case":"\u003e5","matched":true,"output_path":"mid","value":6}"#)
    #expect(await path("{\"value\":1}") == #"{"matched":false,"output_path":"small","value":1}"#)
  }

  @Test("[EN3] parallel, join and split")
  func gathering() async {
    let (a, b) = ("{\"value\":1}", "{\"text\":\"x\"}")
    #expect(await outcome(feed([a, b], into: "{}", type: "parallel")) == #"{"concurrency":10,"count":2,"results":[1,"x"]}"#)
    for bad in [0, -1] {
      let text = await outcome(feed([a], into: "{\"max_concurrency\":\(bad)}", type: "parallel"))
      #expect(text == "! max_concurrency must be positive, got \(bad)")
    }
    #expect(await outcome(feed([a, b], into: "{}", type: "join")) == #"{"count":2,"strategy":"all","values":[1,"x"]}"#)
    #expect(await outcome(feed([a, b], into: #"{"join_strategy":"any"}"#)) == #"{"count":2,"strategy":"any","value":1}"#)
    #expect(await outcome(feed([b, a], into: #"{"join_strategy":"first"}"#)) == #"{"strategy":"first","value":"x"}"#)
    #expect(await outcome(feed([], into: #"{"join_strategy":"first"}"#)) == "! join node with 'first' strategy has no inputs")
    #expect(await outcome(feed([a], into: #"{"join_strategy":"odd"}"#)) == "! unsupported join strategy: odd (use all, any, or first)")
    #expect(await outcome(feed([a], into: #"{"paths":["p","q"]}"#)) == #"{"outputs":{"p":1,"q":1},"paths":["p","q"],"value":1}"#)
    #expect(
      await outcome(feed([a], into: "{}", type: "split")) == #"{"outputs":{"path1":1,"path2":1},"paths":["path1","path2"],"value":1}"#)
  }

  /// The object `{"error": …}` that retry and try_catch take for an error, made of two inputs.
  static func withError(_ error: String, _ target: String, type: String) -> String {
    #"{"nodes":[{"id":"a","data":{"text":"error"}},{"id":"b","data":\#(error)},{"id":"c","data":{"transform_type":"to_array"}},"#
      + #"{"id":"d","data":{"transform_type":"to_object"}},{"id":"t","type":"\#(type)","data":\#(target)}],"#
      + #""edges":[{"source":"a","target":"c"},{"source":"b","target":"c"},{"source":"c","target":"d"},{"source":"d","target":"t"}]}"#
  }

  @Test("[EN3] try_catch")
  func tryCatch() async {
    #expect(await outcome(feed(["{\"value\":1}"], into: #"{"fallback_value":0}"#)) == #"{"error_caught":false,"value":1}"#)
    #expect(
      await outcome(Self.withError("{\"text\":\"no\"}", #"{"fallback_value":0,"error_output_path":"e"}"#, type: "try_catch"))
        == #"{"error_caught":true,"error_message":"no","error_output_path":"e","value":0}"#)
    #expect(await outcome(Self.withError("{\"value\":2.5}", #"{"continue_on_error":false}"#, type: "try_catch")) == "! error caught: 2.5")
  }

  @Test("[EN3] timeout looks at the time that its input tells")
  func timeout() async {
    #expect(
      await outcome(feed(["{\"value\":1}"], into: #"{"timeout":"90s"}"#, type: "timeout"))
        == #"{"execution_time":"0s","timed_out":false,"timeout_duration":"1m30s","value":1}"#)
    #expect(await outcome(feed([], into: #"{"timeout":"soon"}"#, type: "timeout")) == "! invalid timeout duration: soon")
    func taking(_ action: String) -> String {
      #"{"nodes":[{"id":"a","data":{"text":"execution_time"}},{"id":"b","data":{"text":"1500"}},{"id":"c","data":{"transform_type":"to_array"}},"#
        + #"{"id":"d","data":{"transform_type":"to_object"}},{"id":"t","type":"timeout","data":{"timeout":"1s","timeout_action":"\#(action)"}}],"#
        + #""edges":[{"source":"a","target":"c"},{"source":"b","target":"c"},{"source":"c","target":"d"},{"source":"d","target":"t"}]}"#
    }
    #expect(await outcome(taking("error")) == "! operation timed out after 1.5s (limit: 1s)")
    #expect(
      await outcome(taking("go on")).contains(#""partial_result":true,"timed_out":true,"timeout_duration":"1s","timeout_exceeded":true"#))
  }

  static func timed(_ payload: String, limits: RunLimits = RunLimits(), cancellation: CancellationFlag? = nil) async -> (
    RunResult, Duration
  ) {
    let run = VirtualRun(payload, limits: limits, cancellation: cancellation)
    #expect(run.leftovers == 0)
    return (run.result, run.passed)
  }

  @Test(
    "[EN6] delay waits as long as it says and no longer than the run may",
    arguments: [
      ("1500", Duration.milliseconds(1500)), ("1.5s", .milliseconds(1500)), ("1m0.5s", .milliseconds(60_500)), ("1h", .seconds(3600)),
      ("0", .zero), ("-5s", .zero), ("500µs", .microseconds(500)), (".25s", .milliseconds(250)),
    ])
  func delay(text: String, duration: Duration) async {
    let (result, passed) = await Self.timed(feed([], into: "{\"duration\":\"\(text)\"}"), limits: RunLimits(duration: .seconds(7200)))
    #expect(result.isSuccess)
    #expect(passed == duration)
    let (cut, cutAfter) = await Self.timed(feed([], into: "{\"duration\":\"3h\"}"), limits: RunLimits(duration: .seconds(2)))
    #expect(cut.failure == RunFailure(.limit, "workflow execution timeout: exceeded 2s", node: NodeID("t")))
    #expect(cutAfter == .seconds(2) + .nanoseconds(1))
  }

  @Test("[EN6] a delay that is cancelled ends at once; a run that cannot wait says so")
  func cancelledDelay() async {
    let flag = CancellationFlag()
    let payload =
      #"{"nodes":[{"id":"a","data":{"duration":"1s"}},{"id":"b","data":{"duration":"30s"}},{"id":"c","data":{"duration":"20s"}}],"#
      + #""edges":[{"source":"a","target":"b"}]}"#
    let run = VirtualRun(payload, cancellation: flag) { if $0.now == .seconds(1) { flag.cancel() } }
    #expect(run.result.failure == RunFailure(.cancelled, "the run was cancelled", node: NodeID("c")))
    #expect(run.passed == .seconds(1))
    #expect(ConcurrencyTests.story(run).suffix(3) == ["b…", "c!", "b-"] || ConcurrencyTests.story(run).suffix(3) == ["a+", "c!", "b-"])
    #expect(run.leftovers == 0)
    #expect(await outcome(feed([], into: "{\"duration\":\"1s\"}")) == "! this run cannot wait")
    #expect(await outcome(feed([], into: "{\"duration\":\"soon\"}")).hasPrefix("! invalid duration format: invalid duration format: soon"))
  }

  static let pauses: [(String, Double)] = [
    (#"{"max_attempts":4,"initial_delay":"1s"}"#, 7), (#"{"max_attempts":4,"initial_delay":"1s","backoff_strategy":"linear"}"#, 6),
    (#"{"max_attempts":4,"initial_delay":"1s","backoff_strategy":"constant"}"#, 3),
    (#"{"max_attempts":4,"initial_delay":"1s","max_delay":"1500ms"}"#, 4), (#"{"max_attempts":3,"multiplier":10}"#, 11),
    (#"{"max_attempts":1}"#, 0), (#"{"max_attempts":1000000000,"initial_delay":"0s"}"#, 0),
  ]

  @Test("[EN6] retry pauses between attempts: exponential, linear, constant, capped", arguments: pauses)
  func retry(data: String, seconds: Double) async throws {
    let (result, passed) = await Self.timed(Self.withError("{\"text\":\"no\"}", data, type: "retry"))
    #expect(result.failure?.text.hasPrefix("error executing node t: max retry attempts (") == true)
    #expect(passed == .seconds(seconds))
  }

  @Test("[EN3] retry passes what is no error and refuses what it is not to retry")
  func retryOutcomes() async {
    #expect(await outcome(feed(["{\"value\":1}"], into: #"{"max_attempts":2}"#)) == #"{"attempts":1,"success":true,"value":1}"#)
    #expect(await outcome(feed(["{\"value\":1}"], into: #"{"max_attempts":0}"#)) == "! max_attempts must be positive, got 0")
    let listed = Self.withError("{\"text\":\"disk full\"}", #"{"retry_on_errors":["net"]}"#, type: "retry")
    #expect(await outcome(listed) == "! error not in retry list: disk full")
  }

  @Test("[EN3] cache keeps, gives, drops, and forgets in time")
  func cache() async {
    func steps(_ data: String...) -> String {
      let nodes = data.enumerated().map { "{\"id\":\"\($0.offset == data.count - 1 ? "t" : "n\($0.offset)")\",\"data\":\($0.element)}" }
      let ids = data.indices.map { $0 == data.count - 1 ? "t" : "n\($0)" }
      let edges = zip(ids, ids.dropFirst()).map { "{\"source\":\"\($0)\",\"target\":\"\($1)\"}" }
      return "{\"nodes\":[\(nodes.joined(separator: ","))],\"edges\":[\(edges.joined(separator: ","))]}"
    }
    func last(_ payload: String) async -> String { await Self.timed(payload).0.finalOutput.displayJSON.text }
    let (set, get) = (#"{"cache_op":"set","cache_key":"k","ttl":"2s"}"#, #"{"cache_op":"get","cache_key":"k"}"#)
    #expect(await last(steps("{\"value\":1}", set)) == #"{"key":"k","operation":"set","ttl":"2s","value":1}"#)
    #expect(await last(steps("{\"value\":1}", set, #"{"duration":"1s"}"#, get)) == #"{"found":true,"key":"k","operation":"get","value":1}"#)
    #expect(
      await last(steps("{\"value\":1}", set, #"{"duration":"2s"}"#, get))
        == #"{"expired":true,"found":false,"key":"k","operation":"get","value":null}"#)
    #expect(
      await last(steps("{\"value\":1}", set, #"{"cache_op":"delete","cache_key":"k"}"#, get))
        == #"{"found":false,"key":"k","operation":"get","value":null}"#)
    #expect(
      await outcome(feed(["{\"value\":1}"], into: #"{"cache_op":"set","cache_key":"k","ttl":"x"}"#)).hasPrefix(
        "! invalid TTL format: invalid duration"))
  }
}
