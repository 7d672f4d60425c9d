public import Access
public import CollabProtocol
import Hashing
public import WorkflowDocument

/// One access token of the configuration: who shows it, and what that subject may do in every workflow.
public struct AccessToken: Sendable {
  /// Shorter secrets could be guessed; longer ones are of no use.
  public static let secretBytesMin = 16
  public static let secretBytesMax = 512

  /// The subject: unique among the tokens, not empty.
  public var name: String
  public var role: Role
  /// What its bearer may call itself; `nil`: anything.
  public var kind: Author.Kind?
  /// SHA-256 of the secret. The secret itself is not kept.
  let secretDigest: [UInt8]

  /// - Returns: `nil` when the secret is too short or too long, or the name can be no subject: empty, too long, or of a form that only this
  ///   server gives out (`key:`, `link:`).
  public init?(name: String, role: Role, kind: Author.Kind?, secret: String) {
    guard Principal.isSubject(name), !Principal.isReserved(name), (Self.secretBytesMin...Self.secretBytesMax).contains(secret.utf8.count)
    else {
      return nil
    }
    self.name = name
    self.role = role
    self.kind = kind
    secretDigest = SHA256.digest(secret)
  }
}

/// Knows subjects by static tokens.
///
/// A token's digest is compared with all digests in a time that tells nothing about which one is near. O(tokens).
public struct TokenAuthenticator: Authenticator {
  private let tokens: [AccessToken]

  public init(_ tokens: [AccessToken]) { self.tokens = tokens }

  public func identify(_ token: String) -> Identification {
    guard !token.isEmpty else { return .refused(.notAuthenticated, reason: "a token is needed") }
    guard token.utf8.count <= AccessToken.secretBytesMax else { return .refused(.notAuthenticated, reason: "unknown token") }
    let shown = SHA256.digest(token)
    var found: AccessToken?
    for token in tokens where constantTimeEquals(token.secretDigest, shown) { found = token }
    guard let found else { return .refused(.notAuthenticated, reason: "unknown token") }
    return .known(Principal(subject: found.name, kind: found.kind, everywhere: found.role, roleMax: found.role))
  }
}
