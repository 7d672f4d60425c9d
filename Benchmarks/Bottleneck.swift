import NIOCore
import NIOPosix

/// A TCP relay in front of the server whose way back can be narrowed or shut: what is behind it is a slow reader, whatever client it is.
///
/// Everything on one event loop. The relay's own receive buffer is small, so what is not read stays with the server.
final class Bottleneck: Sendable {
  enum Flow: Hashable, Sendable {
    case open, stalled
    /// 1 KiB each second.
    case trickle
  }

  /// State of the relay, on its loop.
  final class Ways {
    var flow = Flow.open
    var connectionCount = 0
    var returns: [ObjectIdentifier: ReturnWay] = [:]
  }

  static let trickleBytes = 1024
  private static let receiveBufferBytes: ChannelOptions.Types.SocketOption.Value = 8 << 10

  let port: Int
  private let loop: any EventLoop
  private let ways: NIOLoopBound<Ways>
  private let listener: any Channel

  static func start(to port: Int) async throws -> Bottleneck {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let ways = try await loop.submit { NIOLoopBound(Ways(), eventLoop: loop) }.get()
    let listener = try await ServerBootstrap(group: loop, childGroup: loop)
      .childChannelOption(.autoRead, value: false)
      .childChannelInitializer { client in
        ClientBootstrap(group: loop)
          .channelOption(.autoRead, value: false)
          .channelOption(.tcpOption(.tcp_nodelay), value: 1)
          .channelOption(.socketOption(.so_rcvbuf), value: receiveBufferBytes)
          .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: trickleBytes))
          .channelOption(.maxMessagesPerRead, value: 1)
          .channelInitializer { server in
            server.eventLoop.makeCompletedFuture {
              try server.pipeline.syncOperations.addHandler(ReturnWay(from: server, to: client, ways.value))
              try client.pipeline.syncOperations.addHandler(ForwardWay(to: server))
            }
          }
          .connect(host: "127.0.0.1", port: port)
          .flatMap { _ in client.setOption(.autoRead, value: true) }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    return Bottleneck(port: listener.localAddress?.port ?? 0, loop, ways, listener)
  }

  private init(port: Int, _ loop: any EventLoop, _ ways: NIOLoopBound<Ways>, _ listener: any Channel) {
    self.port = port
    self.loop = loop
    self.ways = ways
    self.listener = listener
  }

  /// From now on, for what is connected and what will be.
  func set(_ flow: Flow) async throws {
    let ways = ways
    try await loop.submit {
      ways.value.flow = flow
      for way in ways.value.returns.values { way.go() }
    }.get()
  }

  /// Connections made through it so far.
  func connectionCount() async throws -> Int {
    let ways = ways
    return try await loop.submit { ways.value.connectionCount }.get()
  }

  func stop() async throws { try await listener.close().get() }

  /// From the server to the client: reads as the flow says.
  final class ReturnWay: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let server: any Channel
    private let client: any Channel
    private let ways: Ways
    private var timer: Scheduled<Void>?

    init(from server: any Channel, to client: any Channel, _ ways: Ways) {
      self.server = server
      self.client = client
      self.ways = ways
      ways.connectionCount += 1
      ways.returns[ObjectIdentifier(self)] = self
    }

    func go() {
      timer?.cancel()
      timer = nil
      switch ways.flow {
      case .open: server.read()
      case .stalled: break
      case .trickle:
        timer = server.eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) { [self] in server.read() }
      }
    }

    func channelActive(context: ChannelHandlerContext) { go() }
    func channelRead(context: ChannelHandlerContext, data: NIOAny) { client.writeAndFlush(unwrapInboundIn(data), promise: nil) }
    func channelReadComplete(context: ChannelHandlerContext) { go() }
    func channelInactive(context: ChannelHandlerContext) {
      timer?.cancel()
      ways.returns[ObjectIdentifier(self)] = nil
      client.close(promise: nil)
    }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
  }

  /// From the client to the server, at once.
  final class ForwardWay: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    private let server: any Channel
    init(to server: any Channel) { self.server = server }
    func channelRead(context: ChannelHandlerContext, data: NIOAny) { server.writeAndFlush(unwrapInboundIn(data), promise: nil) }
    func channelInactive(context: ChannelHandlerContext) { server.close(promise: nil) }
    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
  }
}
