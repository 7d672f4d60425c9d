public import NIOCore
public import NIOHTTP1

/// Why a client has no connection.
public enum WebSocketClientError: Error, Hashable, Sendable {
  case badURL(String)
  /// A `wss` URL, and no way to speak TLS was given.
  case needsTLS
  /// The server answered with something other than 101. `body` holds the first `answerBytesMax` of what it said.
  case refused(status: UInt, reason: String, retryAfter: String?, body: String)
  /// 101, but not to our handshake; or no HTTP at all.
  case badAnswer(String)
  case timeout
  /// The connection ended inside the handshake.
  case ended(String)
}

/// What a client asks for beside the URL.
public struct WebSocketClientRequest: Sendable {
  public var url: WebSocketURL
  /// In order of preference.
  public var subprotocols: [String]
  /// More request fields: authorization, origin.
  public var headers: HTTPHeaders
  /// Its role is `.client`.
  public var configuration: WebSocketConfiguration
  /// From the start of the TCP connection to the server's answer.
  public var deadline: Duration

  public init(
    url: WebSocketURL, subprotocols: [String] = [], headers: HTTPHeaders = [:],
    configuration: WebSocketConfiguration = WebSocketConfiguration(role: .client), deadline: Duration = .seconds(10)
  ) {
    self.url = url
    self.subprotocols = subprotocols
    self.headers = headers
    self.configuration = configuration
    self.deadline = deadline
  }
}

public enum WebSocketClient {
  /// Opens a WebSocket.
  /// - Parameters:
  ///   - bootstrap: makes the TCP connection; give it a single event loop to know where the connection lives.
  ///   - eventLoop: loop of the returned future.
  ///   - tls: adds the TLS handler for this host name to the channel; needed for `wss`.
  ///   - makeDelegate: called on the connection's loop before the first message.
  /// - Returns: the open connection, to be touched on its loop; or ``WebSocketClientError``, or what the bootstrap or TLS failed with.
  public static func connect(
    _ request: WebSocketClientRequest, bootstrap: some NIOClientTCPBootstrapProtocol, eventLoop: any EventLoop,
    tls: (@Sendable (any Channel, _ host: String) throws -> Void)? = nil,
    makeDelegate: @escaping @Sendable (WebSocketConnection) -> (any WebSocketDelegate)?
  ) -> EventLoopFuture<NIOLoopBound<WebSocketConnection>> {
    precondition(request.configuration.role == .client)
    let url = request.url
    if url.isSecure, tls == nil { return eventLoop.makeFailedFuture(WebSocketClientError.needsTLS) }
    let opened = eventLoop.makePromise(of: NIOLoopBound<WebSocketConnection>.self)
    bootstrap
      .connectTimeout(TimeAmount(request.deadline))
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          if url.isSecure { try tls?(channel, url.host) }
          try channel.pipeline.syncOperations.addHandler(ClientHandshake(request, opened: opened, makeDelegate: makeDelegate))
        }
      }
      .connect(host: url.host, port: url.port)
      .whenFailure { error in
        if case ChannelError.connectTimeout = error { opened.fail(WebSocketClientError.timeout) } else { opened.fail(error) }
      }
    return opened.futureResult
  }
}
