import CollabProtocol
import NIOCore
import WebSocketTransport

/// Keeps the order to quiesce from a live connection: its room says goodbye first, with a code and a time to come back, and closes it then.
///
/// Stands before the connection only once it is live; HTTP connections and those that are nothing yet end by themselves.
final class QuiesceShield: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  /// Fired into the pipelines of connections that are open after the rooms have ended: nobody else would close them.
  struct RoomsEnded: Sendable {}

  private let connection: WebSocketConnection

  init(_ connection: WebSocketConnection) { self.connection = connection }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case is ChannelShouldQuiesceEvent: break
    case is RoomsEnded: connection.close(code: CloseCode.draining.rawValue, reason: "the server ends")
    default: context.fireUserInboundEventTriggered(event)
    }
  }
}
