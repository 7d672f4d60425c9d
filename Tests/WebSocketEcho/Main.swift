import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import OpenSSLTransport
import WebSocketTransport

/// An echo endpoint on the product's own transport, for the conformance suite and for nothing else.
@main enum Main {
  static let messageBytesMax = 16 << 20

  static func main() async {
    do {
      try await serve(EchoOptions(Array(CommandLine.arguments.dropFirst())))
    } catch let usage as EchoOptions.Usage {
      complain(usage.text)
    } catch {
      complain("\(error)")
    }
  }

  private static func complain(_ text: String) -> Never {
    print(text)
    fflush(nil)
    exit(2)
  }

  private static func serve(_ options: EchoOptions) async throws {
    var deflate = DeflateConfiguration()
    deflate.keepsOwnContext = options.keepsContext
    deflate.allowsPeerContext = options.keepsContext
    var configuration = WebSocketConfiguration(role: .server, deflate: .on(deflate))
    configuration.messageBytesMax = messageBytesMax
    configuration.frameBytesMax = messageBytesMax
    let settings = configuration
    let tls = try options.certificate.map { try TLSServerContext(.init(certificateChainFile: $0.chain, privateKeyFile: $0.key)) }
    let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          if let tls { try channel.pipeline.syncOperations.addHandler(tls.makeHandler()) }
          try channel.pipeline.syncOperations.addHandler(firstRequest(settings))
        }
      }
      .bind(host: "127.0.0.1", port: options.port).get()
    print("echo on port \(server.localAddress?.port ?? options.port)")
    fflush(nil)
    try await server.closeFuture.get()
  }

  private static func firstRequest(_ settings: WebSocketConfiguration) -> FirstRequestSwitch {
    FirstRequestSwitch(
      decide: { _ in .accept(WebSocketAcceptance(configuration: settings) { _ in Echo() }) },
      installHTTP: { channel in
        try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
        try channel.pipeline.syncOperations.addHandler(NotFound())
      })
  }
}

/// Everything that is not a WebSocket.
private final class NotFound: ChannelInboundHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias OutboundOut = HTTPServerResponsePart

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard case .end = unwrapInboundIn(data) else { return }
    let head = HTTPResponseHead(version: .http1_1, status: .notFound, headers: ["Content-Length": "0"])
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }
}
