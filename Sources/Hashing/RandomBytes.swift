import COpenSSL

/// Bytes nobody can guess: libcrypto's generator, seeded by the kernel. For the shell; ring 0 takes randomness as a value.
public enum RandomBytes {
  /// - Parameter count: how many, from 0 to 2^31 - 1.
  public static func make(_ count: Int) -> [UInt8] {
    guard let length = Int32(exactly: count), length >= 0 else { preconditionFailure("RandomBytes: count \(count)") }
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      precondition(count == 0 || RAND_bytes(buffer.baseAddress, length) == 1, "libcrypto: no entropy")
      filled = count
    }
  }
}
