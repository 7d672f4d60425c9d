import NIOCore
import NIOHTTP1
import WebSocketTransport

/// Ends the connection after the answer when request or answer say so, whatever the request still sends; knows what the routes no longer see.
///
/// A request says so by `connection: close`, by being HTTP/1.0 without `keep-alive`, or by asking for an upgrade that nobody took: what comes
/// behind that may be in any protocol. A request of HTTP/1.1 whose Host is not in order (RFC 9112 §3.2) gets an empty one, which the routes
/// refuse.
final class CloseAfterAnswer: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPServerRequestPart
  typealias InboundOut = HTTPServerRequestPart
  typealias OutboundIn = HTTPServerResponsePart
  typealias OutboundOut = HTTPServerResponsePart

  private let deadline: HeadDeadline?
  /// Requests read and not answered yet; pipelined ones wait here before they reach a route.
  private var openRequestCount = 0
  /// Set by the last request that will be answered.
  private var requestSaysClose = false
  private var answerSaysClose = false

  /// - Parameter deadline: told when a head is there and when all are answered.
  init(_ deadline: HeadDeadline? = nil) { self.deadline = deadline }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard case .head(var head) = unwrapInboundIn(data) else { return context.fireChannelRead(data) }
    openRequestCount += 1
    deadline?.headCame()
    if !head.isKeepAlive || head.headers.contains(name: "upgrade") { requestSaysClose = true }
    if (head.version.major, head.version.minor) >= (1, 1), !head.hasGoodHost { head.headers.replaceOrAdd(name: "host", value: "") }
    context.fireChannelRead(wrapInboundOut(.head(head)))
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    switch unwrapOutboundIn(data) {
    case .head(var head):
      answerSaysClose = Self.saysClose(head.headers)
      if !answerSaysClose, requestSaysClose, openRequestCount <= 1 { head.headers.replaceOrAdd(name: "connection", value: "close") }
      context.write(wrapOutboundOut(.head(head)), promise: promise)
    case .body: context.write(data, promise: promise)
    case .end:
      openRequestCount -= 1
      guard answerSaysClose || requestSaysClose && openRequestCount <= 0 else {
        if openRequestCount <= 0 { deadline?.allAnswered() }
        return context.write(data, promise: promise)
      }
      context.writeAndFlush(data, promise: promise)
      context.close(promise: nil)
    }
  }

  private static func saysClose(_ headers: HTTPHeaders) -> Bool {
    headers[canonicalForm: "connection"].contains { $0.lowercased() == "close" }
  }
}
