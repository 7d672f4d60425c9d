import CRDT
import CollabClient
import CollabProtocol
import NIOCore
import NIOHTTP1
import NIOPosix
import WebSocketTransport

/// A client that does what a test says, right or wrong: it knows how to write messages and nothing else.
actor RawPeer {
  enum Event: Sendable {
    case message(ServerMessage)
    case closed(UInt16, String)
  }

  struct Ended: Error, CustomStringConvertible {
    var code: UInt16
    var reason: String
    var description: String { "the connection ended with \(code) \(reason)" }
  }

  let encoding: WireEncoding
  private let connection: NIOLoopBound<WebSocketConnection>
  private let loop: any EventLoop
  private var waiting: CheckedContinuation<Event, Never>?
  private var heard: [Event] = []
  private var readCount = 0
  /// From the welcome.
  private(set) var replica = UInt32(0)
  private(set) var welcome = Welcome()

  /// - Parameter subprotocols: `nil` offers that of the encoding.
  static func connect(
    _ server: TestServer, _ workflow: String = "demo", _ encoding: WireEncoding = .json, subprotocols: [String]? = nil
  ) async throws -> RawPeer {
    let loop = MultiThreadedEventLoopGroup.singleton.next()
    let (stream, sink) = AsyncStream<Event>.makeStream(bufferingPolicy: .bufferingOldest(200_000))
    var configuration = WebSocketConfiguration(role: .client, deflate: .off)
    configuration.messageBytesMax = 4 << 20
    configuration.frameBytesMax = 4 << 20
    let url = WebSocketURL(
      isSecure: false, host: server.address.host, port: server.address.port, target: "/api/v1/workflows/\(workflow)/live")
    let request = WebSocketClientRequest(
      url: url, subprotocols: subprotocols ?? [encoding.subprotocol], configuration: configuration)
    let connection = try await WebSocketClient.connect(
      request, bootstrap: ClientBootstrap(group: loop), eventLoop: loop, makeDelegate: { _ in Ear(encoding, sink) }
    ).get()
    let peer = RawPeer(encoding, connection, loop)
    Task { for await event in stream { await peer.deliver(event) } }
    return peer
  }

  private init(_ encoding: WireEncoding, _ connection: NIOLoopBound<WebSocketConnection>, _ loop: any EventLoop) {
    self.encoding = encoding
    self.connection = connection
    self.loop = loop
  }

  /// Connected and welcomed.
  static func joined(
    _ server: TestServer, _ workflow: String = "demo", _ encoding: WireEncoding = .json,
    _ change: @Sendable (inout Hello) -> Void = { _ in }
  ) async throws -> RawPeer {
    let peer = try await connect(server, workflow, encoding)
    var hello = Hello()
    hello.name = "raw"
    hello.create = true
    change(&hello)
    await peer.send(.hello(hello))
    try await peer.awaitWelcome()
    return peer
  }

  private func awaitWelcome() async throws {
    welcome = try await until { if case .welcome(let welcome) = $0 { welcome } else { nil } }
    replica = welcome.lease?.replica.rawValue ?? 0
  }

  // MARK: Saying

  func send(_ message: ClientMessage) async {
    var payload = ByteBuffer()
    MessageCodec.encode(message, as: encoding, into: &payload)
    await send(payload, isText: encoding.isText)
  }

  func send(text: String) async { await send(ByteBuffer(string: text), isText: true) }

  func send(_ payload: ByteBuffer, isText: Bool) async {
    let connection = connection
    loop.execute { connection.value.send(isText ? .text : .binary, payload) }
  }

  func close(_ code: UInt16 = 1000) {
    let connection = connection
    loop.execute { connection.value.close(code: code) }
  }

  /// Handed to the connection and not taken by the socket.
  func bytesOutstanding() async throws -> Int {
    let connection = connection
    return try await loop.submit { connection.value.bytesOutstanding }.get()
  }

  func pauseReading() {
    let connection = connection
    loop.execute { connection.value.pauseReading() }
  }

  func resumeReading() {
    let connection = connection
    loop.execute { connection.value.resumeReading() }
  }

  // MARK: Hearing

  private func deliver(_ event: Event) {
    if let waiting {
      self.waiting = nil
      waiting.resume(returning: event)
    } else {
      heard.append(event)
    }
  }

  func next() async -> Event {
    if readCount < heard.count {
      readCount += 1
      return heard[readCount - 1]
    }
    heard.removeAll(keepingCapacity: true)
    readCount = 0
    return await withCheckedContinuation { waiting = $0 }
  }

  /// The first message that `pick` takes; others are passed over.
  func until<T: Sendable>(_ pick: @Sendable (ServerMessage) -> T?) async throws -> T {
    while true {
      switch await next() {
      case .message(let message): if let found = pick(message) { return found }
      case .closed(let code, let reason): throw Ended(code: code, reason: reason)
      }
    }
  }

  /// Everything up to the close, and the close.
  func untilClosed() async -> (messages: [ServerMessage], code: UInt16, reason: String) {
    var messages: [ServerMessage] = []
    while true {
      switch await next() {
      case .message(let message): messages.append(message)
      case .closed(let code, let reason): return (messages, code, reason)
      }
    }
  }

  func ack() async throws -> Ack { try await until { if case .ack(let ack) = $0 { ack } else { nil } } }
  func error() async throws -> ErrorReport { try await until { if case .error(let report) = $0 { report } else { nil } } }
}

/// Hears on the connection's loop and hands on.
private final class Ear: WebSocketDelegate {
  private let encoding: WireEncoding
  private let sink: AsyncStream<RawPeer.Event>.Continuation

  init(_ encoding: WireEncoding, _ sink: AsyncStream<RawPeer.Event>.Continuation) {
    self.encoding = encoding
    self.sink = sink
  }

  func webSocketDidReceive(_ message: WebSocketMessage, from connection: WebSocketConnection) {
    let payload =
      switch message {
      case .text(let payload), .binary(let payload): payload
      }
    do throws(DecodeError) {
      sink.yield(.message(try MessageCodec.decodeServer(payload, as: encoding)))
    } catch {
      sink.yield(.closed(0, "undecodable: \(error)"))
    }
  }

  func webSocketDidClose(_ connection: WebSocketConnection, code: UInt16, reason: String) {
    sink.yield(.closed(code, reason))
    sink.finish()
  }
}
