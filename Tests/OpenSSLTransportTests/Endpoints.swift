import NIOCore
import NIOPosix
import NIOTLS
import OpenSSLTransport
import Synchronization

/// What the far side of a connection saw.
final class Log: Sendable {
  enum Item: Equatable, Sendable {
    case handshake(String?)
    case bytes(String)
    case error(TLSError)
    case inputClosed
    case inactive
  }

  let items: AsyncStream<Item>
  private let sink: AsyncStream<Item>.Continuation
  private let lastDetails = Mutex<TLSDetails?>(nil)

  init() { (items, sink) = AsyncStream.makeStream() }

  func add(_ item: Item) { sink.yield(item) }
  /// For the far side of a single connection: whoever waits for something that did not come learns so.
  func finish() { sink.finish() }
  var details: TLSDetails? {
    get { lastDetails.withLock { $0 } }
    set { lastDetails.withLock { $0 = newValue } }
  }

  /// The first item that fits; those before it are dropped.
  func first(_ fits: (Item) -> Bool) async -> Item? {
    for await item in items where fits(item) { return item }
    return nil
  }

  func firstError() async -> TLSError? {
    guard case .error(let error)? = await first({ if case .error = $0 { true } else { false } }) else { return nil }
    return error
  }
}

/// Echoes lines back ("quit" closes, "half" closes the output only) and keeps a log.
final class LineEcho: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer
  private let log: Log
  private let echoes: Bool

  /// - Parameter echoes: `false` for a client, whose log ends with its connection.
  init(_ log: Log, echoes: Bool = true) { (self.log, self.echoes) = (log, echoes) }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case TLSUserEvent.handshakeCompleted(let name) as TLSUserEvent:
      log.details = try? context.pipeline.syncOperations.handler(type: TLSHandler.self).details
      log.add(.handshake(name))
    case ChannelEvent.inputClosed as ChannelEvent:
      log.add(.inputClosed)
      context.close(promise: nil)
    default: break
    }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let bytes = unwrapInboundIn(data)
    if bytes.readableBytes < 100 { log.add(.bytes(String(buffer: bytes))) }
    guard echoes else { return }
    context.writeAndFlush(data, promise: nil)
    let end = String(decoding: bytes.readableBytesView.suffix(5), as: UTF8.self)
    if end == "quit\n" { context.close(promise: nil) }
    if end == "half\n" { context.close(mode: .output, promise: nil) }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    if let error = error as? TLSError { log.add(.error(error)) }
    context.close(promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    log.add(.inactive)
    if !echoes { log.finish() }
    context.fireChannelInactive()
  }
}

/// A TLS server of ours on a free port.
struct TLSEchoServer {
  let channel: any Channel
  let log = Log()
  var port: Int { channel.localAddress?.port ?? 0 }

  init(_ context: TLSServerContext, halfClosure: Bool = true) async throws {
    channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelOption(.allowRemoteHalfClosure, value: halfClosure)
      .childChannelInitializer { [log] channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandlers([context.makeHandler(), LineEcho(log)])
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
  }

  func stop() async throws { try await channel.close().get() }
}

/// A TLS client of ours.
struct TLSTestClient {
  let channel: any Channel
  let log = Log()

  init(_ context: TLSClientContext, port: Int, host: String = "localhost") async throws {
    channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .channelInitializer { [log] channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandlers([context.makeHandler(host: host), LineEcho(log, echoes: false)])
        }
      }
      .connect(host: "127.0.0.1", port: port).get()
  }

  func say(_ text: String) async throws { try await channel.writeAndFlush(ByteBuffer(string: text)) }
}
