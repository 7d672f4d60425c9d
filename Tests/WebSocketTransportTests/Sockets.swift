import NIOCore
import NIOHTTP1
import NIOPosix
import Testing

@testable import WebSocketTransport

/// A server on a free port that echoes.
struct EchoServer: ~Copyable {
  let channel: any Channel
  var port: Int { channel.localAddress?.port ?? 0 }
  var url: WebSocketURL { WebSocketURL(isSecure: false, host: "127.0.0.1", port: port, target: "/echo?x=1") }

  static func start(
    _ configuration: WebSocketConfiguration = WebSocketConfiguration(role: .server),
    decide: (@Sendable (HTTPRequestHead) -> UpgradeDecision)? = nil
  )
    async throws -> EchoServer
  {
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          let first = FirstRequestSwitch(
            decide: decide ?? { head in
              .accept(WebSocketAcceptance(configuration: configuration, subprotocol: head.offeredSubprotocols.first) { _ in Echo() })
            },
            installHTTP: { channel in
              try channel.pipeline.syncOperations.configureHTTPServerPipeline(withErrorHandling: true)
              try channel.pipeline.syncOperations.addHandler(Teapot())
            })
          try channel.pipeline.syncOperations.addHandler(first)
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    return EchoServer(channel: channel)
  }

  func stop() async throws { try await channel.close().get() }

  private final class Echo: WebSocketDelegate {
    func webSocketDidReceive(_ message: WebSocketMessage, from connection: WebSocketConnection) {
      switch message {
      case .text(let payload): connection.send(.text, payload)
      case .binary(let payload): connection.send(.binary, payload)
      }
      if connection.bytesOutstanding > 1 << 20 { connection.pauseReading() }
    }
    func webSocketDidBecomeWritable(_ connection: WebSocketConnection) { connection.resumeReading() }
    func webSocketDidClose(_ connection: WebSocketConnection, code: UInt16, reason: String) {}
  }

  private final class Teapot: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
      guard case .end = unwrapInboundIn(data) else { return }
      let head = HTTPResponseHead(version: .http1_1, status: .imATeapot, headers: ["Content-Length": "5"])
      context.write(wrapOutboundOut(.head(head)), promise: nil)
      context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: "short")))), promise: nil)
      context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
  }
}

/// Hands what a client hears to a test that waits for it.
final class Inbox: WebSocketDelegate, Sendable {
  enum Item: Equatable, Sendable {
    case message(WebSocketMessage)
    case closed(UInt16, String)
  }

  let items: AsyncStream<Item>
  private let sink: AsyncStream<Item>.Continuation

  init() { (items, sink) = AsyncStream.makeStream() }

  func webSocketDidReceive(_ message: WebSocketMessage, from connection: WebSocketConnection) { sink.yield(.message(message)) }
  func webSocketDidClose(_ connection: WebSocketConnection, code: UInt16, reason: String) {
    sink.yield(.closed(code, reason))
    sink.finish()
  }
}

/// A client that a test talks through.
struct TestClient {
  let inbox = Inbox()
  let connection: NIOLoopBound<WebSocketConnection>
  let loop: any EventLoop

  init(_ request: WebSocketClientRequest) async throws {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    self.loop = loop
    connection = try await WebSocketClient.connect(request, bootstrap: ClientBootstrap(group: loop), eventLoop: loop) { [inbox] _ in inbox }
      .get()
  }

  func run<T: Sendable>(_ body: @escaping @Sendable (WebSocketConnection) throws -> T) async throws -> T {
    let connection = connection
    return try await loop.submit { try body(connection.value) }.get()
  }
}
