import ArgumentParser
import CRDT
import CollabClient
import CollabProtocol
import WorkflowDocument
import WorkflowGraph

struct BotCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bot",
    abstract: "Join a workflow and edit it like people do.",
    discussion: """
      Bots create, connect, drag, configure and delete nodes, change their minds, and move their cursors. The seed decides what they do.
      When all is done and on the server's disk, the hash of the document is printed; it is the same for everybody in the workflow.

        thaiyyal bot --workflow demo --clients 3 --rate 10 --count 500

      Ctrl-C stops editing, saves, prints the hash and exits with 0.
      """)

  @OptionGroup var connection: ConnectionOptions
  @Option(help: "How many bots.")
  var clients = 1
  @Option(help: "Edits per second of each bot; 0: as fast as the server saves them.")
  var rate = 5.0
  @Option(help: "Edits of each bot; 0: until Ctrl-C.")
  var count = 100
  @Option(help: "Decides what the bots do; the same seed gives the same ones.")
  var seed: UInt64?
  @Flag(inversion: .prefixedNo, help: "Whether cursors move.")
  var presence = true
  @Option(help: "The name that others see; bots after the first get a number.")
  var name = "bot"
  @Option(help: ArgumentHelp("Print the hash when nothing has come from others for so long.", valueName: "seconds"))
  var settle = 1.0
  @Option(help: "Around so many nodes the canvas stops growing.")
  var nodes = 120
  @Flag(name: .shortAndLong, help: "No progress.")
  var quiet = false

  func validate() throws {
    guard (1...1000).contains(clients) else { throw ValidationError("--clients: 1 to 1000") }
    guard rate >= 0, rate.isFinite else { throw ValidationError("--rate: 0 or more") }
    guard count >= 0 else { throw ValidationError("--count: 0 or more") }
    guard settle >= 0, settle <= 3600 else { throw ValidationError("--settle: 0 to 3600") }
    guard (1...64).contains(name.utf8.count) else { throw ValidationError("--name: 1 to 64 bytes") }
    guard nodes > 0 else { throw ValidationError("--nodes: 1 or more") }
  }

  func run() async throws {
    try await reporting { try await work() }
  }

  private func work() async throws {
    let workflow = try connection.requiredWorkflow()
    let seed = self.seed ?? UInt64.random(in: 0...9_999_999)
    if !quiet { Console.note("seed \(seed)") }
    let quiet = Settling()
    let sessions = (0..<clients).map { index in
      CollabSession(connection.session(workflow, name: index == 0 ? name : "\(name) \(index + 1)", create: true)) { _, notice in
        quiet.heard(notice)
      }
    }
    let counter = EditCounter()
    let plans = sessions.enumerated().map { index, session in
      BotPlan(
        session: session, seed: seed &+ UInt64(index), rate: rate, count: count == 0 ? nil : count, withPresence: presence, nodesAim: nodes,
        counter: counter)
    }
    let progress = Task { await showProgress(counter) }
    let editing = Task { try await Self.editAll(plans) }
    let interrupt = Interrupt { editing.cancel() }
    defer {
      interrupt.end()
      progress.cancel()
    }
    do { try await editing.value } catch is CancellationError {}
    let hashes = try await settled(sessions, quiet)
    progress.cancel()
    await progress.value
    guard let first = hashes.first else { return }
    Console.line(HashLines.text(document: first.document, graph: first.graph))
    for session in sessions { await session.close() }
    guard hashes.allSatisfy({ $0.document == first.document }) else {
      Console.error("the bots ended with different documents")
      throw ExitCode.failedResult
    }
  }

  private static func editAll(_ plans: [BotPlan]) async throws {
    try await withThrowingTaskGroup { group in
      for plan in plans { group.addTask { try await plan.edit() } }
      try await group.waitForAll()
    }
  }

  /// Waits until everything is saved, each has what the others saved, nothing has come for a while, and all agree with the server about the hashes.
  private func settled(_ sessions: [CollabSession], _ quiet: Settling) async throws -> [(document: [UInt8], graph: [UInt8])] {
    try await withThrowingTaskGroup { group in
      group.addTask { try await Self.exchanged(sessions) }
      group.addTask { try await Self.watch(sessions) }
      defer { group.cancelAll() }
      try await group.next()
    }
    await quiet.wait(for: .seconds(settle))
    var result: [(document: [UInt8], graph: [UInt8])] = []
    for session in sessions {
      let report = try await session.verified()
      result.append((report.documentHash, report.graphHash))
    }
    return result
  }

  /// Rates may hold edits back for long, in both directions: silence alone does not say that all is said.
  private static func exchanged(_ sessions: [CollabSession]) async throws {
    for session in sessions { try await session.saved() }
    var everything = Version()
    for session in sessions { everything.merge(await session.version) }
    for session in sessions { try await session.reached(everything) }
  }

  /// Ends when nothing gets on any more: neither what is acknowledged nor what is heard.
  private static func watch(_ sessions: [CollabSession]) async throws {
    var (before, since) = (UInt64.max, ContinuousClock.now)
    while ContinuousClock.now - since < patience {
      try await Task.sleep(for: .seconds(1))
      var now: UInt64 = 0
      for session in sessions { now &+= await session.acknowledgedThrough &+ session.position }
      if now != before { (before, since) = (now, .now) }
    }
    Console.error("the bots' edits were not all acknowledged and exchanged: nothing has got on for \(patience)")
    throw ExitCode.failedResult
  }

  private static let patience = Duration.seconds(30)

  private func showProgress(_ counter: EditCounter) async {
    var progress = Progress("edits", total: count == 0 ? nil : count * clients, isQuiet: quiet)
    while !Task.isCancelled {
      progress.show(counter.value)
      try? await Task.sleep(for: .milliseconds(200))  // cancelled: the loop ends
    }
    progress.finish()
  }
}
