import NIOCore

/// Ends a connection that brings more bytes than any answer within the limits can have: interim answers without end, chunks of one byte.
final class ResponseMeter: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = ByteBuffer

  private var bytesLeft: Int

  /// - Parameter bytesMax: with fields and framing.
  init(bytesMax: Int) { bytesLeft = bytesMax }

  /// Chunks of four bytes are five more; what is cut smaller than that is no honest answer.
  static func bytesMax(_ limits: OutboundLimits) -> Int { 3 * limits.fieldBytesMax + 3 * limits.responseBytesMax + (16 << 10) }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let buffer = unwrapInboundIn(data)
    bytesLeft -= buffer.readableBytes
    if bytesLeft < 0 {
      context.fireErrorCaught(OutboundFailure(.tooLarge, "the answer's framing is too large", mayHaveArrived: true))
    } else {
      context.fireChannelRead(data)
    }
  }
}
