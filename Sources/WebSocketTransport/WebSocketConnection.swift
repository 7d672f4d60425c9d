internal import Compression
public import NIOCore

/// One WebSocket after its handshake: frames in, messages to the delegate; messages out, frames to the channel. The only handler of its
/// channel beside TLS. Spec: RFC 6455, RFC 7692.
///
/// Confined to the channel's event loop; every call comes from there. While nothing is on its way it holds no buffer and, when no context is
/// kept, no compressor.
public final class WebSocketConnection: ChannelDuplexHandler {
  public typealias InboundIn = ByteBuffer
  public typealias OutboundIn = ByteBuffer
  public typealias OutboundOut = ByteBuffer

  /// Fired into a channel's pipeline from outside: closes the connection as ``close(code:reason:)`` does.
  public struct CloseRequest: Sendable {
    public var code: UInt16
    public var reason: String
    public init(code: UInt16, reason: String) {
      self.code = code
      self.reason = reason
    }
  }

  enum Phase {
    /// Becomes `closing` when this end sends Close first, `draining` when the peer does or breaks a rule, `ended` when TCP ends.
    case open
    /// Our Close is out; frames are still read to find the peer's. Becomes `draining` when it comes, `ended` at the deadline.
    case closing
    /// Both said what they had to; input is thrown away until TCP ends. Becomes `ended` then, or at the deadline.
    case draining
    case ended
  }

  // What every write touches stands first and together: with a thousand connections each line of memory is a cache miss per frame.
  var context: ChannelHandlerContext?
  var congestion = Congestion()
  var phase = Phase.open { didSet { if case .open = phase {} else { cutDirectWriter() } } }
  var needsFlush = false
  let isServer: Bool

  public let eventLoop: any EventLoop
  /// Numeric address of the peer with port, or "unknown".
  public let remoteAddress: String
  /// What the handshake chose.
  public let subprotocol: String?
  /// `nil`: messages travel as they are.
  public let deflate: DeflateAgreement?
  /// Let go of once it has heard of the end.
  public var delegate: (any WebSocketDelegate)?
  let configuration: WebSocketConfiguration
  var hasReportedClose = false

  // Reading, see WebSocketReading.swift.
  var input = ByteBuffer()
  var unmasker = Unmasker()
  var decoder: FrameDecoder
  var inflater: RawInflater?
  var isParsing = false
  var isPaused = false
  var heldRead = false
  var hasDelivered = false
  /// What this connection has in the ledger.
  var heldBytes = 0
  /// Looks of the keep-alive since the message began that has no end yet.
  var intervalsInMessage = 0

  /// Those of the loop, looked up with the first compressed message.
  private(set) lazy var codecs = LoopCodecs.shared.codecs(on: eventLoop)

  // Writing, see WebSocketWriting.swift.
  /// Once somebody asked for it.
  var direct: DirectWriter?
  var deflater: FrameDeflater?
  var pongOwed: ByteBuffer?

  // Timers: one for keep-alive while open, one for the end; never both, never one per message.
  var timer: Scheduled<Void>?
  var hasHeard = false
  var pingIsOut = false

  init(channel: any Channel, configuration: WebSocketConfiguration, subprotocol: String?, deflate: DeflateAgreement?) {
    isServer = configuration.role == .server
    eventLoop = channel.eventLoop
    remoteAddress =
      channel.remoteAddress.map { address in
        guard let ip = address.ipAddress else { return "\(address)" }
        return ip.contains(":") ? "[\(ip)]:\(address.port ?? 0)" : "\(ip):\(address.port ?? 0)"
      } ?? "unknown"
    self.subprotocol = subprotocol
    self.deflate = deflate
    self.configuration = configuration
    decoder = FrameDecoder(
      role: configuration.role, frameBytesMax: configuration.frameBytesMax, messageBytesMax: configuration.messageBytesMax,
      allowsCompression: deflate != nil)
  }

  /// Whether frames of a ``SharedDeflater`` with this connection's configuration may be sent here: permessage-deflate is on, this end keeps no
  /// context of its own, and the peer's window is large enough.
  public var sharesCompressedFrames: Bool {
    guard let deflate, configuration.role == .server, case .on(let own) = configuration.deflate else { return false }
    return !deflate.serverKeepsContext && deflate.serverWindowBits >= own.windowBits
  }

