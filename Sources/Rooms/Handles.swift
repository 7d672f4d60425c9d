import CollabProtocol
import NIOCore
import RoomCore
import Telemetry
import WorkflowGraph

/// A room, from any thread: what it is told runs on its loop.
struct RoomHandle: Sendable {
  let loop: any EventLoop
  private let host: NIOLoopBound<RoomHost>

  /// Called on the host's loop.
  init(_ host: RoomHost, loop: any EventLoop) {
    self.loop = loop
    self.host = NIOLoopBound(host, eventLoop: loop)
  }

  /// At once on the room's own loop, by one enqueue from elsewhere. In order per calling thread.
  func tell(_ events: [RoomEvent]) {
    if loop.inEventLoop {
      host.value.process(events)
    } else {
      loop.execute { host.value.process(events) }
    }
  }

  func enter(_ entry: Entry) {
    if loop.inEventLoop {
      host.value.enter(entry)
    } else {
      loop.execute { host.value.enter(entry) }
    }
  }

  func onLoop(_ body: @escaping @Sendable (RoomHost) -> Void) {
    if loop.inEventLoop {
      body(host.value)
    } else {
      loop.execute { body(host.value) }
    }
  }
}

/// A session, from any thread.
struct SessionHandle: Sendable {
  let id: SessionID
  let loop: any EventLoop
  let form: FrameForm
  private let session: NIOLoopBound<RoomSession>

  /// Called on the session's loop.
  init(_ session: RoomSession, id: SessionID, loop: any EventLoop, form: FrameForm) {
    self.id = id
    self.loop = loop
    self.form = form
    self.session = NIOLoopBound(session, eventLoop: loop)
  }

  /// On the session's loop only.
  var value: RoomSession { session.value }

  func onLoop(_ body: @escaping @Sendable (RoomSession) -> Void) {
    if loop.inEventLoop {
      body(session.value)
    } else {
      loop.execute { body(session.value) }
    }
  }
}

/// A session at the door of a room.
struct Entry: Sendable {
  var workflow: WorkflowID
  var arrival: Arrival
  var handle: SessionHandle
  /// The hello asks to make the workflow when there is none.
  var wantsCreate: Bool
  /// Its role suffices for that.
  var mayCreate: Bool
  /// The owner of the workflow if this session makes it; `nil`: nobody.
  var founder: String?
  /// What the connection is part of.
  var trace: TraceContext?
}
