public import NIOCore
internal import NIOTLS

/// TLS for one channel, the first handler of its pipeline. Fires `TLSUserEvent.handshakeCompleted` when plaintext may flow; plaintext written
/// before waits for that.
///
/// close_notify is said before this end's output ends. The peer's close_notify counts as the end of its input, TCP's end without one as
/// ``TLSError/Kind/truncated``.
///
/// Plaintext is encrypted when the socket can take it and not before: what waits for a slow peer waits as it was written, so that a buffer
/// written to a thousand channels is not a thousand buffers of ciphertext.
public final class TLSHandler: ChannelDuplexHandler {
  public typealias InboundIn = ByteBuffer
  public typealias InboundOut = ByteBuffer
  public typealias OutboundIn = ByteBuffer
  public typealias OutboundOut = ByteBuffer

  private enum State {
    /// Becomes `active` when both ends are content, `closed` on failure or at the deadline.
    case handshaking
    /// Becomes `outputClosed` when this end says close_notify, `closed` on failure.
    case active
    /// Still reads. Becomes `closed` when the peer ends.
    case outputClosed
    case closed
  }

  /// A small record never costs a record of its own when it can share one.
  private static let recordBytesMax = 16 << 10
  private static let plaintextPerReadMax = 64 << 10
  /// So much is encrypted between two looks at whether the socket still takes something.
  private static let plaintextPerWriteMax = 64 << 10

  private let session: TLSSession
  private let handshakeDeadline: Duration
  private var state = State.handshaking
  private var hasInputEnded = false
  /// Plaintext written and not yet flushed.
  private var staged = ByteBuffer()
  private var promises: [EventLoopPromise<Void>] = []
  /// Plaintext that comes before `staged`, in pieces as they were written. Empty as a rule.
  private var backlog: [Parcel] = []
  /// Of those, how many were flushed; they wait for the socket.
  private var flushedCount = 0
  private var isEncrypting = false
  /// A flush came before the handshake was done, or a close did.
  private var wantsFlush = false
  private var wantsClose: (mode: CloseMode, promise: EventLoopPromise<Void>?)?
  /// Somebody above asked for data and has not got any.
  private var wantsPlaintext = false
  private var timer: Scheduled<Void>?

  /// `nil` until the handshake is done.
  public private(set) var details: TLSDetails?

  private var onHandshake: (@Sendable (Bool) -> Void)?

  init(_ session: TLSSession, handshakeDeadline: Duration, onHandshake: (@Sendable (Bool) -> Void)? = nil) {
    self.onHandshake = onHandshake
    self.session = session
    self.handshakeDeadline = handshakeDeadline
  }

  private struct Parcel {
    var bytes: ByteBuffer
    /// Settles when all of it is written.
    var promise: EventLoopPromise<Void>?
  }

  // MARK: Life

