public import CollabProtocol
public import NIOCore
import RoomCore
public import WorkflowGraph

/// One connection's way into a room: decodes what comes, hands it to the room, and writes nothing itself.
///
/// Confined to the sink's event loop: create, feed and close it there. It keeps the sink alive until `closed`.
/// The first message must be a hello; `admit` decides then who this is. What goes wrong ends in `sink.close` with a code of the table.
public final class RoomSession {
  /// - Parameter admit: called once, on the sink's event loop, with a well-formed hello; must not block.
  public init(workflow: WorkflowID, sink: any SessionSink, registry: RoomRegistry, admit: @escaping (Hello) -> Admission) {
  }

  /// Arms the deadline for the hello. Call it once the connection can be written to.
  public func start() {}

  /// One whole WebSocket message. `isText` must match the sink's encoding: 1003 otherwise.
  public func received(_ message: ByteBuffer, isText: Bool) {}

  /// The connection has read all there was: what was received goes to the room as one batch.
  public func readingFinished() {}

  /// The socket took what was outstanding.
  public func becameWritable() {}

  /// The connection is gone, with the peer's code, or 1006 without a closing handshake. Call exactly once.
  public func closed(_ code: CloseCode) {}
}
