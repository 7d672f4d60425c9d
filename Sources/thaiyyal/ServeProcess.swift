import ArgumentParser
import CollabProtocol
import Foundation
import Gateway
import Logging
import NIOCore
import NIOPosix
import OpenSSLTransport
import OutboundHTTP
import RoomCore
import Rooms
import SQLiteStorage
import ServiceLifecycle
import Storage
import Telemetry
import WebSocketTransport
import WebhookDelivery
import Webhooks

/// The running server: makes the parts, puts them together, tells where it is, and takes them down in order.
struct ServeProcess {
  /// What a shutdown may take beyond the drain of the rooms: closing handshakes, the last commits.
  private static let shutdownReserve: Duration = .seconds(15)

  private let configuration: ServeConfiguration
  private let notifier = SystemdNotifier(ProcessInfo.processInfo.environment)

  init(_ configuration: ServeConfiguration) { self.configuration = configuration }

  func run() async throws {
    ProcessMetrics.begin()
    let logger = startLogging()
    OpenFiles.raise()
    let (authenticator, keys) = try makeAuthenticator(logger)
    let watching = keys?.watch() ?? []
    defer { for source in watching { source.cancel() } }
    let tls = try ServeTLS(configuration, logger: logger)
    let metrics = ServerMetrics(version: ThaiyyalCommand.configuration.version)
    let store = try openStore(metrics, logger)
    let group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.loops > 0 ? configuration.loops : System.coreCount)
    do {
      try await serve(store: store, group: group, authenticator: authenticator, tls: tls, metrics: metrics, logger: logger)
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
    store: any WebhookService.Store, group: MultiThreadedEventLoopGroup, authenticator: any Authenticator, tls: ServeTLS?,
    metrics: ServerMetrics,
    logger: Logger
  ) async throws {
    var gatewayConfiguration = try makeGatewayConfiguration()
    let deflate = gatewayConfiguration.webSocket.deflate
    var rooms = RoomConfiguration()
    rooms.server = ThaiyyalCommand.configuration.version
    rooms.drainDeadline = configuration.drain
    rooms.limits.rates = configuration.rates
    let messageBytesMax = Int(rooms.limits.protocolLimits.messageBytesMax)
    gatewayConfiguration.webSocket.messageBytesMax = messageBytesMax
    gatewayConfiguration.webSocket.frameBytesMax = messageBytesMax
    var outside = try OutsideEngine(configuration.outside, group: group, logger: logger)
    let registry = RoomRegistry(
      store: store, loops: Array(group.makeIterator()), configuration: rooms, engine: outside.engine, metrics: metrics, logger: logger,
      makeFrameWriter: { RoomFrameWriter(deflate) })
    outside.onTypesChanged = { registry.typesChanged() }
    metrics.add { $0.gauge("thaiyyal_outbox_bytes", "Bytes that wait for slow sessions.", registry.outboxBytes) }
    let probe = StoreProbe { try await store.probe() }
    let gateway = GatewayService(
      configuration: gatewayConfiguration, registry: registry, authenticator: authenticator, group: group,
      addTLS: tls.map { $0.handlerAdder(metrics) }, readiness: { await probe.readiness() }, metrics: metrics, logger: logger,
      onListening: {
        announce($0, tls)
        notifier.ready()
      })
    let webhooks = try makeWebhooks(store, registry, group, metrics, logger)
    // Ended in reverse: what rooms have to tell when they close is queued before nobody sends any more.
    var services = ServiceGroupConfiguration(
      services: [.init(service: webhooks), .init(service: outside), .init(service: gateway)], logger: logger)
    services.maximumGracefulShutdownDuration = configuration.drain + Self.shutdownReserve
    let serviceGroup = ServiceGroup(configuration: services)
    let interrupt = Interrupt {
      logger.notice("saying goodbye")
      tell("saying goodbye; a second signal ends at once")
      notifier.stopping()
      Task { await serviceGroup.triggerGracefulShutdown() }
    }
    let reload = tls?.reloadOnHangUp(logger)
    defer {
      interrupt.end()
      reload?.cancel()
    }
    try await serviceGroup.run()
  }

