import Foundation
import LoopbackServer
import NIOCore
import NIOPosix
import OpenSSLTransport
import OutboundHTTP
import OutboundPolicy
import Synchronization

/// Clients that may reach what a test says, and names that mean what a test says.
enum Clients {
  /// The system's certificates are read once for all tests.
  private static let systemRoots = Result { try TLSClientContext() }

  static func tls(_ verification: TLSClientConfiguration.Verification = .systemRoots) throws -> TLSClientContext {
    verification == .systemRoots ? try systemRoots.get() : try TLSClientContext(TLSClientConfiguration(verification: verification))
  }

  /// May name anything at that port, and reach the addresses of `ranges`.
  static func make(
    port: Int, ranges: [String] = ["127.0.0.1/32"], limits: OutboundLimits = OutboundLimits(),
    trust: TLSClientConfiguration.Verification = .systemRoots, resolve: @escaping NameResolver = SystemResolver.make()
  ) throws -> OutboundClient {
    let policy = OutboundPolicy(hosts: [HostRule("*:\(port)")!], ranges: ranges.map { IPRange($0)! })
    return OutboundClient(
      policy: policy, limits: limits, group: MultiThreadedEventLoopGroup.singleton, tls: try tls(trust), resolve: resolve)
  }

  static func failure(_ client: OutboundClient, _ request: OutboundRequest) async -> OutboundFailure? {
    do throws(OutboundFailure) {
      _ = try await client.send(request)
      return nil
    } catch { return error }
  }

  static func failure(_ client: OutboundClient, _ url: String) async throws -> OutboundFailure? {
    await failure(client, OutboundRequest(.get, try OutboundURL(url)))
  }
}

/// A name server that answers each question with the next of its answers, and the last one ever after.
final class Names: Sendable {
  private let answers: [[String]]
  private let count = Mutex(0)

  init(_ answers: [String]...) { self.answers = answers }

  var askedCount: Int { count.withLock { $0 } }

  var resolver: NameResolver {
    { [self] _, eventLoop in
      let at = count.withLock { count in
        defer { count += 1 }
        return min(count, answers.count - 1)
      }
      return eventLoop.makeSucceededFuture(answers[at].map { IPAddress($0)! })
    }
  }
}

/// A certificate for `good.example` and this machine, in a folder that goes away with its owner.
final class CertificateFolder: Sendable {
  private let path: String
  var certificate: String { path + "/c.pem" }

  init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("outbound-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try SelfSignedCertificate.ensure(certificateFile: path + "/c.pem", keyFile: path + "/k.pem", hosts: ["good.example"])
  }

  func context() throws -> TLSServerContext {
    try TLSServerContext(TLSServerConfiguration(certificateChainFile: certificate, privateKeyFile: path + "/k.pem"))
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
