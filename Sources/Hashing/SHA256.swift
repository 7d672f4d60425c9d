/// SHA-256 by libcrypto. Source: FIPS 180-4.
public enum SHA256 {
  public static let bytes = 32

  /// The digest of one message, 32 bytes. For many messages keep a `Hasher`: it allocates its context once.
  @inlinable public static func digest(_ message: some Collection<UInt8>) -> [UInt8] {
    message.withContiguousStorageIfAvailable { digest(UnsafeRawBufferPointer($0)) } ?? Array(message).withUnsafeBytes { digest($0) }
  }

  /// As above. Apart from the generic one because the compiler (6.3) crashes on a noncopyable value inside an inlinable function.
  public static func digest(_ message: UnsafeRawBufferPointer) -> [UInt8] {
    var hasher = Hasher()
    hasher.update(message)
    return hasher.finish()
  }

  /// The digest of a text's UTF-8, 32 bytes.
  public static func digest(_ text: String) -> [UInt8] {
    var hasher = Hasher()
    hasher.update(text)
    return hasher.finish()
  }

  /// Hashes a message given in pieces, then the next one. Isolation: one owner.
  public struct Hasher: ~Copyable {
    private let digest: MessageDigest

    public init() { digest = MessageDigest(DigestAlgorithm.sha256) }

    public mutating func update(_ bytes: UnsafeRawBufferPointer) { digest.update(bytes) }

    @inlinable public mutating func update(_ bytes: some Collection<UInt8>) {
      if bytes.withContiguousStorageIfAvailable({ self.update(UnsafeRawBufferPointer($0)) }) == nil {
        Array(bytes).withUnsafeBytes { self.update($0) }
      }
    }

    public mutating func update(_ text: String) {
      var text = text
      text.withUTF8 { self.digest.update(UnsafeRawBufferPointer($0)) }
    }

    /// The 32-byte digest of everything since the last `finish`; the hasher is ready for the next message.
    public mutating func finish() -> [UInt8] {
      [UInt8](unsafeUninitializedCapacity: SHA256.bytes) { buffer, count in
        digest.finish(into: UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: buffer[..<SHA256.bytes])))
        count = SHA256.bytes
      }
    }

    /// As `finish()`, appended to `output`: no array per digest.
    public mutating func finish(appendingTo output: inout [UInt8]) {
      withUnsafeTemporaryAllocation(byteCount: SHA256.bytes, alignment: 1) { buffer in
        digest.finish(into: buffer)
        output.append(contentsOf: buffer)
      }
    }
  }
}
