public import CollabProtocol
import Hashing
public import Rooms
public import WorkflowDocument
public import WorkflowGraph

/// One access token of the configuration: who shows it, and what that subject may do in every workflow.
public struct AccessToken: Sendable {
  /// Shorter secrets could be guessed; longer ones are of no use.
  public static let secretBytesMin = 16
  public static let secretBytesMax = 512
  /// It stands in every change and run of its bearer.
  public static let nameBytesMax = 256

  /// The subject: unique among the tokens, not empty.
  public var name: String
  public var role: Role
  /// What its bearer may call itself; `nil`: anything.
  public var kind: Author.Kind?
  /// SHA-256 of the secret. The secret itself is not kept.
  let secretDigest: [UInt8]

  /// - Returns: `nil` when the secret is too short or too long, or the name is empty or too long.
  public init?(name: String, role: Role, kind: Author.Kind?, secret: String) {
    guard (1...Self.nameBytesMax).contains(name.utf8.count), (Self.secretBytesMin...Self.secretBytesMax).contains(secret.utf8.count) else {
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

  public func admit(_ hello: Hello, to workflow: WorkflowID) -> Admission {
    guard !hello.token.isEmpty else { return .refused(.notAuthenticated, reason: "a token is needed") }
    guard hello.token.utf8.count <= AccessToken.secretBytesMax else { return .refused(.notAuthenticated, reason: "unknown token") }
    let shown = SHA256.digest(hello.token)
    var found: AccessToken?
    for token in tokens where constantTimeEquals(token.secretDigest, shown) { found = token }
    guard let found else { return .refused(.notAuthenticated, reason: "unknown token") }
    if let kind = found.kind, let claimed = hello.kind, claimed != kind {
      return .refused(.forbidden, reason: "this token is for a \(kind)")
    }
    return .admitted(subject: found.name, role: found.role, kind: found.kind)
  }
}
