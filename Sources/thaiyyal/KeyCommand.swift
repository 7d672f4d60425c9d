import Access
import ArgumentParser
import CollabProtocol
import Foundation
import Glibc
import Hashing
import SQLiteStorage
import Storage
import WorkflowDocument
import WorkflowGraph

/// API keys in the data file of a server that is not running. Of a running one they are made over REST.
struct KeyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "key", abstract: "Make, list and revoke API keys for programs.",
    discussion: """
      Works on the data file of a server that is not running; of a running one ask POST, GET and DELETE /api/v1/keys as an owner of everything.

        thaiyyal key create --data var/thaiyyal.sqlite --name ci --role runner --workflow demo
        thaiyyal key list --data var/thaiyyal.sqlite
        thaiyyal key revoke 0123456789abcdef --data var/thaiyyal.sqlite

      The key is shown once; the file keeps its SHA-256.
      """, subcommands: [Create.self, List.self, Revoke.self])

  struct DataFile: ParsableArguments {
    @Option(help: ArgumentHelp("The SQLite file of the server.", valueName: "file"))
    var data: String

    /// Opens the store, which must be there, for as long as `body` takes.
    func withStore(_ body: (SQLiteStore) async throws -> Void) async throws {
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
    @OptionGroup var file: DataFile
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
      guard let role = Role(word: role) else { return }
      let made = StoredCredential.make(
        .key, idBytes: RandomBytes.make(StoredCredential.idBytes), secret: RandomBytes.make(StoredCredential.secretBytes))
      let now = UInt64(Date().timeIntervalSince1970 * 1000)
      let key = APIKey(
        id: made.id, secretDigest: made.secretDigest, name: name, role: role, kind: agent ? .agent : .bot,
        workflows: workflow.isEmpty ? nil : workflow.compactMap { WorkflowID($0) }, madeBy: "", madeAtMilliseconds: now,
        expiresAtMilliseconds: days.map { now + UInt64($0) * 86_400_000 })
      try await file.withStore { store in
        guard try await store.addKey(key, countMax: Self.countMax) == .done else {
          Console.error("there are \(Self.countMax) keys already: revoke some")
          throw ExitCode.badData
        }
      }
      Console.note("key \(made.id); it is shown this once:")
      Console.line(made.token)
    }

    private static let countMax = 1000
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show all keys, without their secrets.")
    @OptionGroup var file: DataFile

    func run() async throws {
      try await file.withStore { store in
        for key in try await store.keys() {
          let scope = key.workflows.map { $0.map(\.rawValue).joined(separator: ",") } ?? "*"
          Console.line(
            [key.id, "\(key.role)", "\(key.kind)", scope, Self.day(key.expiresAtMilliseconds), Self.day(key.usedAtMilliseconds), key.name]
              .joined(separator: "\t"))
        }
      }
    }

    private static func day(_ milliseconds: UInt64?) -> String {
      milliseconds.map { Date(timeIntervalSince1970: Double($0) / 1000).formatted(.iso8601) } ?? "never"
    }
  }

  struct Revoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Revoke a key.")
    @OptionGroup var file: DataFile
    @Argument(help: ArgumentHelp("The key's id.", valueName: "id"))
    var id: String

    func run() async throws {
      try await file.withStore { store in
        guard try await store.removeKey(id) == .done else {
          Console.error("there is no key \(id)")
          throw ExitCode.failedResult
        }
      }
    }
  }
}
