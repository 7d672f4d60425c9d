public import CollabProtocol
public import Hashing
import WorkflowDocument
public import WorkflowGraph

/// What a token must say to be believed here, and what it then stands for. Spec: AC1, AC8.
public struct TokenRules: Hashable, Sendable {
  /// Clocks of issuers may differ from ours by so much.
  public static let leewaySeconds = 60.0
  static let workflowCountMax = 256
  static let nameBytesMax = 64
  /// Times beyond the year 9999 are a mistake.
  static let secondsMax = 253_402_300_799.0

  /// `iss` must be this; `nil`: anything.
  public var issuer: String?
  /// `aud` must name this; `nil`: the token must name nobody.
  public var audience: String?

  public init(issuer: String? = nil, audience: String? = nil) {
    self.issuer = issuer
    self.audience = audience
  }

  /// - Parameter nowMilliseconds: since 1970.
  public func principal(of token: String, keys: KeySet, nowMilliseconds: UInt64) throws(TokenFault) -> Principal {
    let claims = try JSONWebToken(token).claims(signedWith: keys)
    let expiry = try checkTimes(claims, now: Double(nowMilliseconds) / 1000)
    try checkParties(claims)
    guard let subject = claims["sub"]?.stringValue, Principal.isSubject(subject), !Principal.isReserved(subject) else { throw .noSubject }
    var principal = Principal(subject: subject)
    principal.expiresAtMilliseconds = UInt64((expiry + Self.leewaySeconds) * 1000)
    if let name = claims["name"] {
      guard let text = name.stringValue, (1...Self.nameBytesMax).contains(text.utf8.count) else { throw .badClaim }
      principal.name = text
    }
    if let kind = claims["kind"] {
      guard let known = kind.stringValue.flatMap({ Self.kinds[$0] }) else { throw .badClaim }
      principal.kind = known
    }
    try readRights(claims, into: &principal)
    return principal
  }

  /// `role` alone: that role in every workflow. With `workflows`: those, `*` for all others, and no more than `role` anywhere.
  private func readRights(_ claims: JSONValue, into principal: inout Principal) throws(TokenFault) {
    if let role = claims["role"] {
      guard let role = Self.role(role) else { throw .badClaim }
      principal.roleMax = role
      principal.everywhere = role
    }
    guard let workflows = claims["workflows"] else {
      principal.isFree = claims["role"] == nil
      return
    }
    guard case .object(let members) = workflows, members.count <= Self.workflowCountMax else { throw .badClaim }
    principal.everywhere = nil
    for member in members {
      guard let role = Self.role(member.value) else { throw .badClaim }
      if member.name == "*" {
        principal.everywhere = role
      } else {
        guard let workflow = WorkflowID(member.name) else { throw .badClaim }
        principal.workflows[workflow] = role
      }
    }
  }

  /// - Returns: `exp`, in seconds.
  private func checkTimes(_ claims: JSONValue, now: Double) throws(TokenFault) -> Double {
    func seconds(_ name: String) throws(TokenFault) -> Double? {
      guard let value = claims[name] else { return nil }
      guard let seconds = value.numberValue, (0...Self.secondsMax).contains(seconds) else { throw .badClaim }
      return seconds
    }
    guard let expiry = try seconds("exp") else { throw .noExpiry }
    guard now < expiry + Self.leewaySeconds else { throw .expired }
    for name in ["nbf", "iat"] {
      if let begin = try seconds(name), begin > now + Self.leewaySeconds { throw .notYetValid }
    }
    return expiry
  }

  private func checkParties(_ claims: JSONValue) throws(TokenFault) {
    if let issuer { guard claims["iss"] == .string(issuer) else { throw .wrongIssuer } }
    let named: [JSONValue]
    switch claims["aud"] {
    case nil: named = []
    case .array(let list)?: named = list
    case let one?: named = [one]
    }
    // A token that names its audience is for nobody else (RFC 7519 §4.1.3), a server without a name included.
    if let audience { guard named.contains(.string(audience)) else { throw .wrongAudience } }
    guard audience != nil || claims["aud"] == nil else { throw .wrongAudience }
  }

  static let kinds: [String: Author.Kind] = ["person": .person, "bot": .bot, "agent": .agent]

  private static func role(_ value: JSONValue) -> Role? { value.stringValue.flatMap { Role(word: $0) } }
}

extension Role {
  /// As it stands in REST, in claims and in configuration files.
  public init?(word: String) {
    guard let role = Self.allCases.first(where: { "\($0)" == word }) else { return nil }
    self = role
  }
}

/// A token of one's own making: for development, for tests, for programs that act for somebody. Source: RFC 7515 §5.1.
public enum TokenMaker {
  /// - Returns: `nil` for a key that can only check.
  public static func make(claims: JSONText, key: SignatureKey, keyID: String? = nil) -> String? {
    var header = "{\"alg\":\"\(key.algorithm.rawValue)\",\"typ\":\"JWT\""
    if let keyID { header += ",\"kid\":\(JSONText.string(keyID).text)" }
    header += "}"
    let signed = Base64.encode(Array(header.utf8), .url) + "." + Base64.encode(Array(claims.text.utf8), .url)
    return key.sign(Array(signed.utf8)).map { signed + "." + Base64.encode($0, .url) }
  }
}

extension TokenRules {
  /// Whether a text is to be read as such a token at all.
  public static func looksLikeToken(_ text: String) -> Bool { JSONWebToken.looksLikeOne(text) }
}
