import Access
import CollabProtocol
import RoomCore
public import Storage
import Synchronization
public import WorkflowDocument
public import WorkflowGraph

/// Sketches of workflows whose rooms are closed. A closed workflow does not change, so a sketch holds until its room is opened.
final class WorkflowShelf: Sendable {
  static let pointCountMax = 120
  static let lineCountMax = 240
  /// About 10 KiB each.
  static let countMax = 1024

  private let sketches = Mutex<[WorkflowID: DocumentSketch]>([:])

  static func sketch(_ document: WorkflowDocument) -> DocumentSketch {
    document.sketch(pointCountMax: pointCountMax, lineCountMax: lineCountMax)
  }

  func sketch(of workflow: WorkflowID) -> DocumentSketch? { sketches.withLock { $0[workflow] } }

  /// Beyond `countMax` another one goes, whichever.
  func put(_ sketch: DocumentSketch, of workflow: WorkflowID) {
    sketches.withLock { sketches in
      if sketches.count >= Self.countMax, sketches[workflow] == nil, let other = sketches.keys.first { sketches[other] = nil }
      sketches[workflow] = sketch
    }
  }

  func drop(_ workflow: WorkflowID) { sketches.withLock { $0[workflow] = nil } }
}

/// What there is, for those who look for a workflow; and the end of one.
extension RoomRegistry {
  /// The workflow is being opened, read, written or deleted just now: try again.
  public struct Occupied: Error {}

  /// Ids in order after `id`, at most `limit`.
  public func workflows(after id: WorkflowID?, limit: Int) async throws(StoreError) -> [WorkflowID] {
    try await store.workflows(after: id, limit: limit)
  }

  /// What a workflow looks like in small.
  ///
  /// Shows what is durable and nothing else. O(1) for a closed workflow that was looked at before; else it is read from the store, or asked of its room.
  /// - Returns: `nil` when there is no such workflow, or it cannot be seen at this moment.
  public func sketch(of workflow: WorkflowID) async throws(StoreError) -> DocumentSketch? {
    switch hold(workflow) {
    case .busy: return shelf.sketch(of: workflow)
    case .open(let room):
      return await withCheckedContinuation { answer in
        room.onLoop { host in host.whenDurable { answer.resume(returning: ($0?.document).map(WorkflowShelf.sketch)) } }
      }
    case .held:
      defer { letGo(workflow) }
      if let known = shelf.sketch(of: workflow) { return known }
      let sketch = try await loader.document(of: workflow).map(WorkflowShelf.sketch)
      if let sketch { shelf.put(sketch, of: workflow) }
      return sketch
    }
  }

  /// The workflow as it is, all of it durable.
  /// - Returns: `nil` when there is none.
  /// - Throws: `Occupied`, or a `StoreError`.
  public func document(of workflow: WorkflowID) async throws -> WorkflowDocument? { try await state(of: workflow)?.document }

  /// Likewise, with the position of its last change.
  public func state(of workflow: WorkflowID) async throws -> (document: WorkflowDocument, position: UInt64)? {
    switch hold(workflow) {
    case .busy: throw Occupied()
    case .open(let room):
      let state = await withCheckedContinuation { answer in
        room.onLoop { host in host.whenDurable { answer.resume(returning: $0) } }
      }
      guard let state else { throw Occupied() }
      return state
    case .held:
      defer { letGo(workflow) }
      return try await loader.state(of: workflow)
    }
  }

  /// Makes an empty workflow of this id, owned by `founder`; `false` when there is one already. Spec: AC4.
  public func create(_ workflow: WorkflowID, founder: String?) async throws(StoreError) -> Bool {
    let now = environment.now().wallMilliseconds
    let isMade = try await store.create(workflow, founder: founder.map { Member(subject: $0, role: .owner, addedAtMilliseconds: now) })
    access.forget(workflow)
    return isMade
  }

  /// Sends everybody out of a workflow with 4404 and removes all that belongs to it; `false` when there is none.
  /// - Throws: `Occupied`, or a `StoreError`.
  public func delete(_ workflow: WorkflowID) async throws -> Bool {
    switch hold(workflow) {
    case .busy: throw Occupied()
    case .open: guard await closeRoom(of: workflow) else { throw Occupied() }
    case .held: break
    }
    defer { letGo(workflow) }
    shelf.drop(workflow)
    defer { access.forget(workflow) }
    return try await store.delete(workflow)
  }
}
