import CollabClient
import CollabProtocol
import Foundation
import Testing
import WorkflowDocument
import WorkflowGraph

/// Canvas files through a room and back: own small ones, and all of the outside collection when it is there.
@Suite("Canvas in, room, canvas out", .timeLimit(.minutes(3)))
struct CanvasTests {
  private static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().appendingPathComponent("../../..").standardizedFileURL
    .path
  private static let outside = root + "/../shared/canvas"
  private static let own = root + "/fixtures/canvas"

  private static func files(_ folder: String) -> [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).filter { $0.hasSuffix(".json") }.sorted().map {
      folder + "/" + $0
    }
  }

  @Test("[DO2, GV2] every durable field unchanged, the order of the edges kept", arguments: files(own) + files(outside))
  func roundTrip(file: String) async throws {
    let text = try String(contentsOfFile: file, encoding: .utf8)
    let documents = try CanvasJSON.parseAll(text)
    #expect(!documents.isEmpty)
    try await TestServer.with { server in
      for (index, canvas) in documents.enumerated() {
        try await Self.throughRoom(canvas, "c\(index)", server)
      }
    }
  }

  private static func throughRoom(_ canvas: CanvasDocument, _ workflow: String, _ server: TestServer) async throws {
    let writer = CollabSession(server.options(workflow, name: "import"))
    try await writer.live()
    let limits = await writer.limits
    for ops in CanvasOps.changes(for: canvas, limits: limits) { try await writer.edit(ops) }
    try await writer.saved()
    await writer.close()

    let reader = CollabSession(server.options(workflow, name: "export", encoding: .json))
    let report = try await reader.verified()
    let out = CanvasDocument(await reader.document, withParked: true)
    await reader.close()
    #expect(out.meta == canvas.meta)
    #expect(
      Dictionary(uniqueKeysWithValues: out.nodes.map { ($0.id, $0.fields) })
        == Dictionary(uniqueKeysWithValues: canvas.nodes.map { ($0.id, $0.fields) }))
    #expect(out.edges.map(\.key) == canvas.edges.map(\.key))
    let visible = out.edges.filter { edge in
      canvas.nodes.contains { $0.id == edge.key.source } && canvas.nodes.contains { $0.id == edge.key.target }
    }
    if visible.count == canvas.edges.count { #expect(out.edges == canvas.edges) }

    // The writer gives edges without an id one, as the canvas needs it; nothing else changes.
    let again = try CanvasJSON.parse(CanvasJSON.write(out.graph, meta: out.meta))
    #expect(again.nodes == out.nodes && again.meta == out.meta)
    for (written, held) in zip(again.edges, out.edges) {
      #expect(written.key == held.key)
      #expect(written.fields.merging(held.fields) { first, _ in first } == written.fields)
    }
    #expect(report.documentHash.count == 32)
  }
}
