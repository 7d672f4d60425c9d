internal import COpenSSL

/// How a client speaks TLS.
public struct TLSClientConfiguration: Hashable, Sendable {
  public enum Verification: Hashable, Sendable {
    /// Chain up to a root that the system trusts, and the host's name.
    case systemRoots
    /// Chain up to a certificate of the PEM file, and the host's name. A self-signed certificate may stand in it itself.
    case authorityFile(String)
    /// One of these certificates, by SHA-256 of their DER form (32 bytes each), whatever name they carry.
    case pinned([[UInt8]])
    /// Anybody. For development.
    case insecure
  }

  public var verification: Verification
  /// The client's own certificate chain and key, PEM, for servers that ask.
  public var certificate: (chainFile: String, keyFile: String)? {
    get { chainFile.flatMap { chain in keyFile.map { (chain, $0) } } }
    set { (chainFile, keyFile) = (newValue?.chainFile, newValue?.keyFile) }
  }
  private var chainFile: String?
  private var keyFile: String?
  public var applicationProtocols = ["http/1.1"]
  public var handshakeDeadline: Duration = .seconds(10)

  public init(verification: Verification = .systemRoots) { self.verification = verification }
}

/// Rules for all connections of a client, TLS 1.2 and 1.3.
public final class TLSClientContext: Sendable {
  public let configuration: TLSClientConfiguration
  private let context: TLSContext

  /// - Throws: ``TLSError`` when a file cannot be read or a pin has not 32 bytes.
  public init(_ configuration: TLSClientConfiguration = TLSClientConfiguration()) throws(TLSError) {
    self.configuration = configuration
    var pins: [UInt8] = []
    if case .pinned(let digests) = configuration.verification {
      guard !digests.isEmpty, digests.allSatisfy({ $0.count == 32 }) else {
        throw TLSError(.configuration, "a pin is a SHA-256 of 32 bytes")
      }
      pins = Array(digests.joined())
    }
    context = try TLSContext(isServer: false, applicationProtocols: configuration.applicationProtocols, pins: pins) {
      context throws(TLSError) in
      try context.offerApplicationProtocols()
      if let own = configuration.certificate { try context.use(certificateChainFile: own.chainFile, privateKeyFile: own.keyFile) }
      SSL_CTX_set_verify(context.pointer, configuration.verification == .insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nil)
      switch configuration.verification {
      case .systemRoots:
        guard SSL_CTX_set_default_verify_paths(context.pointer) == 1 else {
          throw .fromQueue(.configuration, "the system's trusted certificates")
        }
      case .authorityFile(let file): try context.trust(file)
      case .pinned: context.acceptOnlyPins()
      case .insecure: break
      }
    }
  }

  /// A handler for one connection, the first of its pipeline.
  /// - Parameter host: name or address that the user wants to reach. A name goes to the server in clear (SNI); either is what the certificate
  ///   must say.
  public func makeHandler(host: String) throws(TLSError) -> TLSHandler {
    TLSHandler(try TLSSession(client: context, host: host), handshakeDeadline: configuration.handshakeDeadline)
  }
}
