import Testing
import WorkflowEngine
import WorkflowGraph

/// A payload run with a clock that stands still.
func run(_ payload: String, limits: RunLimits = RunLimits()) async -> RunResult {
  await WorkflowEngine(limits: limits).run(payload: Array(payload.utf8), clock: { .zero })
}

func json(_ result: RunResult) -> String { String(decoding: result.resultJSON, as: UTF8.self) }

/// Sources `in0`, `in1`… with the given data, all connected to `t` in this order.
func feed(_ inputs: [String], into target: String, type: String? = nil) -> String {
  var nodes = inputs.enumerated().map { "{\"id\":\"in\($0.offset)\",\"data\":\($0.element)}" }
  nodes.append("{\"id\":\"t\",\(type.map { "\"type\":\"\($0)\"," } ?? "")\"data\":\(target)}")
  let edges = inputs.indices.map { "{\"source\":\"in\($0)\",\"target\":\"t\"}" }
  return "{\"nodes\":[\(nodes.joined(separator: ","))],\"edges\":[\(edges.joined(separator: ","))]}"
}

/// What the node `t` gave, as JSON, or the message it failed with.
func outcome(_ payload: String, limits: RunLimits = RunLimits()) async -> String {
  let result = await run(payload, limits: limits)
  if let failure = result.failure {
    let prefix = "error executing node t: "
    return "! " + (failure.text.hasPrefix(prefix) ? String(failure.text.dropFirst(prefix.count)) : failure.text)
  }
  var output: [UInt8] = []
  do { try result.values.first { $0.node == NodeID("t") }?.value.encode(into: &output) } catch { return "! \(error)" }
  return String(decoding: output, as: UTF8.self)
}

