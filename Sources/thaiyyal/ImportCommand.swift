import ArgumentParser
import CollabClient
import CollabProtocol
import Foundation
import WorkflowDocument
import WorkflowGraph

struct ImportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Put a canvas file into a workflow.",
    discussion: """
      Takes what the canvas exports (React Flow JSON with nodes and edges), files that wrap it, and the list of workflows that the browser keeps in its
      local storage; each entry of a list becomes a workflow with the entry's id. What is in the workflow already stays; nodes with the same id are
      overwritten.

        thaiyyal import canvas.json --workflow demo
      """)

  @OptionGroup var connection: ConnectionOptions
  @Argument(help: "The file; - reads standard input.")
  var file: String
  @Flag(help: "Give nodes without a position one, as the canvas does.")
  var place = false
  @Flag(name: .shortAndLong, help: "No progress.")
  var quiet = false

  func run() async throws {
    try await reporting { try await Interrupt.cancelling { try await work() } }
  }

  private func work() async throws {
    let documents = try read()
    guard !documents.isEmpty else { throw DataFault("\(file) holds no workflow") }
    let targets = try targets(documents)
    for (workflow, var canvas) in targets {
      for notice in canvas.notices where !quiet { Console.note("\(workflow): \(notice)") }
      if place { canvas.fillMissingPositions() }
      try await put(canvas, into: workflow)
    }
  }

  private func put(_ canvas: CanvasDocument, into workflow: WorkflowID) async throws {
    let refusals = RefusalLog()
    let session = CollabSession(connection.session(workflow, name: "import", create: true)) { _, notice in
      if case .refused(_, let refusal) = notice { refusals.add(refusal.text) }
    }
    try await session.live()
    try await Self.checkRoom(for: canvas, in: session, workflow)
    let changes = CanvasOps.changes(for: canvas, limits: await session.limits)
    var progress = Progress("\(workflow): changes", total: changes.count, isQuiet: quiet)
    for (index, ops) in changes.enumerated() {
      try await session.edit(ops)
      try await session.pending(atMost: 64)
      progress.show(index + 1)
    }
    try await session.saved()
    progress.finish()
    let (graph, document) = await session.hashes()
    await session.close()
    if let refusal = refusals.first { throw DataFault("\(workflow): the server did not take all of it: \(refusal)") }
    Console.line(
      "\(workflow): \(canvas.nodes.count) nodes, \(canvas.edges.count) edges\n\(HashLines.text(document: document, graph: graph))")
  }

  /// A canvas that does not fit is refused before a part of it is there.
  private static func checkRoom(for canvas: CanvasDocument, in session: CollabSession, _ workflow: WorkflowID) async throws {
    let (document, limits) = (await session.document, await session.limits)
    let nodeCount = document.nodeCount + canvas.nodes.count { !document.isAlive($0.id) }
    let edgeCount = document.edgeCount + canvas.edges.count { document.liveTags($0.key).isEmpty }
    guard nodeCount > limits.nodesMax || edgeCount > limits.edgesMax else { return }
    await session.close()
    throw DataFault(
      "\(workflow) would have \(nodeCount) nodes and \(edgeCount) edges; it may have \(limits.nodesMax) and \(limits.edgesMax). Nothing was imported."
    )
  }

  private func read() throws -> [CanvasDocument] {
    let data = try InputFile.read(file)
    guard let text = String(data: data, encoding: .utf8) else { throw DataFault("\(file) is not UTF-8") }
    do { return try CanvasJSON.parseAll(text) } catch { throw DataFault("\(file): \(error)") }
  }

  /// One workflow goes where `--workflow` says, or where its own id says; several go where their ids say.
  private func targets(_ documents: [CanvasDocument]) throws -> [(WorkflowID, CanvasDocument)] {
    if documents.count == 1, connection.workflow != nil { return [(try connection.requiredWorkflow(), documents[0])] }
    if documents.count > 1, connection.workflow != nil {
      throw ValidationError("\(file) holds \(documents.count) workflows: leave --workflow out, each goes where its id says")
    }
    return try documents.map { document in
      guard let id = document.sourceID else { throw ValidationError("--workflow is missing: the file does not name one") }
      guard let workflow = WorkflowID(id) else { throw DataFault("\(file): \"\(id)\" is no workflow id") }
      return (workflow, document)
    }
  }
}
