public import CollabProtocol
public import Rooms
public import WorkflowGraph

/// Says who a session is and the most it may do in a workflow.
///
/// Called on event loops once per hello: must not block.
public protocol Authenticator: Sendable {
  func admit(_ hello: Hello, to workflow: WorkflowID) -> Admission
}

/// Everybody is an owner and nobody has a name of record. For one machine, or a network where all are trusted.
public struct OpenAuthenticator: Authenticator {
  public init() {}
  public func admit(_ hello: Hello, to workflow: WorkflowID) -> Admission { .admitted(subject: "", role: .owner) }
}
