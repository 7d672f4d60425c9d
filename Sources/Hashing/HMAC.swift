/// HMAC with SHA-256. Source: RFC 2104, RFC 4231.
public enum HMACSHA256 {
  private static let blockBytes = 64

  /// The 32-byte code of `message` under `key`. Compare codes with `constantTimeEquals` only.
  public static func authenticate(_ message: [UInt8], key: [UInt8]) -> [UInt8] {
    var hasher = SHA256.Hasher()
    var block = key
    if key.count > blockBytes {
      hasher.update(key)
      block = hasher.finish()
    }
    block.append(contentsOf: repeatElement(0, count: blockBytes - block.count))

    hasher.update(block.map { $0 ^ 0x36 })
    hasher.update(message)
    let inner = hasher.finish()
    hasher.update(block.map { $0 ^ 0x5c })
    hasher.update(inner)
    return hasher.finish()
  }
}

/// Whether two byte strings are equal, in a time that depends on their lengths only: for secrets and their digests.
public func constantTimeEquals(_ a: [UInt8], _ b: [UInt8]) -> Bool {
  guard a.count == b.count else { return false }
  var difference: UInt8 = 0
  for index in a.indices { difference |= a[index] ^ b[index] }
  return difference == 0
}
