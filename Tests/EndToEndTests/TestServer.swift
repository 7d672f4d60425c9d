import CollabClient
import CollabProtocol
import Foundation
import Gateway
import Logging
import NIOCore
import NIOPosix
import OpenSSLTransport
import RoomCore
import Rooms
import SQLiteStorage
import ServiceLifecycle
import Storage
import WebSocketTransport
import WorkflowDocument
import WorkflowGraph

/// A whole server in this process, on a free port, with its data in a folder that goes away with it.
final class TestServer: Sendable {
  struct Options: Sendable {
    var isSecure = false
    var limits = RoomLimits()
    var authenticator: any Authenticator = OpenAuthenticator()
    var gateway = GatewayConfiguration()
    var store: (any WorkflowStore)?
    var engine: any RunEngine = EmbeddedEngine()
  }

  let address: ServerAddress
  let folder: String
  let store: any WorkflowStore
  let registry: RoomRegistry
  private let services: ServiceGroup
  private let running: Task<Void, any Error>

  static func start(_ options: Options = Options()) async throws -> TestServer {
    let folder = NSTemporaryDirectory() + "thaiyyal-e2e-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    let store = try options.store ?? SQLiteStore(path: folder + "/test.sqlite")
    var gateway = options.gateway
    gateway.host = "127.0.0.1"
    gateway.port = 0
    let group = MultiThreadedEventLoopGroup.singleton
    var rooms = RoomConfiguration()
    rooms.limits = options.limits
    rooms.drainDeadline = .seconds(5)
    gateway.webSocket.messageBytesMax = Int(rooms.limits.protocolLimits.messageBytesMax)
    gateway.webSocket.frameBytesMax = gateway.webSocket.messageBytesMax
    let deflate = gateway.webSocket.deflate
    var logger = Logger(label: "e2e") { SwiftLogNoOpLogHandler($0) }
    logger.logLevel = .critical
    let registry = RoomRegistry(
      store: store, loops: Array(group.makeIterator()), configuration: rooms, engine: options.engine, logger: logger,
      makeFrameWriter: { RoomFrameWriter(deflate) })
    var addTLS: (@Sendable (any Channel) throws -> Void)?
    if options.isSecure {
      let (certificate, key) = (folder + "/cert.pem", folder + "/key.pem")
      _ = try SelfSignedCertificate.ensure(certificateFile: certificate, keyFile: key, hosts: ["localhost", "127.0.0.1"])
      let context = try TLSServerContext(TLSServerConfiguration(certificateChainFile: certificate, privateKeyFile: key))
      addTLS = { try $0.pipeline.syncOperations.addHandler(context.makeHandler()) }
    }
    let (ports, port) = AsyncStream<Int>.makeStream()
    let service = GatewayService(
      configuration: gateway, registry: registry, authenticator: options.authenticator, group: group, addTLS: addTLS, logger: logger,
      onListening: { port.yield($0.port ?? 0) })
    let services = ServiceGroup(configuration: .init(services: [.init(service: service)], logger: logger))
    let running = Task {
      defer { port.finish() }
      try await services.run()
    }
    guard let number = await ports.first(where: { _ in true }) else {
      try await running.value
      throw CancellationError()
    }
    return TestServer(
      address: ServerAddress(isSecure: options.isSecure, host: "127.0.0.1", port: number), folder: folder, store: store, registry: registry,
      services: services, running: running)
  }

  private init(
    address: ServerAddress, folder: String, store: any WorkflowStore, registry: RoomRegistry, services: ServiceGroup,
    running: Task<Void, any Error>
  ) {
    self.address = address
    self.folder = folder
    self.store = store
    self.registry = registry
    self.services = services
    self.running = running
  }

  /// Goodbye to everybody, everything flushed, the folder gone.
  func stop() async throws {
    await services.triggerGracefulShutdown()
    try await running.value
    await store.close()
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// Begins the shutdown and does not wait for its end.
  func beginShutdown() async { await services.triggerGracefulShutdown() }

  /// Runs `body` against a server of its own.
  static func with(_ options: Options = Options(), _ body: (TestServer) async throws -> Void) async throws {
    let server = try await start(options)
    do { try await body(server) } catch {
      try? await server.stop()  // the test's own error is the one to tell
      throw error
    }
    try await server.stop()
  }

  func options(
    _ workflow: String = "demo", name: String = "tester", encoding: WireEncoding = .proto,
    _ configure: (inout ReplicaOptions) -> Void = { _ in }
  ) -> SessionOptions {
    var replica = ReplicaOptions(name: name)
    replica.create = true
    replica.kind = .bot
    configure(&replica)
    var options = SessionOptions(server: address, workflow: WorkflowID(workflow)!, replica: replica)
    options.encoding = encoding
    options.trust = address.isSecure ? .authorities(file: folder + "/cert.pem") : .system
    return options
  }
}
