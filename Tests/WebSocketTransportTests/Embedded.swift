import NIOCore
import NIOEmbedded

@testable import WebSocketTransport

/// Writes down what a delegate hears.
final class Listener: WebSocketDelegate {
  var messages: [WebSocketMessage] = []
  var finishedReads = 0
  var writableAgain = 0
  var closes: [Close] = []
  /// Runs inside `webSocketDidReceive`.
  var onMessage: ((WebSocketConnection) -> Void)?

  struct Close: Equatable {
    var code: UInt16
    var reason: String
  }

  func webSocketDidReceive(_ message: WebSocketMessage, from connection: WebSocketConnection) {
    messages.append(message)
    onMessage?(connection)
  }
  func webSocketDidFinishReading(_ connection: WebSocketConnection) { finishedReads += 1 }
  func webSocketDidBecomeWritable(_ connection: WebSocketConnection) { writableAgain += 1 }
  func webSocketDidClose(_ connection: WebSocketConnection, code: UInt16, reason: String) {
    closes.append(Close(code: code, reason: reason))
  }
}

/// One connection on a channel without a socket and a clock that the test moves.
final class EmbeddedConnection {
  let channel = EmbeddedChannel()
  let connection: WebSocketConnection
  let listener = Listener()
  let outlet = Outlet()

  init(_ configuration: WebSocketConfiguration = WebSocketConfiguration(role: .server, deflate: .off), deflate: DeflateAgreement? = nil)
    throws
  {
    connection = WebSocketConnection(channel: channel, configuration: configuration, subprotocol: nil, deflate: deflate)
    connection.delegate = listener
    try channel.pipeline.syncOperations.addHandlers([outlet, connection])
    try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
  }

  func receive(_ bytes: [UInt8]) throws { _ = try channel.writeInbound(ByteBuffer(bytes: bytes)) }

  /// Everything written since the last call.
  func sent() throws -> [UInt8] {
    var bytes: [UInt8] = []
    while let buffer = try channel.readOutbound(as: ByteBuffer.self) { bytes += buffer.readableBytesView }
    return bytes
  }

  func advance(_ seconds: Int64) { channel.embeddedEventLoop.advanceTime(by: .seconds(seconds)) }

  deinit { _ = try? channel.finish(acceptAlreadyClosed: true) }
}

/// The socket's side of the pipeline: counts what passes, and knows half-closing, which EmbeddedChannel does not.
final class Outlet: ChannelOutboundHandler {
  typealias OutboundIn = ByteBuffer

  var reads = 0
  var flushes = 0
  var writes = 0
  var outputClosed = false
  /// Keeps writes and their promises, as a socket does whose peer does not read.
  var isStuck = false
  private var stuck: [EventLoopPromise<Void>?] = []

  func read(context: ChannelHandlerContext) {
    reads += 1
    context.read()
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    writes += 1
    guard isStuck else { return context.write(data, promise: promise) }
    stuck.append(promise)
  }

  func flush(context: ChannelHandlerContext) {
    flushes += 1
    context.flush()
  }

  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    if mode == .output {
      outputClosed = true
      promise?.succeed(())
    } else {
      context.close(mode: mode, promise: promise)
    }
  }

  func settle(_ count: Int) {
    for promise in stuck.prefix(count) { promise?.succeed(()) }
    stuck.removeFirst(min(count, stuck.count))
  }
}
