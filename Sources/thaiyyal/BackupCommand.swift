import ArgumentParser
import SQLiteStorage
import Storage

struct BackupCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup",
    abstract: "Copy the data file, beside a running server or without one.",
    discussion: """
      The copy is whole and holds everything that was acknowledged before the command began. It appears under its name when it was written, flushed
      and read through; a file of that name is never overwritten.

        thaiyyal backup --data var/thaiyyal.sqlite --to backups/monday.sqlite

      Exit codes: 0 done; 1 done, but the data file is damaged and so is the copy; 65 the file cannot be copied.
      """)

  @Option(help: ArgumentHelp("The SQLite file of the server.", valueName: "file"))
  var data = "./var/thaiyyal.sqlite"
  @Option(help: ArgumentHelp("The copy, which must not be there yet.", valueName: "file"))
  var to: String

  func run() async throws {
    try await reporting { try await work() }
  }

  private func work() async throws {
    let report: StoreReport
    do throws(StoreError) { report = try await SQLiteStore.backUp(data, to: to) } catch { throw DataFault(error.text) }
    Console.line("\(to): \(StoreWords.contents(report))")
    guard report.faults.isEmpty else {
      for fault in report.faults { Console.error(fault) }
      Console.note("the copy has the damage of \(data): thaiyyal doctor says what can be done")
      throw ExitCode.failedResult
    }
  }
}

struct RestoreCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "restore",
    abstract: "Put a backup in the place of the data file.",
    discussion: """
      Needs the server to be stopped. The backup is read through first and stays as it is. What was there before is kept beside, as
      FILE.before-restore.

        thaiyyal restore --from backups/monday.sqlite --data var/thaiyyal.sqlite --force

      Who comes back with more than the backup holds gets the older state, and may send anew what it never had acknowledged.
      """)

  @Option(help: ArgumentHelp("The backup.", valueName: "file"))
  var from: String
  @Option(help: ArgumentHelp("The SQLite file of the server.", valueName: "file"))
  var data = "./var/thaiyyal.sqlite"
  @Flag(help: "Replace the file that is there.")
  var force = false

  func run() async throws {
    try await reporting { try await work() }
  }

  private func work() async throws {
    let restored: SQLiteStore.Restored
    do throws(StoreError) { restored = try await SQLiteStore.restore(from: from, to: data, replacing: force) } catch {
      throw DataFault(error.text + (error.text.hasSuffix("exists already") ? "; --force replaces it and keeps it beside" : ""))
    }
    Console.line("\(data): \(StoreWords.contents(restored.report))")
    if let kept = restored.kept { Console.line("before: \(kept)") }
  }
}

/// What is in a store, for people.
enum StoreWords {
  static func contents(_ report: StoreReport) -> String {
    "\(report.workflowCount) workflows, \(report.changeCount) changes, \(report.snapshotCount) snapshots, \(report.fileBytes) bytes"
  }
}
