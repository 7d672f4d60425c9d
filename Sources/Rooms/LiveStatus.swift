import NIOCore
public import RoomCore
public import WorkflowGraph

/// How an open room stands, with what only its surroundings know.
public struct LiveStatus: Hashable, Sendable {
  /// Something that went wrong, kept for whoever looks later.
  public struct Trouble: Hashable, Sendable {
    public var atMilliseconds: UInt64
    public var text: String
  }

  public var room: RoomStatus
  /// Bytes on their way to each session that its socket has not taken.
  public var bytesOutstanding: [SessionID: Int]
  /// The last few, oldest first.
  public var troubles: [Trouble]
}

/// The last few things that went wrong in a room.
struct TroubleBook {
  private static let countMax = 8
  private(set) var troubles: [LiveStatus.Trouble] = []

  mutating func note(_ text: String, atMilliseconds: UInt64) {
    if troubles.count == Self.countMax { troubles.removeFirst() }
    troubles.append(LiveStatus.Trouble(atMilliseconds: atMilliseconds, text: text))
  }
}

extension RoomRegistry {
  /// - Returns: `nil` when the workflow is not open.
  public func status(of workflow: WorkflowID) async -> LiveStatus? {
    guard let room = openRoom(workflow) else { return nil }
    return await withCheckedContinuation { continuation in
      room.onLoop { host in host.status { continuation.resume(returning: $0) } }
    }
  }
}

extension RoomHost {
  /// Answers on the room's loop, once the loops of its sessions have said what they know.
  func status(_ answer: @escaping @Sendable (LiveStatus) -> Void) {
    let (room, troubles) = (room.status, troubles.troubles)
    outbox.outstanding(on: loop).whenComplete { result in
      // An event loop that has ended has no sessions either.
      let bytes = (try? result.get()) ?? [:]
      answer(LiveStatus(room: room, bytesOutstanding: bytes, troubles: troubles))
    }
  }
}
