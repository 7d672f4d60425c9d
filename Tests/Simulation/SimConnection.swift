import CollabProtocol
import NIOCore
import RoomCore
import Rooms

/// A connection with a network in the middle: what either side writes waits until the scheduler lets it through.
///
/// Both ends see their own end of it: one may have given up while the other still reads what was on its way (a half-open connection).
final class SimConnection: SessionSink {
  enum Up {
    case payload(ByteBuffer)
    case close(CloseCode)
  }
  enum Down {
    case message(ServerMessage, byteCount: Int)
    case close(CloseCode, reason: String)
  }

  let number: Int
  let loop: SimLoop
  let workflow: Ledger
  let encoding: WireEncoding
  let takesCompressedFrames = false
  private let world: World
  private let auditor: Auditor
  /// What the system's buffers of both ends hold; more is outstanding.
  private let socketBytes: Int
  private(set) var up: [Up] = []
  private(set) var down: [Down] = []
  private var downBytes = 0
  private(set) var isPaused = false
  var session: RoomSession?
  /// A planted defect: the room never learns of this connection's end.
  var hidesEnd = false
  private var hidden: RoomSession?
  /// Nothing passes in either direction until then.
  var stalledUntil: UInt64 = 0
  private(set) var clientIsThere = true
  private var isClosing = false
  /// As messages name it, from the welcome.
  private(set) var sessionName = ""
  private(set) var outstandingMax = 0

  init(_ world: World, number: Int, loop: SimLoop, workflow: Ledger, encoding: WireEncoding, socketBytes: Int, auditor: Auditor) {
    self.world = world
    self.number = number
    self.loop = loop
    self.workflow = workflow
    self.encoding = encoding
    self.socketBytes = socketBytes
    self.auditor = auditor
  }

  var isStalled: Bool { stalledUntil > world.uptimeMilliseconds }
  var serverIsThere: Bool { session != nil }

  // MARK: the server's end

  var eventLoop: any EventLoop { loop }
  var bytesOutstanding: Int { max(0, downBytes - socketBytes) }

  func write(_ frames: ByteBuffer) {
    world.check(loop.inEventLoop, "ARCHITECTURE", "a write off the session's loop")
    guard !isClosing else { return }
    var rest = frames
    while let count = rest.readInteger(as: UInt32.self), let payload = rest.readSlice(length: Int(count)) {
      do {
        let message = try MessageCodec.decodeServer(payload, as: encoding)
        if case .welcome(let welcome) = message { sessionName = welcome.session }
        let told = auditor.audit(message, to: self)
        down.append(.message(told, byteCount: Int(count)))
        downBytes += Int(count)
      } catch {
        world.violate("WP4", "the room wrote what no client can read: \(error)")
      }
    }
    outstandingMax = max(outstandingMax, bytesOutstanding)
  }

  func close(_ code: CloseCode, _ reason: String) {
    guard !isClosing else { return }
    isClosing = true
    down.append(.close(code, reason: reason))
  }

  func pauseReading() { isPaused = true }
  func resumeReading() { isPaused = false }

  /// Lets the server read up to so many messages, as one batch. Returns whether anything moved.
  @discardableResult
  func deliverUp(_ count: Int) -> Bool {
    guard !isPaused, !isStalled, session != nil, !up.isEmpty else { return false }
    loop.enter {
      var left = count
      while left > 0, !up.isEmpty, let session {
        left -= 1
        switch up.removeFirst() {
        case .payload(let payload): session.received(payload, isText: encoding == .json)
        case .close(let code):
          session.readingFinished()
          return endServerSide(code)
        }
      }
      session?.readingFinished()
    }
    return true
  }

  /// The server learns that the connection is gone.
  func endServerSide(_ code: CloseCode) {
    guard let session else { return }
    self.session = nil
    isClosing = true
    auditor.sessionEnded(sessionName)
    if hidesEnd { hidden = session } else { loop.enter { session.closed(code) } }
  }

  /// The server's process died. To a room that is gone with it nothing is said; session and room only let go of each other.
  func serverDied() {
    session?.closed(.init(rawValue: 1006))
    hidden?.closed(.init(rawValue: 1006))
    (session, hidden) = (nil, nil)
  }

  // MARK: the client's end

  func send(_ message: ClientMessage) {
    guard clientIsThere else { return }
    var payload = ByteBuffer()
    MessageCodec.encode(message, as: encoding, into: &payload)
    up.append(.payload(payload))
  }

  /// What the client gets next, up to so many; the socket drains.
  func takeDown(_ count: Int) -> [Down] {
    guard !isStalled, clientIsThere, !down.isEmpty else { return [] }
    let taken = Array(down.prefix(count))
    down.removeFirst(taken.count)
    for case .message(_, let bytes) in taken { downBytes -= bytes }
    loop.enter { session?.becameWritable() }
    return taken
  }

  /// The client closes in good order: what it sent before arrives before.
  func closeByClient(_ code: CloseCode) {
    guard clientIsThere else { return }
    clientIsThere = false
    up.append(.close(code))
  }

  /// The client sees the connection break. Of what was on its way up, the server may still get the first `kept`.
  func breakOff(keeping kept: Int) {
    clientIsThere = false
    up.removeLast(up.count - min(kept, up.count))
    down = []
    downBytes = 0
  }
}
