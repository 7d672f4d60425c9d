import Access
import COpenSSL
import Foundation
import Hashing
import OpenSSLTransport

/// Whether what must be secret is, and what must be trusted can be.
enum DoctorSecrets {
  static func check(_ configuration: ServeConfiguration) -> [Finding] {
    tokens(configuration) + keys(configuration) + metrics(configuration) + certificate(configuration)
  }

  private static func keys(_ configuration: ServeConfiguration) -> [Finding] {
    guard let file = configuration.jwksFile else { return [] }
    do throws(ConfigurationFault) {
      let set = try SigningKeys.load(file)
      let passedOver = set.passedOver.isEmpty ? "" : "; passed over: \(set.passedOver.joined(separator: ", "))"
      // Who can read a secret key can sign.
      let isSecret = set.entries.contains { $0.key.canSign }
      return [.ok("jwks", "\(file) holds \(set.entries.count)\(passedOver)")] + (isSecret ? privacy("jwks", file) : [])
    } catch {
      return [.fail("jwks", error.text, "thaiyyal token --new-key makes such a file")]
    }
  }

  private static func metrics(_ configuration: ServeConfiguration) -> [Finding] {
    guard let file = configuration.operations.metricsTokenFile else {
      return [.ok("metrics", configuration.isPrivate ? "open to programs of this machine" : "closed; --metrics-token FILE opens them")]
    }
    do {
      _ = try configuration.operations.metricsAccess(isPrivate: false)
      return [.ok("metrics", "by the secret in \(file)")] + privacy("metrics", file)
    } catch {
      return [.fail("metrics", "\(error)", "put a secret of 16 bytes or more into the file")]
    }
  }

  private static func tokens(_ configuration: ServeConfiguration) -> [Finding] {
    guard let file = configuration.tokensFile else { return [] }
    do {
      let count = try ServeTokens.load(file).count
      return [.ok("tokens", "\(file) holds \(count)")] + privacy("tokens", file)
    } catch {
      return [.fail("tokens", "\(error)", "thaiyyal serve --help shows the form of the file")]
    }
  }

  private static func certificate(_ configuration: ServeConfiguration) -> [Finding] {
    let cert: String
    let key: String
    switch configuration.security {
    case .plain:
      return [
        .warn("certificate", "no TLS: whoever is on the way can read and change everything", "leave out --plain outside of development")
      ]
    case .files(let given, let givenKey): (cert, key) = (given, givenKey)
    case .selfSigned(let data):
      (cert, key) = ServeTLS.selfSignedFiles(beside: data)
      let isThere = FileManager.default.fileExists(atPath: cert) || FileManager.default.fileExists(atPath: key)
      if !isThere { return [.ok("certificate", "a self-signed one will be made: \(cert)")] }
    }
    do {
      _ = try TLSServerContext(TLSServerConfiguration(certificateChainFile: cert, privateKeyFile: key))
    } catch {
      return [.fail("certificate", "\(error)", "give the certificate chain and its own key, both PEM")]
    }
    return CertificateFinding.check(certificate: cert) + privacy("key", key)
  }

  /// Nothing when only the owner can read the file.
  private static func privacy(_ subject: String, _ file: String) -> [Finding] {
    var status = stat()
    guard stat(file, &status) == 0 else { return [.fail(subject, "\(file): \(String(cString: strerror(errno)))", "check the path")] }
    let mode = status.st_mode & 0o777
    guard mode & 0o077 != 0 else { return [] }
    return [.fail(subject, "\(file) can be read by others (mode \(String(mode, radix: 8)))", "chmod 600 \(file)")]
  }
}

/// How long a certificate is good for.
enum CertificateFinding {
  private static let daysWanted = 21

  static func check(certificate file: String) -> [Finding] {
    guard let bio = BIO_new_file(file, "r") else { return [.fail("certificate", "\(file) cannot be read", "check path and mode")] }
    defer { BIO_free(bio) }
    guard let certificate = PEM_read_bio_X509(bio, nil, nil, nil) else {
      return [.fail("certificate", "\(file) is no PEM certificate", "convert it")]
    }
    defer { X509_free(certificate) }
    var days: Int32 = 0
    var seconds: Int32 = 0
    guard ASN1_TIME_diff(&days, &seconds, nil, X509_get0_notAfter(certificate)) == 1 else {
      return [.warn("certificate", "\(file) does not say until when it is good", "check it with openssl x509 -text")]
    }
    if days < 0 || seconds < 0 { return [.fail("certificate", "\(file) ended \(-days) days ago", "renew it and send SIGHUP")] }
    if days < daysWanted { return [.warn("certificate", "\(file) ends in \(days) days", "renew it and send SIGHUP")] }
    return [.ok("certificate", "\(file) is good for \(days) days and fits its key")]
  }
}
