import Glibc
public import NIOCore

/// Writes a connection's frames to its socket past the channel, as long as the channel holds nothing.
///
/// A frame for a thousand members costs each of them the objects on the way through its pipeline, and each object is a cache miss; this one is
/// the only one between a room and the socket. What the socket does not take goes the usual way, and so does everything after it until the
/// channel has written the last byte: the order of bytes is that of the calls.
///
/// Only for a channel without anything that changes bytes (TLS). It has a descriptor of its own for the same socket, so it can never write to
/// a connection that got the number of a closed one. Confined to the connection's loop.
public final class DirectWriter {
  private static let flags = CInt(MSG_DONTWAIT) | CInt(MSG_NOSIGNAL)
  /// -1 once the connection has said Close, or is gone.
  private var descriptor: CInt
  /// Writes that the channel has not finished.
  private var inChannel = 0
  private var connection: WebSocketConnection?

  /// - Parameter socket: stays the caller's.
  /// - Returns: `nil` when the process has no descriptor left: the channel does it all then.
  init?(_ connection: WebSocketConnection, socket: NIOBSDSocket.Handle) {
    descriptor = fcntl(socket, F_DUPFD_CLOEXEC, 0)
    self.connection = connection
    if descriptor < 0 { return nil }
  }

  deinit { if descriptor >= 0 { Glibc.close(descriptor) } }

  /// Sends frames that ``FrameEncoder`` or ``SharedDeflater`` made. Does nothing once the connection is closing.
  /// - Returns: `true` when the socket has taken all of it; `false` when the channel has the rest, see ``WebSocketConnection/bytesOutstanding``.
  public func write(_ frames: ByteBuffer) -> Bool {
    guard inChannel == 0, descriptor >= 0 else {
      connection?.sendFrames(frames)
      return false
    }
    let sent = frames.withUnsafeReadableBytes { bytes in
      Glibc.send(descriptor, bytes.baseAddress, bytes.count, Self.flags)
    }
    if sent == frames.readableBytes { return true }
    // A full socket, or a dead one: the channel finds out which.
    var rest = frames
    if sent > 0 { rest.moveReaderIndex(forwardBy: sent) }
    connection?.sendFrames(rest)
    return false
  }

  func willWriteInChannel() { inChannel += 1 }
  func didWriteInChannel() { inChannel -= 1 }

  /// Nothing goes this way any more.
  func cut() {
    connection = nil
    if descriptor >= 0 { Glibc.close(descriptor) }
    descriptor = -1
  }
}
