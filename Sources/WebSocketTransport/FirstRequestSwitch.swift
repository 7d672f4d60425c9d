public import NIOCore
public import NIOHTTP1

/// What becomes of a well-formed request for a WebSocket.
public enum UpgradeDecision {
  case accept(WebSocketAcceptance)
  /// The body is plain text; the connection ends after it.
  case refuse(HTTPResponseStatus, headers: HTTPHeaders = [:], body: String)
  /// Not for us: the HTTP pipeline answers.
  case http
}

public struct WebSocketAcceptance {
  /// Its role is `.server`.
  public var configuration: WebSocketConfiguration
  /// One of those the client offered, or `nil`.
  public var subprotocol: String?
  /// More fields for the answer, cookies for example.
  public var headers: HTTPHeaders
  /// Called on the channel's loop once the connection is open, before its first message.
  public var makeDelegate: (WebSocketConnection) -> (any WebSocketDelegate)?

  public init(
    configuration: WebSocketConfiguration, subprotocol: String? = nil, headers: HTTPHeaders = [:],
    makeDelegate: @escaping (WebSocketConnection) -> (any WebSocketDelegate)?
  ) {
    self.configuration = configuration
    self.subprotocol = subprotocol
    self.headers = headers
    self.makeDelegate = makeDelegate
  }
}

/// Reads the first request of a connection and decides what the connection is: a WebSocket, or HTTP for somebody else's pipeline.
///
/// It works on bytes. The HTTP pipeline gets the connection's bytes from the first one on, exactly as they came, and reads them by its own
/// rules; the WebSocket gets those behind the request. Nothing of HTTP stays in the pipeline of a WebSocket.
public final class FirstRequestSwitch: ChannelInboundHandler, RemovableChannelHandler {
  public typealias InboundIn = ByteBuffer
  public typealias InboundOut = ByteBuffer
  public typealias OutboundOut = ByteBuffer

  public struct Limits: Hashable, Sendable {
    /// Request line and header fields together. Beyond: 431.
    public var headBytesMax = 16 << 10
    /// From the connection's start to the end of the head. Beyond: 408.
    public var deadline: Duration = .seconds(10)
    public init() {}
  }

  /// What the connection became.
  public enum Outcome: Hashable, Sendable { case webSocket, http, ended }

  private enum State {
    /// Becomes `handedOver` or `refused` with the head, or at the deadline.
    case waiting
    /// The answer is out; input is thrown away until TCP ends or `lingerMax` passes.
    case refused
    case handedOver
  }

  /// How long a refused peer may take to read the answer.
  private static let lingerMax = TimeAmount.seconds(2)

  private let limits: Limits
  private let decide: (HTTPRequestHead) -> UpgradeDecision
  private let installHTTP: (any Channel) throws -> Void
  private let onOutcome: (Outcome) -> Void
  private var state = State.waiting
  private var hasToldOutcome = false
  private var received = ByteBuffer()
  private var scanner = HeadScanner()
  private var timer: Scheduled<Void>?

  /// - Parameters:
  ///   - decide: called for requests that ask for a WebSocket and are in order; all others are HTTP or refused without it.
  ///   - installHTTP: adds handlers behind this one; they see the bytes of the connection from the first on.
  ///   - onOutcome: called exactly once, `.ended` when the connection was refused or closed before it became anything.
  public init(
    limits: Limits = Limits(), decide: @escaping (HTTPRequestHead) -> UpgradeDecision, installHTTP: @escaping (any Channel) throws -> Void,
    onOutcome: @escaping (Outcome) -> Void = { _ in }
  ) {
    self.limits = limits
    self.decide = decide
    self.installHTTP = installHTTP
    self.onOutcome = onOutcome
  }

  // MARK: Channel events

