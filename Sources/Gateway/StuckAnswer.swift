import Glibc
import NIOCore

/// Ends a connection whose peer takes nothing of its answer for too long: what waits for it stays in memory, and so does whoever writes it.
///
/// Stands before the HTTP encoder and looks at what the socket has not taken, and at what the peer has acknowledged: a socket takes megabytes at
/// once and then nothing until a third of them is gone, which for a slow and honest peer takes longer than anybody's patience. A peer must take what
/// waited, or `bytesMin` of it, within each `patience`: one that takes a byte now and then would hold an answer for ever.
final class StuckAnswer: ChannelOutboundHandler, ChannelInboundHandler, RemovableChannelHandler {
  typealias OutboundIn = ByteBuffer
  typealias InboundIn = ByteBuffer

  private let patience: TimeAmount
  private let bytesMin: Int
  private let waitingBytes: (ChannelHandlerContext) -> Int
  private let acknowledgedBytes: (ChannelHandlerContext) -> UInt64
  private var timer: Scheduled<Void>?
  private var writtenBytes = 0

  /// - Parameters:
  ///   - waitingBytes: what the socket has not taken.
  ///   - acknowledgedBytes: what the peer has taken of all that was ever sent to it.
  init(
    patience: Duration, bytesMin: Int = 4 << 10, waitingBytes: @escaping (ChannelHandlerContext) -> Int = StuckAnswer.bufferedBytes,
    acknowledgedBytes: @escaping (ChannelHandlerContext) -> UInt64 = { PeerProgress.acknowledgedBytes(of: $0.channel) }
  ) {
    self.patience = TimeAmount(patience)
    self.bytesMin = bytesMin
    self.waitingBytes = waitingBytes
    self.acknowledgedBytes = acknowledgedBytes
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
    let (takenBefore, acknowledgedBefore) = (writtenBytes - waitingBefore, acknowledgedBytes(context))
    timer = context.eventLoop.assumeIsolated().scheduleTask(in: patience) { [self] in
      timer = nil
      let waiting = waitingBytes(context)
      guard waiting > 0 else { return }
      let due = min(bytesMin, waitingBefore)
      if writtenBytes - waiting < takenBefore + due, acknowledgedBytes(context) < acknowledgedBefore + UInt64(due) {
        return context.close(promise: nil)
      }
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

/// How far the kernel says that the peer is.
enum PeerProgress {
  /// The beginning of Linux' `tcp_info`, which the C library does not know that far. Source: linux/tcp.h, since Linux 4.1.
  private struct Info {
    var states: UInt64 = 0
    var counts = InlineArray<24, UInt32>(repeating: 0)
    var rates = InlineArray<2, UInt64>(repeating: 0)
    var acknowledgedBytes: UInt64 = 0
  }

  /// Bytes that the other end has acknowledged. To be called on the channel's loop; 0 for a channel that is no TCP connection, or no longer.
  static func acknowledgedBytes(of channel: any Channel) -> UInt64 {
    guard let socket = channel as? any SocketOptionProvider else { return 0 }
    var bytes: UInt64 = 0
    let info: EventLoopFuture<Info> = socket.unsafeGetSocketOption(level: .tcp, name: .init(rawValue: TCP_INFO))
    // On its loop the answer is there at once.
    info.assumeIsolated().whenSuccess { bytes = $0.acknowledgedBytes }
    return bytes
  }
}
