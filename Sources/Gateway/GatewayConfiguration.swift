public import RateLimits
public import WebSocketTransport
public import Webhooks

/// Where the server listens and what it allows before a session begins; inside a session the limits of the room hold.
public struct GatewayConfiguration: Sendable {
  public var host = "127.0.0.1"
  /// 0 takes any free port.
  public var port = 8443
  public var origins = OriginPolicy()
  /// Connections at once; more are told 503, and when too many come to be told, closed without a word.
  public var connectionCountMax = 10_000
  /// Who may say for whom a connection or a request is. A proxy that is not named here has one address for all behind it.
  public var proxies = ProxyPolicy()
  /// Connections at once from one address, of IPv6 from its first 64 bits; more are told 429.
  public var connectionCountPerAddressMax = 2_000
  /// From the connection to the whole head of its first request, the TLS handshake included; later: closed. Likewise from the first byte of
  /// every further request to its whole head.
  public var firstRequestDeadline: Duration = .seconds(10)
  /// An HTTP connection on which nothing happens for so long is closed. Live connections have pings instead.
  public var idleTimeout: Duration = .seconds(60)
  /// An answer over HTTP of which the peer takes less than `answerBytesMin` in so long, while more waits, is ended with its connection.
  public var answerPatience: Duration = .seconds(30)
  public var answerBytesMin = 4 << 10
  /// A body of which less than `bodyBytesMin` comes in so long, without being at its end: 408.
  public var bodyPatience: Duration = .seconds(5)
  public var bodyBytesMin = 16 << 10
  /// A whole body; later: 408.
  public var bodyDeadline: Duration = .seconds(60)
  /// Buffers of request bodies that are being read or dealt with, together; beyond it who adds to them is told 429.
  public var bodyBytesHeldMax = 128 << 20
  /// Buffers of the beginnings of WebSocket messages, of all connections together; beyond it those that add to them are cut off.
  public var unfinishedBytesMax = 256 << 20
  /// After the rooms have said goodbye: how long clients may take for the closing handshake before they are cut off.
  public var closeDeadline: Duration = .seconds(5)
  /// A room answers an edit over HTTP, or the wish to keep a version, in this time, or the caller is told 503 `unconfirmed`.
  public var editPatience: Duration = .seconds(30)
  /// Where webhooks may lead.
  public var webhooks = WebhookPolicy.standard
  public var metricsAccess = MetricsAccess.open
  public var webSocket: WebSocketConfiguration

  /// Request line and header fields together: 431. As the first request of a connection is held to, so is every other.
  static let headBytesMax = FirstRequestSwitch.Limits().headBytesMax

  public init() {
    webSocket = WebSocketConfiguration(role: .server)
    // A browser cannot divide a message: what is allowed as a message must be allowed as one frame.
    webSocket.frameBytesMax = webSocket.messageBytesMax
  }
}
