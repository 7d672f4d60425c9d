import Foundation
import Gateway
import Glibc
import Logging
import NIOCore
import NIOPosix
import OpenSSLTransport
import RateLimits
import RoomCore
import Rooms
import SQLiteStorage
import ServiceLifecycle
import Storage
import WebSocketTransport

/// The server under load in a process of its own, so that its CPU time and memory are its own.
enum ServerProcess {
  /// What the child runs: everything as in production, on a free port that it prints.
  static func serve(data: String?, isSecure: Bool) async throws {
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let store: any WorkflowStore = try data.map { try SQLiteStore(path: $0) } ?? InMemoryWorkflowStore()
    var gateway = GatewayConfiguration()
    gateway.port = 0
    gateway.connectionCountMax = 20_000
    gateway.connectionCountPerAddressMax = 20_000
    gateway.webSocket.frameBytesMax = gateway.webSocket.messageBytesMax
    let deflate = gateway.webSocket.deflate
    let logger = Logger(label: "bench") { SwiftLogNoOpLogHandler($0) }
    var rooms = RoomConfiguration()
    // All the load comes from one address: what is measured is what the server can do, not what it allows one address.
    rooms.limits.rates = .none
    let registry = RoomRegistry(
      store: store, loops: Array(group.makeIterator()), configuration: rooms, logger: logger, makeFrameWriter: { RoomFrameWriter(deflate) })
    var addTLS: (@Sendable (any Channel) throws -> Void)?
    if isSecure {
      let files = try certificate()
      let context = try TLSServerContext(TLSServerConfiguration(certificateChainFile: files.certificate, privateKeyFile: files.key))
      addTLS = { try $0.pipeline.syncOperations.addHandler(context.makeHandler()) }
    }
    let service = GatewayService(
      configuration: gateway, registry: registry, authenticator: OpenAuthenticator(), group: group, addTLS: addTLS, logger: logger,
      onListening: { address in
        print("PORT \(address.port ?? 0)")
        fflush(nil)
      })
    try await ServiceGroup(configuration: .init(services: [.init(service: service)], logger: logger)).run()
  }

  /// Of all servers of a run: they do the same work in a handshake.
  static func certificate() throws -> (certificate: String, key: String) {
    let folder = NSTemporaryDirectory() + "thaiyyal-bench-tls"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    _ = try SelfSignedCertificate.ensure(certificateFile: folder + "/cert.pem", keyFile: folder + "/key.pem")
    return (folder + "/cert.pem", folder + "/key.pem")
  }

  /// This program, or another build of it that is to be compared with this one.
  private static var program: String { ProcessInfo.processInfo.environment["BENCH_SERVER"] ?? "/proc/self/exe" }

  static func start(onDisk: Bool = false, isSecure: Bool = false) throws -> ChildProcess {
    let folder = NSTemporaryDirectory() + "thaiyyal-bench-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    return try ChildProcess.start(
      program, ["serve", onDisk ? folder + "/bench.sqlite" : "-", isSecure ? "tls" : "plain"], folder: folder)
  }
}
