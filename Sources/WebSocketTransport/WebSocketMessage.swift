public import NIOCore

/// One whole message, fragments joined, decompressed.
public enum WebSocketMessage: Hashable, Sendable {
  /// Checked: valid UTF-8.
  case text(ByteBuffer)
  case binary(ByteBuffer)
}

/// The two kinds of data frames that can be sent.
public enum WebSocketPayloadKind: UInt8, Hashable, Sendable {
  case text = 0x1
  case binary = 0x2
}

/// Hears of everything that happens on a connection, always on the connection's event loop. The connection holds it until
/// ``webSocketDidClose(_:code:reason:)`` was called.
public protocol WebSocketDelegate: AnyObject {
  /// The payload is a slice of what was read from the socket: keep a copy, not the slice, for longer than the batch.
  func webSocketDidReceive(_ message: WebSocketMessage, from connection: WebSocketConnection)
  /// After the last message of one read from the socket: the place to flush what the messages of the batch caused.
  func webSocketDidFinishReading(_ connection: WebSocketConnection)
  /// What was handed over has left below `writeBufferLow`, after it had risen above `writeBufferHigh`.
  func webSocketDidBecomeWritable(_ connection: WebSocketConnection)
  /// The server wants to end (`ChannelShouldQuiesceEvent`). Without an answer of one's own the connection closes with 1001.
  func webSocketShouldQuiesce(_ connection: WebSocketConnection)
  /// Exactly once, also when the connection never carried a message. No call follows it.
  /// - Parameter code: the peer's when its Close ended the connection, 1005 when that Close had none, ours when this end found a fault,
  ///   1006 when the connection ended without a Close.
  func webSocketDidClose(_ connection: WebSocketConnection, code: UInt16, reason: String)
}

extension WebSocketDelegate {
  public func webSocketDidFinishReading(_ connection: WebSocketConnection) {}
  public func webSocketDidBecomeWritable(_ connection: WebSocketConnection) {}
  public func webSocketShouldQuiesce(_ connection: WebSocketConnection) { connection.close(code: 1001, reason: "going away") }
}

/// What the peer did wrong, as the Close that answers it (RFC 6455 §7.4.1).
struct WebSocketFault: Error, Hashable {
  var code: UInt16
  var reason: String

  static func `protocol`(_ reason: String) -> Self { Self(code: 1002, reason: reason) }
  static let invalidText = Self(code: 1007, reason: "text is not UTF-8")
  static let badCompression = Self(code: 1007, reason: "compressed message is damaged")
  static func tooBig(_ bytesMax: Int) -> Self { Self(code: 1009, reason: "more than \(bytesMax) bytes") }
}
