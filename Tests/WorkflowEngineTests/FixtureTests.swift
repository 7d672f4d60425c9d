import Foundation
import Testing
import WorkflowGraph

@testable import WorkflowEngine

/// `fixtures/engine`: for each type what a node `t` gives, or how the run fails. Written by hand after the rules of docs/ENGINE.md, for
/// whoever writes an engine, and for us where nobody has put recorded runs.
@Suite struct FixtureTests {
  static let folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().appendingPathComponent("../../../fixtures/engine")
    .standardizedFileURL

  @Test("[EN3] what each type gives", arguments: ExecutorRegistry.standard.types.filter { $0 != "http" }.sorted())
  func fixtures(type: String) throws {
    let text = try String(contentsOf: Self.folder.appendingPathComponent("\(type).json"), encoding: .utf8)
    let cases = try #require(try JSONValue(parsing: text).arrayValue)
    #expect(cases.contains { $0["expect"]?["t"] != nil })
    for item in cases {
      let name = item["name"]?.stringValue ?? ""
      let graph = try #require(item["graph"])
      let result = VirtualRun(JSONText(graph).text, limits: RunLimits(duration: .seconds(3600))).result
      if let error = item["expect"]?["error"]?.stringValue {
        #expect(result.failure?.text == error, "\(name)")
      } else {
        let value = result.values.first { $0.node == NodeID("t") }?.value
        #expect(result.failure == nil, "\(name)")
        #expect(value?.displayJSON.text.json == item["expect"]?["t"].map { JSONText($0) }.map { Self.goText($0) }, "\(name)")
      }
    }
  }

  /// As Go's encoder writes it: some characters escaped.
  private static func goText(_ text: JSONText) -> JSONText {
    let escapes = [("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026")]
    return escapes.reduce(text.text) { $0.replacing($1.0, with: $1.1) }.json
  }
}
