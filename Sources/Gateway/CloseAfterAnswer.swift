import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Ends the connection after the answer when request or answer say `connection: close`, whatever the request still sends.
final class CloseAfterAnswer: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  /// Requests read and not answered yet; pipelined ones wait here before they reach a route.
  private var openRequestCount = 0
  /// Set by the last request that will be answered.
  private var requestSaysClose = false
  private var answerSaysClose = false

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    if case .head(let head) = unwrapInboundIn(data) {
      openRequestCount += 1
      if Self.saysClose(head.headerFields) { requestSaysClose = true }
    }
    context.fireChannelRead(data)
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head(let head):
      answerSaysClose = Self.saysClose(head.headerFields)
      context.write(data, promise: promise)
    case .body: context.write(data, promise: promise)
    case .end:
      openRequestCount -= 1
      guard answerSaysClose || requestSaysClose && openRequestCount <= 0 else { return context.write(data, promise: promise) }
      context.writeAndFlush(data, promise: promise)
      context.close(promise: nil)
    }
  }

  private static func saysClose(_ fields: HTTPFields) -> Bool {
    guard let value = fields[.connection] else { return false }
    return value.split(separator: ",").contains { $0.drop { $0 == " " }.lowercased().hasPrefix("close") }
  }
}
