import ArgumentParser
import CRDT
import CollabClient
import CollabProtocol
import Foundation
import Hashing
import NIOCore
import WorkflowDocument
import WorkflowGraph

struct ReplayCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "replay",
    abstract: "Do again in an empty workflow what was recorded, and check that the same document comes out.",
    discussion: """
      Ids stay as they are; what one person did is done by one client. Whatever the speed and the number of clients, the end is the same, and the hash
      in the recording proves it.

        thaiyyal replay session.jsonl --workflow again --speed max --clients 4

      Exit code 1 when the document is another one; what differs is said on standard error.
      """)

  @OptionGroup var connection: ConnectionOptions
  @Argument(help: "A file that \"thaiyyal record\" wrote.")
  var file: String
  @Option(help: ArgumentHelp("1: as fast as it was recorded; 10: ten times as fast; max: without pauses.", valueName: "factor"))
  var speed = "1"
  @Option(help: "By so many clients.")
  var clients = 1
  @Flag(name: .shortAndLong, help: "No progress.")
  var quiet = false

  private var factor: Double? { speed == "max" ? .infinity : Double(speed).flatMap { $0 > 0 && $0.isFinite ? $0 : nil } }

  func validate() throws {
    guard factor != nil else { throw ValidationError("--speed: a number above 0, or max") }
    guard (1...1000).contains(clients) else { throw ValidationError("--clients: 1 to 1000") }
  }

  func run() async throws {
    try await reporting { try await Interrupt.cancelling { try await work() } }
  }

  private func work() async throws {
    let recording = try Self.read(file)
    let workflow = try connection.requiredWorkflow()
    let sessions = (0..<clients).map { index in
      CollabSession(connection.session(workflow, name: "replay \(index + 1)", create: true))
    }
    for session in sessions { try await session.live() }
    guard await sessions[0].version.isEmpty else { throw DataFault("the workflow \(workflow) is not empty: replay into a new one") }
    try await play(ReplayPlan(recording, clients: clients, limits: await sessions[0].limits), sessions)
    for session in sessions { try await session.saved() }
    let report = try await sessions[0].verified()
    for session in sessions { try await session.reached(report.version) }
    let document = await sessions[0].document
    for session in sessions { await session.close() }
    try compare(document, recording)
  }

  private func play(_ plan: ReplayPlan, _ sessions: [CollabSession]) async throws {
    var plan = plan
    var clock = HybridClock()
    var progress = Progress("changes", total: plan.steps.count, isQuiet: quiet)
    defer { progress.finish() }
    let start = ContinuousClock.now
    for (index, step) in plan.steps.enumerated() {
      if let factor, factor.isFinite { try await Task.sleep(until: start + .milliseconds(Double(step.offsetMilliseconds) / factor)) }
      let session = sessions[step.client]
      let ops = plan.ops(for: step)
      guard !ops.isEmpty else { continue }
      // A removal names adds; when another client made them, they have to be here first.
      let named = Version(named: ops)
      if await !session.version.covers(named) { try await session.reached(named) }
      try await session.reached(plan.needs(step))
      // One clock for all clients: later steps win over earlier ones whoever makes them.
      let time = clock.tick(nowMilliseconds: await session.serverMilliseconds)
      plan.made(step, as: try await session.edit(ops, stampedAt: time))
      try await session.pending(atMost: 2000)
      progress.show(index + 1)
      try Task.checkCancellation()
    }
  }

  private func compare(_ document: WorkflowDocument, _ recording: Recording) throws {
    var document = document
    let (documentHash, graphHash) = (document.documentHash(), document.graphHash())
    Console.line(HashLines.text(document: documentHash, graph: graphHash))
    guard let end = recording.end, end.documentHash != documentHash else { return }
    Console.error("this is another document than the recorded one, \(Hex.encode(end.documentHash))")
    if let recorded = try? recording.finalDocument() {
      for line in DifferenceLines.lines(from: recorded, to: document) { Console.note(line) }
    }
    throw ExitCode.failedResult
  }

  private static func read(_ file: String) throws -> Recording {
    guard let data = FileManager.default.contents(atPath: file) else { throw DataFault("cannot read \(file)") }
    do { return try Recording(reading: ByteBuffer(bytes: data)) } catch { throw DataFault("\(file): \(error)") }
  }
}

extension Version {
  /// What has to be seen before these ops can be made: the adds that their removals name.
  fileprivate init(named ops: [Op]) {
    self.init()
    for case .removeEdge(_, let tags) in ops {
      for tag in tags { raise(tag.replica, to: tag.seq) }
    }
  }
}

/// Two documents' differences for a person, the most telling first, not too many.
enum DifferenceLines {
  static func lines(from before: WorkflowDocument, to after: WorkflowDocument, countMax: Int = 20) -> [String] {
    let diff = GraphDiff(from: before.graph(), to: after.graph())
    var lines = diff.removed.map { "missing node \($0.id)" } + diff.added.map { "extra node \($0.id)" }
    for change in diff.reconfigured + diff.moved {
      for field in change.fields { lines.append("node \(change.node) \(field.field): \(words(field.before)) became \(words(field.after))") }
    }
    lines += diff.edgesRemoved.map { "missing edge \($0)" } + diff.edgesAdded.map { "extra edge \($0)" }
    lines +=
      diff.edgesChanged.map { "edge \($0.edge) has other attributes" } + diff.rewired.map { "node \($0) gets its inputs in another order" }
    if before.parkedEdges != after.parkedEdges { lines.append("other edges are parked") }
    if before.meta != after.meta { lines.append("the workflow's own fields differ") }
    if before.comments != after.comments { lines.append("the comments differ") }
    if lines.count > countMax { lines = lines.prefix(countMax) + ["and \(lines.count - countMax) more"] }
    return lines
  }

  private static func words(_ value: JSONText?) -> String {
    guard let value else { return "nothing" }
    return value.text.count > 60 ? value.text.prefix(57) + "..." : value.text
  }
}
