import NIOCore
import WebSocketTransport

/// Sends back what comes, and reads no more while the peer does not read.
final class Echo: WebSocketDelegate {
  static let outstandingMax = 4 << 20

  func webSocketDidReceive(_ message: WebSocketMessage, from connection: WebSocketConnection) {
    switch message {
    case .text(let payload): connection.send(.text, payload)
    case .binary(let payload): connection.send(.binary, payload)
    }
    if connection.bytesOutstanding > Self.outstandingMax { connection.pauseReading() }
  }

  func webSocketDidBecomeWritable(_ connection: WebSocketConnection) { connection.resumeReading() }

  func webSocketDidClose(_ connection: WebSocketConnection, code: UInt16, reason: String) {}
}