@Suite struct EngineTests {
  @Test("[EN1] a workflow runs in order and its result is written as Go writes it")
  func whole() async {
    let result = await run(
      #"{"nodes":[{"id":"2","data":{"mode":"<text>"}},{"id":"1","data":{"text":"a & b\u2028"}}],"edges":[{"source":"1","target":"2"}]}"#)
    #expect(result.values.map(\.node.rawValue) == ["1", "2"])
    #expect(
      json(result)
        == #"{"node_results":{"1":"a \u0026 b\u2028","2":{"mode":"\u003ctext\u003e","value":"a \u0026 b\u2028"}},"#
        + #""final_output":{"mode":"\u003ctext\u003e","value":"a \u0026 b\u2028"}}"#)
  }

  @Test("[EN1] inputs come in edge order, a doubled edge delivers twice")
  func inputOrder() async {
    func subtract(_ edges: String) async -> String {
      await outcome(
        #"{"nodes":[{"id":"a","data":{"value":10}},{"id":"b","data":{"value":3}},{"id":"t","data":{"op":"subtract"}}],"edges":["# + edges
          + "]}")
    }
    #expect(await subtract(#"{"source":"a","target":"t"},{"source":"b","target":"t"}"#) == "7")
    #expect(await subtract(#"{"source":"b","target":"t"},{"source":"a","target":"t"}"#) == "-7")
    #expect(await subtract(#"{"source":"a","target":"t"},{"source":"a","target":"t"}"#) == "0")
  }

  @Test("[EN1] sources run in the order of their ids' bytes, then breadth first along the edges")
  func order() async {
    let nodes = ["b", "B", "10", "2", "é", "a1", "a"].map { "{\"id\":\"\($0)\",\"data\":{\"value\":1}}" }.joined(separator: ",")
    let edges = #"{"source":"b","target":"a1"},{"source":"2","target":"a"}"#
    let result = await run("{\"nodes\":[\(nodes)],\"edges\":[\(edges)]}")
    #expect(result.values.map(\.node.rawValue) == ["10", "2", "B", "b", "é", "a", "a1"])
  }

  @Test(
    "[EN1] a cycle, an edge with one end missing and an id used twice are refused alike",
    arguments: [
      #"[{"id":"a","data":{"value":1}}],"edges":[{"source":"a","target":"a"}]"#,
      #"[{"id":"a","data":{"value":1}}],"edges":[{"source":"a","target":"ghost"}]"#,
      #"[{"id":"a","data":{"value":1}}],"edges":[{"source":"ghost","target":"a"}]"#,
      #"[{"id":"a","data":{"value":1}},{"id":"a","data":{"value":1}}],"edges":[]"#,
      #"[{"id":"a"},{"id":"b"},{"id":"c"}],"edges":[{"source":"a","target":"b"},{"source":"b","target":"c"},{"source":"c","target":"a"}]"#,
    ])
  func orderErrors(graph: String) async {
    let result = await run("{\"nodes\":\(graph)}")
    #expect(result.failure == RunFailure(.order, "workflow contains cycles (circular dependencies)"))
    #expect(json(result) == #"{"node_results":{},"final_output":null}"#)
  }

  @Test("[EN1] an edge with both ends missing is ignored; an empty workflow gives null")
  func strayEdges() async {
    #expect(
      json(await run(#"{"nodes":[{"id":"1","data":{"value":1}}],"edges":[{"source":"g","target":"h"}]}"#))
        == #"{"node_results":{"1":1},"final_output":1}"#)
    for empty in ["{}", "null", #"{"nodes":null}"#, #"{"nodes":[],"edges":[]}"#] {
      #expect(json(await run(empty)) == #"{"node_results":{},"final_output":null}"#)
    }
  }

  @Test("[EN1] the first failing node ends the run and leaves no results; the final output is the first end in graph order")
  func failureAndFinal() async {
    let failed = await run(#"{"nodes":[{"id":"a","data":{"value":1}},{"id":"b","type":"nobody"},{"id":"c","data":{"value":2}}]}"#)
    #expect(failed.failure == RunFailure(.node, "error executing node b: unknown node type: nobody", node: NodeID("b")))
    #expect(failed.values.map(\.node.rawValue) == ["a"])
    #expect(json(failed) == #"{"node_results":{},"final_output":null,"errors":["error executing node b: unknown node type: nobody"]}"#)
    let several = await run(#"{"nodes":[{"id":"z","data":{"value":1}},{"id":"a","data":{"value":2}}]}"#)
    #expect(several.finalOutput == .number(1))
  }

  @Test("[EN1] a result that JSON cannot say is an error and no crash")
  func nonFinite() async {
    let result = await run(feed([#"{"value":1e308}"#, #"{"value":10}"#], into: #"{"op":"multiply"}"#))
    #expect(result.failure == RunFailure(.encoding, "json: unsupported value: +Inf"))
    #expect(result.values.last?.value == .number(.infinity))
    #expect(result.values.last?.value.displayJSON.text == "\"+Inf\"")
    #expect(json(result) == #"{"node_results":{},"final_output":null,"errors":["json: unsupported value: +Inf"]}"#)
  }

  @Test("[EN1] a graph of a document runs like the payload made of it, canvas types and all")
  func documentGraph() async throws {
    func node(_ id: String, _ type: String, _ data: [String: String]) -> WorkflowGraph.Node {
      var fields: [FieldKey: JSONText] = [.type: .string(type), .position: .position(x: 1, y: 2)]
      for (name, value) in data { fields[.data(name)] = try? JSONText(validating: value) }
      return WorkflowGraph.Node(id: NodeID(id), fields: fields)
    }
    let edges = [("1", "3"), ("2", "3"), ("3", "4")].map { WorkflowGraph.Edge(key: EdgeKey(source: NodeID($0.0), target: NodeID($0.1))) }
    let graph = WorkflowGraph(
      nodes: [
        node("1", "numberNode", ["value": " 10", "label": "\"Node 1\""]), node("2", "number", ["value": "5", "color": "[\"not read\"]"]),
        node("3", "opNode", ["op": "\"\\u0061dd\""]), node("4", "vizNode", ["mode": "\"text\""]),
      ], edges: edges)
    let result = await WorkflowEngine().run(graph, clock: { .zero })
    #expect(json(result).hasSuffix(#""final_output":{"mode":"text","value":15}}"#))

    let wrong = WorkflowGraph(nodes: [node("1", "number", ["value": "\"5\"", "text": "1"])])
    let failure = await WorkflowEngine().run(wrong, clock: { .zero }).failure
    let text = "failed to parse payload: json: cannot unmarshal number into Go struct field NodeData.nodes.data.text of type string"
    #expect(failure == RunFailure(.payload, text, node: NodeID("1")))
    let unchecked = WorkflowGraph(nodes: [
      WorkflowGraph.Node(id: NodeID("1"), fields: [.type: "\"number\"".json, .data("value"): "{".json])
    ])
    #expect(await WorkflowEngine().run(unchecked, clock: { .zero }).failure?.kind == .payload)
  }
}

extension String {
  var json: JSONText { JSONText(unchecked: self) }
}