  private func makeWebhooks(
    _ store: any WebhookService.Store, _ registry: RoomRegistry, _ group: MultiThreadedEventLoopGroup, _ metrics: ServerMetrics,
    _ logger: Logger
  ) throws -> WebhookService {
    var options = WebhookService.Options()
    options.policy = configuration.webhooks
    let client = OutboundClient(
      policy: options.policy.outbound, limits: WebhookService.outboundLimits(options.rules.limits), group: group,
      tls: try TLSClientContext())
    let now: @Sendable () -> UInt64 = { RoomEnvironment.system.now().wallMilliseconds }
    let service = WebhookService(store: store, client: client, options: options, now: now, logger: logger) {
      try await registry.state(of: $0)
    }
    metrics.add { service.metrics.write(to: &$0, atMilliseconds: now()) }
    return service
  }

  private func makeGatewayConfiguration() throws -> GatewayConfiguration {
    var gateway = GatewayConfiguration()
    gateway.host = configuration.host
    gateway.port = configuration.port
    gateway.origins = OriginPolicy(
      allowed: Set(configuration.allowedOrigins), ownNameMustBeLocal: !configuration.asksForTokens && !configuration.isOpen)
    gateway.connectionCountMax = configuration.connectionsMax
    gateway.connectionCountPerAddressMax = configuration.connectionsPerAddressMax
    gateway.metricsAccess = try configuration.operations.metricsAccess(isPrivate: configuration.isPrivate)
    gateway.proxies = configuration.proxies
    gateway.webhooks = configuration.webhooks
    return gateway
  }

  /// - Returns: also the keys of signed tokens, to be read anew when they change.
  private func makeAuthenticator(_ logger: Logger) throws -> (any Authenticator, SigningKeys?) {
    let fixed = try configuration.tokensFile.map { TokenAuthenticator(try ServeTokens.load($0)) }
    let keys = try configuration.jwksFile.map { try SigningKeys($0, rules: configuration.tokenRules, logger: logger) }
    guard configuration.asksForTokens else { return (OpenAuthenticator(), nil) }
    return (TokenForms(signed: keys?.authenticator, fixed: fixed), keys)
  }

  private func openStore(_ metrics: ServerMetrics, _ logger: Logger) throws -> any WebhookService.Store {
    guard let file = configuration.dataFile else { return InMemoryWorkflowStore() }
    let folder = URL(fileURLWithPath: file).deletingLastPathComponent()
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    } catch {
      throw StoreError(.unavailable, "cannot make the folder \(folder.path): \((error as NSError).localizedDescription)")
    }
    metrics.add { text in
      let files: [([MetricsText.Label], Int)] = [("main", file), ("wal", file + "-wal")].map {
        ([("file", $0.0)], Self.byteCount(of: $0.1))
      }
      text.gauge("thaiyyal_store_file_bytes", "The database and its write-ahead log on the disk.", files)
    }
    var options = SQLiteOptions()
    options.takeover = configuration.operations.takeover
    return try SQLiteStore(path: file, options: options, metrics: metrics) { holder in
      logger.notice(
        "waiting for the server that has the data file to end",
        metadata: ["file": "\(file)", "holder": "\(holder)", "atMost": "\(options.takeover)"])
      notifier.waiting(atMost: options.takeover)
      tell("waiting for \(holder.isEmpty ? "another process" : holder) to hand over \(file), at most \(options.takeover)")
    }
  }

  /// For a person at a terminal; whoever reads logs as JSON has a line of the log for it.
  private func tell(_ text: String) { if !configuration.operations.logFormat.isJSON { Console.note(text) } }

  /// 0 when it is not there.
  private static func byteCount(of file: String) -> Int {
    var status = stat()
    return stat(file, &status) == 0 ? Int(status.st_size) : 0
  }

  private func startLogging() -> Logger {
    let level = configuration.logLevel
    let isJSON = configuration.operations.logFormat.isJSON
    LoggingSystem.bootstrap(
      { label, traces in
        var handler: any LogHandler =
          isJSON
          ? JSONLogHandler(label: label, metadataProvider: traces, write: JSONLogHandler.standardError)
          : StreamLogHandler.standardError(label: label, metadataProvider: traces)
        handler.logLevel = level
        return handler
      }, metadataProvider: JSONLogHandler.traces)
    return Logger(label: "thaiyyal")
  }

  private func announce(_ address: SocketAddress, _ tls: ServeTLS?) {
    let url = configuration.url(host: configuration.host, port: address.port ?? configuration.port)
    let access =
      configuration.accessWords
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
