public import CollabProtocol

/// What somebody may do in one workflow, and what that rests on. Spec: AC2.
public struct Rights: Hashable, Sendable {
  /// What the credential gives by itself; `nil`: nothing.
  public var granted: Role?
  /// What the subject is here as a member; `nil`: none.
  public var member: Role?
  /// No more than this, whoever gives it.
  public var roleMax: Role
  /// The key or share link that was shown, such as `key:0123456789abcdef`: when it is revoked, so are these rights. Empty for other credentials.
  public var credential: String
  /// When the credential ends, in milliseconds since 1970; `nil`: never.
  public var expiresAtMilliseconds: UInt64?

  public init(
    granted: Role? = nil, member: Role? = nil, roleMax: Role = .owner, credential: String = "", expiresAtMilliseconds: UInt64? = nil
  ) {
    self.granted = granted
    self.member = member
    self.roleMax = roleMax
    self.credential = credential
    self.expiresAtMilliseconds = expiresAtMilliseconds
  }

  /// `nil`: not let in.
  public var role: Role? {
    guard let best = [granted, member].compactMap({ $0 }).max() else { return nil }
    return min(best, roleMax)
  }

  /// Whether being a member could change anything: else nobody needs to be asked.
  public var dependsOnMembership: Bool { granted.map { $0 < roleMax } ?? true }

  public func isOver(atMilliseconds now: UInt64) -> Bool { expiresAtMilliseconds.map { $0 <= now } ?? false }
}
