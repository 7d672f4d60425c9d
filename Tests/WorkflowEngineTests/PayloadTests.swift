import Testing
import WorkflowEngine
import WorkflowGraph

@Suite struct PayloadTests {
  @Test(
    "[EN2] what is no payload is refused in the outside engine's words",
    arguments: [
      ("", "unexpected end of JSON input"), ("{invalid}", "invalid character 'i' looking for beginning of object key string"),
      ("{\"nodes\":[],}", "invalid character '}' looking for beginning of object key string"),
      ("{\"a\" 1}", "invalid character '1' after object key"), ("{\"a\":1 2}", "invalid character '2' after object key:value pair"),
      ("[1 2]", "invalid character '2' after array element"), ("{} x", "invalid character 'x' after top-level value"),
      ("nul", "unexpected end of JSON input"), ("nulL", "invalid character 'L' in literal null (expecting 'l')"),
      ("-x", "invalid character 'x' in numeric literal"), ("1.e", "invalid character 'e' after decimal point in numeric literal"),
      ("1e+x", "invalid character 'x' in exponent of numeric literal"), ("01", "invalid character '1' after top-level value"),
      ("\"\n\"", "invalid character '\\n' in string literal"), ("\"\\x\"", "invalid character 'x' in string escape code"),
      ("\"\\u12g4\"", "invalid character 'g' in \\u hexadecimal character escape"),
      ("'", "invalid character '\\'' looking for beginning of value"),
      ("\u{feff}{}", "invalid character 'ï' looking for beginning of value"),
      ("[]", "json: cannot unmarshal array into Go value of type workflow.Payload"),
      ("{\"nodes\":[5]}", "json: cannot unmarshal number into Go struct field Payload.nodes of type workflow.Node"),
      ("{\"nodes\":[{\"id\":5}]}", "json: cannot unmarshal number into Go struct field Node.nodes.id of type string"),
      ("{\"edges\":[{\"source\":true}]}", "json: cannot unmarshal bool into Go struct field Edge.edges.source of type string"),
      (
        "{\"nodes\":[{\"data\":{\"value\":1e400}}]}",
        "json: cannot unmarshal number 1e400 into Go struct field NodeData.nodes.data.value of type float64"
      ),
      (
        "{\"nodes\":[{\"data\":{\"repeat_n\":1e2}}]}",
        "json: cannot unmarshal number 1e2 into Go struct field NodeData.nodes.data.repeat_n of type int"
      ),
      (
        "{\"nodes\":[{\"data\":{\"cases\":[{\"when\":1}]}}]}",
        "json: cannot unmarshal number into Go struct field SwitchCase.nodes.data.cases.when of type string"
      ),
      (
        "{\"nodes\":[{\"data\":{\"paths\":\"x\"}}]}",
        "json: cannot unmarshal string into Go struct field NodeData.nodes.data.paths of type []string"
      ),
    ])
  func refusals(payload: String, text: String) async {
    let result = await run(payload)
    #expect(result.failure == RunFailure(.payload, "failed to parse payload: \(text)"))
    #expect(result.values.isEmpty)
  }

  @Test("[EN2] names match without regard to case, the exact one or the last one counts, null sets nothing")
  func names() async {
    func value(_ data: String) async -> String { await outcome("{\"nodes\":[{\"ID\":\"t\",\"DATA\":\(data)}]}") }
    #expect(await value(#"{"VALUE":1}"#) == "1")
    #expect(await value(#"{"value":1,"Value":2}"#) == "2")
    #expect(await value(#"{"value":1,"value":null,"text":"x"}"#) == "\"x\"")
    #expect(await value("{\"\u{17f}eparator\":5}").hasPrefix("! failed to parse payload"))
    #expect(await outcome(#"{"nodes":[{"id":"t","data":{"value":1},"data":{"label":"x"}}]}"#) == "1")
    #expect(
      json(await run(#"{"nodes":[{"id":"a","data":{"value":1}}],"nodes":[{"id":"b"}]}"#)) == #"{"node_results":{"b":1},"final_output":1}"#)
  }

  @Test("[EN2] damaged text is repaired with U+FFFD, one for each lone surrogate and each bad byte")
  func repaired() async {
    #expect(
      await outcome(#"{"nodes":[{"id":"t","data":{"text":"\ud800x\udc00\ud83d\ude00\ud800\u0041"}}]}"#) == "\"\u{fffd}x\u{fffd}😀\u{fffd}A\""
    )
    let bytes = Array(#"{"nodes":[{"id":"t","data":{"text":""#.utf8) + [0xff, 0xc3, 0x41, 0xe2, 0x82, 0xc3, 0xa9] + Array("\"}}]}".utf8)
    let result = await WorkflowEngine().run(payload: bytes, clock: { .zero })
    #expect(result.finalOutput == .text("\u{fffd}\u{fffd}A\u{fffd}\u{fffd}é"))
  }

  @Test("[EN2] nesting without end is refused, not followed")
  func deep() async {
    let payload = String(repeating: "[", count: 1_000_000)
    #expect(await run(payload).failure?.text == "failed to parse payload: exceeded max depth")
  }

  @Test(
    "[EN2] a type that is missing is inferred, the first rule that matches wins",
    arguments: [
      (#"{"value":1,"text":"x"}"#, "number"), (#"{"text":"x","mode":"m"}"#, "text_input"), (#"{"mode":"m","op":"add"}"#, "visualization"),
      (#"{"op":"add","text_op":"x"}"#, "operation"), (#"{"text_op":"x","condition":">1"}"#, "text_operation"),
      (#"{"condition":">1","var_name":"x","var_op":"get"}"#, "condition"), (#"{"value":null,"text":"x"}"#, "text_input"),
      (#"{"var_name":"x"}"#, ""), (#"{"fields":[]}"#, ""), (#"{"label":"x"}"#, ""), ("{}", ""),
    ])
  func inference(data: String, type: String) async {
    let seen = Recorder()
    _ = await WorkflowEngine().run(
      payload: Array("{\"nodes\":[{\"id\":\"t\",\"data\":\(data)}]}".utf8), clock: { .zero }, observer: { seen.note($0) })
    #expect(seen.types == [type])
  }
}

/// Collects events of one run; used by one task at a time.
final class Recorder {
  private(set) var lines: [String] = []
  private(set) var types: [String] = []

  func note(_ event: EngineEvent) {
    switch event {
    case .runStarted(let count): lines.append("run started \(count)")
    case .nodeStarted(let node, let type):
      types.append(type)
      lines.append("\(node) started")
    case .nodeSucceeded(let node, _, let value, let duration): lines.append("\(node) gave \(value.displayJSON) in \(duration)")
    case .nodeFailed(let node, _, let text, let duration): lines.append("\(node) failed: \(text) in \(duration)")
    case .nodeSkipped(let node, _): lines.append("\(node) skipped")
    case .runEnded(let result, let duration): lines.append("run ended \(result.failure?.text ?? "well") in \(duration)")
    }
  }
}
