import ArgumentParser
import CollabClient
import CollabProtocol
import Foundation
import Hashing
import WorkflowDocument
import WorkflowGraph

/// Where the tools go and as whom.
struct ConnectionOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The server: ws:// or wss://, a host, a port.", valueName: "address"))
  var url = "wss://localhost:8443"

  @Option(name: .shortAndLong, help: ArgumentHelp("The workflow's id: letters, digits, dots, hyphens, underscores.", valueName: "id"))
  var workflow: String?

  @Option(help: ArgumentHelp("Who you are to the server. Better in the environment variable THAIYYAL_TOKEN, where others cannot read it."))
  var token: String?

  @Flag(help: "Do not check the server's certificate. For a server on this computer.")
  var insecure = false

  @Option(help: ArgumentHelp("Trust the certificates in this PEM file instead of the computer's.", valueName: "file"))
  var ca: String?

  @Option(
    help: ArgumentHelp(
      "Trust the one server certificate with this SHA-256, in hexadecimal, as \"thaiyyal serve\" prints it.", valueName: "sha256"))
  var fingerprint: String?

  @Option(help: "How messages are written: proto (short) or json (readable).")
  var encoding = Encoding.proto

  enum Encoding: String, ExpressibleByArgument, CaseIterable {
    case proto, json
    var wire: WireEncoding { self == .proto ? .proto : .json }
  }

  func validate() throws {
    guard ServerAddress(url) != nil else { throw ValidationError("--url: \"\(url)\" is not like wss://example.org:8443") }
    if let workflow, WorkflowID(workflow) == nil { throw ValidationError("--workflow: \"\(workflow)\" is no workflow id") }
    if [insecure, ca != nil, fingerprint != nil].filter({ $0 }).count > 1 {
      throw ValidationError("--insecure, --ca and --fingerprint exclude each other")
    }
    if let fingerprint, Self.bytes(fingerprint)?.count != SHA256.bytes { throw ValidationError("--fingerprint: 64 hexadecimal digits") }
    if let ca, !FileManager.default.isReadableFile(atPath: ca) { throw ValidationError("--ca: cannot read \(ca)") }
  }

  /// The workflow that a tool needs which cannot choose one itself.
  func requiredWorkflow() throws -> WorkflowID {
    guard let workflow, let id = WorkflowID(workflow) else { throw ValidationError("--workflow is missing: which one?") }
    return id
  }

  func session(_ workflow: WorkflowID, name: String, kind: Author.Kind = .bot, create: Bool, seed: UInt64? = nil) -> SessionOptions {
    var replica = ReplicaOptions(name: name)
    replica.kind = kind
    replica.token = token ?? ProcessInfo.processInfo.environment["THAIYYAL_TOKEN"] ?? ""
    replica.create = create
    replica.client = "thaiyyal"
    replica.attemptsMax = 8
    var options = SessionOptions(server: ServerAddress(url)!, workflow: workflow, replica: replica)
    options.encoding = encoding.wire
    options.seed = seed
    options.trust = trust
    return options
  }

  var trust: ServerTrust {
    if insecure { return .anything }
    if let ca { return .authorities(file: ca) }
    return fingerprint.map { .fingerprint(Self.bytes($0)!) } ?? .system
  }

  private static func bytes(_ hex: String) -> [UInt8]? { Hex.decode(hex.filter { $0 != ":" }) }
}
