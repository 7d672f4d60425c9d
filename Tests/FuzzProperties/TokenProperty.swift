import Access
import CollabProtocol
import Gateway
import Hashing
import WorkflowGraph

/// Tokens of every form: `{"header": …, "claims": …, "key": N}` is signed here with one of `TokenKeys.signers`, `"raw"` is a token as it stands;
/// `"jwks"` are other keys, `"rules"` says what the server demands, `"pad"` makes it longer. Who is let in is who a second, strict reading lets in.
enum TokenProperty {
  static let secret = "a secret of the configuration"
  private static let nowMilliseconds: UInt64 = 1_800_000_000_000
  private static let fixed = AccessToken(name: "fixed", role: .editor, kind: nil, secret: secret)

  static func check(_ input: [UInt8], planted: Bool) throws(PropertyFault) -> FuzzTarget.Reach {
    guard let text = String(validating: input, as: UTF8.self), let value = try? JSONValue(parsing: text), case .object = value
    else { return .refused }
    var keys = planted ? TokenKeys.confused : TokenKeys.set
    if let jwks = value["jwks"] {
      guard let read = try keySet(JSONText(jwks).text, jwks) else { return .refused }
      keys = read
    }
    let token = token(value)
    let number = value["rules"]?.numberValue.flatMap { UInt8(exactly: $0) } ?? 0
    let (issuer, audience) = (number & 1 == 0 ? nil : "us", number & 2 == 0 ? nil : "here")
    let strict = StrictToken(issuer: issuer, audience: audience, seconds: Double(nowMilliseconds) / 1000)
    // The strict reading always takes the keys as they are.
    let expected = strict.principal(token, value["jwks"] == nil ? TokenKeys.set : keys)
    let rules = TokenRules(issuer: issuer, audience: audience)
    let seen: Principal?
    do throws(TokenFault) { seen = try rules.principal(of: token, keys: keys, nowMilliseconds: nowMilliseconds) } catch {
      try require(!error.rawValue.isEmpty, "a refusal without a reason")
      seen = nil
    }
    try require(seen == expected, "let in as \(seen.map { "\($0)" } ?? "nobody"), and strictly as \(expected.map { "\($0)" } ?? "nobody")")
    try checkDoor(token, rules, keys, expected)
    let isStored = try checkStored(token)
    return seen != nil || isStored || token == secret ? .taken : .refused
  }

  private static func token(_ value: JSONValue) -> String {
    let padding = String(repeating: "A", count: Int(value["pad"]?.numberValue.flatMap { UInt16(exactly: $0) } ?? 0) % 20_000)
    if let raw = value["raw"]?.stringValue { return raw + padding }
    func part(_ name: String) -> String { Base64.encode(Array((value[name].map { JSONText($0).text } ?? "").utf8), .url) }
    let signed = "\(part("header")).\(part("claims"))\(padding)"
    let place = value["key"]?.numberValue.flatMap { UInt8(exactly: $0) } ?? 0
    var signature = TokenKeys.signers[Int(place) % TokenKeys.signers.count].sign(Array(signed.utf8)) ?? []
    if let damage = value["damage"]?.numberValue.flatMap({ UInt16(exactly: $0) }) {
      signature[Int(damage) % signature.count] ^= UInt8(1 << (damage >> 8 & 7))
    }
    return "\(signed).\(Base64.encode(signature, .url))"
  }

  // MARK: keys

  /// - Returns: `nil` when it is no set.
  private static func keySet(_ text: String, _ value: JSONValue) throws(PropertyFault) -> KeySet? {
    let set: KeySet
    do throws(KeySet.Fault) { set = try KeySet(parsing: text) } catch {
      try require(!error.description.isEmpty, "a fault without a reason")
      return nil
    }
    let given = value["keys"]?.arrayValue ?? []
    try require((1...64).contains(set.entries.count), "a set of \(set.entries.count) keys")
    try require(set.entries.count + set.passedOver.count == given.count, "keys are lost")
    let ids = set.entries.compactMap(\.id)
    try require(Set(ids).count == ids.count, "two keys of one name")
    var rest = given[...]
    for entry in set.entries {
      // In the order of the file; those between are passed over.
      guard let place = rest.firstIndex(where: { isKey($0, entry) }) else {
        throw PropertyFault("a key that nobody gave: \(entry.id ?? "-")")
      }
      rest = rest[(place + 1)...]
      let message = Array("any".utf8)
      guard entry.key.canSign else { continue }
      guard let signature = entry.key.sign(message) else { throw PropertyFault("a key that can sign and does not") }
      try require(entry.key.isValid(signature, of: message), "a key does not know its own signature")
    }
    return set
  }

