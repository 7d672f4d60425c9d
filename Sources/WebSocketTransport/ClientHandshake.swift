import NIOCore
import NIOHTTP1

/// Says the client's half of the handshake, checks the server's (RFC 6455 §4.1), and leaves the channel to a ``WebSocketConnection``.
final class ClientHandshake: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private enum State {
    /// Becomes `answered` with 101, `refused` with another status, `done` at the deadline or when the connection ends.
    case waiting
    /// Collects the body of the refusal. Becomes `done` when it is complete, too long, or the connection ends.
    case refused(HTTPResponseHead)
    case done
  }

  static let answerBytesMax = 16 << 10

  private let request: WebSocketClientRequest
  private let opened: EventLoopPromise<NIOLoopBound<WebSocketConnection>>
  private let makeDelegate: (WebSocketConnection) -> (any WebSocketDelegate)?
  private let key = HandshakeKey.make()
  private var state = State.waiting
  private var hasAsked = false
  private var received = ByteBuffer()
  private var scanner = HeadScanner()
  private var timer: Scheduled<Void>?

  init(
    _ request: WebSocketClientRequest, opened: EventLoopPromise<NIOLoopBound<WebSocketConnection>>,
    makeDelegate: @escaping (WebSocketConnection) -> (any WebSocketDelegate)?
  ) {
    self.request = request
    self.opened = opened
    self.makeDelegate = makeDelegate
  }

  // MARK: Channel events

  func handlerAdded(context: ChannelHandlerContext) {
    timer = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(request.deadline)) { [self] in
      fail(context, WebSocketClientError.timeout)
    }
    if context.channel.isActive { ask(context) }
  }

  func channelActive(context: ChannelHandlerContext) {
    context.fireChannelActive()
    ask(context)
  }

  func channelInactive(context: ChannelHandlerContext) {
    ended(context)
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) { ended(context) }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { fail(context, error) }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed? = event as? ChannelEvent { return ended(context) }
    context.fireUserInboundEventTriggered(event)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    if case .done = state { return context.fireChannelRead(data) }
    if received.readableBytes == 0 { received = bytes } else { received.writeBuffer(&bytes) }
    if case .refused(let head) = state { return collectBody(context, head) }
    let end = scanner.end(in: received)
    guard (end ?? received.readableBytes) <= Self.answerBytesMax else {
      return fail(context, WebSocketClientError.badAnswer("more than \(Self.answerBytesMax) bytes of header"))
    }
    guard let end else { return }
    do throws(HTTPGrammar.BadHead) {
      let head = try HTTPGrammar.response(received.readableBytesView.prefix(end))
      received.moveReaderIndex(forwardBy: end)
      answered(context, head)
    } catch {
      fail(context, WebSocketClientError.badAnswer(error.reason))
    }
  }

  // MARK: Asking

  private func ask(_ context: ChannelHandlerContext) {
    guard !hasAsked else { return }
    hasAsked = true
    var headers: HTTPHeaders = [
      "Host": request.url.hostField, "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": key,
      "Sec-WebSocket-Version": "13",
    ]
    if !request.subprotocols.isEmpty { headers.add(name: "Sec-WebSocket-Protocol", value: request.subprotocols.joined(separator: ", ")) }
    if case .on(let deflate) = request.configuration.deflate {
      headers.add(name: "Sec-WebSocket-Extensions", value: DeflateAgreement.offer(deflate))
    }
    headers.add(contentsOf: request.headers)
    var bytes = ByteBuffer(string: "GET \(request.url.target) HTTP/1.1\r\n")
    for (name, value) in headers { bytes.writeString("\(name): \(value)\r\n") }
    bytes.writeStaticString("\r\n")
    context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
  }

  // MARK: The answer

  private func answered(_ context: ChannelHandlerContext, _ head: HTTPResponseHead) {
    guard head.status == .switchingProtocols else {
      state = .refused(head)
      return collectBody(context, head)
    }
    do throws(WebSocketClientError) {
      let (subprotocol, deflate) = try check(head)
      open(context, subprotocol, deflate)
    } catch {
      fail(context, error)
    }
  }

  private func check(_ head: HTTPResponseHead) throws(WebSocketClientError) -> (String?, DeflateAgreement?) {
    guard head.headers[canonicalForm: "upgrade"].contains(where: { $0.lowercased() == "websocket" }),
      head.headers[canonicalForm: "connection"].contains(where: { $0.lowercased() == "upgrade" })
    else { throw .badAnswer("101 without an upgrade to websocket") }
    guard head.headers["sec-websocket-accept"] == [HandshakeKey.accept(key)] else {
      throw .badAnswer("Sec-WebSocket-Accept does not fit the key")
    }
    let subprotocols = head.headers["sec-websocket-protocol"]
    guard subprotocols.count <= 1, subprotocols.allSatisfy(request.subprotocols.contains) else {
      throw .badAnswer("a subprotocol that was not offered")
    }
    guard let extensions = ExtensionOffer.parse(head.headers["sec-websocket-extensions"].joined(separator: ",")) else {
      throw .badAnswer("Sec-WebSocket-Extensions is not in the grammar")
    }
    if extensions.isEmpty { return (subprotocols.first, nil) }
    guard case .on(let deflate) = request.configuration.deflate, let agreement = DeflateAgreement(answer: extensions, deflate) else {
      throw .badAnswer("extensions that were not offered")
    }
    return (subprotocols.first, agreement)
  }

  private func open(_ context: ChannelHandlerContext, _ subprotocol: String?, _ deflate: DeflateAgreement?) {
    let connection = WebSocketConnection(
      channel: context.channel, configuration: request.configuration, subprotocol: subprotocol, deflate: deflate)
    do {
      try context.pipeline.syncOperations.addHandler(connection, position: .after(self))
    } catch {
      return fail(context, error)
    }
    finish()
    connection.delegate = makeDelegate(connection)
    opened.succeed(NIOLoopBound(connection, eventLoop: context.eventLoop))
    let rest = received
    received = ByteBuffer()
    if rest.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(rest)) }
    context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
  }

  private func collectBody(_ context: ChannelHandlerContext, _ head: HTTPResponseHead) {
    guard received.readableBytes >= Self.bodyCount(head) else { return }
    fail(context, refusal(head))
  }

  /// Bytes of the body that are of interest; what follows it is not part of the answer, however much of it came in the same read.
  private static func bodyCount(_ head: HTTPResponseHead) -> Int {
    let announced = head.headers.first(name: "content-length").flatMap { Int($0) }
    return max(0, min(announced ?? answerBytesMax, answerBytesMax))
  }

  private func refusal(_ head: HTTPResponseHead) -> WebSocketClientError {
    .refused(
      status: head.status.code, reason: head.status.reasonPhrase, retryAfter: head.headers.first(name: "retry-after"),
      body: String(decoding: received.readableBytesView.prefix(Self.bodyCount(head)), as: UTF8.self))
  }

  // MARK: The end

  private func ended(_ context: ChannelHandlerContext) {
    switch state {
    case .waiting: fail(context, WebSocketClientError.ended(received.readableBytes == 0 ? "no answer" : "the answer is cut off"))
    case .refused(let head): fail(context, refusal(head))
    case .done: break
    }
  }

  private func fail(_ context: ChannelHandlerContext, _ error: any Error) {
    if case .done = state { return }
    // Whatever the body lacks, the status is known.
    if case .refused(let head) = state { opened.fail(refusal(head)) } else { opened.fail(error) }
    finish()
    context.close(promise: nil)
  }

  private func finish() {
    state = .done
    timer?.cancel()
    timer = nil
  }
}
