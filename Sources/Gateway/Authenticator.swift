public import Access
import CollabProtocol
import Rooms
import Synchronization
import WorkflowGraph

/// Says who shows a token, and what the token itself allows.
///
/// Called on event loops: must not block. Tokens that name a record of the store (`StoredCredential`) never come here.
public protocol Authenticator: Sendable {
  func identify(_ token: String) -> Identification
}

/// Everybody is an owner and nobody has a name of record. For one machine, or a network where all are trusted.
public struct OpenAuthenticator: Authenticator {
  public init() {}
  public func identify(_ token: String) -> Identification { .known(Principal(subject: "", everywhere: .owner)) }
}

/// Knows subjects by signed tokens (JWT). Keys may be replaced while it is in use. Spec: AC8.
public final class SignedTokenAuthenticator: Authenticator {
  private let rules: TokenRules
  private let keys: Mutex<KeySet>
  private let nowMilliseconds: @Sendable () -> UInt64

  public init(_ keys: KeySet, rules: TokenRules, nowMilliseconds: @escaping @Sendable () -> UInt64) {
    self.rules = rules
    self.keys = Mutex(keys)
    self.nowMilliseconds = nowMilliseconds
  }

  /// From now on only these count.
  public func replaceKeys(_ keys: KeySet) { self.keys.withLock { $0 = keys } }

  public func identify(_ token: String) -> Identification {
    do throws(TokenFault) {
      return .known(try rules.principal(of: token, keys: keys.withLock { $0 }, nowMilliseconds: nowMilliseconds()))
    } catch {
      return .refused(.notAuthenticated, reason: error.rawValue)
    }
  }
}

/// Signed tokens and static ones side by side, told apart by their form.
public struct TokenForms: Authenticator {
  private let signed: SignedTokenAuthenticator?
  private let fixed: TokenAuthenticator?

  public init(signed: SignedTokenAuthenticator?, fixed: TokenAuthenticator?) {
    self.signed = signed
    self.fixed = fixed
  }

  public func identify(_ token: String) -> Identification {
    guard !token.isEmpty else { return .refused(.notAuthenticated, reason: "a token is needed") }
    if let signed, TokenRules.looksLikeToken(token) { return signed.identify(token) }
    return fixed?.identify(token) ?? .refused(.notAuthenticated, reason: "unknown token")
  }
}