  public func handlerAdded(context: ChannelHandlerContext) {
    timer = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(handshakeDeadline)) { [self] in
      fail(context, TLSError(.timeout, "no TLS handshake within \(handshakeDeadline)"))
    }
    if context.channel.isActive { handshake(context) }
  }

  public func channelActive(context: ChannelHandlerContext) {
    context.fireChannelActive()
    if case .handshaking = state { handshake(context) }
  }

  public func channelInactive(context: ChannelHandlerContext) {
    inputEnded(context, isClean: false)
    finish(ChannelError.ioOnClosedChannel)
    context.fireChannelInactive()
  }

  public func handlerRemoved(context: ChannelHandlerContext) { finish(ChannelError.ioOnClosedChannel) }

  public func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if case ChannelEvent.inputClosed? = event as? ChannelEvent {
      if !hasInputEnded, inputEnded(context, isClean: false) { context.close(promise: nil) }
    } else {
      context.fireUserInboundEventTriggered(event)
    }
  }

  // MARK: Reading

  public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    session.receive(unwrapInboundIn(data))
    if case .handshaking = state { handshake(context) }
    readPlaintext(context)
    session.releaseInput()
  }

  public func channelReadComplete(context: ChannelHandlerContext) {
    context.fireChannelReadComplete()
    // What was read may have been no plaintext at all: whoever asked still waits, and a handshake needs to go on before anybody asks.
    switch state {
    case .handshaking: context.read()
    case .active, .outputClosed: if wantsPlaintext { context.read() }
    case .closed: break
    }
  }

  public func read(context: ChannelHandlerContext) {
    wantsPlaintext = true
    context.read()
  }

  private func handshake(_ context: ChannelHandlerContext) {
    let progress = session.handshake()
    sendOutput(context, nil)
    switch progress {
    case .blocked: break
    case .ended: fail(context, TLSError(.handshake, "TLS handshake: the peer closed"))
    case .failed(let error): fail(context, error)
    case .done:
      state = .active
      onHandshake.take()?(true)
      timer?.cancel()
      timer = nil
      let details = session.details
      self.details = details
      context.fireUserInboundEventTriggered(TLSUserEvent.handshakeCompleted(negotiatedProtocol: details.applicationProtocol))
      if wantsFlush { flush(context: context) }
      if let close = wantsClose {
        wantsClose = nil
        self.close(context: context, mode: close.mode, promise: close.promise)
      }
    }
  }

  private func readPlaintext(_ context: ChannelHandlerContext) {
    var isMore = true
    while isMore, canRead {
      // Plaintext is shorter than its ciphertext: what waits is a good measure.
      let room = min(max(session.inputCount, 512), Self.plaintextPerReadMax)
      var plaintext = context.channel.allocator.buffer(capacity: room)
      let progress = session.read(into: &plaintext, room: room)
      if plaintext.readableBytes > 0 {
        wantsPlaintext = false
        context.fireChannelRead(wrapInboundOut(plaintext))
      }
      switch progress {
      case .done: break
      case .blocked: isMore = false
      case .ended:
        isMore = false
        if canRead { inputEnded(context, isClean: true) }
      case .failed(let error):
        isMore = false
        fail(context, error)
      }
    }
    // Answers to key updates.
    sendOutput(context, nil)
  }

  private var canRead: Bool {
    switch state {
    case .active, .outputClosed: !hasInputEnded
    case .handshaking, .closed: false
    }
  }

  /// - Returns: whether nobody above wants to go on without input.
  @discardableResult
  private func inputEnded(_ context: ChannelHandlerContext, isClean: Bool) -> Bool {
    guard !hasInputEnded else { return true }
    switch state {
    case .handshaking:
      fail(context, TLSError(.handshake, "TLS handshake: the connection ended"))
    case .active, .outputClosed:
      hasInputEnded = true
      if !isClean {
        if case .active = state { fail(context, TLSError(.truncated, "TCP ended without close_notify")) }
        return true
      }
      let mayHalfClose = try? context.channel.syncOptions?.getOption(.allowRemoteHalfClosure)
      guard mayHalfClose == true, case .active = state else {
        close(context: context, mode: .all, promise: nil)
        return true
      }
      context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
      return false
    case .closed: break
    }
    return true
  }

  // MARK: Writing

  public func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch state {
    case .handshaking where wantsClose == nil, .active where wantsClose == nil: break
    default:
      promise?.fail(ChannelError.outputClosed)
      return
    }
    let bytes = unwrapOutboundIn(data)
    if staged.readableBytes == 0 {
      staged = bytes
    } else if staged.readableBytes + bytes.readableBytes <= Self.recordBytesMax {
      staged.writeImmutableBuffer(bytes)
    } else {
      setAside()
      staged = bytes
    }
    if let promise { promises.append(promise) }
  }

  /// One write of all records to the channel, as long as the socket takes them; the promise of the last record settles those of the writes
  /// it ends.
  public func flush(context: ChannelHandlerContext) {
    guard case .active = state else {
      wantsFlush = true
      context.flush()
      return
    }
    wantsFlush = false
    guard backlog.isEmpty, staged.readableBytes <= Self.plaintextPerWriteMax, context.channel.isWritable else {
      setAside()
      flushedCount = backlog.count
      return encryptBacklog(context)
    }
    encryptStaged(context)
    sendOutput(context, takePromise())
  }

  public func channelWritabilityChanged(context: ChannelHandlerContext) {
    encryptBacklog(context)
    context.fireChannelWritabilityChanged()
  }

  private func setAside() {
    let promise = takePromise()
    guard staged.readableBytes > 0 || promise != nil else { return }
    backlog.append(Parcel(bytes: staged, promise: promise))
    staged = ByteBuffer()
  }

  /// As much of the flushed backlog as the socket takes, and the end behind it if there is one. Goes on when the channel becomes writable.
  private func encryptBacklog(_ context: ChannelHandlerContext) {
    // A write may change the channel's writability from inside the call.
    guard !isEncrypting else { return }
    isEncrypting = true
    while case .active = state, flushedCount > 0, context.channel.isWritable { encryptSome(context) }
    isEncrypting = false
    if case .active = state, flushedCount == 0, let close = wantsClose {
      wantsClose = nil
      self.close(context: context, mode: close.mode, promise: close.promise)
    }
  }

  private func encryptSome(_ context: ChannelHandlerContext) {
    var room = Self.plaintextPerWriteMax
    var done = 0
    var ended: [EventLoopPromise<Void>] = []
    while done < flushedCount, room > 0 {
      if let piece = backlog[done].bytes.readSlice(length: min(room, backlog[done].bytes.readableBytes)), piece.readableBytes > 0 {
        if let error = session.write(piece) {
          promises = ended + promises
          return fail(context, error)
        }
        room -= piece.readableBytes
      }
      guard backlog[done].bytes.readableBytes == 0 else { break }
      if let promise = backlog[done].promise { ended.append(promise) }
      done += 1
    }
    backlog.removeFirst(done)
    flushedCount -= done
    sendOutput(context, Self.joined(ended))
  }

  private func encryptStaged(_ context: ChannelHandlerContext) {
    guard staged.readableBytes > 0 else { return }
    let error = session.write(staged)
    staged = ByteBuffer()
    if let error { fail(context, error) }
  }

  private func takePromise() -> EventLoopPromise<Void>? {
    let taken = promises
    promises = []
    return Self.joined(taken)
  }

  /// The first of them; the others follow it.
  private static func joined(_ promises: [EventLoopPromise<Void>]) -> EventLoopPromise<Void>? {
    guard let first = promises.first else { return nil }
    if promises.count > 1 {
      let rest = promises.dropFirst()
      first.futureResult.assumeIsolated().whenComplete { result in
        for promise in rest { promise.completeWith(result) }
      }
    }
    return first
  }

  private func sendOutput(_ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
    if let bytes = session.takeOutput() {
      context.writeAndFlush(wrapOutboundOut(bytes), promise: promise)
    } else {
      promise?.succeed(())
    }
  }

  // MARK: Closing

  public func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
    switch (state, mode) {
    case (_, .input), (.closed, _): context.close(mode: mode, promise: promise)
    case (.outputClosed, _):
      if mode == .all { finish(ChannelError.ioOnClosedChannel) }
      context.close(mode: mode, promise: promise)
    case (.handshaking, .output):
      // What was written waits for the handshake, so does the end behind it.
      guard wantsClose == nil else {
        promise?.fail(ChannelError.outputClosed)
        return
      }
      wantsClose = (mode, promise)
    case (.handshaking, _):
      finish(ChannelError.ioOnClosedChannel)
      context.close(mode: mode, promise: promise)
    case (.active, _): closeActive(context, mode, promise)
    }
  }

  private func closeActive(_ context: ChannelHandlerContext, _ mode: CloseMode, _ promise: EventLoopPromise<Void>?) {
    if backlog.isEmpty {
      encryptStaged(context)
      guard case .active = state else { return context.close(mode: mode, promise: promise) }
    } else if mode == .output {
      guard wantsClose == nil else {
        promise?.fail(ChannelError.outputClosed)
        return
      }
      // The end comes behind what the socket has not taken yet.
      setAside()
      flushedCount = backlog.count
      wantsClose = (mode, promise)
      return encryptBacklog(context)
    } else {
      // Like everything that a channel has not written when it is closed, the backlog is lost; nothing may tell the peer that it was all.
      finish(ChannelError.ioOnClosedChannel)
      return context.close(mode: mode, promise: promise)
    }
    state = .outputClosed
    session.sayClose()
    sendOutput(context, takePromise())
    if mode == .all { finish(ChannelError.ioOnClosedChannel) }
    context.close(mode: mode, promise: promise)
  }

  private func fail(_ context: ChannelHandlerContext, _ error: TLSError) {
    if case .closed = state { return }
    onHandshake.take()?(false)
    sendOutput(context, nil)
    let closing = wantsClose?.promise
    wantsClose = nil
    finish(error)
    context.fireErrorCaught(error)
    context.close(promise: closing)
  }

  private func finish(_ error: any Error) {
    state = .closed
    timer?.cancel()
    timer = nil
    staged = ByteBuffer()
    let waiting = backlog.compactMap(\.promise) + promises
    backlog = []
    flushedCount = 0
    promises = []
    for promise in waiting { promise.fail(error) }
    wantsClose?.promise?.fail(error)
    wantsClose = nil
  }
}
