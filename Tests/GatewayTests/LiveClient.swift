import CollabProtocol
import NIOCore
import NIOPosix
import WebSocketTransport
import WorkflowDocument

/// A live connection of a test: what it hears, in order.
final class LiveClient: WebSocketDelegate, Sendable {
  enum Event: Sendable, Equatable {
    case message(ServerMessage)
    case unreadable(String)
    case closed(CloseCode, String)
  }

  let events: AsyncStream<Event>
  private let sink: AsyncStream<Event>.Continuation
  private let encoding: WireEncoding

  private init(_ encoding: WireEncoding) {
    self.encoding = encoding
    (events, sink) = AsyncStream.makeStream()
  }

  /// Opens a connection; the closure gets the events and something to send with.
  static func open(
    _ workflow: String, port: Int, encoding: WireEncoding = .json, subprotocols: [String]? = nil
  ) async throws -> (client: LiveClient, send: @Sendable (ClientMessage) -> Void) {
    let client = LiveClient(encoding)
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let url = try WebSocketURL("ws://127.0.0.1:\(port)/api/v1/workflows/\(workflow)/live")
    let offered = subprotocols ?? [encoding == .json ? ProtocolVersion.subprotocolJSON : ProtocolVersion.subprotocolProto]
    let connection = try await WebSocketClient.connect(
      WebSocketClientRequest(url: url, subprotocols: offered), bootstrap: ClientBootstrap(group: loop), eventLoop: loop,
      makeDelegate: { _ in client }
    ).get()
    return (
      client,
      { message in
        loop.execute {
          var bytes = ByteBuffer()
          MessageCodec.encode(message, as: encoding, into: &bytes)
          connection.value.send(encoding == .json ? .text : .binary, bytes)
        }
      }
    )
  }

  func webSocketDidReceive(_ message: WebSocketMessage, from connection: WebSocketConnection) {
    let bytes =
      switch message {
      case .text(let bytes), .binary(let bytes): bytes
      }
    do {
      sink.yield(.message(try MessageCodec.decodeServer(bytes, as: encoding)))
    } catch {
      sink.yield(.unreadable("\(error)"))
    }
  }

  func webSocketDidClose(_ connection: WebSocketConnection, code: UInt16, reason: String) {
    sink.yield(.closed(CloseCode(rawValue: code), reason))
    sink.finish()
  }

  /// Everything until the end of the connection.
  func untilClosed() async -> [Event] {
    var all: [Event] = []
    for await event in events { all.append(event) }
    return all
  }
}

func hello(_ name: String = "ada", token: String = "", create: Bool = true) -> ClientMessage {
  var hello = Hello()
  hello.name = name
  hello.colour = "#2f6fed"
  hello.kind = .bot
  hello.token = token
  hello.create = create
  return .hello(hello)
}
