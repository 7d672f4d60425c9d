import Dispatch
import Foundation
import Gateway
import Glibc
import Hashing
import Logging
import NIOCore
import OpenSSLTransport

/// The certificate the server shows, and its reload.
struct ServeTLS: Sendable {
  private let context: TLSServerContext
  /// What a person should know about the certificate.
  let note: String

  /// - Returns: `nil` for a plain port.
  /// - Throws: `ConfigurationFault` when the certificate cannot be used.
  init?(_ configuration: ServeConfiguration, logger: Logger) throws {
    guard let files = try Self.files(configuration) else { return nil }
    var tls = TLSServerConfiguration(certificateChainFile: files.cert, privateKeyFile: files.key)
    if let authority = configuration.clientCA { tls.clientCertificates = .required(authorityFile: authority) }
    do {
      context = try TLSServerContext(tls)
    } catch {
      throw ConfigurationFault("\(error)")
    }
    let fingerprint = Self.fingerprint(ofFile: files.cert) ?? "unknown"
    if case .selfSigned = configuration.security {
      note =
        "self-signed (\(files.cert)): use --ca \(files.cert) or --insecure, and let the browser go on\n               SHA-256 \(fingerprint)"
    } else {
      note = "\(files.cert)\n               SHA-256 \(fingerprint)"
    }
    for finding in CertificateFinding.check(certificate: files.cert) where finding.level != .ok {
      logger.warning("the certificate needs attention", metadata: ["what": "\(finding.text)"])
    }
  }

  func handlerAdder(_ metrics: ServerMetrics) -> @Sendable (any Channel) throws -> Void {
    let onHandshake: @Sendable (Bool) -> Void = { metrics.handshakeEnded(isDone: $0) }
    return { [context] channel in try channel.pipeline.syncOperations.addHandler(context.makeHandler(onHandshake: onHandshake)) }
  }

  /// SIGHUP reads the files anew; when they cannot be used, the old certificate stays.
  func reloadOnHangUp(_ logger: Logger) -> any DispatchSourceSignal {
    signal(SIGHUP, SIG_IGN)
    let source = DispatchSource.makeSignalSource(signal: SIGHUP, queue: .global())
    source.setEventHandler { [context] in
      do {
        try context.reload()
        logger.notice("certificate read anew", metadata: ["file": "\(context.configuration.certificateChainFile)"])
      } catch {
        logger.error("the new certificate cannot be used, the old one stays", metadata: ["error": "\(error)"])
      }
    }
    source.resume()
    return source
  }

  /// Certificate and key, made first when none are given; they lie beside the data file.
  private static func files(_ configuration: ServeConfiguration) throws -> (cert: String, key: String)? {
    switch configuration.security {
    case .plain: return nil
    case .files(let cert, let key): return (cert, key)
    case .selfSigned(let data):
      let (cert, key) = selfSignedFiles(beside: data)
      do {
        let folder = URL(fileURLWithPath: cert).deletingLastPathComponent()
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let isOwnName = ["0.0.0.0", "::", "localhost"].contains(configuration.host)
        try SelfSignedCertificate.ensure(certificateFile: cert, keyFile: key, hosts: isOwnName ? [] : [configuration.host])
      } catch let error as TLSError {
        throw ConfigurationFault("no certificate can be made: \(error)")
      } catch {
        throw ConfigurationFault("no certificate can be made: \((error as NSError).localizedDescription)")
      }
      return (cert, key)
    }
  }

  static func selfSignedFiles(beside data: String) -> (cert: String, key: String) {
    let folder = URL(fileURLWithPath: data).deletingLastPathComponent().relativePath
    return ("\(folder)/thaiyyal-cert.pem", "\(folder)/thaiyyal-key.pem")
  }

  /// SHA-256 of the first certificate in a PEM file, as browsers show it.
  private static func fingerprint(ofFile path: String) -> String? {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8), let start = text.range(of: "-----BEGIN CERTIFICATE-----"),
      let end = text.range(of: "-----END CERTIFICATE-----"), start.upperBound < end.lowerBound,
      let der = Base64.decode(text[start.upperBound..<end.lowerBound].filter { !$0.isWhitespace })
    else { return nil }
    return SHA256.digest(der).map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true) }.joined(separator: ":")
  }
}