  public var isOpen: Bool { if case .open = phase { true } else { false } }

  // MARK: Channel events

  public func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    // Fails only on a channel that is closing, which says so itself.
    try? context.channel.syncOptions?.setOption(
      .writeBufferWaterMark, value: .init(low: configuration.writeBufferLow, high: configuration.writeBufferHigh))
    startKeepAlive()
  }

  public func handlerRemoved(context: ChannelHandlerContext) {
    end(code: 1006, reason: "the connection was taken away")
    self.context = nil
  }

  public func channelInactive(context: ChannelHandlerContext) {
    end(code: 1006, reason: "the connection ended without a Close")
    context.fireChannelInactive()
  }

  public func errorCaught(context: ChannelHandlerContext, error: any Error) {
    drop(reason: "\(error)")
  }

  public func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case ChannelEvent.inputClosed as ChannelEvent:
      // Half-closed TCP has no meaning here: nobody will answer any more.
      drop(reason: "the connection ended without a Close")
    case is ChannelShouldQuiesceEvent:
      if let delegate { delegate.webSocketShouldQuiesce(self) } else { close(code: 1001, reason: "going away") }
    case let request as CloseRequest: close(code: request.code, reason: request.reason)
    default: context.fireUserInboundEventTriggered(event)
    }
  }

  // MARK: The end

  /// Says Close and waits for the peer's, up to `closeDeadline`. Nothing else is sent after it; what was sent before is still written.
  /// - Parameters:
  ///   - code: 1000 to 4999 without those that must not travel; 1005 sends a Close without a code.
  ///   - reason: at most 123 bytes of UTF-8; the rest is cut off.
  public func close(code: UInt16, reason: String = "") {
    guard case .open = phase else { return }
    phase = .closing
    writeClose(code: code, reason: reason)
    armEnd()
    // The answer stands behind whatever the pause held back.
    resumeReading()
  }

  /// The peer broke a rule: says which, and reads no more.
  func fail(_ fault: WebSocketFault) {
    switch phase {
    case .open: writeClose(code: fault.code, reason: fault.reason)
    case .closing: break
    case .draining, .ended: return
    }
    drain(reporting: fault.code, fault.reason)
  }

  /// The peer said Close.
  func peerClosed(code: UInt16, reason: String) {
    if case .open = phase { writeClose(code: code, reason: "") }
    drain(reporting: code, reason)
  }

  /// Both ends are done. Writing ends once everything is out (TCP's FIN); input is thrown away until the peer's FIN, because closing with
  /// unread input makes TCP reset the connection, and the peer might never see our Close. A client leaves the first FIN to the server
  /// (RFC 6455 §7.1.1) unless the server is at fault.
  private func drain(reporting code: UInt16, _ reason: String) {
    let isOrderly = decoder.role == .client && ![1002, 1007, 1009].contains(code)
    phase = .draining
    input = ByteBuffer()
    decoder.letGo()
    armEnd()
    resumeReading()
    if !isOrderly { context?.close(mode: .output, promise: nil) }
    report(code: code, reason: reason)
  }

  /// Ends TCP at once.
  func drop(reason: String) {
    if case .ended = phase { return }
    let context = self.context
    end(code: 1006, reason: reason)
    context?.close(promise: nil)
  }

  private func end(code: UInt16, reason: String) {
    if case .ended = phase { return }
    phase = .ended
    timer?.cancel()
    timer = nil
    input = ByteBuffer()
    // The handler stays until the loop's next turn: what the ledger gives to others meanwhile must be free.
    decoder.letGo()
    if heldBytes > 0 { _ = configuration.inputLedger?.change(by: -heldBytes) }
    heldBytes = 0
    pongOwed = nil
    inflater = nil
    deflater = nil
    report(code: code, reason: reason)
  }

  private func report(code: UInt16, reason: String) {
    guard !hasReportedClose else { return }
    hasReportedClose = true
    let last = delegate
    delegate = nil
    last?.webSocketDidClose(self, code: code, reason: reason)
  }

  private func armEnd() {
    timer?.cancel()
    timer = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(configuration.closeDeadline)) { [self] in
      drop(reason: "the peer did not finish closing")
    }
  }
}
