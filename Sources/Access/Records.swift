public import CollabProtocol
import Hashing
public import WorkflowDocument
public import WorkflowGraph

/// Somebody's lasting role in one workflow. Spec: AC3.
public struct Member: Hashable, Sendable {
  public var subject: String
  public var role: Role
  /// Since 1970.
  public var addedAtMilliseconds: UInt64
  /// A subject; empty of the one who made the workflow.
  public var addedBy: String
  public init(subject: String, role: Role, addedAtMilliseconds: UInt64, addedBy: String = "") {
    self.subject = subject
    self.role = role
    self.addedAtMilliseconds = addedAtMilliseconds
    self.addedBy = addedBy
  }
}

/// A way in for whoever has its secret. Spec: AC6.
public struct ShareLink: Hashable, Sendable {
  public static let nameBytesMax = 100

  public var id: String
  public var workflow: WorkflowID
  /// SHA-256 of the secret. The secret itself is not kept.
  public var secretDigest: [UInt8]
  /// Less than owner.
  public var role: Role
  public var name: String
  public var madeBy: String
  public var madeAtMilliseconds: UInt64
  public var expiresAtMilliseconds: UInt64?
  public init(
    id: String, workflow: WorkflowID, secretDigest: [UInt8], role: Role, name: String, madeBy: String, madeAtMilliseconds: UInt64,
    expiresAtMilliseconds: UInt64?
  ) {
    self.id = id
    self.workflow = workflow
    self.secretDigest = secretDigest
    self.role = role
    self.name = name
    self.madeBy = madeBy
    self.madeAtMilliseconds = madeAtMilliseconds
    self.expiresAtMilliseconds = expiresAtMilliseconds
  }

  /// As it stands in `Rights` and as a guest's subject.
  public static func credential(of id: String) -> String { "link:\(id)" }

  /// - Returns: `nil` for a subject that is no guest's.
  public static func id(ofSubject subject: String) -> String? {
    let prefix = credential(of: "")
    return subject.hasPrefix(prefix) ? String(subject.dropFirst(prefix.count).prefix { $0 != "~" }) : nil
  }

  public func hasSecret(of credential: StoredCredential) -> Bool {
    credential.kind == .link && constantTimeEquals(secretDigest, credential.secretDigest)
  }

  /// - Parameter guest: what a browser calls itself, so that its edits are told from others'; its digest is shown, so nobody can pass for it.
  public func principal(guest: String) -> Principal {
    let subject = Self.credential(of: id)
    return Principal(
      subject: guest.isEmpty ? subject : "\(subject)~\(guest)", workflows: [workflow: role], roleMax: role, canBeMember: false,
      credential: subject, expiresAtMilliseconds: expiresAtMilliseconds)
  }
}

/// What a program shows to be let in. Spec: AC5.
public struct APIKey: Hashable, Sendable {
  public static let nameBytesMax = 100
  public static let workflowCountMax = 100
  /// How coarse `usedAtMilliseconds` is.
  public static let useGrainMilliseconds: UInt64 = 3_600_000

  public var id: String
  public var secretDigest: [UInt8]
  public var name: String
  public var role: Role
  public var kind: Author.Kind
  /// The only ones it may enter; `nil`: all.
  public var workflows: [WorkflowID]?
  public var madeBy: String
  public var madeAtMilliseconds: UInt64
  public var expiresAtMilliseconds: UInt64?
  /// To the hour; `nil`: never.
  public var usedAtMilliseconds: UInt64?
  public init(
    id: String, secretDigest: [UInt8], name: String, role: Role, kind: Author.Kind, workflows: [WorkflowID]?, madeBy: String,
    madeAtMilliseconds: UInt64, expiresAtMilliseconds: UInt64?, usedAtMilliseconds: UInt64? = nil
  ) {
    self.id = id
    self.secretDigest = secretDigest
    self.name = name
    self.role = role
    self.kind = kind
    self.workflows = workflows
    self.madeBy = madeBy
    self.madeAtMilliseconds = madeAtMilliseconds
    self.expiresAtMilliseconds = expiresAtMilliseconds
    self.usedAtMilliseconds = usedAtMilliseconds
  }

  /// As it stands in `Rights` and as its subject.
  public static func credential(of id: String) -> String { "key:\(id)" }

  public func hasSecret(of credential: StoredCredential) -> Bool {
    credential.kind == .key && constantTimeEquals(secretDigest, credential.secretDigest)
  }

  /// Its scope is all it has: it is no member of anything.
  public var principal: Principal {
    let subject = Self.credential(of: id)
    return Principal(
      subject: subject, kind: kind, everywhere: workflows == nil ? role : nil,
      workflows: Dictionary((workflows ?? []).map { ($0, role) }) { first, _ in first }, roleMax: role, canBeMember: false,
      credential: subject, expiresAtMilliseconds: expiresAtMilliseconds)
  }
}
