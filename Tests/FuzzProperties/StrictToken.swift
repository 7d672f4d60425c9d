import Access
import CollabProtocol
import Hashing
import WorkflowDocument
import WorkflowGraph

/// A second reading of signed tokens (RFC 7515, RFC 7519, SPEC AC8) that shares neither the parser of tokens nor the choice of keys with the first.
struct StrictToken {
  private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
  private static let roles = ["viewer", "commenter", "editor", "runner", "owner"]

  var issuer: String?
  var audience: String?
  var seconds: Double

  /// Base64 of the URL alphabet in its one form.
  static func bytes(_ text: Substring) -> [UInt8]? {
    var bits: [Bool] = []
    for digit in text.utf8 {
      guard let value = digits.firstIndex(of: digit) else { return nil }
      for place in (0..<6).reversed() { bits.append(value >> place & 1 == 1) }
    }
    let rest = bits.count % 8
    guard rest < 6, !bits.suffix(rest).contains(true) else { return nil }
    return stride(from: 0, to: bits.count - rest, by: 8).map { at in bits[at..<at + 8].reduce(0) { $0 << 1 | ($1 ? 1 : 0) } }
  }

  private static func object(_ bytes: [UInt8]) -> [String: JSONValue]? {
    guard let text = String(validating: bytes, as: UTF8.self), case .object(let members)? = try? JSONValue(parsing: text) else {
      return nil
    }
    var found: [String: JSONValue] = [:]
    for member in members where found.updateValue(member.value, forKey: member.name) != nil { return nil }
    return found
  }

  /// - Returns: who shows the token; `nil`: nobody may be believed to.
  func principal(_ token: String, _ keys: KeySet) -> Principal? {
    let parts = token.split(separator: ".", maxSplits: 9, omittingEmptySubsequences: false)
    guard token.utf8.count <= 8192, parts.count == 3, let signature = Self.bytes(parts[2]), !signature.isEmpty,
      let head = Self.bytes(parts[0]).flatMap(Self.object), let body = Self.bytes(parts[1]), head["crit"] == nil
    else { return nil }
    if let type = head["typ"] { guard ["jwt", "at+jwt"].contains(type.stringValue?.lowercased()) else { return nil } }
    let names: [String: SignatureAlgorithm] = ["HS256": .hs256, "RS256": .rs256, "ES256": .es256, "EdDSA": .edDSA]
    guard let algorithm = head["alg"]?.stringValue.flatMap({ names[$0] }), let key = Self.key(head["kid"], algorithm, keys) else {
      return nil
    }
    guard Self.isSigned(Array("\(parts[0]).\(parts[1])".utf8), signature, key), let claims = Self.object(body) else { return nil }
    return believe(claims)
  }

  private static func key(_ id: JSONValue?, _ algorithm: SignatureAlgorithm, _ keys: KeySet) -> SignatureKey? {
    if let id, id.stringValue.map({ $0.utf8.count > 256 }) ?? true { return nil }
    let named = keys.entries.filter { id == nil ? $0.key.algorithm == algorithm : $0.id == id?.stringValue }
    return named.count == 1 && named[0].key.algorithm == algorithm ? named[0].key : nil
  }

  /// What is signed in one way only is signed again and compared; the others are libcrypto's word.
  private static func isSigned(_ message: [UInt8], _ signature: [UInt8], _ key: SignatureKey) -> Bool {
    switch key.algorithm {
    case .hs256, .edDSA: key.sign(message).map { $0 == signature } ?? key.isValid(signature, of: message)
    case .es256: signature.count == 64 && key.isValid(signature, of: message)
    case .rs256: key.isValid(signature, of: message)
    }
  }

  private func believe(_ claims: [String: JSONValue]) -> Principal? {
    var times: [String: Double] = [:]
    for name in ["exp", "nbf", "iat"] {
      guard let value = claims[name] else { continue }
      guard let time = value.numberValue, time >= 0, time <= 253_402_300_799 else { return nil }
      times[name] = time
    }
    guard let end = times["exp"], seconds - 60 < end, (times["nbf"] ?? 0) - 60 <= seconds, (times["iat"] ?? 0) - 60 <= seconds else {
      return nil
    }
    if let issuer, claims["iss"]?.stringValue != issuer { return nil }
    let isForUs = claims["aud"].map { $0.stringValue == audience || ($0.arrayValue ?? []).contains { $0.stringValue == audience } }
    guard audience == nil ? claims["aud"] == nil : isForUs == true else { return nil }
    guard let subject = claims["sub"]?.stringValue, (1...256).contains(subject.utf8.count),
      !subject.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }),
      !["key:", "link:"].contains(where: { subject.utf8.starts(with: $0.utf8) })
    else { return nil }
    var principal = Principal(subject: subject, expiresAtMilliseconds: UInt64((end + 60) * 1000))
    if let name = claims["name"] {
      guard let text = name.stringValue, (1...64).contains(text.utf8.count) else { return nil }
      principal.name = text
    }
    if let kind = claims["kind"] {
      let kinds: [String: Author.Kind] = ["person": .person, "bot": .bot, "agent": .agent]
      guard let known = kind.stringValue.flatMap({ kinds[$0] }) else { return nil }
      principal.kind = known
    }
    return rights(claims, principal)
  }

  private func rights(_ claims: [String: JSONValue], _ given: Principal) -> Principal? {
    var principal = given
    func role(_ value: JSONValue) -> Role? { value.stringValue.flatMap { Self.roles.firstIndex(of: $0) }.map { Role.allCases[$0] } }
    principal.isFree = claims["role"] == nil && claims["workflows"] == nil
    if let value = claims["role"] {
      guard let most = role(value) else { return nil }
      (principal.roleMax, principal.everywhere) = (most, most)
    }
    guard let value = claims["workflows"] else { return principal }
    guard case .object(let members) = value, members.count <= 256 else { return nil }
    principal.everywhere = nil
    for member in members {
      guard let role = role(member.value) else { return nil }
      if member.name == "*" {
        principal.everywhere = role
      } else if let workflow = WorkflowID(member.name) {
        principal.workflows[workflow] = role
      } else {
        return nil
      }
    }
    return principal
  }
}
