import Hashing
import WorkflowGraph

/// Why a token is not believed. The texts go to whoever showed it and hold nothing of it. Spec: AC8.
public enum TokenFault: String, Error, Hashable, Sendable, CaseIterable {
  case tooLong = "the token is too long"
  case malformed = "the token is malformed"
  case unknownAlgorithm = "the token is signed in a way that is not accepted"
  case criticalExtension = "the token asks for an extension that is not known here"
  case unknownKey = "the token is signed with an unknown key"
  case badSignature = "the token's signature is wrong"
  case badClaim = "a claim of the token is malformed"
  case noSubject = "the token names no subject that can be used here"
  case noExpiry = "the token has no end"
  case expired = "the token has expired"
  case notYetValid = "the token is not valid yet"
  case wrongIssuer = "the token is of another issuer"
  case wrongAudience = "the token is for somebody else"
}

/// A JSON Web Token in the compact form, taken apart and not yet believed. Source: RFC 7515 §7.1, RFC 7519 §7.2, RFC 8725.
struct JSONWebToken: Sendable {
  static let bytesMax = 8192

  let algorithm: SignatureAlgorithm
  let keyID: String?
  private let signedBytes: [UInt8]
  private let signature: [UInt8]
  private let payload: [UInt8]

  /// Whether a text has the form of one: three parts, the first of which opens a JSON object.
  static func looksLikeOne(_ token: String) -> Bool {
    token.utf8.starts(with: "ey".utf8) && token.utf8.count { $0 == UInt8(ascii: ".") } == 2
  }

  /// Looks at the header only: what follows from the payload waits for the signature.
  init(_ token: String) throws(TokenFault) {
    guard token.utf8.count <= Self.bytesMax else { throw .tooLong }
    let parts = token.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, let header = Base64.decodeURL(parts[0]), let payload = Base64.decodeURL(parts[1]),
      let signature = Base64.decodeURL(parts[2]), !signature.isEmpty
    else { throw .malformed }
    let members = try Self.object(header)
    guard members["crit"] == nil else { throw .criticalExtension }
    if let type = members["typ"] {
      guard let name = type.stringValue?.lowercased(), ["jwt", "at+jwt"].contains(name) else { throw .malformed }
    }
    // "none" is none of ours, in whatever spelling.
    guard let name = members["alg"]?.stringValue, let algorithm = SignatureAlgorithm(rawValue: name) else { throw .unknownAlgorithm }
    if let id = members["kid"] {
      guard let text = id.stringValue, text.utf8.count <= KeySet.idBytesMax else { throw .malformed }
      keyID = text
    } else {
      keyID = nil
    }
    // Keys and addresses of keys that a token brings along (jwk, jku, x5c, x5u) are not looked at.
    self.algorithm = algorithm
    self.payload = payload
    self.signature = signature
    signedBytes = Array(token.utf8.prefix(parts[0].utf8.count + 1 + parts[1].utf8.count))
  }

  /// The claims, once one of `keys` has signed them.
  func claims(signedWith keys: KeySet) throws(TokenFault) -> JSONValue {
    guard let key = keys.key(id: keyID, algorithm: algorithm) else { throw .unknownKey }
    guard key.isValid(signature, of: signedBytes) else { throw .badSignature }
    return try Self.object(payload)
  }

  /// I-JSON: no member twice, so that nobody else reads another claim than we do.
  private static func object(_ bytes: [UInt8]) throws(TokenFault) -> JSONValue {
    guard let text = String(validating: bytes, as: UTF8.self) else { throw .malformed }
    let value: JSONValue
    do throws(JSONFault) { value = try JSONValue(parsing: text) } catch { throw .malformed }
    guard case .object = value else { throw .malformed }
    return value
  }
}
