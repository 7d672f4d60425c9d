import ArgumentParser
import CollabClient
import Foundation
import NIOPosix
import OpenSSLTransport
import OutboundHTTP
import OutboundPolicy
import SQLiteStorage
import Storage
import WorkflowGraph

struct InspectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Show how a workflow stands: in a data file, or live on a server.",
    discussion: """
      With --data: sizes, positions, snapshots, versions, leases and runs, read from the file, also beside a running server. Without: who is in the
      workflow, what is on its way to them, what went wrong lately, asked of the server at --url; that takes the role owner.

        thaiyyal inspect demo --data var/thaiyyal.sqlite
        thaiyyal inspect demo --url wss://localhost:8443 --insecure

      One line per fact: its name, two spaces, its value.
      """)

  @Argument(help: "The workflow's id.")
  var id: String
  @Option(help: ArgumentHelp("The SQLite file of the server.", valueName: "file"))
  var data: String?
  @OptionGroup var connection: ConnectionOptions

  func validate() throws {
    guard WorkflowID(id) != nil else { throw ValidationError("\"\(id)\" is no workflow id") }
    if connection.workflow != nil { throw ValidationError("the workflow is the argument: thaiyyal inspect ID") }
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
    for (name, value) in facts { Console.line("\(name)  \(value)") }
  }

  private static func time(_ milliseconds: UInt64) -> String {
    Date(timeIntervalSince1970: Double(milliseconds) / 1000).formatted(.iso8601)
  }

  // MARK: the server

  private func ask(_ workflow: WorkflowID) async throws {
    let address = ServerAddress(connection.url)!
    let host = address.host.contains(":") ? "[\(address.host)]" : address.host
    let url = try OutboundURL("\(address.isSecure ? "https" : "http")://\(host):\(address.port)/api/v1/workflows/\(workflow)/status")
    let client = OutboundClient(
      policy: .only(url), limits: OutboundLimits(redirectsMax: 0), group: MultiThreadedEventLoopGroup.singleton,
      tls: try TLSClientContext(TLSClientConfiguration(verification: verification)))
    let token = connection.token ?? ProcessInfo.processInfo.environment["THAIYYAL_TOKEN"] ?? ""
    let fields = token.isEmpty ? [] : [OutboundRequest.Field("Authorization", "Bearer \(token)")]
    let answer: OutboundResponse
    do { answer = try await client.send(OutboundRequest(.get, url, fields: fields)) } catch {
      Console.error("no answer from \(url.origin): \(error)")
      throw ExitCode.noConnection
    }
    guard answer.status == 200, let object = try? JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any] else {
      let problem = try? JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any]
      Console.error("\(url.origin) answered \(answer.status): \(problem?["detail"] as? String ?? "no text")")
      throw [401, 403].contains(answer.status) ? ExitCode.notAllowed : ExitCode.failedResult
    }
    if object["isOpen"] as? Bool == true, object["room"] == nil { Console.note("who is there is told to owners only") }
    for (name, value) in Self.facts(object, "") { Console.line("\(name)  \(value)") }
  }

  private var verification: TLSClientConfiguration.Verification {
    switch connection.trust {
    case .system: .systemRoots
    case .authorities(let file): .authorityFile(file)
    case .fingerprint(let digest): .pinned([digest])
    case .anything: .insecure
    }
  }

  /// Members by name, elements by number.
  private static func facts(_ value: Any, _ name: String) -> [(String, String)] {
    let dot = name.isEmpty ? "" : "."
    switch value {
    case let object as [String: Any]: return object.sorted { $0.key < $1.key }.flatMap { facts($0.value, name + dot + $0.key) }
    case let array as [Any]: return array.enumerated().flatMap { facts($0.element, name + dot + "\($0.offset)") }
    // A peer's name may hold what moves a terminal's cursor.
    default: return [(name, "\(value)".filter { !$0.unicodeScalars.contains { $0.properties.generalCategory == .control } })]
    }
  }
}
