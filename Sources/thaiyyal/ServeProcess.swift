import ArgumentParser
import CollabProtocol
import Foundation
import Gateway
import Logging
import NIOCore
import NIOPosix
import RoomCore
import Rooms
import SQLiteStorage
import ServiceLifecycle
import Storage
import WebSocketTransport

/// The running server: makes the parts, puts them together, tells where it is, and takes them down in order.
struct ServeProcess {
  /// What a shutdown may take beyond the drain of the rooms: closing handshakes, the last commits.
  private static let shutdownReserve: Duration = .seconds(15)

  private let configuration: ServeConfiguration

  init(_ configuration: ServeConfiguration) { self.configuration = configuration }

  func run() async throws {
    let level = configuration.logLevel
    LoggingSystem.bootstrap { label in
      var handler = StreamLogHandler.standardError(label: label)
      handler.logLevel = level
      return handler
    }
    let logger = Logger(label: "thaiyyal")
    OpenFiles.raise()
    let authenticator = try makeAuthenticator()
    let tls = try ServeTLS(configuration, logger: logger)
    let store = try openStore()
    let group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.loops > 0 ? configuration.loops : System.coreCount)
    do {
      try await serve(store: store, group: group, authenticator: authenticator, tls: tls, logger: logger)
    } catch {
      await store.close()
      try await group.shutdownGracefully()
      throw ListenFault(error, host: configuration.host, port: configuration.port) ?? error
    }
    await store.close()
    try await group.shutdownGracefully()
    logger.info("ended")
  }

  private func serve(
    store: any WorkflowStore, group: MultiThreadedEventLoopGroup, authenticator: any Authenticator, tls: ServeTLS?, logger: Logger
  ) async throws {
    var gatewayConfiguration = makeGatewayConfiguration()
    let deflate = gatewayConfiguration.webSocket.deflate
    var rooms = RoomConfiguration()
    rooms.server = ThaiyyalCommand.configuration.version
    rooms.drainDeadline = configuration.drain
    let messageBytesMax = Int(rooms.limits.protocolLimits.messageBytesMax)
    gatewayConfiguration.webSocket.messageBytesMax = messageBytesMax
    gatewayConfiguration.webSocket.frameBytesMax = messageBytesMax
    let watch = StoreWatch()
    var outside = try OutsideEngine(configuration.outside, group: group, logger: logger)
    let registry = RoomRegistry(
      store: store, loops: Array(group.makeIterator()), configuration: rooms, engine: outside.engine, metrics: watch, logger: logger,
      makeFrameWriter: { RoomFrameWriter(deflate) })
    outside.onTypesChanged = { registry.typesChanged() }
    let gateway = GatewayService(
      configuration: gatewayConfiguration, registry: registry, authenticator: authenticator, group: group, addTLS: tls?.addHandler,
      readiness: { await readiness(of: store, watch) }, logger: logger, onListening: { announce($0, tls) })
    var services = ServiceGroupConfiguration(services: [.init(service: outside), .init(service: gateway)], logger: logger)
    services.maximumGracefulShutdownDuration = configuration.drain + Self.shutdownReserve
    let serviceGroup = ServiceGroup(configuration: services)
    let interrupt = Interrupt {
      Console.note("saying goodbye; a second signal ends at once")
      Task { await serviceGroup.triggerGracefulShutdown() }
    }
    let reload = tls?.reloadOnHangUp(logger)
    defer {
      interrupt.end()
      reload?.cancel()
    }
    try await serviceGroup.run()
  }

  private func makeGatewayConfiguration() -> GatewayConfiguration {
    var gateway = GatewayConfiguration()
    gateway.host = configuration.host
    gateway.port = configuration.port
    gateway.origins = OriginPolicy(
      allowed: Set(configuration.allowedOrigins), ownNameMustBeLocal: configuration.tokensFile == nil && !configuration.isOpen)
    gateway.connectionCountMax = configuration.connectionsMax
    gateway.connectionCountPerAddressMax = configuration.connectionsPerAddressMax
    return gateway
  }

  private func makeAuthenticator() throws -> any Authenticator {
    guard let file = configuration.tokensFile else { return OpenAuthenticator() }
    return TokenAuthenticator(try ServeTokens.load(file))
  }

  private func openStore() throws -> any WorkflowStore {
    guard let file = configuration.dataFile else { return InMemoryWorkflowStore() }
    let folder = URL(fileURLWithPath: file).deletingLastPathComponent()
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw StoreError(.unavailable, "cannot make the folder \(folder.path): \((error as NSError).localizedDescription)")
    }
    return try SQLiteStore(path: file)
  }

  private func readiness(of store: any WorkflowStore, _ watch: StoreWatch) async -> Readiness {
    guard watch.acceptsWrites else { return .notReady("The store does not take writes.") }
    do {
      _ = try await store.workflows(after: nil, limit: 1)
      return .ready
    } catch {
      return .notReady("The store cannot be read.")
    }
  }

  private func announce(_ address: SocketAddress, _ tls: ServeTLS?) {
    let url = configuration.url(host: configuration.host, port: address.port ?? configuration.port)
    let access =
      configuration.tokensFile.map { "by token (\($0))" }
      ?? (configuration.isLoopback ? "open to programs and pages of this machine" : "open to everybody who can reach it")
    var lines = [
      "\(ThaiyyalCommand.configuration.version) is ready",
      "  canvas       \(url)/w/demo",
      "  protocol     \(url.replacing("http", with: "ws", maxReplacements: 1))/api/v1/workflows/{id}/live",
      "  data         \(configuration.dataFile ?? "in memory: gone when the server ends")",
      "  access       \(access)",
    ]
    if let note = tls?.note { lines.append("  certificate  \(note)") }
    Console.line(lines.joined(separator: "\n"))
  }
}

/// Each connection takes a file, one without TLS two (its direct writer has its own): the process asks for as many as it may have.
enum OpenFiles {
  /// The highest number of open files this process may ask for.
  static var most: UInt {
    var limit = rlimit()
    return getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 ? limit.rlim_max : 0
  }

  static func raise() {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
    limit.rlim_cur = limit.rlim_max
    // What was allowed before still is when this fails.
    _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
  }
}
