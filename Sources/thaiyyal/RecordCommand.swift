import ArgumentParser
import CollabClient
import CollabProtocol
import Foundation
import NIOCore
import Synchronization
import WorkflowDocument
import WorkflowGraph

struct RecordCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "record",
    abstract: "Write down everything that happens in a workflow, for \"replay\".",
    discussion: """
      One JSON object a line: who changed what and when, in the server's order, and at the end the hash that everybody's document has.
      Start it before the first edit and it holds the workflow's whole history; started later, the file begins with the document as it was.

        thaiyyal record session.jsonl --workflow demo

      Ends with Ctrl-C, after --count changes, or after --idle seconds without one.
      """)

  @OptionGroup var connection: ConnectionOptions
  @Argument(help: "The file to write; it must not exist.")
  var file: String
  @Option(help: "End after so many changes.")
  var count: Int?
  @Option(help: ArgumentHelp("End when nothing was changed for so long.", valueName: "seconds"))
  var idle: Double?
  @Flag(help: "Replace the file if it exists.")
  var force = false
  @Flag(name: .shortAndLong, help: "No progress.")
  var quiet = false

  func validate() throws {
    if let count, count < 1 { throw ValidationError("--count: 1 or more") }
    if let idle, !(0.1...86_400).contains(idle) { throw ValidationError("--idle: 0.1 to 86400") }
  }

  func run() async throws {
    try await reporting { try await work() }
  }

  private func work() async throws {
    let workflow = try connection.requiredWorkflow()
    let output = try RecordingFile(path: file, overwrite: force)
    var options = connection.session(workflow, name: "recorder", create: false)
    options.replica.roleMax = .viewer
    options.replica.wants = Wants(changes: true, presence: false, runs: false, issues: false)
    let tape = Tape(workflow: workflow, file: output)
    let session = CollabSession(options) { session, notice in tape.heard(notice, session.document) }
    do {
      try await session.live()
      try await untilDone(tape)
      await session.turn { session in
        var document = session.document
        tape.finish(&document)
      }
      await session.close()
      try output.close()
    } catch {
      output.discard()
      throw error
    }
    Console.note("\(tape.state.changeCount) changes recorded in \(file)")
  }

  private func untilDone(_ tape: Tape) async throws {
    let (count, idle, isQuiet) = (self.count, self.idle, quiet)
    let waiting = Task {
      var progress = Progress("changes", total: count, isQuiet: isQuiet)
      defer { progress.finish() }
      while true {
        let state = tape.state
        if let failure = state.failure { throw DataFault(failure) }
        progress.show(state.changeCount)
        if let count, state.changeCount >= count { return }
        if let idle, state.lastAt.duration(to: .now) >= .seconds(idle) { return }
        try await Task.sleep(for: .milliseconds(100))
      }
    }
    let interrupt = Interrupt { waiting.cancel() }
    defer { interrupt.end() }
    do { try await waiting.value } catch is CancellationError {}
  }
}

/// The recorder between the session's thread and the one that waits.
private final class Tape: Sendable {
  struct State: Sendable {
    var changeCount = 0
    var lastAt = ContinuousClock.now
    var failure: String?
  }

  private let recorder: Mutex<Recorder>
  private let shared = Mutex(State())

  var state: State { shared.withLock { $0 } }

  init(workflow: WorkflowID, file: RecordingFile) {
    recorder = Mutex(Recorder(workflow: workflow) { file.write($0) })
  }

  func heard(_ notice: ClientNotice, _ document: WorkflowDocument) {
    let (count, fault) = recorder.withLock { recorder in
      recorder.heard(notice, document: document)
      return (recorder.changeCount, recorder.fault)
    }
    shared.withLock { state in
      if count != state.changeCount { state.lastAt = .now }
      state.changeCount = count
      if let fault { state.failure = "the recording has a gap: \(fault)" }
    }
  }

  func finish(_ document: inout WorkflowDocument) { recorder.withLock { $0.finish(&document) } }
}

/// Written beside its name and renamed at the end: a recording that was cut off never looks whole.
private final class RecordingFile: Sendable {
  private let path: String
  private let partPath: String
  private let handle: FileHandle
  private let failed = Atomic(false)

  init(path: String, overwrite: Bool) throws {
    guard overwrite || !FileManager.default.fileExists(atPath: path) else { throw DataFault("\(path) exists; --force replaces it") }
    self.path = path
    partPath = path + ".part"
    guard FileManager.default.createFile(atPath: partPath, contents: nil), let handle = FileHandle(forWritingAtPath: partPath) else {
      throw DataFault("cannot write \(partPath)")
    }
    self.handle = handle
  }

  func write(_ line: ByteBuffer) {
    do { try handle.write(contentsOf: Data(line.readableBytesView)) } catch { failed.store(true, ordering: .relaxed) }
  }

  func close() throws {
    do {
      try handle.synchronize()
      try handle.close()
    } catch { throw DataFault("cannot write \(partPath): \(error.localizedDescription)") }
    guard !failed.load(ordering: .relaxed) else { throw DataFault("could not write all of \(partPath)") }
    guard rename(partPath, path) == 0 else { throw DataFault("cannot rename \(partPath): \(String(cString: strerror(errno)))") }
  }

  func discard() { unlink(partPath) }
}
