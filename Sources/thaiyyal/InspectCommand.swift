import ArgumentParser
import CollabProtocol
import Foundation
import OutboundPolicy
import SQLiteStorage
import Storage
import WorkflowGraph

struct InspectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show how a workflow stands: in a data file, or live on a server.",
    discussion: """
      With --data: sizes, positions, snapshots, versions, leases, runs, members and webhooks, read from the file, also beside a running server.
      Without: who is in the workflow, what is on its way to them, what went wrong lately, asked of the server at --url; that takes the role owner.

        thaiyyal inspect demo --data var/thaiyyal.sqlite
        thaiyyal inspect demo --url wss://localhost:8443 --insecure

      One line per fact: its name, two spaces, its value.
      """)

  @Argument(help: "The workflow's id.")
  var id: String
  @Option(help: ArgumentHelp("The SQLite file of the server.", valueName: "file"))
  var data: String?
  @OptionGroup var server: ServerOptions

  func validate() throws {
    guard WorkflowID(id) != nil else { throw ValidationError("\"\(id)\" is no workflow id") }
  }

  func run() async throws {
    try await reporting {
      let workflow = WorkflowID(id)!
      if let data { try await read(workflow, data) } else { try await ask(workflow) }
    }
  }

  // MARK: the file

  private func read(_ workflow: WorkflowID, _ file: String) async throws {
    let found: WorkflowReport?
    do throws(StoreError) { found = try await SQLiteStore.inspect(workflow, in: file) } catch { throw DataFault(error.text) }
    guard let found else {
      Console.error("\(file) has no workflow \(workflow)")
      throw ExitCode.failedResult
    }
    var facts = [
      ("position", "\(found.position)"), ("log.from", "\(found.floor + 1)"), ("log.changes", "\(found.changeCount)"),
      ("log.bytes", "\(found.changeBytes)"),
    ]
    if let taken = found.takenAtMilliseconds {
      facts += [("log.first", Self.time(taken.lowerBound)), ("log.last", Self.time(taken.upperBound))]
    }
    facts += found.snapshots.map {
      ("snapshot", "position \($0.position), \($0.byteCount) bytes\($0.isDamaged ? ", damaged" : "")")
    }
    facts += [
      ("versions", "\(found.versionCount)"), ("versions.bytes", "\(found.versionBytes)"), ("leases", "\(found.leaseCount)"),
      ("leases.ended", "\(found.endedLeaseCount)"), ("runs", "\(found.runCount)"), ("runs.open", "\(found.openRunCount)"),
    ]
    facts += Role.allCases.reversed().compactMap { role in found.memberCounts[role].map { ("members.\(role)", "\($0)") } }
    facts.append(("links", "\(found.linkCount)"))
    facts += found.webhooks.map { ("webhook", Self.words($0)) }
    for (name, value) in facts { Console.line("\(name)  \(value)") }
  }

  /// Where it leads without path and query: those may hold what only its owners are to know.
  private static func words(_ hook: WorkflowReport.Webhook) -> String {
    let place = (try? OutboundURL(hook.url))?.origin ?? "a URL that cannot be read"
    var parts = ["\(hook.id) to \(place)", hook.offReason == nil ? "on" : "off"]
    parts += ["\(hook.pendingCount) waiting", "\(hook.deadLetterCount) dead letters"]
    if let since = hook.failingSinceMilliseconds { parts.append("failing since \(time(since))") }
    return parts.joined(separator: ", ") + (hook.offReason.map { ": \(Console.plain($0))" } ?? "")
  }

  private static func time(_ milliseconds: UInt64) -> String {
    Date(timeIntervalSince1970: Double(milliseconds) / 1000).formatted(.iso8601)
  }

  // MARK: the server

  private func ask(_ workflow: WorkflowID) async throws {
    let object = try await ServerCall(server).send(.get, "workflows/\(workflow)/status")
    if object["isOpen"] as? Bool == true, object["room"] == nil { Console.note("who is there is told to owners only") }
    for (name, value) in Self.facts(object, "") { Console.line("\(name)  \(value)") }
  }

  /// Members by name, elements by number.
  private static func facts(_ value: Any, _ name: String) -> [(String, String)] {
    let dot = name.isEmpty ? "" : "."
    switch value {
    case let object as [String: Any]: return object.sorted { $0.key < $1.key }.flatMap { facts($0.value, name + dot + $0.key) }
    case let array as [Any]: return array.enumerated().flatMap { facts($0.element, name + dot + "\($0.offset)") }
    default: return [(name, Console.plain("\(value)"))]
    }
  }
}
