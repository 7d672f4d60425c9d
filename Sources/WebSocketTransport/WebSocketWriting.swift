public import NIOCore

extension WebSocketConnection {
  /// Sends one message as one frame and flushes. Does nothing once the connection is closing.
  /// - Parameter compress: `false` for what is compressed already.
  public func send(_ kind: WebSocketPayloadKind, _ payload: ByteBuffer, compress: Bool = true) {
    guard case .open = phase else { return }
    var frame = ByteBuffer()
    let mask = nextMask()
    if compress, let deflater = ownDeflater() {
      deflater.append(kind, payload, mask: mask, to: &frame)
    } else {
      FrameEncoder.append(first: 0x80 | kind.rawValue, payload, mask: mask, to: &frame)
    }
    writeAndFlush(frame)
  }

  /// Sends frames that ``FrameEncoder`` or ``SharedDeflater`` made, the same buffer for any number of connections: no copy, one flush.
  /// Servers only (frames are not masked). Does nothing once the connection is closing.
  public func sendFrames(_ frames: ByteBuffer) {
    precondition(isServer, "a client masks its frames")
    guard case .open = phase else { return }
    writeAndFlush(frames)
  }

  /// A shorter way for what ``sendFrames(_:)`` sends; always the same one. `nil` unless the configuration allows it and the channel is a socket.
  public func directWriter() -> DirectWriter? {
    guard isServer, configuration.writesDirectly, case .open = phase, let context else { return nil }
    if let direct { return direct }
    let made = try? context.channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
      DirectWriter(self, socket: $0)
    }
    direct = made ?? nil
    // What was written before it, pongs for example, has no receipt: this one comes behind all of it.
    if direct != nil { context.writeAndFlush(wrapOutboundOut(ByteBuffer()), promise: promiseForDirectWriter()) }
    return direct
  }

  func cutDirectWriter() {
    direct?.cut()
    direct = nil
  }

  /// Bytes handed to the channel and not yet written to the socket. Less than `writeBufferHigh` counts as 0: a channel that swallows
  /// everything at once is not asked for receipts.
  public var bytesOutstanding: Int { congestion.outstanding }

  public func channelWritabilityChanged(context: ChannelHandlerContext) {
    let wasCongested = congestion.isActive
    congestion.writabilityChanged(to: context.channel.isWritable)
    if wasCongested, !congestion.isActive {
      if let payload = pongOwed, case .open = phase {
        pongOwed = nil
        writeControl(.pong, payload, flushing: true)
      }
      delegate?.webSocketDidBecomeWritable(self)
    }
    context.fireChannelWritabilityChanged()
  }

  // MARK: Control frames

  /// A peer that sends pings and reads nothing must not fill memory with pongs: while congested only the latest is owed (RFC 6455 §5.5.3).
  func answerPing(_ payload: ByteBuffer) {
    if congestion.isActive { pongOwed = payload } else { writeControl(.pong, payload, flushing: false) }
  }

  func sendPing() { writeControl(.ping, ByteBuffer(), flushing: true) }

  func writeClose(code: UInt16, reason: String) {
    writeControl(.close, ClosePayload.encode(code: code, reason: reason), flushing: true)
  }

  private func writeControl(_ opcode: FrameHeader.Opcode, _ payload: ByteBuffer, flushing: Bool) {
    var frame = ByteBuffer()
    FrameEncoder.append(first: 0x80 | opcode.rawValue, payload, mask: nextMask(), to: &frame)
    if flushing {
      writeAndFlush(frame)
    } else {
      needsFlush = true
      context?.write(wrapOutboundOut(frame), promise: promiseForDirectWriter())
    }
  }

  private func nextMask() -> UInt32? {
    configuration.role == .server ? nil : UInt32.random(in: .min ... .max)
  }

  private func ownDeflater() -> FrameDeflater? {
    guard let deflate, case .on(let own) = configuration.deflate else { return nil }
    let bits = deflate.windowBits(configuration.role)
    guard deflate.keepsContext(configuration.role) else {
      return codecs.deflater(own, windowBits: bits)
    }
    if let deflater { return deflater }
    let made = FrameDeflater(own, windowBits: bits, keepsContext: true)
    deflater = made
    return made
  }

  private func writeAndFlush(_ bytes: ByteBuffer) {
    guard let context else { return }
    needsFlush = false
    let promise = promiseForDirectWriter()
    guard congestion.willWrite(bytes.readableBytes) else {
      context.writeAndFlush(wrapOutboundOut(bytes), promise: promise)
      congestion.didWrite()
      return
    }
    let written = promise ?? context.eventLoop.makePromise(of: Void.self)
    let receipt = congestion.receipt(for: bytes.readableBytes)
    written.futureResult.assumeIsolated().whenComplete { [self] _ in congestion.settle(receipt) }
    context.writeAndFlush(wrapOutboundOut(bytes), promise: written)
  }

  /// With a direct writer every write of the channel has a receipt: the direct way is closed until the last byte of it is out.
  private func promiseForDirectWriter() -> EventLoopPromise<Void>? {
    guard let direct, let context else { return nil }
    direct.willWriteInChannel()
    let written = context.eventLoop.makePromise(of: Void.self)
    written.futureResult.assumeIsolated().whenComplete { _ in direct.didWriteInChannel() }
    return written
  }
}

/// How much the channel holds, counted only while it holds much: the usual write costs neither a promise nor a look at the channel.
struct Congestion {
  struct Receipt {
    fileprivate var count: Int
    fileprivate var episode: UInt32
  }

  private(set) var isActive = false
  private(set) var outstanding = 0
  private var episode: UInt32 = 0
  /// Of the write that is being made: it may be the one that congests the channel, which then says so from inside the call.
  private var current = 0

  /// - Returns: whether the write needs a receipt.
  mutating func willWrite(_ count: Int) -> Bool {
    current = isActive ? 0 : count
    return isActive
  }

  mutating func didWrite() { current = 0 }

  mutating func receipt(for count: Int) -> Receipt {
    outstanding += count
    return Receipt(count: count, episode: episode)
  }

  mutating func settle(_ receipt: Receipt) { if receipt.episode == episode, isActive { outstanding -= receipt.count } }

  mutating func writabilityChanged(to isWritable: Bool) {
    guard isWritable == isActive else { return }
    isActive = !isWritable
    // What is left below the low mark is not worth counting; receipts of the past are void.
    episode &+= 1
    outstanding = isWritable ? 0 : current
  }
}