  public func handlerAdded(context: ChannelHandlerContext) {
    timer = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(limits.deadline)) { [self] in
      refuse(context, .requestTimeout, body: "no request within \(limits.deadline)")
    }
  }

  public func handlerRemoved(context: ChannelHandlerContext) { tell(.ended) }

  public func channelInactive(context: ChannelHandlerContext) {
    tell(.ended)
    context.fireChannelInactive()
  }

  public func errorCaught(context: ChannelHandlerContext, error: any Error) {
    tell(.ended)
    context.close(promise: nil)
  }

  public func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch (state, event) {
    case (.handedOver, _): context.fireUserInboundEventTriggered(event)
    case (_, ChannelEvent.inputClosed as ChannelEvent), (.waiting, is ChannelShouldQuiesceEvent):
      tell(.ended)
      context.close(promise: nil)
    default: context.fireUserInboundEventTriggered(event)
    }
  }

  public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch state {
    case .handedOver: context.fireChannelRead(data)
    case .refused: break
    case .waiting:
      var bytes = unwrapInboundIn(data)
      if received.readableBytes == 0 { received = bytes } else { received.writeBuffer(&bytes) }
      examine(context)
      // A piece of a head in a buffer of its own: the channel then reads the next piece into the one it has, instead of a second one.
      if case .waiting = state { received = ByteBuffer(bytes: received.readableBytesView) }
    }
  }

  // MARK: Decision

  private func examine(_ context: ChannelHandlerContext) {
    guard looksLikeHTTP else { return refuse(context, .badRequest, body: "this is not HTTP") }
    let end = scanner.end(in: received)
    guard (end ?? received.readableBytes) <= limits.headBytesMax else {
      return refuse(context, .requestHeaderFieldsTooLarge, body: "request head of more than \(limits.headBytesMax) bytes")
    }
    guard let end else { return }
    do throws(HTTPGrammar.BadHead) {
      let head = try HTTPGrammar.request(received.readableBytesView.prefix(end))
      guard UpgradeRequest.isWanted(head) else { return handToHTTP(context) }
      switch UpgradeRequest.check(head) {
      case .success(let request): decideUpgrade(context, head, request, headCount: end)
      case .failure(let refusal): refuse(context, refusal.status, headers: refusal.headers, body: refusal.body)
      }
    } catch {
      refuse(context, .badRequest, body: error.reason)
    }
  }

  /// A TLS client that met a plain port, or noise, learns so from its first byte and not from the deadline.
  private var looksLikeHTTP: Bool {
    guard let first = received.readableBytesView.first(where: { $0 != 0x0D && $0 != 0x0A }) else { return true }
    return HTTPGrammar.isTokenByte(first)
  }

  private func decideUpgrade(_ context: ChannelHandlerContext, _ head: HTTPRequestHead, _ request: UpgradeRequest, headCount: Int) {
    switch decide(head) {
    case .http: handToHTTP(context)
    case .refuse(let status, let headers, let body): refuse(context, status, headers: headers, body: body)
    case .accept(let acceptance):
      precondition(acceptance.configuration.role == .server)
      received.moveReaderIndex(forwardBy: headCount)
      upgrade(context, request, acceptance)
    }
  }

  private func upgrade(_ context: ChannelHandlerContext, _ request: UpgradeRequest, _ acceptance: WebSocketAcceptance) {
    let (answer, deflate) = request.answer(acceptance)
    let connection = WebSocketConnection(
      channel: context.channel, configuration: acceptance.configuration, subprotocol: request.chosen(acceptance.subprotocol),
      deflate: deflate)
    context.writeAndFlush(wrapOutboundOut(answer), promise: nil)
    do {
      try context.pipeline.syncOperations.addHandler(connection, position: .after(self))
    } catch {
      return context.close(promise: nil)
    }
    handOver(context, .webSocket) { connection.delegate = acceptance.makeDelegate(connection) }
  }

  private func handToHTTP(_ context: ChannelHandlerContext) {
    do {
      try installHTTP(context.channel)
    } catch {
      tell(.ended)
      return context.close(promise: nil)
    }
    handOver(context, .http) {}
  }

  private func handOver(_ context: ChannelHandlerContext, _ outcome: Outcome, then ready: () -> Void) {
    state = .handedOver
    timer?.cancel()
    timer = nil
    tell(outcome)
    ready()
    let rest = received
    received = ByteBuffer()
    if rest.readableBytes > 0 { context.fireChannelRead(wrapInboundOut(rest)) }
    context.pipeline.syncOperations.removeHandler(context: context, promise: nil)
  }

  /// Answers, ends the output, and lets the peer read: closing with unread input would reset the connection under the answer.
  private func refuse(_ context: ChannelHandlerContext, _ status: HTTPResponseStatus, headers: HTTPHeaders = [:], body: String) {
    guard case .waiting = state else { return }
    state = .refused
    received = ByteBuffer()
    timer?.cancel()
    timer = context.eventLoop.assumeIsolated().scheduleTask(in: Self.lingerMax) { context.close(promise: nil) }
    context.writeAndFlush(wrapOutboundOut(HTTPAnswer.plain(status, headers: headers, body: body)), promise: nil)
    context.close(mode: .output, promise: nil)
    tell(.ended)
  }

  private func tell(_ outcome: Outcome) {
    if outcome == .ended, case .waiting = state { timer?.cancel() }
    guard !hasToldOutcome else { return }
    hasToldOutcome = true
    onOutcome(outcome)
  }
}
