import NIOCore

/// The TLS side of a client's connection.
enum ClientTLS {
  static func handlerMaker(_ trust: ServerTrust) throws -> @Sendable (any Channel, _ host: String) throws -> Void {
    { _, _ in throw ChannelError.operationUnsupported }
  }
}
