import ArgumentParser
import CollabClient
import CollabProtocol
import WorkflowDocument
import WorkflowGraph

/// Where the tools that join a workflow go, and how they speak there.
struct ConnectionOptions: ParsableArguments {
  @OptionGroup var server: ServerOptions

  @Option(name: .shortAndLong, help: ArgumentHelp("The workflow's id: letters, digits, dots, hyphens, underscores.", valueName: "id"))
  var workflow: String?

  @Option(help: "How messages are written: proto (short) or json (readable).")
  var encoding = Encoding.proto

  enum Encoding: String, ExpressibleByArgument, CaseIterable {
    case proto, json
    var wire: WireEncoding { self == .proto ? .proto : .json }
  }

  func validate() throws {
    if let workflow, WorkflowID(workflow) == nil { throw ValidationError("--workflow: \"\(workflow)\" is no workflow id") }
  }

  /// The workflow that a tool needs which cannot choose one itself.
  func requiredWorkflow() throws -> WorkflowID {
    guard let workflow, let id = WorkflowID(workflow) else { throw ValidationError("--workflow is missing: which one?") }
    return id
  }

  func session(_ workflow: WorkflowID, name: String, kind: Author.Kind = .bot, create: Bool, seed: UInt64? = nil) -> SessionOptions {
    var replica = ReplicaOptions(name: name)
    replica.kind = kind
    replica.token = server.credential
    replica.create = create
    replica.client = "thaiyyal"
    replica.attemptsMax = 8
    var options = SessionOptions(server: server.address, workflow: workflow, replica: replica)
    options.encoding = encoding.wire
    options.seed = seed
    options.trust = server.trust
    return options
  }
}
