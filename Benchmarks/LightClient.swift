import CollabProtocol
import NIOCore
import NIOPosix
import OpenSSLTransport

/// An observer that costs next to nothing: says hello, then counts the `changes` messages and notes when each came.
///
/// Frames are looked at, not decoded: in the binary form the first byte of a message is its kind.
final class LightClient: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let path: String
  private let name: String
  private var received = ByteBuffer()
  private var isUpgraded = false
  private(set) var changeCount = 0
  private(set) var arrivals: [UInt64] = []
  private let onWelcome: () -> Void
  /// Gets every `changes` message and the time of the read it came in; then arrivals are not noted.
  var onChanges: ((ByteBuffer, UInt64) -> Void)?

  private init(path: String, name: String, onWelcome: @escaping () -> Void) {
    self.path = path
    self.name = name
    self.onWelcome = onWelcome
  }

  /// Connected and welcomed.
  static func join(port: Int, workflow: String, name: String, tls: TLSClientContext? = nil, on loop: any EventLoop) async throws
    -> NIOLoopBound<LightClient>
  {
    let welcomed = loop.makePromise(of: Void.self)
    let path = "/api/v1/workflows/\(workflow)/live"
    let made = loop.makePromise(of: NIOLoopBound<LightClient>.self)
    _ = try await ClientBootstrap(group: loop)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          if let tls { try channel.pipeline.syncOperations.addHandler(try tls.makeHandler(host: "localhost")) }
          let client = LightClient(path: path, name: name) { welcomed.succeed(()) }
          try channel.pipeline.syncOperations.addHandler(client)
          made.succeed(NIOLoopBound(client, eventLoop: channel.eventLoop))
        }
      }
      .connect(host: "127.0.0.1", port: port).get()
    try await welcomed.futureResult.get()
    return try await made.futureResult.get()
  }

  func channelActive(context: ChannelHandlerContext) {
    let request = """
      GET \(path) HTTP/1.1\r
      Host: localhost\r
      Upgrade: websocket\r
      Connection: Upgrade\r
      Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
      Sec-WebSocket-Version: 13\r
      Sec-WebSocket-Protocol: \(ProtocolVersion.subprotocolProto)\r
      \r

      """
    context.writeAndFlush(NIOAny(ByteBuffer(string: request)), promise: nil)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let now = Stopwatch.nanoseconds
    var bytes = unwrapInboundIn(data)
    received.writeBuffer(&bytes)
    if !isUpgraded {
      guard let end = received.readableBytesView.firstRange(of: Array("\r\n\r\n".utf8)) else { return }
      received.moveReaderIndex(to: end.upperBound)
      isUpgraded = true
      sayHello(context)
    }
    while let (first, payload) = nextFrame() {
      if first == 0x89 {
        answer(ping: payload, context)
        continue
      }
      switch payload.readableBytesView.first {
      case 0x0A: onWelcome()
      case 0x1A:
        changeCount += 1
        if let onChanges { onChanges(payload, now) } else { arrivals.append(now) }
      default: break
      }
    }
    received.discardReadBytes()
  }

  /// The next whole frame's first byte and payload; `nil` when there is none.
  private func nextFrame() -> (first: UInt8, payload: ByteBuffer)? {
    let start = received.readerIndex
    guard let short: UInt8 = received.getInteger(at: start + 1) else { return nil }
    var header = 2
    var length = Int(short & 0x7F)
    if length == 126 {
      guard let more: UInt16 = received.getInteger(at: start + 2) else { return nil }
      (header, length) = (4, Int(more))
    } else if length == 127 {
      guard let more: UInt64 = received.getInteger(at: start + 2) else { return nil }
      (header, length) = (10, Int(more))
    }
    guard received.readableBytes >= header + length else { return nil }
    let first: UInt8 = received.getInteger(at: start) ?? 0
    received.moveReaderIndex(forwardBy: header)
    return received.readSlice(length: length).map { (first, $0) }
  }

  /// Who gives no sign of life for 45 seconds is dropped.
  private func answer(ping payload: ByteBuffer, _ context: ChannelHandlerContext) {
    var frame = ByteBuffer(bytes: [0x8A, 0x80 | UInt8(payload.readableBytes), 0, 0, 0, 0])
    frame.writeImmutableBuffer(payload)
    context.writeAndFlush(NIOAny(frame), promise: nil)
  }

  private func sayHello(_ context: ChannelHandlerContext) {
    var hello = Hello()
    hello.name = name
    hello.create = true
    hello.roleMax = .editor
    hello.wants = Wants(changes: true, presence: false, runs: false, issues: false)
    var payload = ByteBuffer()
    MessageCodec.encode(.hello(hello), as: .proto, into: &payload)
    // A mask of zeros leaves the payload as it is.
    var frame = ByteBuffer(bytes: [0x82, 0x80 | UInt8(payload.readableBytes), 0, 0, 0, 0])
    frame.writeBuffer(&payload)
    context.writeAndFlush(NIOAny(frame), promise: nil)
  }

  func takeArrivals() -> [UInt64] {
    defer { arrivals = [] }
    return arrivals
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
