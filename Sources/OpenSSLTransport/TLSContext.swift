internal import COpenSSL

/// An `SSL_CTX`, set up once.
///
/// `@unchecked Sendable`: OpenSSL counts its references atomically and reads it from any number of threads once no setter is called any more;
/// the setters are called by `init`'s closure only. The memory that callbacks point into is freed with it, and every session holds it.
final class TLSContext: @unchecked Sendable {
  let pointer: OpaquePointer
  private let applicationProtocols: UnsafeMutableBufferPointer<UInt8>
  private let pins: UnsafeMutableBufferPointer<UInt8>

  /// - Parameters:
  ///   - applicationProtocols: ALPN names, the best first.
  ///   - pins: SHA-256 of the certificates that a client accepts, one after the other.
  init(isServer: Bool, applicationProtocols: [String], pins: [UInt8] = [], setUp: (TLSContext) throws(TLSError) -> Void) throws(TLSError) {
    ERR_clear_error()
    guard let pointer = SSL_CTX_new(isServer ? TLS_server_method() : TLS_client_method()) else {
      throw .fromQueue(.configuration, "SSL_CTX_new")
    }
    self.pointer = pointer
    self.applicationProtocols = .allocate(copying: applicationProtocols.flatMap { [UInt8($0.utf8.count)] + $0.utf8 })
    self.pins = .allocate(copying: pins)
    guard copenssl_CTX_set_versions(pointer, TLS1_2_VERSION, TLS1_3_VERSION) == 1,
      SSL_CTX_set_cipher_list(pointer, "ECDHE+AESGCM:ECDHE+CHACHA20") == 1,
      SSL_CTX_set_ciphersuites(pointer, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256") == 1,
      copenssl_CTX_set_groups(pointer, "X25519:P-256:P-384") == 1
    else { throw .fromQueue(.configuration, "protocol settings") }
    // Buffers of a connection that waits are given back: 34 KB less while idle.
    copenssl_CTX_set_mode(pointer, Int(SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS))
    SSL_CTX_set_options(pointer, Self.options)
    copenssl_CTX_set_session_cache_off(pointer)
    try setUp(self)
  }

  deinit {
    SSL_CTX_free(pointer)
    applicationProtocols.deallocate()
    pins.deallocate()
  }

  /// SSL_OP_NO_COMPRESSION, SSL_OP_NO_RENEGOTIATION, SSL_OP_CIPHER_SERVER_PREFERENCE, SSL_OP_PRIORITIZE_CHACHA: their macros shift a cast,
  /// which Swift does not import.
  private static let options: UInt64 = 1 << 17 | 1 << 30 | 1 << 22 | 1 << 21

  // MARK: Certificates

  func use(certificateChainFile: String, privateKeyFile: String) throws(TLSError) {
    guard SSL_CTX_use_certificate_chain_file(pointer, certificateChainFile) == 1 else {
      throw .fromQueue(.configuration, "certificate file \(certificateChainFile)")
    }
    guard SSL_CTX_use_PrivateKey_file(pointer, privateKeyFile, SSL_FILETYPE_PEM) == 1 else {
      throw .fromQueue(.configuration, "private key file \(privateKeyFile)")
    }
    guard SSL_CTX_check_private_key(pointer) == 1 else {
      throw .fromQueue(.configuration, "\(privateKeyFile) is not the key of \(certificateChainFile)")
    }
  }

  func trust(_ authorityFile: String) throws(TLSError) {
    guard SSL_CTX_load_verify_locations(pointer, authorityFile, nil) == 1 else {
      throw .fromQueue(.configuration, "file of trusted certificates \(authorityFile)")
    }
  }

  // MARK: Application protocols

  /// Server: picks its best among the client's; a client whose protocols are all strange is refused (RFC 7301 §3.2).
  func chooseApplicationProtocol() {
    SSL_CTX_set_alpn_select_cb(
      pointer,
      { _, chosen, chosenCount, offered, offeredCount, argument in
        guard let argument, let chosen, let chosenCount else { return SSL_TLSEXT_ERR_ALERT_FATAL }
        let own = Unmanaged<TLSContext>.fromOpaque(argument).takeUnretainedValue().applicationProtocols
        var found: UnsafeMutablePointer<UInt8>?
        let result = SSL_select_next_proto(&found, chosenCount, own.baseAddress, UInt32(own.count), offered, offeredCount)
        guard result == OPENSSL_NPN_NEGOTIATED else { return SSL_TLSEXT_ERR_ALERT_FATAL }
        chosen.pointee = UnsafePointer(found)
        return SSL_TLSEXT_ERR_OK
      }, Unmanaged.passUnretained(self).toOpaque())
  }

  /// Client: says what it speaks.
  func offerApplicationProtocols() throws(TLSError) {
    guard applicationProtocols.count > 0 else { return }
    // Answers 0 for success, unlike everything else.
    guard SSL_CTX_set_alpn_protos(pointer, applicationProtocols.baseAddress, UInt32(applicationProtocols.count)) == 0 else {
      throw .fromQueue(.configuration, "application protocols")
    }
  }

  // MARK: Pins

  /// Client: accepts exactly the pinned certificates, whoever signed them.
  func acceptOnlyPins() {
    SSL_CTX_set_cert_verify_callback(
      pointer,
      { store, argument in
        guard let argument, let certificate = X509_STORE_CTX_get0_cert(store) else { return 0 }
        let pins = Unmanaged<TLSContext>.fromOpaque(argument).takeUnretainedValue().pins
        guard let digest = CertificateDigest.sha256(certificate) else { return 0 }
        for start in stride(from: 0, to: pins.count, by: digest.count) where pins[start..<start + digest.count].elementsEqual(digest) {
          return 1
        }
        X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED)
        return 0
      }, Unmanaged.passUnretained(self).toOpaque())
  }
}

extension UnsafeMutableBufferPointer where Element == UInt8 {
  fileprivate static func allocate(copying bytes: [UInt8]) -> Self {
    let memory = Self.allocate(capacity: bytes.count)
    _ = memory.initialize(from: bytes)
    return memory
  }
}

enum CertificateDigest {
  /// SHA-256 of the certificate's DER form: what `openssl x509 -fingerprint -sha256` prints.
  static func sha256(_ certificate: OpaquePointer) -> [UInt8]? {
    var digest = [UInt8](repeating: 0, count: 32)
    var count: UInt32 = 0
    guard X509_digest(certificate, EVP_sha256(), &digest, &count) == 1, count == 32 else { return nil }
    return digest
  }
}
