/// Which end of the connection this is: it decides who masks, who closes the TCP connection first, and whose compressor is whose.
public enum WebSocketRole: Hashable, Sendable { case server, client }

/// What one end allows and how long it waits.
public struct WebSocketConfiguration: Sendable {
  public var role: WebSocketRole
  /// Largest message, fragments together and decompressed. Beyond: close 1009.
  public var messageBytesMax = 1 << 20
  /// Largest single frame. Beyond: close 1009.
  public var frameBytesMax = 256 << 10
  /// Beginnings of messages of all connections together; whoever adds to them beyond its bound, and holds more than `inputBytesFree`, is cut off.
  public var inputLedger: InputLedger?
  public var inputBytesFree = 4 << 10
  /// A message of which the end does not come within so many intervals between pings ends its connection: the peer drips.
  public var intervalsPerMessageMax = 4
  public var deflate: Deflate
  /// Silence after which a ping goes out. `nil`: none.
  public var pingInterval: Duration? = .seconds(25)
  /// Silence after that ping after which the connection is dropped as dead (1006).
  public var pongDeadline: Duration = .seconds(20)
  /// How long the peer may take to answer a Close, and then to end the TCP connection.
  public var closeDeadline: Duration = .seconds(5)
  /// What the channel may hold unsent before it counts as congested, and where it stops being so. Less than `writeBufferHigh` is not
  /// reported by ``WebSocketConnection/bytesOutstanding``.
  public var writeBufferHigh = 32 << 10
  public var writeBufferLow = 16 << 10
  /// Whether there may be a ``DirectWriter``. Only for a server whose channel has no handler that changes bytes, never with TLS: what is
  /// written that way goes out as it is.
  public var writesDirectly = false

  public init(role: WebSocketRole, deflate: Deflate = .on(DeflateConfiguration())) {
    self.role = role
    self.deflate = deflate
  }

  public enum Deflate: Hashable, Sendable {
    case off
    case on(DeflateConfiguration)
  }
}

/// How this end compresses, and what it asks of the other (RFC 7692 §7.1). The defaults keep no context on either side: an idle connection
/// costs no window, and a frame compressed once serves everybody.
public struct DeflateConfiguration: Hashable, Sendable {
  /// 0 (stored) to 9 (smallest).
  public var level = 1
  /// 8 to 15: window of what this end sends.
  public var windowBits = 15
  /// 1 to 9. The hash table of `2^(memoryLevel + 8)` bytes is cleared for every message that starts without context: 16 KiB, about 0.2 µs.
  public var memoryLevel = 6
  /// Whether this end's compressor may refer to earlier messages. Costs a compressor per connection and makes frames private to it.
  public var keepsOwnContext = false
  /// Whether the other end's compressor may. Costs an inflater per connection, up to 40 KiB once used.
  public var allowsPeerContext = false
  /// 8 to 15: largest window asked of the other end.
  public var peerWindowBits = 15
  /// Shorter payloads go out as they are: headers of deflate blocks eat the gain.
  public var payloadBytesMin = 64

  public init() {}
}
