public import CollabProtocol
public import WorkflowDocument
public import WorkflowGraph

/// Who a caller is, as far as its credential says, before any workflow is asked. Spec: AC1, AC2.
public struct Principal: Hashable, Sendable {
  public static let subjectBytesMax = 256

  /// Empty in open mode only.
  public var subject: String
  /// What it is called on every canvas; `nil`: as it calls itself.
  public var name: String?
  /// What it is; `nil`: what it says.
  public var kind: Author.Kind?
  /// What it may do in workflows that `workflows` does not name.
  public var everywhere: Role?
  public var workflows: [WorkflowID: Role]
  /// No more than this anywhere, memberships included.
  public var roleMax: Role
  /// It was given nothing in particular: it has what its memberships give it, and may make workflows.
  public var isFree: Bool
  /// Whether it may be a member of workflows. Guests by link are not.
  public var canBeMember: Bool
  /// See `Rights`.
  public var credential: String
  public var expiresAtMilliseconds: UInt64?

  public init(
    subject: String, name: String? = nil, kind: Author.Kind? = nil, everywhere: Role? = nil, workflows: [WorkflowID: Role] = [:],
    roleMax: Role = .owner, isFree: Bool = false, canBeMember: Bool = true, credential: String = "", expiresAtMilliseconds: UInt64? = nil
  ) {
    self.subject = subject
    self.name = name
    self.kind = kind
    self.everywhere = everywhere
    self.workflows = workflows
    self.roleMax = roleMax
    self.isFree = isFree
    self.canBeMember = canBeMember
    self.credential = credential
    self.expiresAtMilliseconds = expiresAtMilliseconds
  }

  /// In one workflow. `member` counts only for those who can be members.
  public func rights(in workflow: WorkflowID, member: Role?) -> Rights {
    Rights(
      granted: workflows[workflow] ?? everywhere, member: canBeMember ? member : nil, roleMax: roleMax, credential: credential,
      expiresAtMilliseconds: expiresAtMilliseconds)
  }

  /// Whether it may make this workflow, and be its owner. Whoever is known and was given nothing in particular may make any. Spec: AC4.
  public func mayCreate(_ workflow: WorkflowID) -> Bool {
    guard let role = workflows[workflow] ?? everywhere ?? (isFree ? .owner : nil) else { return false }
    return min(role, roleMax) >= .editor
  }

  /// What it may do with what belongs to no workflow: as in every workflow, or as in one that it would make. Spec: AC4.
  public var roleOutside: Role {
    min(everywhere ?? (isFree ? .owner : .viewer), roleMax)
  }

  /// What it may do in every workflow there is or will be.
  public var roleEverywhere: Role? { everywhere.map { min($0, roleMax) } }

  /// The subject that becomes the owner of a workflow that it makes; `nil`: nobody has a name.
  public var founder: String? { canBeMember && !subject.isEmpty ? subject : nil }

  /// Whether a text can be a subject: 1 to 256 bytes, no control characters. Spec: AC1.
  public static func isSubject(_ text: String) -> Bool {
    (1...subjectBytesMax).contains(text.utf8.count) && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f }
  }

  /// Whether only this server gives such subjects out: of keys and of guests.
  public static func isReserved(_ subject: String) -> Bool {
    subject.hasPrefix(StoredCredential.Kind.key.subjectPrefix) || subject.hasPrefix(StoredCredential.Kind.link.subjectPrefix)
  }
}

/// What an authenticator makes of a token.
public enum Identification: Hashable, Sendable {
  case known(Principal)
  /// `notAuthenticated`, with a reason that tells nothing of the token.
  case refused(CloseCode, reason: String)
}
