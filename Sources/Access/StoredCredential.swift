import Hashing

/// A token that names a record of the store: `tl_` for an API key, `tls_` for a share link, then the record's id of 16 hexadecimal digits, `_`, and
/// 43 characters of secret; behind a link's perhaps `~` and what the guest's browser calls itself.
///
/// The id is found without comparing secrets; the secret is compared by its digest. Spec: AC5, AC6.
public struct StoredCredential: Hashable, Sendable {
  public enum Kind: String, Hashable, Sendable, CaseIterable {
    case key = "tl_"
    case link = "tls_"

    var subjectPrefix: String {
      switch self {
      case .key: "key:"
      case .link: "link:"
      }
    }
  }

  public static let idBytes = 8
  public static let secretBytes = 32
  private static let idLength = 16
  private static let secretLength = 43
  private static let guestLengths = 8...64

  public var kind: Kind
  public var id: String
  /// SHA-256 of the token without the guest.
  public var secretDigest: [UInt8]
  /// Says which of a link's guests this is: 16 digits of the digest of what its browser calls itself. Empty: it does not say.
  public var guest: String

  /// - Returns: `nil` for a token of another form.
  public init?(_ token: String) {
    guard token.utf8.count <= 256, let kind = Kind.allCases.first(where: { token.hasPrefix($0.rawValue) }) else { return nil }
    let parts = token.split(separator: "~", maxSplits: 1, omittingEmptySubsequences: false)
    let body = parts[0].utf8.dropFirst(kind.rawValue.utf8.count)
    guard body.count == Self.idLength + 1 + Self.secretLength else { return nil }
    let id = body.prefix(Self.idLength)
    guard id.allSatisfy(Self.isLowerHex), body.dropFirst(Self.idLength).first == UInt8(ascii: "_"),
      body.suffix(Self.secretLength).allSatisfy(Self.isURLSafe)
    else { return nil }
    if parts.count == 2 {
      guard kind == .link, Self.guestLengths.contains(parts[1].utf8.count), parts[1].utf8.allSatisfy(Self.isURLSafe) else { return nil }
    }
    self.kind = kind
    self.id = String(decoding: id, as: UTF8.self)
    secretDigest = SHA256.digest(String(parts[0]))
    guest = parts.count == 2 ? String(Hex.encode(SHA256.digest("\(self.id)~\(parts[1])")).prefix(16)) : ""
  }

  /// A new one of unguessable bytes: its id, the token to show once, and the digest to keep.
  public static func make(
    _ kind: Kind, idBytes: [UInt8], secret: [UInt8]
  ) -> (id: String, token: String, secretDigest: [UInt8]) {
    precondition(idBytes.count == Self.idBytes && secret.count == Self.secretBytes, "a credential is made of 8 and 32 bytes")
    let id = Hex.encode(idBytes)
    let token = "\(kind.rawValue)\(id)_\(Base64.encode(secret, .url))"
    return (id, token, SHA256.digest(token))
  }

  /// Whether a text is the id of a key or a link.
  public static func isID(_ text: String) -> Bool { text.utf8.count == idLength && text.utf8.allSatisfy(isLowerHex) }

  private static func isLowerHex(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
  }

  private static func isURLSafe(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "-"), UInt8(ascii: "_"):
      true
    default: false
    }
  }
}
