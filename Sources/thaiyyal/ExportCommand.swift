import ArgumentParser
import CollabClient
import CollabProtocol
import Foundation
import WorkflowDocument
import WorkflowGraph

struct ExportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export",
    abstract: "Write a workflow as a canvas file, or its hashes.",
    discussion: """
      The file is React Flow JSON that the canvas and "thaiyyal import" read: all durable fields as they are, edges in their order.

        thaiyyal export --workflow demo --output canvas.json
        thaiyyal export --workflow demo --hash
      """)

  @OptionGroup var connection: ConnectionOptions
  @Option(name: .shortAndLong, help: "The file to write instead of standard output.")
  var output: String?
  @Flag(help: "Print the hash of the document and of its graph instead; equal hashes mean equal workflows.")
  var hash = false
  @Flag(help: "With the edges that are parked, in their place in the order.")
  var parked = false

  func run() async throws {
    try await reporting { try await Interrupt.cancelling { try await work() } }
  }

  private func work() async throws {
    let workflow = try connection.requiredWorkflow()
    var options = connection.session(workflow, name: "export", create: false)
    options.replica.roleMax = .viewer
    options.replica.wants = Wants(changes: true, presence: false, runs: false, issues: false)
    let session = CollabSession(options)
    let report = try await session.verified()
    let document = await session.document
    await session.close()
    if hash {
      Console.line(HashLines.text(document: report.documentHash, graph: report.graphHash))
      return
    }
    let canvas = CanvasDocument(document, withParked: parked)
    let text = CanvasJSON.write(canvas.graph, meta: canvas.meta)
    guard let output else { return Console.line(text) }
    do { try Data((text + "\n").utf8).write(to: URL(fileURLWithPath: output), options: .atomic) } catch {
      throw DataFault("cannot write \(output): \(error.localizedDescription)")
    }
  }
}
