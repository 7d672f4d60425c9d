public import CollabProtocol
public import NIOCore

/// Where a session's frames go: one connection, used only on its own event loop.
public protocol SessionSink: AnyObject {
  var eventLoop: any EventLoop { get }
  var encoding: WireEncoding { get }
  /// Whether frames compressed without context takeover may be sent here, so that all such sessions share one compressed buffer.
  var takesCompressedFrames: Bool { get }
  /// Bytes handed over and not yet taken by the socket.
  var bytesOutstanding: Int { get }
  /// Sends whole frames made by a `FrameWriter`, at once. The buffer is shared with other sessions.
  func write(_ frames: ByteBuffer)
  /// A shorter way for `write`, the same object each time; `nil` when there is none.
  var directWriter: (any DirectFrameWriter)? { get }
  /// Starts the closing handshake after everything written. `RoomSession.closed` is called when it is over.
  func close(_ code: CloseCode, _ reason: String)
  func pauseReading()
  func resumeReading()
}

extension SessionSink {
  public var directWriter: (any DirectFrameWriter)? { nil }
}

/// What stands between a room and the socket when nothing waits: one object, so that a broadcast touches little.
public protocol DirectFrameWriter: AnyObject {
  /// As `SessionSink.write`, in order with it.
  /// - Returns: whether the socket has taken all. If not, `SessionSink.bytesOutstanding` says what is left.
  func write(_ frames: ByteBuffer) -> Bool
}

/// Turns messages into frames. One per event loop, used only there, because a compressor has a state.
public protocol FrameWriter: AnyObject {
  /// Appends `payload` as one frame: text for `.json`, binary for `.proto`; compressed without context takeover, or plain.
  func append(_ payload: ByteBuffer, as encoding: WireEncoding, compressed: Bool, to frames: inout ByteBuffer)
}
