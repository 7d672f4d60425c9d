import NIOCore
import OpenSSLTransport
import Synchronization

/// The TLS side of a client's connections.
enum ClientTLS {
  typealias Installer = @Sendable (any Channel, _ host: String) throws -> Void

  /// One context for all sessions that trust alike: a thousand bots read the system's certificates once, and TLS sessions resume.
  ///
  /// The lock is held for a lookup or for making a context, never while calling out to anything that takes another lock.
  private static let contexts = Mutex<[ServerTrust: TLSClientContext]>([:])

  /// - Throws: `TLSError` when a file cannot be used.
  static func installer(_ trust: ServerTrust) throws -> Installer {
    let context = try contexts.withLock { contexts in
      if let known = contexts[trust] { return known }
      let made = try TLSClientContext(TLSClientConfiguration(verification: TLSClientConfiguration.Verification(trust)))
      contexts[trust] = made
      return made
    }
    return { channel, host in try channel.pipeline.syncOperations.addHandler(try context.makeHandler(host: host)) }
  }
}

extension TLSClientConfiguration.Verification {
  fileprivate init(_ trust: ServerTrust) {
    self =
      switch trust {
      case .system: .systemRoots
      case .authorities(let file): .authorityFile(file)
      case .fingerprint(let bytes): .pinned([bytes])
      case .anything: .insecure
      }
  }
}
