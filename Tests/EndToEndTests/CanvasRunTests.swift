import CollabClient
import CollabProtocol
import Foundation
import Testing
import WorkflowDocument
import WorkflowGraph

/// Documents of the outside collection through a room: what a client is told of their runs is what the outside engine recorded.
@Suite("Canvas in, run by a client", .timeLimit(.minutes(3)))
struct CanvasRunTests {
  private static let folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().appendingPathComponent("../../../../shared/canvas")
    .standardizedFileURL.path
  private static let files = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
    .filter { $0.first?.isNumber == true && $0.hasSuffix(".json") }

  @Test("[RU1, RU2] recorded results", .enabled(if: !files.isEmpty, "no documents here"), arguments: files)
  func recorded(file: String) async throws {
    let text = try String(contentsOfFile: "\(Self.folder)/\(file)", encoding: .utf8)
    let expect = try #require(try JSONValue(parsing: text)["expect"]?["seed_engine"])
    let canvas = try CanvasJSON.parse(text)
    try await TestServer.with { server in
      let session = CollabSession(server.options("w", name: "runner"))
      try await session.live()
      for ops in CanvasOps.changes(for: canvas, limits: await session.limits) { try await session.edit(ops) }
      var events: [RunEvent] = []
      for try await event in try await session.run() { events.append(event) }
      await session.close()
      #expect(events.map(\.seq) == Array(1...UInt64(events.count)))
      let last = try #require(events.last)
      guard expect["outcome"]?.stringValue == "ok" else {
        #expect(last.kind == .runFailed)
        #expect(last.error == expect["error"]?.stringValue)
        return
      }
      #expect(last.kind == .runFinished, "\(last.error)")
      func canonical(_ value: JSONValue?) -> String { JSONText(value ?? .null).text }
      let result = try JSONValue(parsing: last.result)
      #expect(canonical(result["node_results"]) == canonical(expect["node_results"]))
      let outputs = expect["final_output_any_of"]?.arrayValue ?? [expect["final_output"] ?? .null]
      #expect(outputs.contains { canonical($0) == canonical(result["final_output"]) })
      // Each node's own event says the same.
      for event in events where event.kind == .nodeSucceeded {
        let value = try JSONValue(parsing: event.result)
        #expect(canonical(value) == canonical(expect["node_results"]?[event.node]), "\(event.node)")
      }
      #expect(events.count { $0.kind == .nodeSucceeded } == canvas.nodes.count)
    }
  }
}
