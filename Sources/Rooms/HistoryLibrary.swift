import CollabProtocol
import Compression
import RoomCore
public import Storage
public import WorkflowDocument
public import WorkflowGraph

/// Reads the past of workflows from the store, off the event loops: pages of the timeline, states, what a named version is kept with.
///
/// Only what is durable is in the store, so only that is shown. Spec: RM1, HI1 to HI4.
public struct HistoryLibrary: Sendable {
  let store: any WorkflowStore
  let limits: RoomLimits

  /// A page of at most `count` changes before `position` (0: from the newest on).
  public func page(of workflow: WorkflowID, before position: UInt64, count: Int) async throws(StoreError) -> TimelinePage {
    let found = try await store.history(
      of: workflow, before: position, limit: max(1, min(count, limits.historyChangeCountMax)), bytesMax: limits.historyReadBytesMax)
    var changes = found.changes[...]
    var entries = Timeline.entries(of: changes)
    while entries.reduce(0, { $0 + $1.estimatedBytes }) > limits.historyPageBytesMax, changes.count > 1 {
      changes = changes.prefix(changes.count / 2)
      entries = Timeline.entries(of: changes)
    }
    let oldest = changes.last?.position ?? 0
    return TimelinePage(
      entries: entries, nextBefore: oldest > found.floor + 1 ? oldest : 0, floor: found.floor, position: found.last)
  }

  /// The state at `position`; `nil` when history does not reach back that far, or there is no such position yet.
  public func state(of workflow: WorkflowID, at position: UInt64) async throws(StoreError) -> WorkflowDocument? {
    guard let stored = try await store.state(of: workflow, at: position) else { return nil }
    return try document(stored)
  }

  public func versions(of workflow: WorkflowID) async throws(StoreError) -> [NamedVersion] { try await store.versions(of: workflow) }

  private func document(_ stored: StoredState) throws(StoreError) -> WorkflowDocument {
    var document = WorkflowDocument()
    if let snapshot = stored.snapshot {
      do {
        document = try WorkflowDocument(snapshot: Zlib.decompress(snapshot.data, bytesMax: RoomLoader.snapshotBytesMax))
      } catch { throw StoreError(.corrupt, "the snapshot at position \(snapshot.position) cannot be read: \(error)") }
    }
    for entry in stored.log {
      do { _ = try document.apply(entry.change) } catch {
        throw StoreError(.corrupt, "the change at \(entry.position) does not follow what the log holds before it")
      }
    }
    return document
  }

  // MARK: for a room

  func blob(of workflow: WorkflowID, at position: UInt64) async throws(StoreError) -> SnapshotShelf.Blob? {
    guard let document = try await state(of: workflow, at: position) else { return nil }
    return SnapshotShelf.Blob(of: document, at: position)
  }

  enum Keeping {
    case kept(NamedVersion)
    /// It would hold nothing that is not in this one; `nil`: there is nothing at all.
    case notNew(NamedVersion?)
  }

  /// - Throws: `.outOfOrder` when there is no way to the state that the version names.
  func keep(_ given: NamedVersion, of workflow: WorkflowID) async throws(StoreError) -> Keeping {
    guard var document = try await state(of: workflow, at: given.position) else {
      throw StoreError(.outOfOrder, "history does not reach back to position \(given.position)")
    }
    let versions = try await store.versions(of: workflow)
    let before = versions.filter { $0.position <= given.position }.max { ($0.position, $0.number) < ($1.position, $1.number) }
    var old = WorkflowDocument()
    // A version that cannot be read is none to compare with, and no reason to keep no other.
    if let before { old = (try? await state(of: workflow, at: before.position)) ?? old }
    let difference = DocumentDiff(from: old, to: document)
    if given.isAutomatic, difference.isEmpty, before != nil || given.cause != .asked { return .notNew(before) }
    var version = given
    version.graphHash = document.graphHash()
    var summary = difference.summary
    if let before, case .object(let counts) = summary { summary = .object([.init("since", .number(Double(before.number)))] + counts) }
    version.summary = JSONText(summary).text
    let blob = SnapshotShelf.Blob(of: document, at: version.position)
    return .kept(try await store.name(version, snapshot: StoredSnapshot(position: version.position, data: blob.data), of: workflow))
  }
}

/// Some lines of the timeline.
public struct TimelinePage: Sendable {
  /// Newest first.
  public var entries: [HistoryEntry]
  /// The next page ends before this position; 0: there is none.
  public var nextBefore: UInt64
  /// Changes at and before this position are gone, but in what they made.
  public var floor: UInt64
  /// Of the newest change.
  public var position: UInt64
}

extension HistoryEntry {
  var estimatedBytes: Int {
    effects.reduce(96 + author.name.utf8.count + author.subject.utf8.count) { sum, effect in
      sum + (effect.names + effect.fields).reduce(16) { $0 + 8 + $1.utf8.count }
    }
  }
}

extension StoreError {
  /// As it is told to whoever asked for something of the past.
  var refusalCode: RefusalCode {
    switch code {
    case .limit: .limit
    case .outOfOrder: .conflict
    case .unavailable, .corrupt, .unknownWorkflow, .closed, .mustReload: .unavailable
    }
  }
}
