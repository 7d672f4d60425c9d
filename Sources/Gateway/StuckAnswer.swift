import NIOCore

/// Ends a connection whose peer takes nothing of its answer for too long: what waits for it stays in memory, and so does whoever writes it.
///
/// Stands before the HTTP encoder and looks at what the socket has not taken. A peer must take what waited, or `bytesMin` of it, within each
/// `patience`: one that takes a byte now and then would hold an answer for ever.
final class StuckAnswer: ChannelOutboundHandler, ChannelInboundHandler, RemovableChannelHandler {
  typealias OutboundIn = ByteBuffer
  typealias InboundIn = ByteBuffer

  private let patience: TimeAmount
  private let bytesMin: Int
  private let waitingBytes: (ChannelHandlerContext) -> Int
  private var timer: Scheduled<Void>?
  private var writtenBytes = 0

  /// - Parameter waitingBytes: what the socket has not taken.
  init(patience: Duration, bytesMin: Int = 4 << 10, waitingBytes: @escaping (ChannelHandlerContext) -> Int = StuckAnswer.bufferedBytes) {
    self.patience = TimeAmount(patience)
    self.bytesMin = bytesMin
    self.waitingBytes = waitingBytes
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    writtenBytes += unwrapOutboundIn(data).readableBytes
    context.write(data, promise: promise)
  }

  func flush(context: ChannelHandlerContext) {
    context.flush()
    if timer == nil, waitingBytes(context) > 0 { watch(context) }
  }

  private func watch(_ context: ChannelHandlerContext) {
    let waitingBefore = waitingBytes(context)
    let takenBefore = writtenBytes - waitingBefore
    timer = context.eventLoop.assumeIsolated().scheduleTask(in: patience) { [self] in
      timer = nil
      let waiting = waitingBytes(context)
      guard waiting > 0 else { return }
      if writtenBytes - waiting < takenBefore + min(bytesMin, waitingBefore) { return context.close(promise: nil) }
      watch(context)
    }
  }

  /// 0 for a channel that does not say.
  static func bufferedBytes(_ context: ChannelHandlerContext) -> Int {
    (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0  // no channel of ours lacks it, but a test's
  }

  func channelInactive(context: ChannelHandlerContext) {
    stop()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) { stop() }

  private func stop() {
    timer?.cancel()
    timer = nil
  }
}
