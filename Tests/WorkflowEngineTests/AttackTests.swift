import Foundation
import Testing
import WorkflowGraph

@testable import WorkflowEngine

/// Graphs made to take time or memory: each ends soon, in little memory, with a text that names what was too much.
@Suite(.serialized) struct AttackTests {
  struct Attack: Sendable, CustomStringConvertible {
    var description: String
    var payload: String
    var limits = RunLimits()
    /// A part of the run's error; `nil` for a run that goes through.
    var error: String?
  }

  /// Data of nodes in a row; each also takes the value before it `width` times.
  static func row(_ data: [String], width: Int = 1) -> String {
    let nodes = data.enumerated().map { "{\"id\":\"\($0.offset)\",\"data\":\($0.element)}" }
    let edges = (1..<max(1, data.count)).flatMap { index in
      (0..<width).map { _ in "{\"source\":\"\(index - 1)\",\"target\":\"\(index)\"}" }
    }
    return "{\"nodes\":[\(nodes.joined(separator: ","))],\"edges\":[\(edges.joined(separator: ","))]}"
  }

  static func times(_ count: Int, _ item: String) -> [String] { Array(repeating: item, count: count) }

  static let list = #"{"transform_type":"to_array"}"#
  static let text = #"{"text":"0123456789"}"#
  /// An error of many bytes, and who looks at it.
  static func error(_ text: String, _ data: String) -> String {
    "{\"nodes\":[{\"id\":\"a\",\"data\":{\"text\":\"error\"}},{\"id\":\"b\",\"data\":{\"text\":\"\(text)\"}},"
      + #"{"id":"c","data":{"transform_type":"to_array"}},{"id":"d","data":{"transform_type":"to_object"}},"#
      + "{\"id\":\"t\",\"type\":\"retry\",\"data\":\(data)}],"
      + #""edges":[{"source":"a","target":"c"},{"source":"b","target":"c"},{"source":"c","target":"d"},{"source":"d","target":"t"}]}"#
  }

