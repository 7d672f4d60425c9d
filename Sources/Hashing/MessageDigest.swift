import COpenSSL

/// One libcrypto digest context, kept and re-armed: a message costs its hashing and no allocation.
///
/// libcrypto cannot fail here unless memory ends or its default provider is missing, and then nothing that this server promises holds:
/// hence traps and not errors. Isolation: none, one owner (noncopyable).
struct MessageDigest: ~Copyable {
  private let context: OpaquePointer
  private let algorithm: OpaquePointer

  init(_ algorithm: OpaquePointer) {
    guard let context = EVP_MD_CTX_new() else { preconditionFailure("libcrypto: no memory for a digest context") }
    self.context = context
    self.algorithm = algorithm
    arm()
  }

  deinit { EVP_MD_CTX_free(context) }

  func update(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress, bytes.count > 0 else { return }
    precondition(EVP_DigestUpdate(context, base, bytes.count) == 1, "libcrypto: digest update failed")
  }

  /// Writes the digest of what was given since the last call and starts a new message.
  func finish(into output: UnsafeMutableRawBufferPointer) {
    var length: UInt32 = 0
    let written = EVP_DigestFinal_ex(context, output.baseAddress?.assumingMemoryBound(to: UInt8.self), &length)
    precondition(written == 1 && Int(length) == output.count, "libcrypto: digest failed")
    arm()
  }

  private func arm() {
    precondition(EVP_DigestInit_ex2(context, algorithm, nil) == 1, "libcrypto: digest initialisation failed")
  }
}

/// The algorithms, looked up in libcrypto's providers once: the look-up costs more than hashing a short message.
///
/// Safe to share: set once by the runtime's `static let`, never freed, and an `EVP_MD` is immutable after its fetch.
enum DigestAlgorithm {
  nonisolated(unsafe) static let sha256 = fetch("SHA256")
  nonisolated(unsafe) static let sha1 = fetch("SHA1")

  private static func fetch(_ name: String) -> OpaquePointer {
    guard let algorithm = EVP_MD_fetch(nil, name, nil) else { preconditionFailure("libcrypto offers no \(name)") }
    return algorithm
  }
}
