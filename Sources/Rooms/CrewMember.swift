import CollabProtocol
import NIOCore
import RoomCore

struct OutboxBounds: Sendable {
  /// From here on frames wait here, by reference, until the socket has taken what it was given: of what is written to many there is one
  /// copy, until TLS makes one for each.
  var shed: Int
  var max: Int
  var low: Int
}

/// A session as the room's writer sees it, on the session's loop.
///
/// Its outbox is what the sink has not taken and what waits behind that. The sink is given at most `OutboxBounds.shed` bytes and one frame
/// more than it takes; the rest is handed over as it drains.
final class CrewMember {
  enum Piece {
    case message
    /// A chunk that lies on the room's shelf: one copy for all who need it.
    case snapshot
    /// A chunk that was made for this session alone.
    case state
  }

  private struct Waiting {
    var frames: ByteBuffer
    var piece: Piece
  }

  // What every broadcast touches stands first: one line of memory per member.
  private let direct: (any DirectFrameWriter)?
  /// Only for this session, to follow the broadcast of the same segment.
  var own: [ByteBuffer] = []
  /// The sink holds bytes, or frames wait: cleared when all has gone.
  private var isBehind = false
  let sink: any SessionSink

  private let bounds: OutboxBounds
  let session: RoomSession
  let id: SessionID
  private let room: RoomHandle
  let share: OutboxLedger.Share
  /// The group it is in, and where.
  var audience: Audience?
  var slot = 0
  /// `nil` while nothing waits: most members never need one.
  private var waiting: CircularBuffer<Waiting>?
  private var waitingBytes = 0
  /// Of those, parts of snapshots, which are the shelf's memory and not the session's.
  private var waitingSnapshotBytes = 0
  private var waitingStateBytes = 0
  /// Bytes of a snapshot or a state on its way: they do not count against the outbox until it has drained.
  private var credit = 0
  private var isPumping = false

  private enum Level: Int, Comparable {
    case keepsUp, shed, heldBack
    static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
  }
  /// What the room was told last, and whether it has to hear when it is over.
  private var level = Level.keepsUp
  private var owesAllClear = false

  init(_ session: RoomSession, id: SessionID, room: RoomHandle, bounds: OutboxBounds, share: OutboxLedger.Share) {
    self.session = session
    sink = session.sink
    direct = session.sink.directWriter
    self.id = id
    self.room = room
    self.bounds = bounds
    self.share = share
  }

  var outstanding: Int { sink.bytesOutstanding + waitingBytes }

  // MARK: in

  @inline(__always)
  func write(_ frames: ByteBuffer) {
    if isBehind { return writeBehind(frames, as: .message) }
    if let direct {
      if direct.write(frames) { return }
    } else {
      sink.write(frames)
    }
    if sink.bytesOutstanding > 0 { account() }
  }

  /// Whole frames, one per chunk of a document.
  func write(_ chunks: [ByteBuffer], as piece: Piece) {
    // Of two on the way only one is free: else a session could have any number made and read none.
    credit = max(credit, chunks.reduce(0) { $0 + $1.readableBytes })
    for chunk in chunks { writeBehind(chunk, as: piece) }
  }

  private func writeBehind(_ frames: ByteBuffer, as piece: Piece) {
    if waitingBytes == 0, sink.bytesOutstanding <= handoverMax {
      sink.write(frames)
    } else {
      if waiting == nil { waiting = CircularBuffer() }
      waiting?.append(Waiting(frames: frames, piece: piece))
      count(piece, frames.readableBytes)
    }
    account()
  }

  private func count(_ piece: Piece, _ bytes: Int) {
    waitingBytes += bytes
    switch piece {
    case .message: break
    case .snapshot: waitingSnapshotBytes += bytes
    case .state: waitingStateBytes += bytes
    }
  }

  /// In a full server a sink gets the next piece when it has taken all before it.
  private var handoverMax: Int { share.isCrowded ? 0 : bounds.shed }

  // MARK: out

  /// The sink has taken nearly all it had.
  func drained() {
    guard !isPumping, isBehind || owesAllClear else { return }
    isPumping = true
    // A sink that takes a piece at once says so from inside the call, and again this loop goes on.
    while sink.bytesOutstanding <= handoverMax, let next = waiting?.popFirst() {
      count(next.piece, -next.frames.readableBytes)
      sink.write(next.frames)
    }
    isPumping = false
    if waitingBytes == 0 { waiting = nil }
    let bytes = outstanding
    if bytes <= bounds.low {
      credit = 0
      level = .keepsUp
      if owesAllClear {
        owesAllClear = false
        room.tell([.outboxMeasured(id, bytes: bytes)])
      }
    } else if level == .heldBack {
      room.tell([.outboxMeasured(id, bytes: bytes)])
    }
    account()
  }

  /// The room lets it hear again, perhaps without having heeded what it was told before: it must be told again.
  func listens() { level = .keepsUp }

  /// The end: what waits goes out before the closing handshake, unless the peer is too slow for it or would see half a document.
  func handOverRest(before code: CloseCode) {
    let isWhole = waitingSnapshotBytes == 0 && waitingStateBytes == 0 && code != .tooSlow
    if isWhole, let waiting { for piece in waiting { sink.write(piece.frames) } }
    waiting = nil
    waitingBytes = 0
    waitingSnapshotBytes = 0
    waitingStateBytes = 0
    account()
  }

  // MARK: told

  /// Takes note of what is outstanding, and tells the room once per bound that is crossed.
  private func account() {
    let bytes = outstanding
    share.set(bytes - waitingSnapshotBytes)
    isBehind = bytes > 0
    guard isBehind else {
      credit = 0
      return
    }
    let isCrowded = share.isCrowded
    let now: Level = bytes > bounds.max + credit || isCrowded ? .heldBack : bytes > bounds.shed + credit ? .shed : .keepsUp
    guard now > level else { return }
    level = now
    owesAllClear = true
    // Held back, it is compared with what is left later, which knows no credit.
    let told = now == .heldBack ? bytes : bytes - credit
    room.tell([isCrowded ? .outboxCrowded(id, bytes: told) : .outboxMeasured(id, bytes: told)])
  }
}
