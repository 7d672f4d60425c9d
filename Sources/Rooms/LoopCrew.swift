import CollabProtocol
import NIOCore
import RoomCore

/// What a crew is to do, in order.
enum CrewOrder: Sendable {
  case attach(SessionHandle, RoomHandle)
  case detach(SessionID)
  case listen(SessionID, Audience?)
  /// One buffer per audience; all members of it get that buffer.
  case broadcast([(Audience, ByteBuffer)], own: [(SessionID, [ByteBuffer])])
  /// A snapshot's frames, one per chunk, shared by all who need them.
  case snapshot(SessionID, [ByteBuffer])
  /// The frames of a state that only this session asked for.
  case state(SessionID, [ByteBuffer])
  case pauseReading(SessionID)
  case resumeReading(SessionID)
  case close(SessionID, CloseCode, reason: String)
}

/// The members of one room that live on one event loop. Touched only there.
final class LoopCrew {
  private var members: [SessionID: CrewMember] = [:]
  private var groups: [Audience: [CrewMember]] = [:]
  private let bounds: OutboxBounds
  private let ledger: OutboxLedger

  init(bounds: OutboxBounds, ledger: OutboxLedger) {
    self.bounds = bounds
    self.ledger = ledger
  }

  /// Bytes that each member's socket has not taken.
  var outstanding: [SessionID: Int] { members.mapValues(\.outstanding) }

  func carryOut(_ orders: [CrewOrder]) {
    for order in orders {
      switch order {
      case .attach(let handle, let room):
        let member = CrewMember(handle.value, id: handle.id, room: room, bounds: bounds, share: OutboxLedger.Share(of: ledger))
        members[handle.id] = member
        handle.value.member = member
        handle.value.share = member.share
        handle.value.entered(room)
      case .detach(let id): remove(id)
      case .listen(let id, let audience):
        if let member = members[id] { move(member, to: audience) }
      case .broadcast(let shared, let own): broadcast(shared, own)
      case .snapshot(let id, let chunks): members[id]?.write(chunks, as: .snapshot)
      case .state(let id, let chunks): members[id]?.write(chunks, as: .state)
      case .pauseReading(let id): members[id]?.session.pauseReading(.room)
      case .resumeReading(let id): members[id]?.session.resumeReading(.room)
      case .close(let id, let code, let reason):
        guard let member = members[id] else { continue }
        remove(id)
        member.handOverRest(before: code)
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
    member.listens()
    member.slot = groups[audience]?.count ?? 0
    groups[audience, default: []].append(member)
  }

  private func remove(_ id: SessionID) {
    guard let member = members.removeValue(forKey: id) else { return }
    move(member, to: nil)
    member.session.member = nil
  }
}
