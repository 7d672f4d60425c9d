import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Ends the connection after an answer that says `connection: close`, whatever the request still sends.
final class CloseAfterAnswer: ChannelOutboundHandler, RemovableChannelHandler {
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  private var isLast = false

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head(let head): isLast = head.headerFields[.connection]?.lowercased() == "close"
    case .body: break
    case .end where isLast:
      context.writeAndFlush(data, promise: promise)
      context.close(promise: nil)
      return
    case .end: break
    }
    context.write(data, promise: promise)
  }
}
