import NIOCore

/// The head of every further request on a connection must be there in time, like that of the first: a request that comes in drops would
/// otherwise hold its connection for as long as it likes.
///
/// Stands before the HTTP decoder and sees bytes; the handler behind it says where requests begin and end.
final class HeadDeadline: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer

  private let limit: TimeAmount
  private var isAnswering = false
  private var timer: Scheduled<Void>?

  init(_ limit: Duration) { self.limit = TimeAmount(limit) }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if timer == nil, !isAnswering {
      timer = context.eventLoop.assumeIsolated().scheduleTask(in: limit) { context.close(promise: nil) }
    }
    context.fireChannelRead(data)
  }

  func channelInactive(context: ChannelHandlerContext) {
    stop()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) { stop() }

  func headCame() {
    isAnswering = true
    stop()
  }

  func allAnswered() { isAnswering = false }

  private func stop() {
    timer?.cancel()
    timer = nil
  }
}
