import CollabProtocol
import NIOCore
import RoomCore

/// A session as the room's writer sees it, on the session's loop.
final class CrewMember {
  // What every broadcast touches stands first: one line of memory per member.
  let sink: any SessionSink
  /// Only for this session, to follow the broadcast of the same segment.
  fileprivate var own: [ByteBuffer] = []
  private let bounds: OutboxBounds
  let session: RoomSession
  let id: SessionID
  private let room: RoomHandle
  fileprivate var audience: Audience?
  /// Index in its audience's group.
  fileprivate var slot = 0
  /// Bytes of a snapshot on its way: they do not count against the outbox until it has drained.
  fileprivate var credit = 0
  private var level = 0

  init(_ session: RoomSession, id: SessionID, room: RoomHandle, bounds: OutboxBounds) {
    self.session = session
    sink = session.sink
    self.id = id
    self.room = room
    self.bounds = bounds
  }

  @inline(__always)
  func write(_ frames: ByteBuffer) {
    sink.write(frames)
    if sink.bytesOutstanding > bounds.shed { measure() }
  }

  /// Tells the room once per bound that is crossed.
  private func measure() {
    let bytes = sink.bytesOutstanding
    let now = bytes > bounds.max + credit ? 2 : bytes > bounds.shed + credit ? 1 : 0
    guard now > level else { return }
    level = now
    room.tell([.outboxMeasured(id, bytes: bytes - credit)])
  }

  func drained() {
    let bytes = sink.bytesOutstanding
    guard bytes <= bounds.low else { return }
    credit = 0
    guard level > 0 else { return }
    level = 0
    room.tell([.outboxMeasured(id, bytes: bytes)])
  }
}

struct OutboxBounds: Sendable {
  var shed: Int
  var max: Int
  var low: Int
}

/// What a crew is to do, in order.
enum CrewOrder: Sendable {
  case attach(SessionHandle, RoomHandle)
  case detach(SessionID)
  case listen(SessionID, Audience?)
  /// One buffer per audience; all members of it get that buffer.
  case broadcast([(Audience, ByteBuffer)], own: [(SessionID, [ByteBuffer])])
  /// A snapshot's frames, shared by all who need them.
  case snapshot(SessionID, ByteBuffer)
  case pauseReading(SessionID)
  case resumeReading(SessionID)
  case close(SessionID, CloseCode, reason: String)
}

/// The members of one room that live on one event loop. Touched only there.
final class LoopCrew {
  private var members: [SessionID: CrewMember] = [:]
  private var groups: [Audience: [CrewMember]] = [:]
  private let bounds: OutboxBounds

  init(bounds: OutboxBounds) { self.bounds = bounds }

  func carryOut(_ orders: [CrewOrder]) {
    for order in orders {
      switch order {
      case .attach(let handle, let room):
        let member = CrewMember(handle.value, id: handle.id, room: room, bounds: bounds)
        members[handle.id] = member
        handle.value.member = member
        handle.value.entered(room)
      case .detach(let id): remove(id)
      case .listen(let id, let audience):
        if let member = members[id] { move(member, to: audience) }
      case .broadcast(let shared, let own): broadcast(shared, own)
      case .snapshot(let id, let frames):
        guard let member = members[id] else { continue }
        member.credit += frames.readableBytes
        member.write(frames)
      case .pauseReading(let id): members[id]?.sink.pauseReading()
      case .resumeReading(let id): members[id]?.sink.resumeReading()
      case .close(let id, let code, let reason):
        guard let member = members[id] else { continue }
        remove(id)
        member.session.end(code, reason)
      }
    }
  }

  /// One write per member: a member's own frames are joined to the shared ones while both are small, because a write costs more than a copy.
  private func broadcast(_ shared: [(Audience, ByteBuffer)], _ own: [(SessionID, [ByteBuffer])]) {
    for (id, frames) in own { members[id]?.own = frames }
    for (audience, frames) in shared {
      guard let group = groups[audience] else { continue }
      for member in group {
        if member.own.isEmpty {
          member.write(frames)
        } else {
          writeBoth(frames, to: member)
        }
      }
    }
    for (id, _) in own {
      guard let member = members[id], !member.own.isEmpty else { continue }
      let frames = member.own
      member.own = []
      for buffer in frames { member.write(buffer) }
    }
  }

  private func writeBoth(_ frames: ByteBuffer, to member: CrewMember) {
    let own = member.own
    member.own = []
    if own.count == 1, frames.readableBytes + own[0].readableBytes <= Self.joinedBytesMax {
      var joined = frames
      joined.writeImmutableBuffer(own[0])
      member.write(joined)
    } else {
      member.write(frames)
      for buffer in own { member.write(buffer) }
    }
  }

  private static let joinedBytesMax = 4096

  private func move(_ member: CrewMember, to audience: Audience?) {
    if let old = member.audience, var group = groups.removeValue(forKey: old) {
      let last = group.removeLast()
      if last !== member {
        group[member.slot] = last
        last.slot = member.slot
      }
      if !group.isEmpty { groups[old] = group }
    }
    member.audience = audience
    guard let audience else { return }
    member.slot = groups[audience]?.count ?? 0
    groups[audience, default: []].append(member)
  }

  private func remove(_ id: SessionID) {
    guard let member = members.removeValue(forKey: id) else { return }
    move(member, to: nil)
    member.session.member = nil
  }
}
