internal import COpenSSL
internal import Synchronization

/// How a server speaks TLS.
public struct TLSServerConfiguration: Hashable, Sendable {
  public enum ClientCertificates: Hashable, Sendable {
    case notAsked
    /// Asked for; one that is sent must be signed by an authority of the PEM file.
    case optional(authorityFile: String)
    /// No handshake without one.
    case required(authorityFile: String)
  }

  /// PEM: the server's certificate first, then those between it and the root.
  public var certificateChainFile: String
  /// PEM, not encrypted.
  public var privateKeyFile: String
  public var clientCertificates = ClientCertificates.notAsked
  /// ALPN names, the best first. Clients without ALPN are welcome, clients with others only are not.
  public var applicationProtocols = ["http/1.1"]
  /// From the connection's start to the end of the handshake.
  public var handshakeDeadline: Duration = .seconds(10)

  public init(certificateChainFile: String, privateKeyFile: String) {
    self.certificateChainFile = certificateChainFile
    self.privateKeyFile = privateKeyFile
  }
}

/// Certificate, key and rules for all connections of a server, TLS 1.2 and 1.3.
public final class TLSServerContext: Sendable {
  public let configuration: TLSServerConfiguration
  private let current: Mutex<TLSContext>

  /// - Throws: ``TLSError`` when a file is missing, damaged, or the key is not the certificate's.
  public init(_ configuration: TLSServerConfiguration) throws(TLSError) {
    self.configuration = configuration
    current = Mutex(try Self.make(configuration))
  }

  /// Reads the files again. Connections made from now on use what they say; those that are open go on as they are. Session tickets get a new
  /// key: one handed out before leads to a full handshake. On an error everything stays as it was.
  public func reload() throws(TLSError) {
    let fresh = try Self.make(configuration)
    current.withLock { $0 = fresh }
  }

  /// A handler for one connection, the first of its pipeline.
  /// - Parameter onHandshake: told once how the handshake ended, on the connection's loop.
  public func makeHandler(onHandshake: (@Sendable (_ isDone: Bool) -> Void)? = nil) -> TLSHandler {
    TLSHandler(TLSSession(server: current.withLock { $0 }), handshakeDeadline: configuration.handshakeDeadline, onHandshake: onHandshake)
  }

  private static func make(_ configuration: TLSServerConfiguration) throws(TLSError) -> TLSContext {
    try TLSContext(isServer: true, applicationProtocols: configuration.applicationProtocols) { context throws(TLSError) in
      try context.use(certificateChainFile: configuration.certificateChainFile, privateKeyFile: configuration.privateKeyFile)
      if !configuration.applicationProtocols.isEmpty { context.chooseApplicationProtocol() }
      // One ticket per handshake is enough for a client with one connection; without an id OpenSSL refuses tickets that carry a client's
      // certificate.
      SSL_CTX_set_num_tickets(context.pointer, 1)
      let id: [UInt8] = Array("thaiyyal".utf8)
      SSL_CTX_set_session_id_context(context.pointer, id, UInt32(id.count))
      switch configuration.clientCertificates {
      case .notAsked: break
      case .optional(let file): try ask(context, file, SSL_VERIFY_PEER)
      case .required(let file): try ask(context, file, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT)
      }
    }
  }

  private static func ask(_ context: TLSContext, _ authorityFile: String, _ mode: Int32) throws(TLSError) {
    try context.trust(authorityFile)
    guard let names = SSL_load_client_CA_file(authorityFile) else {
      throw .fromQueue(.configuration, "file of authorities \(authorityFile)")
    }
    SSL_CTX_set_client_CA_list(context.pointer, names)
    SSL_CTX_set_verify(context.pointer, mode, nil)
  }
}