  private static func isKey(_ jwk: JSONValue, _ entry: KeySet.Entry) -> Bool {
    let (type, curve) = (jwk["kty"]?.stringValue, jwk["crv"]?.stringValue)
    guard jwk["kid"]?.stringValue == entry.id, jwk["use"] == nil || jwk["use"]?.stringValue == "sig" else { return false }
    guard jwk["alg"] == nil || jwk["alg"]?.stringValue == entry.key.algorithm.rawValue else { return false }
    switch entry.key.algorithm {
    case .hs256: return type == "oct" && (jwk["k"]?.stringValue?.utf8.count ?? 0) >= 43
    case .rs256: return type == "RSA" && (jwk["n"]?.stringValue?.utf8.count ?? 0) >= 342 && !entry.key.canSign
    case .es256: return type == "EC" && curve == "P-256" && entry.key.canSign == (jwk["d"] != nil)
    case .edDSA: return type == "OKP" && curve == "Ed25519" && entry.key.canSign == (jwk["d"] != nil)
    }
  }

  // MARK: the door

  /// Signed tokens and those of the configuration side by side.
  private static func checkDoor(_ token: String, _ rules: TokenRules, _ keys: KeySet, _ expected: Principal?) throws(PropertyFault) {
    let signed = SignedTokenAuthenticator(keys, rules: rules, nowMilliseconds: { nowMilliseconds })
    let door = TokenForms(signed: signed, fixed: TokenAuthenticator([fixed].compactMap { $0 }))
    let isSigned = token.hasPrefix("ey") && token.split(separator: ".", omittingEmptySubsequences: false).count == 3
    switch door.identify(token) {
    case .known(let principal) where isSigned: try require(principal == expected, "the door takes it for somebody else")
    case .known(let principal): try require(token == secret && principal.subject == "fixed", "the door opens without a token")
    case .refused(let code, let reason):
      try require(code == .notAuthenticated && !reason.isEmpty, "a strange refusal")
      try require(isSigned ? expected == nil : token != secret, "the door is shut for a good token")
    }
  }

  /// `tl_` or `tls_`, 16 hexadecimal digits, `_`, 43 of the URL alphabet, and of a link perhaps `~` and 8 to 64 of it. Spec: AC5, AC6.
  private static func checkStored(_ token: String) throws(PropertyFault) -> Bool {
    let url = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".unicodeScalars)
    let scalars = Array(token.unicodeScalars)
    let prefix =
      token.unicodeScalars.starts(with: "tls_".unicodeScalars) ? 4 : token.unicodeScalars.starts(with: "tl_".unicodeScalars) ? 3 : 0
    let end = prefix + 16 + 1 + 43
    var isForm = prefix > 0 && scalars.count >= end
    if isForm {
      isForm = scalars[prefix..<prefix + 16].allSatisfy { "0123456789abcdef".unicodeScalars.contains($0) } && scalars[prefix + 16] == "_"
      isForm = isForm && scalars[(prefix + 17)..<end].allSatisfy(url.contains)
      let guest = scalars[end...]
      let isGuest = prefix == 4 && guest.first == "~" && (9...65).contains(guest.count) && guest.dropFirst().allSatisfy(url.contains)
      isForm = isForm && (guest.isEmpty || isGuest)
    }
    let credential = StoredCredential(token)
    try require((credential != nil) == isForm, "of the form of a stored token: \(credential != nil), strictly \(isForm)")
    guard let credential else { return false }
    let own = String(String.UnicodeScalarView(scalars[..<end]))
    try require(credential.secretDigest == SHA256.digest(own), "the digest is of something else")
    try require(credential.kind == (prefix == 4 ? .link : .key) && credential.id == own.dropFirst(prefix).prefix(16), "another record")
    try require(credential.guest.isEmpty == (scalars.count == end), "a guest that is none")
    return true
  }
}
