internal import Compression
public import NIOCore

extension WebSocketConnection {
  public func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    hasHeard = true
    pingIsOut = false
    switch phase {
    case .open, .closing: break
    case .draining, .ended: return
    }
    if input.readableBytes == 0 { input = bytes } else { input.writeBuffer(&bytes) }
    if configuration.role == .server { unmasker.unmask(&input) }
    parse()
  }

  public func channelReadComplete(context: ChannelHandlerContext) {
    if hasDelivered {
      hasDelivered = false
      delegate?.webSocketDidFinishReading(self)
    }
    if needsFlush {
      needsFlush = false
      context.flush()
    }
    weighInput()
    context.fireChannelReadComplete()
  }

  /// Beginnings of messages are memory that peers fill without having said anything.
  private func weighInput() {
    if case .ended = phase { return }
    let held = input.storageCapacity + decoder.heldBytes
    guard held != heldBytes, let ledger = configuration.inputLedger else { return }
    let fits = ledger.change(by: held - heldBytes)
    let isMore = held > heldBytes
    heldBytes = held
    if isMore, !fits, held > configuration.inputBytesFree { drop(reason: "too many unfinished messages wait at the server") }
  }

  /// A read that the channel wants while the delegate does not is kept for later: TCP then slows the peer down.
  public func read(context: ChannelHandlerContext) {
    if isPaused { heldRead = true } else { context.read() }
  }

  /// No further message is delivered until ``resumeReading()``; at most one read from the socket is held back meanwhile.
  public func pauseReading() {
    guard case .open = phase else { return }
    isPaused = true
  }

  /// Messages held back follow on the loop's next turn, not inside this call.
  public func resumeReading() {
    guard isPaused else { return }
    isPaused = false
    if input.readableBytes > 0, !isParsing {
      eventLoop.assumeIsolated().execute { [self] in
        guard !isPaused else { return }
        parse()
        if let context { channelReadComplete(context: context) }
      }
    }
    if heldRead {
      heldRead = false
      context?.read()
    }
  }

  /// Hands out everything that `input` holds whole.
  private func parse() {
    // A delegate may pause, resume, send and close from inside its calls; the loop below sees the effects, a second one must not start.
    guard !isParsing else { return }
    isParsing = true
    defer { isParsing = false }
    do throws(WebSocketFault) {
      while canParse {
        let before = input.readableBytes
        let event = try decoder.next(&input)
        unmasker.advance(by: before - input.readableBytes)
        guard let event else { break }
        try handle(event)
      }
    } catch {
      fail(error)
    }
    compactInput()
  }

  private var canParse: Bool {
    switch phase {
    case .open: !isPaused
    case .closing: true
    case .draining, .ended: false
    }
  }

  /// The rest of a read, a few bytes as a rule, must not hold the whole read's memory. What is copied is less each time.
  private func compactInput() {
    if input.readableBytes == 0 {
      input = ByteBuffer()
    } else if input.storageCapacity > 1024, input.readableBytes <= input.storageCapacity / 4 {
      input = ByteBuffer(bytes: input.readableBytesView)
    }
  }

  private func handle(_ event: FrameDecoder.Event) throws(WebSocketFault) {
    switch event {
    case .message(let kind, let payload, let isCompressed):
      // After our Close the peer may still finish what it was saying; nobody listens.
      guard case .open = phase else { return }
      deliver(kind, isCompressed ? try inflate(kind, payload) : payload)
    case .ping(let payload):
      guard case .open = phase else { return }
      answerPing(payload)
    case .pong: break
    case .close(let code, let reason): peerClosed(code: code, reason: reason)
    }
  }

  private func deliver(_ kind: WebSocketPayloadKind, _ payload: ByteBuffer) {
    hasDelivered = true
    intervalsInMessage = 0
    delegate?.webSocketDidReceive(kind == .text ? .text(payload) : .binary(payload), from: self)
  }

  private func inflate(_ kind: WebSocketPayloadKind, _ payload: ByteBuffer) throws(WebSocketFault) -> ByteBuffer {
    guard let deflate else { throw .protocol("reserved bit set") }
    let peer: WebSocketRole = configuration.role == .server ? .client : .server
    let keepsContext = deflate.keepsContext(peer)
    let message: ByteBuffer
    do throws(CompressionError) {
      message = try inflater(keepsContext: keepsContext, windowBits: deflate.windowBits(peer))
        .message(payload, bytesMax: configuration.messageBytesMax, keepsContext: keepsContext)
    } catch {
      switch error {
      case .tooLarge: throw .tooBig(configuration.messageBytesMax)
      case .corrupt, .truncated: throw .badCompression
      }
    }
    if kind == .text, !message.withUnsafeReadableBytes({ UTF8Validator.isValid($0) }) { throw .invalidText }
    return message
  }

  private func inflater(keepsContext: Bool, windowBits: Int) -> RawInflater {
    guard keepsContext else { return codecs.inflater }
    if let inflater { return inflater }
    let made = RawInflater(windowBits: windowBits)
    inflater = made
    return made
  }
}
