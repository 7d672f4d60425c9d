internal import COpenSSL
internal import Glibc

/// A certificate for a server that was given none: browsers warn, clients pin it or trust its file.
public enum SelfSignedCertificate {
  /// As long as the strictest clients accept.
  static let daysMax = 825
  private static let clockSkew = 3600

  /// Makes certificate and key unless both are there.
  /// - Parameters:
  ///   - certificateFile: PEM, readable by all.
  ///   - keyFile: PEM, readable by its owner only (mode 0600).
  ///   - hosts: names and addresses beside localhost, 127.0.0.1, ::1 and the machine's own name.
  /// - Returns: whether it made new ones.
  /// - Throws: ``TLSError`` when only one of the files is there, or one cannot be written. A file is whole or absent, never half.
  @discardableResult
  public static func ensure(certificateFile: String, keyFile: String, hosts: [String] = []) throws(TLSError) -> Bool {
    switch (access(certificateFile, F_OK) == 0, access(keyFile, F_OK) == 0) {
    case (true, true): return false
    case (true, false): throw TLSError(.configuration, "\(certificateFile) is there, its key \(keyFile) is not")
    case (false, true): throw TLSError(.configuration, "\(keyFile) is there, its certificate \(certificateFile) is not")
    case (false, false): break
    }
    let (certificate, key) = try make(hosts: hosts)
    try AtomicFile.write(key, to: keyFile, mode: 0o600)
    do throws(TLSError) {
      try AtomicFile.write(certificate, to: certificateFile, mode: 0o644)
    } catch {
      unlink(keyFile)
      throw error
    }
    return true
  }

  /// P-256, signed with ECDSA and SHA-256, both as PEM.
  static func make(hosts: [String]) throws(TLSError) -> (certificate: [UInt8], key: [UInt8]) {
    ERR_clear_error()
    guard let key = copenssl_P256_key() else { throw .fromQueue(.configuration, "P-256 key") }
    defer { EVP_PKEY_free(key) }
    guard let certificate = X509_new() else { throw .fromQueue(.configuration, "certificate") }
    defer { X509_free(certificate) }
    let names = subjectNames(hosts)
    guard X509_set_version(certificate, 2) == 1, setSerial(certificate), setValidity(certificate), X509_set_pubkey(certificate, key) == 1,
      setSubject(certificate, names[0]), addExtensions(certificate, names), X509_sign(certificate, key, EVP_sha256()) > 0
    else { throw .fromQueue(.configuration, "self-signed certificate") }
    let certificatePEM = try pem("certificate") { PEM_write_bio_X509($0, certificate) }
    let keyPEM = try pem("private key") { PEM_write_bio_PrivateKey($0, key, nil, nil, 0, nil, nil) }
    return (certificatePEM, keyPEM)
  }

  // MARK: Parts of the certificate

  private static func setSerial(_ certificate: OpaquePointer) -> Bool {
    var random: UInt64 = 0
    guard withUnsafeMutableBytes(of: &random, { RAND_bytes($0.baseAddress, Int32($0.count)) }) == 1 else { return false }
    return ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), random >> 1 | 1) == 1
  }

  private static func setValidity(_ certificate: OpaquePointer) -> Bool {
    X509_gmtime_adj(X509_getm_notBefore(certificate), -clockSkew) != nil
      && X509_gmtime_adj(X509_getm_notAfter(certificate), daysMax * 86_400 - clockSkew) != nil
  }

  private static func setSubject(_ certificate: OpaquePointer, _ name: String) -> Bool {
    let subject = X509_get_subject_name(certificate)
    return X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_UTF8, "Thaiyyal Live, self-signed", -1, -1, 0) == 1
      && X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, String(name.prefix(64)), -1, -1, 0) == 1
      && X509_set_issuer_name(certificate, subject) == 1
  }

  private static func addExtensions(_ certificate: OpaquePointer, _ names: [String]) -> Bool {
    let alternatives = names.map { isAddress($0) ? "IP:\($0)" : "DNS:\($0)" }.joined(separator: ",")
    // The key identifier's value is computed from the certificate itself: the context says which.
    var context = X509V3_CTX()
    X509V3_set_ctx(&context, certificate, certificate, nil, nil, 0)
    let extensions: [(Int32, String)] = [
      (NID_subject_alt_name, alternatives), (NID_basic_constraints, "critical,CA:FALSE"), (NID_key_usage, "critical,digitalSignature"),
      (NID_ext_key_usage, "serverAuth"), (NID_subject_key_identifier, "hash"),
    ]
    return extensions.allSatisfy { nid, value in
      guard let made = X509V3_EXT_conf_nid(nil, &context, nid, value) else { return false }
      defer { X509_EXTENSION_free(made) }
      return X509_add_ext(certificate, made, -1) == 1
    }
  }

  /// Without repeats, and without what would break out of the extension's text form.
  private static func subjectNames(_ hosts: [String]) -> [String] {
    var seen: Set<String> = []
    return (["localhost", "127.0.0.1", "::1", hostName].compactMap { $0 } + hosts).filter { name in
      let isPlain = !name.isEmpty && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: ";") }
      return isPlain && seen.insert(name.lowercased()).inserted
    }
  }

  private static var hostName: String? {
    var buffer = [CChar](repeating: 0, count: 256)
    guard gethostname(&buffer, buffer.count - 1) == 0 else { return nil }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private static func isAddress(_ name: String) -> Bool {
    guard let octets = a2i_IPADDRESS(name) else { return false }
    ASN1_OCTET_STRING_free(octets)
    return true
  }

  private static func pem(_ what: String, _ write: (OpaquePointer) -> Int32) throws(TLSError) -> [UInt8] {
    guard let bio = BIO_new(BIO_s_mem()) else { throw .fromQueue(.configuration, what) }
    defer { BIO_free(bio) }
    guard write(bio) == 1 else { throw .fromQueue(.configuration, what) }
    return MemoryBIO.bytes(bio)
  }
}
