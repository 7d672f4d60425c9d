import Foundation
import Testing
import WorkflowEngine
import WorkflowGraph

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
        ["ok", "execution_error", "parse_error"].contains(outcome), !item.tags.contains("http")
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
    #expect(count > 800)
    #expect(unreadable <= 1, "one line holds a number beyond the range of a double")
  }

  static func difference(_ result: RunResult, _ item: Case, _ outcome: String) -> String? {
    let error = item.expect["error"]?.stringValue
    switch outcome {
    case "parse_error":
      let text = result.failure?.text ?? "no failure"
      return result.failure?.kind == .payload && text.hasPrefix("failed to parse payload: ") ? nil : text
    case "execution_error":
      if let error, result.failure?.text != error { return "failed with \(result.failure?.text ?? "nothing"), not with \(error)" }
      if let any = item.expect["error_any_of"]?.arrayValue, !any.contains(.string(result.failure?.text ?? "")) { return "\(any)" }
      if let partial = item.expect["partial_node_results"], object(result.values) != canonical(partial) {
        return "had \(object(result.values)) when it failed"
      }
    default:
      if let failure = result.failure, item.expect["marshal_error"] == nil { return "failed with \(failure.text)" }
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

  /// Payloads are kept as they are spelled: `-0.0` and names used twice matter.
  static func read(_ line: String) -> Case? {
    let bytes = Array(line.utf8)
    guard let value = try? JSONText(unchecked: line).value() else { return nil }
    func texts(_ value: JSONValue?) -> [String] { (value?.arrayValue ?? []).compactMap(\.stringValue) }
    var payload: [UInt8]?
    if let raw = value["payload_raw"]?.stringValue {
      payload = Array(raw.utf8)
    } else if let range = line.utf8.firstRange(of: Array("\"payload\":".utf8)) {
      let start = line.utf8.distance(from: line.utf8.startIndex, to: range.upperBound)
      let end = bytes.withUnsafeBytes { bytes in try? JSONText.endOfValue(in: bytes, from: start) }
      payload = end.map { Array(bytes[start..<$0]) }
    }
    guard let payload, let name = value["name"]?.stringValue, let expect = value["expect"] else { return nil }
    var types: [String] = []
    if case .object(let members)? = value["inferred_types"] { types = members.compactMap(\.value.stringValue) }
    return Case(name: name, payload: payload, types: types, tags: texts(value["tags"]), expect: expect)
  }
}
