import CollabProtocol
import Logging
import NIOCore
import NIOPosix
import Rooms
import ServiceLifecycle
import Storage
import WebSocketTransport

@testable import Gateway

/// A whole server on a free port of this machine, with a store in memory.
struct TestServer: Sendable {
  let port: Int
  let store: InMemoryWorkflowStore
  let registry: RoomRegistry
  let shutDown: @Sendable () async -> Void

  /// Runs `body` against a server and takes the server down, whatever `body` does.
  static func with<Result: Sendable>(
    _ given: GatewayConfiguration = GatewayConfiguration(), authenticator: any Authenticator = OpenAuthenticator(),
    addTLS: (@Sendable (any Channel) throws -> Void)? = nil,
    readiness: @escaping @Sendable () async -> Readiness = { .ready }, rooms: RoomConfiguration = RoomConfiguration(),
    log: CapturedLog? = nil, metrics: ServerMetrics = ServerMetrics(),
    _ body: @Sendable (TestServer) async throws -> Result
  ) async throws -> Result {
    var configuration = given
    configuration.port = 0
    configuration.closeDeadline = .seconds(2)
    let group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
    let store = InMemoryWorkflowStore()
    var logger = Logger(label: "test")
    logger.logLevel = .error
    if let log { logger = log.logger }
    let deflate = configuration.webSocket.deflate
    let registry = RoomRegistry(
      store: store, loops: Array(group.makeIterator()), configuration: rooms, metrics: metrics, logger: logger,
      makeFrameWriter: { RoomFrameWriter(deflate) })
    let (ports, port) = AsyncStream.makeStream(of: Int.self)
    let gateway = GatewayService(
      configuration: configuration, registry: registry, authenticator: authenticator, group: group, addTLS: addTLS, readiness: readiness,
      metrics: metrics, logger: logger, onListening: { port.yield($0.port ?? 0) })
    let services = ServiceGroup(configuration: .init(services: [.init(service: gateway)], logger: logger))
    let running = Task { try await services.run() }
    let result: Swift.Result<Result, any Error>
    do {
      var iterator = ports.makeAsyncIterator()
      guard let bound = await iterator.next() else { throw CancellationError() }
      let shutDown: @Sendable () async -> Void = {
        await services.triggerGracefulShutdown()
        _ = await running.result
      }
      result = .success(try await body(TestServer(port: bound, store: store, registry: registry, shutDown: shutDown)))
    } catch {
      result = .failure(error)
    }
    await services.triggerGracefulShutdown()
    try await running.value
    await store.close()
    try await group.shutdownGracefully()
    return try result.get()
  }
}
