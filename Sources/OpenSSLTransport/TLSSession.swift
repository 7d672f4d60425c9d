internal import COpenSSL
internal import NIOCore

/// What is known about a connection once its handshake is done.
public struct TLSDetails: Hashable, Sendable {
  /// "TLSv1.3".
  public var version: String
  public var cipherSuite: String
  /// What ALPN chose.
  public var applicationProtocol: String?
  /// Whether a ticket spared the full handshake.
  public var isResumed: Bool
  /// `nil`: the peer showed none.
  public var peerCertificate: TLSPeerCertificate?
}

/// A certificate that the peer proved to own; whether anybody vouches for it depends on the rules of this end.
public struct TLSPeerCertificate: Hashable, Sendable {
  /// "CN=ada,O=Example", RFC 2253.
  public var subject: String
  /// SHA-256 of its DER form.
  public var sha256: [UInt8]
}

/// OpenSSL's state machine for one connection: ciphertext in and out through buffers, plaintext in and out through calls. Knows no channel.
final class TLSSession {
  enum Progress {
    case done
    /// Nothing more without further ciphertext.
    case blocked
    /// The peer said close_notify.
    case ended
    case failed(TLSError)
  }

  private let ssl: OpaquePointer
  private let context: TLSContext
  private let buffers = RecordBuffers()
  private let isServer: Bool

  init(server context: TLSContext) {
    self.context = context
    isServer = true
    ssl = Self.make(context, buffers)
    SSL_set_accept_state(ssl)
  }

  init(client context: TLSContext, host: String) throws(TLSError) {
    self.context = context
    isServer = false
    ssl = Self.make(context, buffers)
    SSL_set_connect_state(ssl)
    // Also without verification: a server with many names must know which is meant. An address is no name (RFC 6066 §3).
    if X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host) == 1 { return }
    ERR_clear_error()
    SSL_set_hostflags(ssl, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
    guard copenssl_set_server_name(ssl, host) == 1, SSL_set1_host(ssl, host) == 1 else {
      throw .fromQueue(.configuration, "host name \(host)")
    }
  }

  deinit { SSL_free(ssl) }

  private static func make(_ context: TLSContext, _ buffers: RecordBuffers) -> OpaquePointer {
    guard let ssl = SSL_new(context.pointer) else { fatalError("OpenSSL has no memory for a connection") }
    let bio = buffers.makeBIO()
    // One BIO for both directions: OpenSSL takes one reference for each.
    BIO_up_ref(bio)
    SSL_set0_rbio(ssl, bio)
    SSL_set0_wbio(ssl, bio)
    return ssl
  }

  // MARK: Ciphertext

  func receive(_ bytes: ByteBuffer) {
    if buffers.inbound.readableBytes == 0 {
      buffers.inbound = bytes
    } else {
      buffers.inbound.writeImmutableBuffer(bytes)
    }
  }

  /// Everything that OpenSSL wants sent since the last call.
  func takeOutput() -> ByteBuffer? {
    guard buffers.outbound.readableBytes > 0 else { return nil }
    let bytes = buffers.outbound
    buffers.outbound = ByteBuffer()
    return bytes
  }

  // MARK: Steps. The error queue belongs to the thread, not to the connection: it is emptied before every call that may look at it.

  func handshake() -> Progress {
    ERR_clear_error()
    let result = SSL_do_handshake(ssl)
    if result == 1 { return .done }
    return progress(result, .handshake, "TLS handshake")
  }

  /// Appends plaintext to `out`, as much as there is, up to about `room` bytes. `.done`: perhaps more.
  func read(into out: inout ByteBuffer, room: Int) -> Progress {
    let limit = out.readableBytes + room
    while out.readableBytes < limit {
      ERR_clear_error()
      var result: Int32 = 0
      out.writeWithUnsafeMutableBytes(minimumWritableBytes: min(limit - out.readableBytes, 512)) { target in
        result = SSL_read(ssl, target.baseAddress, Int32(min(target.count, Int(Int32.max))))
        return max(0, Int(result))
      }
      if result <= 0 { return progress(result, .record, "TLS read") }
    }
    return .done
  }

  /// Encrypts everything, in records of at most 16 KiB.
  func write(_ plaintext: ByteBuffer) -> TLSError? {
    let count = plaintext.readableBytes
    // 22 bytes for each record in TLS 1.3, 29 in 1.2.
    buffers.outbound.reserveCapacity(minimumWritableBytes: count + (count >> 14 + 1) * 32)
    return plaintext.withUnsafeReadableBytes { bytes in
      var offset = 0
      while offset < bytes.count {
        ERR_clear_error()
        let result = SSL_write(ssl, bytes.baseAddress.map { $0 + offset }, Int32(min(bytes.count - offset, 1 << 30)))
        // The BIO takes everything and renegotiation is off: nothing can block here.
        guard result > 0 else { return .fromQueue(.record, "TLS write") }
        offset += Int(result)
      }
      return nil
    }
  }

  /// Puts close_notify into the output.
  func sayClose() {
    ERR_clear_error()
    _ = SSL_shutdown(ssl)
    ERR_clear_error()
  }

  /// Gives input memory back when nothing of it is left.
  func releaseInput() { if buffers.inbound.readableBytes == 0 { buffers.inbound = ByteBuffer() } }

  var inputCount: Int { buffers.inbound.readableBytes }

  private func progress(_ result: Int32, _ kind: TLSError.Kind, _ what: String) -> Progress {
    switch SSL_get_error(ssl, result) {
    case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .blocked
    case SSL_ERROR_ZERO_RETURN: return .ended
    default:
      var error = TLSError.fromQueue(kind, what)
      let verification = SSL_get_verify_result(ssl)
      if kind == .handshake, verification != Int(X509_V_OK) {
        error.text += " (\(String(cString: X509_verify_cert_error_string(verification))))"
      }
      return .failed(error)
    }
  }

  // MARK: Knowledge

  var details: TLSDetails {
    var name: UnsafePointer<UInt8>?
    var count: UInt32 = 0
    SSL_get0_alpn_selected(ssl, &name, &count)
    return TLSDetails(
      version: String(cString: SSL_get_version(ssl)), cipherSuite: String(cString: SSL_CIPHER_get_name(SSL_get_current_cipher(ssl))),
      applicationProtocol: name.map { String(decoding: UnsafeBufferPointer(start: $0, count: Int(count)), as: UTF8.self) },
      isResumed: SSL_session_reused(ssl) == 1, peerCertificate: peerCertificate)
  }

  private var peerCertificate: TLSPeerCertificate? {
    guard let certificate = SSL_get0_peer_certificate(ssl), let digest = CertificateDigest.sha256(certificate) else { return nil }
    guard let text = BIO_new(BIO_s_mem()) else { return nil }
    defer { BIO_free(text) }
    guard copenssl_print_name(text, X509_get_subject_name(certificate)) >= 0 else { return nil }
    return TLSPeerCertificate(subject: MemoryBIO.string(text), sha256: digest)
  }
}

enum MemoryBIO {
  static func bytes(_ bio: OpaquePointer) -> [UInt8] {
    var start: UnsafeMutablePointer<CChar>?
    let count = copenssl_BIO_mem_data(bio, &start)
    guard let start, count > 0 else { return [] }
    return Array(UnsafeRawBufferPointer(start: start, count: count))
  }

  static func string(_ bio: OpaquePointer) -> String { String(decoding: bytes(bio), as: UTF8.self) }
}
