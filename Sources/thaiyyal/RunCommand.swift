import ArgumentParser
import CollabClient
import CollabProtocol
import Foundation
import NIOCore
import WorkflowDocument

struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run a workflow and watch.",
    discussion: """
      The run holds exactly what the workflow holds now; everybody in it sees the same events. Progress goes to standard error, the result to standard
      output.

        thaiyyal run --workflow demo

      Exit code 0 when the run succeeded, 1 when it failed, was cancelled or was refused. Ctrl-C cancels the run.
      """)

  @OptionGroup var connection: ConnectionOptions
  @Flag(help: "Every event as one line of JSON on standard output, instead of the result alone.")
  var json = false
  @Option(help: ArgumentHelp("The same key starts a run only once.", valueName: "text"))
  var key: String?
  @Flag(help: "Run without the edges that are parked, instead of refusing.")
  var prune = false
  @Option(help: ArgumentHelp("What to do beside another run: coalesce, queue, parallel or reject.", valueName: "policy"))
  var policy = Policy.coalesce
  @Option(help: ArgumentHelp("Cancel when it takes longer.", valueName: "seconds"))
  var timeout: Double?

  enum Policy: String, ExpressibleByArgument, CaseIterable {
    case coalesce, queue, parallel, reject
    var wire: RunRequest.Policy {
      switch self {
      case .coalesce: .coalesce
      case .queue: .queue
      case .parallel: .parallel
      case .reject: .reject
      }
    }
  }

  func validate() throws {
    if let key, !(1...128).contains(key.utf8.count) { throw ValidationError("--key: 1 to 128 bytes") }
    if let timeout, !(0.001...86_400).contains(timeout) { throw ValidationError("--timeout: up to 86400") }
  }

  func run() async throws {
    try await reporting { try await work() }
  }

  private func work() async throws {
    let workflow = try connection.requiredWorkflow()
    let session = CollabSession(connection.session(workflow, name: "run", kind: .bot, create: false))
    try await session.live()
    let events = try await session.run(key: key, policy: policy.wire, parked: prune ? .prune : .refuse)
    let watching = Task { try await watch(events, session) }
    let interrupt = Interrupt { watching.cancel() }
    let limit = timeout.map { timeout in
      Task {
        try await Task.sleep(for: .seconds(timeout))
        watching.cancel()
      }
    }
    defer {
      interrupt.end()
      limit?.cancel()
    }
    let last = try await watching.value
    await session.close()
    guard let last else { throw ExitCode.failedResult }
    if !json { show(last) }
    guard last.kind == .runFinished else { throw ExitCode.failedResult }
  }

  /// - Returns: the run's last event. When cancelled, the run is cancelled at the server and its last event awaited for a while.
  private func watch(_ events: AsyncThrowingStream<RunEvent, any Error>, _ session: CollabSession) async throws -> RunEvent? {
    var last: RunEvent?
    var run: String?
    for try await event in events {
      run = event.run
      tell(event)
      if event.kind.isLast { last = event }
    }
    if last == nil, Task.isCancelled {
      if let run { await session.cancel(run: run) }
      Console.error("cancelled")
    }
    return last
  }

  private func tell(_ event: RunEvent) {
    if json { return Console.line(RunEventLine.json(event)) }
    let place = "\(event.node) (\(event.nodeType))"
    switch event.kind {
    case .runStarted: Console.note("run \(event.run): \(event.info?.nodeCount ?? 0) nodes")
    case .nodeStarted: break
    case .nodeSucceeded: Console.note("\(place): \(event.result.prefix(200))")
    case .nodeFailed: Console.note("\(place) failed: \(event.error)")
    case .nodeSkipped: Console.note("\(place) skipped")
    case .runFinished, .runCancelled, .runFailed: break
    }
  }

  private func show(_ last: RunEvent) {
    switch last.kind {
    case .runFinished: Console.line(last.result)
    case .runCancelled: Console.error("the run was cancelled")
    default: Console.error("the run failed: \(last.error)")
    }
  }
}

/// A run's event as the protocol's JSON.
enum RunEventLine {
  static func json(_ event: RunEvent) -> String {
    var buffer = ByteBuffer()
    MessageCodec.encode(.runEvent(event), as: .json, into: &buffer)
    return String(buffer: buffer)
  }
}
