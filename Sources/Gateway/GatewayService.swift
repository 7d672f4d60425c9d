import CollabProtocol
import Hummingbird
import HummingbirdCore
public import Logging
public import NIOCore
public import Rooms
public import ServiceLifecycle
import WebSocketTransport

/// The server on its port: HTTP, TLS and live connections.
///
/// On graceful shutdown it stops accepting, lets HTTP requests finish, lets the rooms say goodbye, and waits for the connections to close;
/// each step has a deadline. Fails when it cannot listen.
public final class GatewayService: Service {
  private let configuration: GatewayConfiguration
  private let registry: RoomRegistry
  private let desk: AccessDesk
  private let addTLS: (@Sendable (any Channel) throws -> Void)?
  private let group: any EventLoopGroup
  private let readiness: @Sendable () async -> Readiness
  private let onListening: @Sendable (SocketAddress) -> Void
  private let logger: Logger
  private let census: ConnectionCensus
  private let metrics: ServerMetrics

  /// - Parameters:
  ///   - registry: run by this service, because its drain has a place in the order of the shutdown.
  ///   - addTLS: adds the TLS handler to a new connection, before all others; `nil`: a plain port.
  ///   - readiness: asked by `/readyz` beside whether sessions are let in.
  ///   - metrics: told by `/metrics`; the one that the rooms and the store count in.
  ///   - onListening: told the address once connections are accepted.
  public init(
    configuration: GatewayConfiguration, registry: RoomRegistry, authenticator: any Authenticator, group: any EventLoopGroup,
    addTLS: (@Sendable (any Channel) throws -> Void)? = nil, readiness: @escaping @Sendable () async -> Readiness = { .ready },
    metrics: ServerMetrics = ServerMetrics(), logger: Logger,
    onListening: @escaping @Sendable (SocketAddress) -> Void = { _ in }
  ) {
    var configuration = configuration
    configuration.webSocket.inputLedger = InputLedger(bytesMax: configuration.unfinishedBytesMax)
    self.configuration = configuration
    self.registry = registry
    desk = AccessDesk(authenticator: authenticator, registry: registry)
    self.addTLS = addTLS
    self.group = group
    self.readiness = readiness
    self.onListening = onListening
    self.logger = logger
    self.metrics = metrics
    census = ConnectionCensus(countMax: configuration.connectionCountMax, countPerAddressMax: configuration.connectionCountPerAddressMax)
  }

  public func run() async throws {
    let trim = HeapTrim.watch(census, on: group.next())
    defer { trim.cancel() }
    // Shut down in reverse order: first no new connection, then the rooms.
    let services = ServiceGroup(
      configuration: .init(
        services: [
          .init(service: registry, failureTerminationBehavior: .gracefullyShutdownGroup),
          .init(service: makeApplication(), failureTerminationBehavior: .gracefullyShutdownGroup),
        ], logger: quiet))
    do {
      try await services.run()
    } catch {
      await closeConnections()
      throw error
    }
    await closeConnections()
  }

  /// The routes behind the connections that speak HTTP.
  private func makeApplication() -> some Service {
    let registry = registry
    let readiness = readiness
    let access = RESTAccess(desk: desk, origins: configuration.origins, once: OnceDesk(registry: registry))
    let runs = RunRoutes(
      desk: RunDesk(registry: registry, door: desk, group: group), access: access, freshKey: { registry.makeKey() })
    let edits = EditDesk(registry: registry, door: desk, group: group, patience: configuration.editPatience)
    let workflows = WorkflowRoutes(
      registry: registry, access: access, desk: ImportDesk(registry: registry, door: desk, group: group), edits: edits)
    let routes = HTTPRoutes(
      origins: configuration.origins, runs: runs, graphs: GraphRoutes(registry: registry, access: access), workflows: workflows,
      workflowGraphs: WorkflowGraphRoutes(registry: registry, access: access, desk: edits),
      access: AccessRoutes(registry: registry, access: access), keys: KeyRoutes(registry: registry, access: access),
      versions: VersionRoutes(registry: registry, access: access, desk: edits),
      webhooks: WebhookRoutes(registry: registry, access: access, policy: configuration.webhooks),
      metrics: MetricsRoutes(metrics: metrics, access: configuration.metricsAccess, origins: configuration.origins),
      watch: RequestWatch(metrics: metrics, logger: logger),
      rates: RateMiddleware(limits: registry.limits, proxies: configuration.proxies, bodies: BodyReader(configuration), metrics: metrics)
    ) {
      guard registry.isAccepting else { return .notReady("The server is about to end.") }
      return await readiness()
    }
    let router = routes.makeRouter()
    let server = HTTPServerBuilder { [configuration, desk, census, addTLS, metrics, logger] responder in
      GatewayChannel(
        responder: responder, configuration: configuration, registry: registry, desk: desk, census: census,
        metrics: metrics, logger: logger, addTLS: addTLS)
    }
    return Application(
      router: router, server: server,
      configuration: ApplicationConfiguration(
        address: .hostname(configuration.host, port: configuration.port), serverName: nil, backlog: 1024),
      onServerRunning: { [onListening] channel in
        if let address = channel.localAddress { onListening(address) }
      },
      eventLoopGroupProvider: .shared(group), logger: quiet)
  }

  /// The libraries below tell at `info` what only their developers want to know.
  private var quiet: Logger {
    var logger = logger
    logger.logLevel = max(logger.logLevel, .notice)
    return logger
  }

  /// Waits for the closing handshakes, then cuts off what is left.
  private func closeConnections() async {
    let open = census.open
    guard !open.isEmpty else { return }
    // Nobody else would close those that are open after the rooms have ended.
    let end = WebSocketConnection.CloseRequest(code: CloseCode.draining.rawValue, reason: "the server ends")
    for channel in open { channel.pipeline.fireUserInboundEventTriggered(end) }
    let loop = group.next()
    let cut = loop.scheduleTask(in: TimeAmount(configuration.closeDeadline)) { [logger] in
      let rest = open.filter(\.isActive)
      if !rest.isEmpty { logger.notice("cutting connections off that did not close in time", metadata: ["count": "\(rest.count)"]) }
      for channel in rest { channel.close(promise: nil) }
    }
    try? await EventLoopFuture.andAllComplete(open.map(\.closeFuture), on: loop).get()  // completes with success, whatever the channels do
    cut.cancel()
  }
}