  static var fanIn: String {
    let count = 20_000
    let nodes = (0..<count).map { "{\"id\":\"\($0)\",\"data\":{\"value\":1}}" } + [#"{"id":"z","type":"join","data":{}}"#]
    // Each ten times.
    let edges = (0..<count * 10).map { "{\"source\":\"\($0 / 10)\",\"target\":\"z\"}" }
    return "{\"nodes\":[\(nodes.joined(separator: ","))],\"edges\":[\(edges.joined(separator: ","))]}"
  }

  static let attacks: [Attack] = [
    Attack(description: "repeat", payload: row([text, #"{"text_op":"repeat","repeat_n":1000000000000}"#]), error: "value too large"),
    Attack(
      description: "repeat of repeats", payload: row([text] + times(10, #"{"text_op":"repeat","repeat_n":1000}"#)),
      error: "error executing node 2: value too large"),
    Attack(
      description: "a text doubled again and again", payload: row([text] + times(200, #"{"text_op":"concat"}"#), width: 2),
      error: "value too large"),
    Attack(description: "a list doubled again and again", payload: row([text] + times(200, list), width: 2), error: "value too large"),
    Attack(
      description: "an empty list doubled", payload: row([#"{"value":1}"#, list] + times(200, list), width: 3), error: "value too large"),
    Attack(
      description: "flatten what was doubled", payload: row([text] + times(16, list) + [#"{"transform_type":"flatten"}"#], width: 2),
      error: nil),
    Attack(description: "lists in lists", payload: row([text] + times(500, list)), error: "value too deep: 63 levels (limit: 62)"),
    Attack(description: "JSON in JSON", payload: String(repeating: "[", count: 1_000_000), error: "exceeded max depth"),
    Attack(
      description: "a setting in itself",
      payload: "{\"nodes\":[{\"data\":{\"fallback_value\":\(String(repeating: "{\"a\":", count: 100_000))",
      error: "exceeded max depth"),
    Attack(
      description: "ten million turns of a loop",
      payload: row([#"{"value":1}"#, #"{"condition":">0","max_iterations":10000000}"#], width: 1)
        .replacing("{\"id\":\"1\",", with: "{\"id\":\"1\",\"type\":\"while_loop\","), error: "while_loop exceeded max iterations: 10000000"),
    Attack(
      description: "many elements to go through",
      payload: row([#"{"value":1}"#] + times(16, list) + [#"{"transform_type":"flatten"}"#, #"{"max_iterations":1000000000}"#], width: 2)
        .replacing("{\"id\":\"18\",", with: "{\"id\":\"18\",\"type\":\"for_each\","), limits: RunLimits(iterationsMax: 50_000),
      error: "maximum iterations exceeded: 65536 (limit: 50000)"),
    Attack(
      description: "attempts without end",
      payload: error("no", #"{"max_attempts":1000000000,"initial_delay":"1ns","backoff_strategy":"constant"}"#),
      limits: RunLimits(iterationsMax: 2000), error: "maximum iterations exceeded: 2001 (limit: 2000)"),
    Attack(
      description: "a needle that is nearly there everywhere",
      payload: error(
        String(repeating: "a", count: 1_000_000),
        "{\"max_attempts\":1,\"retry_on_errors\":[\"\(String(repeating: "a", count: 400_000))b\"]}"), error: "error not in retry list"),
    Attack(
      description: "a text that names a long value many times",
      payload:
        "{\"nodes\":[{\"id\":\"a\",\"data\":{\"context_name\":\"x\",\"context_value\":\"\(String(repeating: "y", count: 100_000))\"}},"
        + "{\"id\":\"b\",\"data\":{\"text\":\"\(String(repeating: "{{variable.x}}", count: 100_000))\"}}]}",
      error: "error executing node b: value too large"),
    Attack(
      description: "many texts that name a long value",
      payload:
        "{\"nodes\":[{\"id\":\"a\",\"data\":{\"context_name\":\"x\",\"context_value\":\"\(String(repeating: "y", count: 1_000_000))\"}},"
        + (0..<1000).map { "{\"id\":\"b\($0)\",\"data\":{\"text\":\"{{variable.x}}\"}}" }.joined(separator: ",") + "]}",
      error: "results too large"),
    Attack(
      description: "open braces",
      payload: "{\"nodes\":[{\"id\":\"a\",\"data\":{\"context_name\":\"x\",\"context_value\":1}},"
        + "{\"id\":\"b\",\"data\":{\"text\":\"\(String(repeating: "{{ ", count: 500_000))\"}}]}", error: nil),
    Attack(description: "many inputs", payload: fanIn, error: nil),
    Attack(
      description: "an accumulator in each of many nodes", payload: row([#"{"value":1}"#] + times(20_000, #"{"accum_op":"array"}"#)),
      limits: RunLimits(resultBytesMax: 8 << 20), error: "too "),
    Attack(
      description: "thousands of long waits at once", payload: ConcurrencyTests.delays(3000, "9h"), limits: RunLimits(nodesInFlightMax: 64),
      error: "workflow execution timeout: exceeded 1m0s"),
    Attack(
      description: "more nodes than allowed", payload: row(times(3000, #"{"value":1}"#)), limits: RunLimits(nodeExecutionsMax: 1000),
      error: "maximum node executions exceeded: 1001 (limit: 1000)"),
  ]

  /// Far from what it takes, and far from what it would take without the limits.
  static let secondsMax = 60.0
  static let mebibytesMax = 1500

  @Test("[EN7, RU5] it ends soon, in little memory, and says what was too much", arguments: attacks)
  func ends(attack: Attack) {
    let memory = Self.peakMebibytes
    let start = clock()
    let run = VirtualRun(attack.payload, limits: attack.limits)
    let seconds = Double(clock() - start) / Double(CLOCKS_PER_SEC)
    #expect(seconds < Self.secondsMax)
    if let memory, let after = Self.peakMebibytes { #expect(after - memory < Self.mebibytesMax) }
    if let error = attack.error {
      #expect(run.result.failure?.text.contains(error) == true, "\(run.result.failure?.text.prefix(300) ?? "nothing was too much")")
    } else {
      #expect(run.result.failure == nil, "\(run.result.failure?.text.prefix(300) ?? "")")
    }
    #expect(run.leftovers == 0)
    print("attack: \(attack): \(Int(seconds * 1000)) ms CPU")
  }

  /// The most memory this process has had; `nil` where nobody says.
  static var peakMebibytes: Int? {
    let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
    guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }) else { return nil }
    return line.split(separator: " ").compactMap { Int($0) }.first.map { $0 / 1024 }
  }
}
