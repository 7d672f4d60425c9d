import EngineHTTP
import ExamplePlugin
import Hashing
import Logging
import NIOCore
import OpenSSLTransport
import OutboundHTTP
import OutboundPolicy
import OutsideNodes
import Rooms
import ServiceLifecycle
import WorkflowEngine

/// What runs graphs on this server, with everything outside of it that they may reach.
struct OutsideEngine: Service {
  /// Plug-ins that are linked in: one line each.
  static let linked: [any NodePlugin] = [TextStatistics()]

  let engine: any RunEngine
  private let plugins: PluginBoard?
  private let server: HTTPEngine?
  private let logger: Logger
  /// Told when plug-ins bring other types than before.
  var onTypesChanged: @Sendable () -> Void = {}

  init(_ configuration: OutsideConfiguration, group: any EventLoopGroup, logger: Logger) throws {
    self.logger = logger
    let tls = try TLSClientContext()
    if let url = configuration.engine {
      let server = Self.server(url, configuration, group: group, tls: tls)
      self.server = server
      plugins = nil
      engine = server
      return
    }
    server = nil
    let client = OutboundClient(
      policy: configuration.http, limits: OutboundLimits(callDeadline: configuration.httpTimeout), group: group, tls: tls)
    var registry = ExecutorRegistry.standard
    registry.register(configuration.http.allowsNothing ? HTTPExecutor() : HTTPExecutor(NodeFetcher(client)), as: HTTPExecutor.type)
    for plugin in Self.linked { try registry.register(plugin) }
    let embedded = WorkflowEngine(registry: registry, limits: EmbeddedEngine.limits)
    guard !configuration.plugins.isEmpty else {
      plugins = nil
      engine = EmbeddedEngine(embedded)
      return
    }
    let board = Self.board(configuration, group: group, tls: tls)
    plugins = board
    engine = PluggedEngine(embedded, plugins: board)
  }

  static func server(
    _ url: OutboundURL, _ configuration: OutsideConfiguration, group: any EventLoopGroup, tls: TLSClientContext
  ) -> HTTPEngine {
    let limits = HTTPEngine.limits(callDeadline: configuration.engineTimeout)
    return HTTPEngine(url, client: OutboundClient(policy: .only(url), limits: limits, group: group, tls: tls))
  }

  static func board(_ configuration: OutsideConfiguration, group: any EventLoopGroup, tls: TLSClientContext) -> PluginBoard {
    PluginBoard(
      configuration.plugins, limits: OutboundLimits(callDeadline: configuration.pluginTimeout), group: group, tls: tls,
      callID: { Hex.encode(RandomBytes.make(12)) })
  }

  /// Says at the start what does not answer, and keeps asking plug-ins how they are.
  func run() async {
    await cancelWhenGracefulShutdown {
      do {
        try await server?.checkHealth()
      } catch {
        logger.warning("the engine does not answer as it should; runs will fail until it does", metadata: ["error": "\(error)"])
      }
      await plugins?.watch { status in
        onTypesChanged()
        if let trouble = status.trouble {
          logger.warning("a plug-in is in trouble", metadata: ["url": "\(status.url)", "error": "\(trouble)"])
        } else {
          logger.notice(
            "a plug-in is well", metadata: ["url": "\(status.url)", "name": "\(status.name ?? "")", "version": "\(status.version ?? "")"])
        }
      }
      // A service that ends ends the server.
      if plugins == nil { try? await gracefulShutdown() }
    }
  }
}
