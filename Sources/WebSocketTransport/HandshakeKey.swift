internal import Hashing

/// The proof that a server read this very handshake (RFC 6455 §1.3, §4.2.2).
enum HandshakeKey {
  /// 16 random bytes in Base64, 24 characters.
  static func make() -> String {
    var random = SystemRandomNumberGenerator()
    return Base64.encode((0..<16).map { _ in UInt8.random(in: .min ... .max, using: &random) })
  }

  static func isValid(_ key: String) -> Bool { key.utf8.count == 24 && Base64.decode(key)?.count == 16 }

  static func accept(_ key: String) -> String { Base64.encode(SHA1.digest(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) }
}
