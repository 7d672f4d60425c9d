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
  /// See `GatewayConfiguration.editPatience`.
  let patience: Duration

  /// What the room makes of it.
  /// - Throws: when the room does not let the caller in; `unconfirmed` when it does not answer in time.
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
        try await Task.sleep(for: patience)
        return nil
      }
      defer { group.cancelAll() }
      guard let outcome = try await group.next() ?? nil else { throw Problem.unconfirmed }
      return outcome
    }
  }

  private static func outcome(_ guest: RoomGuest, _ request: @Sendable (RoomGuest) -> Void) async throws -> EditOutcome? {
    for try await event in guest.events {
      switch event {
      case .message(.welcome): request(guest)
      case .edited(let outcome): return outcome
      case .message, .silence: break
      }
    }
    return nil
  }
}

extension Problem {
  static let unconfirmed = Problem(
    .unconfirmed, "The workflow did not answer in time. The change may be made all the same.", headers: [("retry-after", "5")])
  static let partlyDone = Problem(
    .unconfirmed, "A workflow was begun and could be neither finished nor taken back: look at what is there.",
    headers: [("retry-after", "5")])
}
