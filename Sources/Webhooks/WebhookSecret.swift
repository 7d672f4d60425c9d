import Hashing

/// What a webhook's messages are signed with: `whsec_` and Base64 of 24 to 64 bytes. Spec: WH4. Source: Standard Webhooks 1.0.
public struct WebhookSecret: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible {
  public static let lengths = 24...64
  /// Of those that the server makes.
  public static let madeLength = 32
  static let prefix = "whsec_"

  public let bytes: [UInt8]

  /// - Returns: `nil` for another length.
  public init?(bytes: [UInt8]) {
    guard Self.lengths.contains(bytes.count) else { return nil }
    self.bytes = bytes
  }

  /// - Returns: `nil` for a text of another form.
  public init?(_ text: String) {
    guard text.hasPrefix(Self.prefix), let bytes = Base64.decode(text.dropFirst(Self.prefix.count)) else { return nil }
    self.init(bytes: bytes)
  }

  /// To be shown once.
  public var text: String { Self.prefix + Base64.encode(bytes) }

  // A secret that lands in a log by mistake must not be read there.
  public var description: String { "(secret)" }
  public var debugDescription: String { description }
}

/// The header fields that say who a message is from. Spec: WH4. Source: Standard Webhooks 1.0.
public enum WebhookSignature {
  public static let idName = "webhook-id"
  public static let timestampName = "webhook-timestamp"
  public static let signatureName = "webhook-signature"

  /// `v1,` and Base64 of HMAC-SHA256 over `id.timestamp.body`, once for each secret, with a space between.
  ///
  /// - Parameter seconds: since 1970, of the attempt.
  public static func text(id: String, seconds: UInt64, body: [UInt8], secrets: [WebhookSecret]) -> String {
    let message = Array("\(id).\(seconds).".utf8) + body
    return secrets.map { "v1," + Base64.encode(HMACSHA256.authenticate(message, key: $0.bytes)) }.joined(separator: " ")
  }
}
