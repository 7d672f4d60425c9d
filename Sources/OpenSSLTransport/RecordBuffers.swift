internal import COpenSSL
internal import NIOCore

/// Ciphertext on both sides of OpenSSL, as a BIO that reads from one buffer and appends to the other: no copy beside OpenSSL's own.
///
/// The BIO holds an unowned pointer to this object: it must not outlive it.
final class RecordBuffers {
  var inbound = ByteBuffer()
  var outbound = ByteBuffer()

  /// A new BIO over these buffers; the caller owns it.
  func makeBIO() -> OpaquePointer {
    guard let bio = BIO_new(Self.method) else { fatalError("OpenSSL has no memory for a BIO") }
    BIO_set_data(bio, Unmanaged.passUnretained(self).toOpaque())
    BIO_set_init(bio, 1)
    return bio
  }

  /// Made once and never freed; OpenSSL only reads it afterwards.
  nonisolated(unsafe) private static let method: OpaquePointer = {
    guard let method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "ByteBuffer") else { fatalError("OpenSSL has no memory") }
    BIO_meth_set_read(method) { bio, target, count in
      copenssl_BIO_clear_retry(bio)
      guard let buffers = RecordBuffers.of(bio), let target, count > 0 else { return 0 }
      return buffers.read(UnsafeMutableRawBufferPointer(start: target, count: Int(count)), bio)
    }
    BIO_meth_set_write(method) { bio, source, count in
      copenssl_BIO_clear_retry(bio)
      guard let buffers = RecordBuffers.of(bio), let source, count > 0 else { return 0 }
      buffers.outbound.writeBytes(UnsafeRawBufferPointer(start: source, count: Int(count)))
      return count
    }
    // Flushing is the handler's business; other commands have no meaning here.
    BIO_meth_set_ctrl(method) { _, command, _, _ in command == BIO_CTRL_FLUSH ? 1 : 0 }
    return method
  }()

  private static func of(_ bio: OpaquePointer?) -> RecordBuffers? {
    BIO_get_data(bio).map { Unmanaged<RecordBuffers>.fromOpaque($0).takeUnretainedValue() }
  }

  private func read(_ target: UnsafeMutableRawBufferPointer, _ bio: OpaquePointer?) -> Int32 {
    let count = min(target.count, inbound.readableBytes)
    guard count > 0 else {
      copenssl_BIO_set_retry_read(bio)
      return -1
    }
    inbound.withUnsafeReadableBytes { target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    inbound.moveReaderIndex(forwardBy: count)
    return Int32(count)
  }
}
