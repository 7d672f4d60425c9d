import Access
import ArgumentParser
import CollabProtocol
import Foundation
import Glibc
import Hashing
import OutboundPolicy
import Rooms
import SQLiteStorage
import Storage
import WorkflowDocument
import WorkflowGraph

/// API keys: of a running server over its REST interface, or in the data file of one that does not run.
struct KeyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "key", abstract: "Make, list and revoke API keys for programs.",
    discussion: """
      Asks the server at --url, as an owner of everything; with --data works on the data file of a server that is not running.

        thaiyyal key create --url wss://example.org --name ci --role runner --workflow demo
        thaiyyal key list --url wss://example.org
        thaiyyal key revoke 0123456789abcdef --data var/thaiyyal.sqlite

      A key is shown once; the server keeps its SHA-256. Revoking reaches open connections at once.
      """, subcommands: [Create.self, List.self, Revoke.self])

  /// Where the keys are.
  struct Place: ParsableArguments {
    @Option(help: ArgumentHelp("The SQLite file of a server that is not running, in place of --url.", valueName: "file"))
    var data: String?
    @OptionGroup var server: ServerOptions

    /// Opens the store, which must be there, for as long as `body` takes.
    func withStore(_ data: String, _ body: (SQLiteStore) async throws -> Void) async throws {
      guard access(data, F_OK) == 0 else {
        Console.error("there is no file \(data)")
        throw ExitCode(EX_NOINPUT)
      }
      do {
        let store = try SQLiteStore(path: data)
        do { try await body(store) } catch {
          await store.close()
          throw error
        }
        await store.close()
      } catch let error as StoreError {
        Console.error("the data file: \(error.text)")
        throw ExitCode.badData
      }
    }
  }

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Make a key and show it, once.")
    @OptionGroup var place: Place
    @Option(help: ArgumentHelp("For the list of keys.", valueName: "text"))
    var name: String
    @Option(help: ArgumentHelp("viewer, commenter, editor, runner or owner.", valueName: "role"))
    var role: String
    @Option(help: ArgumentHelp("A workflow that it may enter; without: all. Repeatable.", valueName: "id"))
    var workflow: [String] = []
    @Flag(help: "For an agent; else it is for a bot.")
    var agent = false
    @Option(help: ArgumentHelp("Days until it ends. (default: never)", valueName: "count"))
    var days: Int?

    func validate() throws {
      guard (1...APIKey.nameBytesMax).contains(name.utf8.count) else { throw ValidationError("--name: 1 to \(APIKey.nameBytesMax) bytes") }
      guard Role(word: role) != nil else { throw ValidationError("--role: viewer, commenter, editor, runner or owner") }
      guard workflow.count <= APIKey.workflowCountMax, workflow.allSatisfy({ WorkflowID($0) != nil }) else {
        throw ValidationError("--workflow: at most \(APIKey.workflowCountMax) ids of workflows")
      }
      if let days, !(1...36_500).contains(days) { throw ValidationError("--days: 1 to 36500") }
    }

    func run() async throws {
      let end = days.map { Self.now + UInt64($0) * 86_400_000 }
      if let data = place.data { try await make(in: data, end) } else { try await ask(end) }
    }

    private static var now: UInt64 { UInt64(Date().timeIntervalSince1970 * 1000) }

    private func make(in data: String, _ end: UInt64?) async throws {
      guard let role = Role(word: role) else { return }
      let made = StoredCredential.make(
        .key, idBytes: RandomBytes.make(StoredCredential.idBytes), secret: RandomBytes.make(StoredCredential.secretBytes))
      let key = APIKey(
        id: made.id, secretDigest: made.secretDigest, name: name, role: role, kind: agent ? .agent : .bot,
        workflows: workflow.isEmpty ? nil : workflow.compactMap { WorkflowID($0) }, madeBy: "", madeAtMilliseconds: Self.now,
        expiresAtMilliseconds: end)
      try await place.withStore(data) { store in
        guard try await store.addKey(key, countMax: RoomRegistry.keyCountMax) == .done else {
          Console.error("there are \(RoomRegistry.keyCountMax) keys already: revoke some")
          throw ExitCode.badData
        }
      }
      show(made.id, made.token)
    }

    private func ask(_ end: UInt64?) async throws {
      var body: [String: Any] = ["name": name, "role": role, "kind": agent ? "agent" : "bot"]
      if !workflow.isEmpty { body["workflows"] = workflow }
      if let end { body["expiresAtMilliseconds"] = end }
      let made = try await ServerCall(place.server).send(.post, "keys", body: body)
      guard let secret = made["secret"] as? String, let id = (made["key"] as? [String: Any])?["key"] as? String else {
        Console.error("the server's answer has no key in it")
        throw ExitCode.badData
      }
      show(id, secret)
    }

    private func show(_ id: String, _ token: String) {
      Console.note("key \(Console.plain(id)); it is shown this once:")
      Console.line(Console.plain(token))
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show all keys, without their secrets.")
    @OptionGroup var place: Place

    func run() async throws {
      if let data = place.data {
        try await place.withStore(data) { store in
          for key in try await store.keys() {
            let scope = key.workflows.map { $0.map(\.rawValue).joined(separator: ",") } ?? "*"
            Self.show(
              [
                key.id, "\(key.role)", "\(key.kind)", scope, Self.day(key.expiresAtMilliseconds), Self.day(key.usedAtMilliseconds),
                key.name,
              ])
          }
        }
      } else {
        let answer = try await ServerCall(place.server).send(.get, "keys")
        for case let key as [String: Any] in answer["keys"] as? [Any] ?? [] {
          let scope = (key["workflows"] as? [String])?.joined(separator: ",") ?? "*"
          let words = ["key", "role", "kind"].map { key[$0] as? String ?? "" }
          let days = ["expiresAtMilliseconds", "usedAtMilliseconds"].map { Self.day(key[$0] as? UInt64) }
          Self.show(words + [scope] + days + [key["name"] as? String ?? ""])
        }
      }
    }

    private static func show(_ columns: [String]) { Console.line(columns.map(Console.plain).joined(separator: "\t")) }

    private static func day(_ milliseconds: UInt64?) -> String {
      milliseconds.map { Date(timeIntervalSince1970: Double($0) / 1000).formatted(.iso8601) } ?? "never"
    }
  }

  struct Revoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Revoke a key.")
    @OptionGroup var place: Place
    @Argument(help: ArgumentHelp("The key's id.", valueName: "id"))
    var id: String

    func validate() throws {
      guard StoredCredential.isID(id) else { throw ValidationError("\"\(id)\" is no key's id: 16 hexadecimal digits in lower case") }
    }

    func run() async throws {
      guard let data = place.data else {
        _ = try await ServerCall(place.server).send(.delete, "keys/\(id)")
        return
      }
      try await place.withStore(data) { store in
        guard try await store.removeKey(id) == .done else {
          Console.error("there is no key \(id)")
          throw ExitCode.failedResult
        }
      }
    }
  }
}
