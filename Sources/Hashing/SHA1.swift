/// SHA-1 by libcrypto, for the WebSocket accept key and nothing that must resist an attacker. Source: FIPS 180-4, RFC 6455 §4.2.2.
public enum SHA1 {
  public static let bytes = 20

  public static func digest(_ text: String) -> [UInt8] {
    var text = text
    return text.withUTF8 { digest(UnsafeRawBufferPointer($0)) }
  }

  public static func digest(_ message: [UInt8]) -> [UInt8] { message.withUnsafeBytes { digest($0) } }

  /// The digest of one message, 20 bytes.
  public static func digest(_ message: UnsafeRawBufferPointer) -> [UInt8] {
    let digest = MessageDigest(DigestAlgorithm.sha1)
    digest.update(message)
    return [UInt8](unsafeUninitializedCapacity: bytes) { buffer, count in
      digest.finish(into: UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: buffer[..<bytes])))
      count = bytes
    }
  }
}
