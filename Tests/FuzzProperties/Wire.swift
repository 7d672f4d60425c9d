import Hashing
import NIOCore
import NIOEmbedded
import NIOHTTP1
import WebSocketTransport

/// What a delegate hears of a connection, and what the connection said meanwhile.
final class Heard: WebSocketDelegate {
  struct Record: Equatable {
    var messages: [WebSocketMessage] = []
    /// `nil` while open.
    var closeCode: UInt16?
    /// Outgoing bytes. Empty for clients, whose masks are random.
    var sent: [UInt8] = []
  }
  var record = Record()
  /// Stops reading after every message, as a room does that has no credit for the sender.
  var pausesAfterMessages = false
  private(set) var closes = 0

  func webSocketDidReceive(_ message: WebSocketMessage, from connection: WebSocketConnection) {
    record.messages.append(message)
    if pausesAfterMessages { connection.pauseReading() }
  }
  func webSocketDidClose(_ connection: WebSocketConnection, code: UInt16, reason: String) {
    closes += 1
    record.closeCode = code
  }
}

/// Half-closing, which `EmbeddedChannel` does not know.
final class Outlet: ChannelOutboundHandler {
  typealias OutboundIn = ByteBuffer

  func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    if mode == .output { promise?.succeed(()) } else { context.close(mode: mode, promise: promise) }
  }
}

/// A connection of either role after its handshake, on a channel without a socket.
final class Wire {
  let channel: EmbeddedChannel
  let heard = Heard()
  private(set) var connection: WebSocketConnection?
  private var role: WebSocketRole

  /// The request of RFC 6455 §1.2.
  static func request(extensions: String?) -> String {
    "GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
      + (extensions.map { "Sec-WebSocket-Extensions: \($0)\r\n" } ?? "") + "\r\n"
  }

  /// - Parameter extensions: what the client offers to a server; what the server answers to a client.
  init(_ configuration: WebSocketConfiguration, extensions: String?) throws {
    role = configuration.role
    switch configuration.role {
    case .server:
      channel = EmbeddedChannel()
      let first = FirstRequestSwitch(
        decide: { [heard] _ in
          .accept(
            WebSocketAcceptance(configuration: configuration) { [weak self] made in
              self?.connection = made
              return heard
            })
        }, installHTTP: { _ in })
      try channel.pipeline.syncOperations.addHandlers([Outlet(), first])
      try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
      try receive(Array(Self.request(extensions: extensions).utf8))
    case .client:
      let dial = try Dial(configuration, heard)
      channel = dial.channel
      let key = try dial.askedKey()
      try receive(Array(Dial.answer(key: key, extensions: extensions).utf8))
      connection = dial.connection
    }
    _ = try sent()
    heard.record.sent = []
  }

  func receive(_ bytes: [UInt8]) throws {
    _ = try channel.writeInbound(ByteBuffer(bytes: bytes))
    // A paused connection goes on by itself until it has said all that is there.
    while heard.pausesAfterMessages, heard.record.closeCode == nil {
      let before = heard.record.messages.count
      connection?.resumeReading()
      channel.embeddedEventLoop.run()
      if heard.record.messages.count == before { break }
    }
    if role == .server { heard.record.sent += try sent() }
  }

  private func sent() throws -> [UInt8] {
    var bytes: [UInt8] = []
    while let buffer = try channel.readOutbound(as: ByteBuffer.self) { bytes += buffer.readableBytesView }
    return bytes
  }

  deinit { _ = try? channel.finish(acceptAlreadyClosed: true) }
}

/// A client's handshake against a server that is the caller.
final class Dial {
  let channel = EmbeddedChannel()
  private(set) var connection: WebSocketConnection?
  private(set) var failure: WebSocketClientError?

  init(_ configuration: WebSocketConfiguration, _ heard: Heard, subprotocols: [String] = []) throws {
    let request = WebSocketClientRequest(
      url: try WebSocketURL("ws://server.example.com/chat"), subprotocols: subprotocols, configuration: configuration)
    try channel.pipeline.syncOperations.addHandler(Outlet())
    // All of it happens on this thread: an embedded loop runs where it is called.
    nonisolated(unsafe) let (box, listener) = (self, heard)
    let opened = WebSocketClient.connect(
      request, bootstrap: EmbeddedBootstrap(channel), eventLoop: channel.embeddedEventLoop,
      makeDelegate: { made in
        box.connection = made
        return listener
      })
    opened.whenFailure { box.failure = $0 as? WebSocketClientError }
    channel.embeddedEventLoop.run()
  }

  /// The key of the request that the client has sent.
  func askedKey() throws -> String {
    var bytes: [UInt8] = []
    while let buffer = try channel.readOutbound(as: ByteBuffer.self) { bytes += buffer.readableBytesView }
    let text = String(decoding: bytes, as: UTF8.self)
    return text.split(separator: "\r\n").first { $0.hasPrefix("Sec-WebSocket-Key: ") }.map { String($0.dropFirst(19)) } ?? ""
  }

  static func accept(key: String) -> String { Base64.encode(SHA1.digest(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) }

  static func answer(key: String, extensions: String?) -> String {
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: \(accept(key: key))\r\n"
      + (extensions.map { "Sec-WebSocket-Extensions: \($0)\r\n" } ?? "") + "\r\n"
  }
}

/// "Connects" a channel that is there already.
private struct EmbeddedBootstrap: NIOClientTCPBootstrapProtocol {
  private let channel: NIOLoopBound<EmbeddedChannel>
  private let loop: EmbeddedEventLoop
  private var initialize: @Sendable (any Channel) -> EventLoopFuture<Void>

  init(_ channel: EmbeddedChannel) {
    self.channel = NIOLoopBound(channel, eventLoop: channel.embeddedEventLoop)
    loop = channel.embeddedEventLoop
    initialize = { $0.eventLoop.makeSucceededVoidFuture() }
  }

  func channelInitializer(_ handler: @escaping @Sendable (any Channel) -> EventLoopFuture<Void>) -> Self {
    var copy = self
    copy.initialize = handler
    return copy
  }
  func protocolHandlers(_ handlers: @escaping @Sendable () -> [any ChannelHandler]) -> Self { self }
  func channelOption<Option: ChannelOption>(_ option: Option, value: Option.Value) -> Self { self }
  func connectTimeout(_ timeout: TimeAmount) -> Self { self }
  func connect(to address: SocketAddress) -> EventLoopFuture<any Channel> {
    let channel = self.channel.value
    return initialize(channel).flatMap { channel.connect(to: address) }.map { channel as any Channel }
  }
  func connect(host: String, port: Int) -> EventLoopFuture<any Channel> {
    do {
      return connect(to: try SocketAddress(ipAddress: "127.0.0.1", port: port))
    } catch {
      return loop.makeFailedFuture(error)
    }
  }
  func connect(unixDomainSocketPath: String) -> EventLoopFuture<any Channel> { loop.makeFailedFuture(ChannelError.operationUnsupported) }
}
