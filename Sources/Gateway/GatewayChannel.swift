import CollabProtocol
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import OutboundPolicy
import RateLimits
import Rooms
import Telemetry
import WebSocketTransport
import WorkflowGraph

/// What a connection turned out to be.
enum ConnectionKind: Sendable {
  /// Lives on its event loop from here on; no task, no async channel.
  case live
  case http(NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>, PeerWatch)
}

/// Sets an accepted connection up: TLS if there is any, then the first request decides between a live session and HTTP.
struct GatewayChannel: HTTPChannelHandler {
  struct Value: ServerChildChannelValue {
    let channel: any Channel
    /// Fails when the connection ends before it became anything: else its task would wait for ever, and shutdown with it.
    let kind: EventLoopFuture<ConnectionKind>
  }

  let responder: HTTPChannelHandler.Responder
  let configuration: GatewayConfiguration
  let registry: RoomRegistry
  let desk: AccessDesk
  let census: ConnectionCensus
  let metrics: ServerMetrics
  /// For what people want to read; the one that `setup` is given says only what developers of libraries do.
  let logger: Logger
  /// Adds the TLS handler; `nil` on a plain port.
  let addTLS: (@Sendable (any Channel) throws -> Void)?

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
    let kind = channel.eventLoop.makePromise(of: ConnectionKind.self)
    let peer = channel.remoteAddress?.address
    // Before the TLS handshake: it is the handshake that a flood of connections costs.
    let isProxy = peer.map(configuration.proxies.trusts) ?? false
    let tooFast = isProxy ? nil : registry.limits.take(.connects, registry.limits.account(of: peer))
    let verdict = census.enter(channel, from: isProxy ? nil : peer?.counted, isTooFast: tooFast != nil)
    metrics.refused(verdict)
    guard verdict != .dropped else {
      channel.close(promise: nil)
      kind.fail(ChannelError.ioOnClosedChannel)
      return channel.eventLoop.makeSucceededFuture(Value(channel: channel, kind: kind.futureResult))
    }
    do {
      try channel.syncOptions?.setOption(.recvAllocator, value: Self.readBuffers)
      try addTLS?(channel)
      try channel.pipeline.syncOperations.addHandler(
        makeSwitch(channel, kind, refusal: Self.refusal(for: verdict, tooFast), logger: logger))
    } catch {
      kind.fail(error)
      channel.close(promise: nil)
      return channel.eventLoop.makeFailedFuture(error)
    }
    return channel.eventLoop.makeSucceededFuture(Value(channel: channel, kind: kind.futureResult))
  }

  func handle(value: Value, logger: Logger) async {
    do {
      switch try await value.kind.get() {
      case .live: return
      case .http(let channel, let peer):
        await PeerWatch.$current.withValue(peer) { await handleHTTP(asyncChannel: channel, logger: logger) }
      }
    } catch {
      logger.trace("a connection ended before its first request", metadata: ["error": "\(error)"])
      value.channel.close(promise: nil)
    }
  }

  /// A channel keeps the buffer it reads into, for ever: 512 bytes are enough for most first requests and for nearly all that an editor
  /// says, and a connection that wants more gets more. Of that the channel takes up to four before the loop turns to the next one: with more, a
  /// thousand peers who send as fast as they can would hold up everybody else on their loop.
  private static var readBuffers: AdaptiveRecvByteBufferAllocator {
    AdaptiveRecvByteBufferAllocator(minimum: 64, initial: 512, maximum: 16 << 10)
  }

  private func makeSwitch(
    _ channel: any Channel, _ kind: EventLoopPromise<ConnectionKind>, refusal: Problem?, logger: Logger
  ) -> FirstRequestSwitch {
    var limits = FirstRequestSwitch.Limits()
    limits.deadline = configuration.firstRequestDeadline
    return FirstRequestSwitch(
      limits: limits,
      decide: { [unowned channel] head in refusal?.upgradeDecision ?? decide(head, on: channel) },
      installHTTP: { channel in
        if let refusal { return refusal.answerAndClose(channel) }
        let peer = PeerWatch(channel.remoteAddress?.address)
        kind.succeed(.http(try installHTTP(channel, peer, logger: logger), peer))
      },
      onOutcome: { outcome in
        switch outcome {
        case .webSocket: kind.succeed(.live)
        case .http: break
        case .ended: kind.fail(ChannelError.eof)
        }
      })
  }

  private func decide(_ head: HTTPRequestHead, on channel: any Channel) -> UpgradeDecision {
    switch LiveRequest(head, origins: configuration.origins) {
    case .other: return .http
    case .refused(let problem): return problem.upgradeDecision
    case .accepted(let workflow, let subprotocol):
      guard registry.isAccepting else {
        return Problem(.serviceUnavailable, "The server is about to end.", headers: [("retry-after", "2")]).upgradeDecision
      }
      let account: LimitAccount?
      do throws(Problem) { account = try client(head, on: channel) } catch { return error.upgradeDecision }
      var webSocket = configuration.webSocket
      // The one place that knows whether bytes are encrypted on their way.
      webSocket.writesDirectly = addTLS == nil
      let trace = TraceContext.serving(
        head.headers.first(name: TraceContext.headerName), state: head.headers.first(name: TraceContext.stateHeaderName))
      return .accept(
        WebSocketAcceptance(
          configuration: webSocket, subprotocol: subprotocol, headers: [TraceContext.answerHeaderName: trace.text]
        ) { [metrics, logger] connection in
          let watch = LiveWatch(metrics: metrics, logger: logger, workflow: workflow, trace: trace)
          let session = LiveSession(connection, encoding: subprotocol == ProtocolVersion.subprotocolProto ? .proto : .json, watch: watch)
          // What the closure captures lives as long as the session: not the whole of this value.
          session.begin { [registry, desk] sink in
            RoomSession(
              workflow: workflow, sink: sink, registry: registry, trace: trace, address: account,
              door: desk.door(to: workflow, on: sink.eventLoop))
          }
          return session
        })
    }
  }

  /// Whose connection it is; behind a proxy the one named is held to what an address may do, as others were when they connected.
  private func client(_ head: HTTPRequestHead, on channel: any Channel) throws(Problem) -> LimitAccount? {
    guard let peer = channel.remoteAddress?.address else { return nil }
    guard configuration.proxies.trusts(peer) else { return registry.limits.account(of: peer) }
    let client = configuration.proxies.client(of: peer, values: head.headers[configuration.proxies.header.rawValue])
    let account = registry.limits.account(of: client)
    if let refusal = registry.limits.take(.connects, account) { throw Problem(refusal) }
    guard configuration.proxies.trusts(client) || census.attribute(channel, to: client.counted) else { throw Self.addressFull }
    return account
  }

  private func installHTTP(
    _ channel: any Channel, _ peer: PeerWatch, logger: Logger
  ) throws -> NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart> {
    let pipeline = channel.pipeline.syncOperations
    try pipeline.addHandlers([
      StuckAnswer(patience: configuration.answerPatience, bytesMin: configuration.answerBytesMin), PeerWatchHandler(peer),
    ])
    let deadline = HeadDeadline(configuration.firstRequestDeadline)
    try pipeline.addHandler(deadline)
    // Hummingbird answers parse errors and reads one request after the other itself.
    try pipeline.configureHTTPServerPipeline(withPipeliningAssistance: false, withErrorHandling: false, withOutboundHeaderValidation: false)
    try pipeline.addHandler(CloseAfterAnswer(deadline))
    try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: false))
    try pipeline.addHandler(HTTPConnectionStateHandler(idleTimeout: configuration.idleTimeout, logger: logger))
    // Half closure: without it a client that ends its side early would leave the task waiting.
    return try NIOAsyncChannel(wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
  }

  private static func refusal(for verdict: ConnectionCensus.Verdict, _ tooFast: RateRefusal?) -> Problem? {
    switch verdict {
    case .admitted, .dropped: nil
    case .full:
      Problem(
        .serviceUnavailable, "All connections of this server are taken.", limit: "connectionCountMax", retryAfterMilliseconds: 5000)
    case .addressFull: addressFull
    case .addressTooFast: tooFast.map { Problem($0) }
    }
  }

  private static let addressFull = Problem(
    .tooManyRequests, "Your address has all the connections it may have.", limit: "connectionCountPerAddressMax",
    retryAfterMilliseconds: 5000)
}
