import CollabProtocol
import NIOCore
import RoomCore
import Rooms
import Synchronization
import Telemetry
import WebSocketTransport
import WorkflowGraph

/// A session without a socket: what HTTP wants of a room goes through the same door, by the same rules, as what comes over a WebSocket.
///
/// Messages wait in `events` until they are read; the room counts them like bytes that a slow socket has not taken, so a reader that does not read is
/// shed, held back and in the end sent away with 4508. Leaves when `leave` is called or nobody reads any more.
final class RoomGuest: Sendable {
  enum Event: Sendable {
    case message(ServerMessage)
    /// What became of an edit.
    case edited(EditOutcome)
    /// Nothing came for a while.
    case silence
  }

  /// The room, or the door to it, ended the session.
  struct Ended: Error, Equatable {
    var code: CloseCode
    var reason: String
  }

  private let loop: any EventLoop
  private let sink: NIOLoopBoundBox<GuestSink?>
  private let stream: AsyncThrowingStream<(Event, bytes: Int), any Error>

  /// - Parameters:
  ///   - edits: false for one that asks and listens only: it is lent no replica id.
  ///   - door: asked as for every hello.
  ///   - silence: how long nothing comes before the reader is told so.
  init(
    _ hello: Hello, of workflow: WorkflowID, registry: RoomRegistry, loop: any EventLoop, edits: Bool = false,
    silence: Duration = .seconds(15), door: AccessDesk
  ) {
    self.loop = loop
    let (stream, inbox) = AsyncThrowingStream<(Event, bytes: Int), any Error>.makeStream()
    self.stream = stream
    let trace = TraceContext.current
    let box = NIOLoopBoundBox<GuestSink?>.makeEmptyBox(valueType: GuestSink.self, eventLoop: loop)
    sink = box
    inbox.onTermination = { _ in loop.execute { box.value?.leave() } }
    let address = RequestMeter.current?.address
    loop.execute {
      let sink = GuestSink(loop: loop, inbox: inbox, silence: TimeAmount(silence))
      box.value = sink
      sink.onEnd = { box.value = nil }
      let session = RoomSession(
        workflow: workflow, sink: sink, registry: registry, takesLease: edits, isRequest: true, trace: trace, address: address,
        door: door.door(to: workflow, on: loop))
      sink.begin(session, hello)
    }
  }

  func send(_ message: ClientMessage) {
    let sink = sink
    loop.execute { sink.value?.tell(message) }
  }

  /// After the welcome; answered by an event, also when the session ends before it: what was asked for may have happened.
  func edit(_ edit: OutsideEdit) {
    let sink = sink
    loop.execute { sink.value?.edit(edit) }
  }

  /// As `edit`.
  func keep(_ wish: VersionWish) {
    let sink = sink
    loop.execute { sink.value?.keep(wish) }
  }

  func leave() {
    let sink = sink
    loop.execute { sink.value?.leave() }
  }

  /// What comes, in order, once. Throws `Ended` when the session ends otherwise than by `leave`, and the room was asked for no edit.
  var events: some AsyncSequence<Event, any Error> & Sendable {
    stream.map { [loop, sink] event, bytes in
      if bytes > 0 { loop.execute { sink.value?.taken(bytes) } }
      return event
    }
  }
}

/// The end of a guest that the room writes to. Confined to its loop.
private final class GuestSink: SessionSink {
  let eventLoop: any EventLoop
  let encoding = WireEncoding.proto
  let takesCompressedFrames = false
  private(set) var bytesOutstanding = 0
  private let inbox: AsyncThrowingStream<(RoomGuest.Event, bytes: Int), any Error>.Continuation
  private let silence: TimeAmount
  private var heard = false
  private var ticker: Scheduled<Void>?
  /// The room answers in any case, and that answer is the last event.
  private var isAsked = false
  /// Holds this sink in turn; let go at the end.
  private var session: RoomSession?
  /// Lets go of this sink.
  var onEnd: (() -> Void)?

  init(loop: any EventLoop, inbox: AsyncThrowingStream<(RoomGuest.Event, bytes: Int), any Error>.Continuation, silence: TimeAmount) {
    eventLoop = loop
    self.inbox = inbox
    self.silence = silence
  }

  func begin(_ session: RoomSession, _ hello: Hello) {
    self.session = session
    session.start()
    tell(.hello(hello))
    watchSilence()
  }

  private func watchSilence() {
    ticker = eventLoop.assumeIsolated().scheduleTask(in: silence) { [weak self] in
      guard let self, session != nil else { return }
      if !heard { inbox.yield((.silence, bytes: 0)) }
      heard = false
      watchSilence()
    }
  }

  func tell(_ message: ClientMessage) {
    var payload = ByteBuffer()
    MessageCodec.encode(message, as: .proto, into: &payload)
    session?.received(payload, isText: false)
    session?.readingFinished()
  }

  func edit(_ edit: OutsideEdit) {
    guard let session else { return }
    isAsked = true
    session.edit(edit) { [inbox] outcome in Self.answer(outcome, inbox) }
  }

  func keep(_ wish: VersionWish) {
    guard let session else { return }
    isAsked = true
    session.keep(wish) { [inbox] outcome in Self.answer(outcome, inbox) }
  }

  private static func answer(_ outcome: EditOutcome, _ inbox: AsyncThrowingStream<(RoomGuest.Event, bytes: Int), any Error>.Continuation) {
    inbox.yield((.edited(outcome), bytes: 0))
    inbox.finish()
  }

  func leave() { end(.normal) }

  func taken(_ bytes: Int) {
    bytesOutstanding -= bytes
    session?.becameWritable()
  }

  private func end(_ code: CloseCode) {
    ticker?.cancel()
    ticker = nil
    if !isAsked { inbox.finish() }
    let last = session
    session = nil
    last?.closed(code)
    onEnd?()
    onEnd = nil
  }

  // MARK: the room

  func write(_ frames: ByteBuffer) {
    guard session != nil else { return }
    heard = true
    for payload in FrameSplitter.payloads(of: frames) {
      do throws(DecodeError) {
        let message = try MessageCodec.decodeServer(payload, as: .proto)
        bytesOutstanding += payload.readableBytes
        inbox.yield((.message(message), bytes: payload.readableBytes))
      } catch {
        // A defect of ours, and no reason to take all other rooms along.
        assertionFailure("the server cannot read itself: \(error)")
        return close(.serverFault, "a message of the room cannot be read")
      }
    }
  }

  func close(_ code: CloseCode, _ reason: String) {
    if !isAsked { inbox.finish(throwing: RoomGuest.Ended(code: code, reason: reason)) }
    // Not from inside the call that said so.
    eventLoop.assumeIsolated().execute { [self] in end(code) }
  }

  // What a guest sends is bounded by the requests that are under way: there is nothing to pause.
  func pauseReading() {}
  func resumeReading() {}
}
