import CollabProtocol
import NIOCore
public import Rooms
import WebSocketTransport

/// One live connection: messages from the socket go to its room, frames from the room go to the socket.
///
/// Lives on the connection's event loop. The connection holds it as its delegate until it is closed.
final class LiveSession: SessionSink, WebSocketDelegate {
  let encoding: WireEncoding
  private let connection: WebSocketConnection
  private let watch: LiveWatch
  /// Holds this sink in turn; let go when the connection is closed.
  private var session: RoomSession?

  init(_ connection: WebSocketConnection, encoding: WireEncoding, watch: LiveWatch) {
    self.watch = watch
    self.connection = connection
    self.encoding = encoding
  }

  /// Arms the deadline for the hello.
  func begin(_ makeSession: (any SessionSink) -> RoomSession) {
    session = makeSession(self)
    session?.start()
  }

  // MARK: to the socket

  var eventLoop: any EventLoop { connection.eventLoop }
  var takesCompressedFrames: Bool { connection.sharesCompressedFrames }
  var bytesOutstanding: Int { connection.bytesOutstanding }
  func write(_ frames: ByteBuffer) { connection.sendFrames(frames) }
  var directWriter: (any DirectFrameWriter)? { connection.directWriter() }
  func close(_ code: CloseCode, _ reason: String) { connection.close(code: code.rawValue, reason: reason) }
  func pauseReading() { connection.pauseReading() }
  func resumeReading() { connection.resumeReading() }

  // MARK: from the socket

  func webSocketDidReceive(_ message: WebSocketMessage, from connection: WebSocketConnection) {
    switch message {
    case .text(let bytes): session?.received(bytes, isText: true)
    case .binary(let bytes): session?.received(bytes, isText: false)
    }
  }

  func webSocketDidFinishReading(_ connection: WebSocketConnection) { session?.readingFinished() }
  func webSocketDidBecomeWritable(_ connection: WebSocketConnection) { session?.becameWritable() }

  /// The room says goodbye first, with a code and a time to come back, and closes the connection then.
  func webSocketShouldQuiesce(_ connection: WebSocketConnection) {}

  func webSocketDidClose(_ connection: WebSocketConnection, code: UInt16, reason: String) {
    watch.ended(CloseCode(rawValue: code), session: session?.id)
    session?.closed(CloseCode(rawValue: code))
    session = nil
  }
}

extension DirectWriter: DirectFrameWriter {}
