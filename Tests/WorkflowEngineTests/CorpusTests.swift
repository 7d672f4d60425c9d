import Foundation
import Testing
import WorkflowGraph

@testable import WorkflowEngine

/// Recorded runs of the outside engine, where somebody has put them beside the repository: ours must give the same bytes.
@Suite struct CorpusTests {
  static let file = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("shared/engine/corpus.jsonl")
  static let isPresent = FileManager.default.fileExists(atPath: file.path)

  struct Case {
    var name: String
    var payload: [UInt8]
    var types: [String]
    var tags: [String]
    var expect: JSONValue
  }

  @Test("[EN2] recorded results, errors and result bytes of the outside engine", .enabled(if: isPresent, "no recorded runs here"))
  func recordedRuns() async throws {
    let lines = try String(contentsOf: Self.file, encoding: .utf8).split(separator: "\n")
    var skipped = 0
    var unreadable = 0
    var count = 0
    var passed: [String: (Int, Int)] = [:]
    var exactParseErrors = (0, 0)
    for line in lines {
      guard let item = Self.read(String(line)) else {
        unreadable += 1
        continue
      }
      let outcome = item.expect["outcome"]?.stringValue ?? ""
      guard item.types.allSatisfy({ ExecutorRegistry.standard[$0] != nil || NodeCatalogue.type(named: $0)?.engineName != $0 }),
        !item.tags.contains("http")
      else {
        skipped += 1
        continue
      }
      count += 1
      let result = VirtualRun(bytes: item.payload).result
      let problem = Self.difference(result, item, outcome)
      if let problem { Issue.record("\(item.name): \(problem)") }
      if outcome == "parse_error" {
        exactParseErrors.1 += 1
        if result.failure?.text == item.expect["error"]?.stringValue { exactParseErrors.0 += 1 }
      }
      for type in Set(item.types.isEmpty ? ["(none)"] : item.types) {
        passed[type, default: (0, 0)].1 += 1
        if problem == nil { passed[type, default: (0, 0)].0 += 1 }
      }
    }
    let table = passed.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.0)/\($0.value.1)" }.joined(separator: ", ")
    print("recorded runs: \(count) of \(lines.count), \(skipped) skipped, \(unreadable) unreadable; by type: \(table)")
    print("parse errors word for word: \(exactParseErrors.0)/\(exactParseErrors.1)")
    #expect(count >= 878)
    #expect(unreadable == 0)
  }

  static func difference(_ result: RunResult, _ item: Case, _ outcome: String) -> String? {
    let error = item.expect["error"]?.stringValue
    switch outcome {
    case "panic", "hang":
      // What crashed or hung the outside engine is an error here; that it is one in bounded time, virtual or not, shows by coming here.
      return result.failure?.kind == .node ? nil : "\(String(describing: result.failure))"
    case "parse_error":
      let text = result.failure?.text ?? "no failure"
      return result.failure?.kind == .payload && text.hasPrefix("failed to parse payload: ") ? nil : text
    case "execution_error":
      if let error, result.failure?.text != error { return "failed with \(result.failure?.text ?? "nothing"), not with \(error)" }
      if let any = item.expect["error_any_of"]?.arrayValue, !any.contains(.string(result.failure?.text ?? "")) { return "\(any)" }
      if let partial = item.expect["partial_node_results"], object(result.values) != canonical(partial) {
        return "had \(object(result.values)) when it failed"
      }
    case "ok":
      if let failure = result.failure, item.expect["marshal_error"] == nil { return "failed with \(failure.text)" }
    default: return "the outcome \(outcome) is not known"
    }
    if let marshalError = item.expect["marshal_error"]?.stringValue {
      return result.failure?.kind == .encoding && result.failure?.text == marshalError ? nil : "\(String(describing: result.failure))"
    }
    let json = String(decoding: result.resultJSON, as: UTF8.self)
    if let expected = item.expect["result_json"]?.stringValue { return json == expected ? nil : "\(json)\nnot\n\(expected)" }
    if let any = item.expect["final_output_any_of"]?.arrayValue {
      let output = result.finalOutput.displayJSON
      if !any.contains(where: { canonical($0) == canonical((try? output.value()) ?? .null) }) { return "final output \(output)" }
    }
    guard item.expect["unordered_nodes"] == nil, let expected = item.expect["node_results"] else { return nil }
    return object(result.values) == canonical(expected) ? nil : "\(object(result.values))"
  }

  static func object(_ values: [(node: NodeID, value: Value)]) -> String {
    canonical(.object(values.map { JSONValue.Member($0.node.rawValue, (try? $0.value.displayJSON.value()) ?? .null) }))
  }

  static func canonical(_ value: JSONValue) -> String { JSONText(value).text }

  private static func json(_ json: PayloadJSON) -> JSONValue {
    switch json {
    case .null: .null
    case .bool(let bool): .bool(bool)
    case .number(let literal): .number(Double(literal) ?? .nan)
    case .string(let text): .string(text)
    case .array(let elements): .array(elements.map(Self.json))
    case .object(let members): .object(members.map { JSONValue.Member($0.name, Self.json($0.value)) })
    }
  }

  /// Payloads are kept as they are spelled: `-0.0` and names used twice matter.
  static func read(_ line: String) -> Case? {
    // One line says what no JSON says; its payload is kept in writing too.
    let bytes = Array(line.replacing(":Infinity}", with: ":1e400}").utf8)
    var payload: [UInt8]?
    if let start = bytes.firstRange(of: Array("\"payload\":".utf8))?.upperBound,
      let end = bytes.withUnsafeBytes({ bytes in try? JSONText.endOfValue(in: bytes, from: start) })
    {
      payload = Array(bytes[start..<end])
    }
    // Not by our own JSON, which refuses numbers that a double does not hold.
    guard let value = bytes.withUnsafeBufferPointer({ bytes in try? PayloadReader.read(bytes) }).map(json) else { return nil }
    func texts(_ value: JSONValue?) -> [String] { (value?.arrayValue ?? []).compactMap(\.stringValue) }
    if let raw = value["payload_raw"]?.stringValue { payload = Array(raw.utf8) }
    guard let payload, let name = value["name"]?.stringValue, let expect = value["expect"] else { return nil }
    var types: [String] = []
    if case .object(let members)? = value["inferred_types"] { types = members.compactMap(\.value.stringValue) }
    return Case(name: name, payload: payload, types: types, tags: texts(value["tags"]), expect: expect)
  }
}
