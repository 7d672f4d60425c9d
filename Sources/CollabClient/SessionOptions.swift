public import CollabProtocol
public import WorkflowGraph

/// Where a session goes and how.
public struct SessionOptions: Sendable {
  public var server: ServerAddress
  public var workflow: WorkflowID
  public var encoding = WireEncoding.proto
  public var trust = ServerTrust.system
  public var replica: ReplicaOptions
  /// permessage-deflate is offered.
  public var compresses = true
  /// Gives a token when there is none (`replica.token` is empty), a minute before the one in use ends, and when the server does not take it. A fresh
  /// one is shown without a reconnect. `nil`: there is none, the session ends with the one it has. Who throws is asked again after 5 s. Spec: AC9.
  public var tokenSource: (@Sendable (TokenNeed) async throws -> String?)?
  /// Seed of the pauses between attempts to connect; `nil`: one nobody knows.
  public var seed: UInt64?

  public init(server: ServerAddress, workflow: WorkflowID, replica: ReplicaOptions) {
    self.server = server
    self.workflow = workflow
    self.replica = replica
  }

  var path: String { "\(server.basePath)/api/v1/workflows/\(workflow.rawValue)/live" }
}

/// How the server's certificate is checked with `wss`.
public enum ServerTrust: Hashable, Sendable {
  /// Against the certificates that this computer trusts, and the host's name.
  case system
  /// Against the certificates in a PEM file, and the host's name.
  case authorities(file: String)
  /// The server's certificate has this SHA-256 (of its DER form); names and authorities do not count.
  case fingerprint([UInt8])
  /// Not at all: whoever is on the way can read and change everything. For a server on this computer.
  case anything
}
