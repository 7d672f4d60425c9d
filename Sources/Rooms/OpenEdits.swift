import CollabProtocol
public import RoomCore

public typealias EditReply = @Sendable (EditOutcome) -> Void

/// Outside edits that a room has not answered. Each reply is called exactly once, at the latest when the room goes.
struct OpenEdits {
  /// For one that no room has taken.
  static let over = EditOutcome.refused(ErrorReport(request: 0, code: .unavailable, text: "the room was closed"))

  private var replies: [UInt64: EditReply] = [:]
  private var lastNumber: UInt64 = 0

  mutating func open(_ reply: @escaping EditReply) -> UInt64 {
    lastNumber += 1
    replies[lastNumber] = reply
    return lastNumber
  }

  mutating func answer(_ number: UInt64, _ outcome: EditOutcome) { replies.removeValue(forKey: number)?(outcome) }

  mutating func end() {
    let open = replies
    replies = [:]
    for reply in open.values { reply(.unknown) }
  }
}
