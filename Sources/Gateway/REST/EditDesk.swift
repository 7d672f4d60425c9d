import CollabProtocol
import NIOCore
import NIOHTTP1
import RoomCore
import Rooms
import WorkflowDocument
import WorkflowGraph

/// Takes what somebody without a document wants done to a workflow into its room: everybody there sees it, as done by the caller. Spec: OW1.
struct EditDesk: Sendable {
  let registry: RoomRegistry
  let door: AccessDesk
  let group: any EventLoopGroup

  /// What the room makes of it.
  /// - Throws: when the room lets the caller not in, or does not answer in half a minute.
  func apply(_ edit: OutsideEdit, to workflow: WorkflowID, as hello: Hello) async throws -> EditOutcome {
    try await ask(workflow, as: hello, edits: true) { $0.edit(edit) }
  }

  /// Keeps the workflow as it is now. - Throws: as `apply`.
  func keep(_ wish: VersionWish, of workflow: WorkflowID, as hello: Hello) async throws -> EditOutcome {
    try await ask(workflow, as: hello, edits: false) { $0.keep(wish) }
  }

  private func ask(
    _ workflow: WorkflowID, as hello: Hello, edits: Bool, _ request: @escaping @Sendable (RoomGuest) -> Void
  ) async throws -> EditOutcome {
    var hello = hello
    hello.wants = Wants(changes: false, presence: false, runs: false, issues: false)
    hello.roleMax = .editor
    // Whoever says nothing about itself is a program.
    var door = door
    door.kindUnsaid = .bot
    let guest = RoomGuest(hello, of: workflow, registry: registry, loop: group.next(), edits: edits, door: door)
    defer { guest.leave() }
    return try await withThrowingTaskGroup(of: EditOutcome?.self) { group in
      group.addTask { try await Self.outcome(guest, request) }
      group.addTask {
        try await Task.sleep(for: Self.deadline)
        return nil
      }
      defer { group.cancelAll() }
      guard let outcome = try await group.next() ?? nil else {
        throw Self.unconfirmed
      }
      return outcome
    }
  }

  private static let deadline = Duration.seconds(30)
  private static let unconfirmed = Problem(
    .unconfirmed, "The workflow did not answer in time. The change may be made all the same.", headers: [("retry-after", "5")])

  private static func outcome(_ guest: RoomGuest, _ request: @Sendable (RoomGuest) -> Void) async throws -> EditOutcome? {
    var isAsked = false
    do {
      for try await event in guest.events {
        switch event {
        case .message(.welcome):
          isAsked = true
          request(guest)
        case .edited(let outcome): return outcome
        case .message, .silence: break
        }
      }
    } catch let end as RoomGuest.Ended where isAsked {
      // What was asked for may be durable all the same.
      throw end.code == .forbidden ? Problem(end) : unconfirmed
    }
    return nil
  }
}
