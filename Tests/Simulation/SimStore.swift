import Access
import Storage
import WorkflowDocument
import WorkflowGraph

/// The store in memory under the scheduler's hand: commits when told, and tells the ledgers what it said is durable.
///
/// `@unchecked Sendable`: see `World`.
final class SimStore: WorkflowStore, @unchecked Sendable {
  private let world: World
  private let ledgers: [WorkflowID: Ledger]
  private let sabotage: Sabotage?
  private(set) var inner: InMemoryWorkflowStore
  private var isDead = false
  /// Appended and not answered, of all workflows.
  private(set) var queuedBytes = 0

  init(_ world: World, _ ledgers: [WorkflowID: Ledger], inner: InMemoryWorkflowStore, sabotage: Sabotage?) {
    self.world = world
    self.ledgers = ledgers
    self.inner = inner
    self.sabotage = sabotage
    inner.stall()
  }

  /// The process dies; a new one finds what was durable.
  func crash() -> InMemoryWorkflowStore {
    isDead = true
    return inner.crash()
  }

  func append(_ writes: [StoreWrite], to workflow: WorkflowID, completion: @escaping @Sendable (Result<Void, StoreError>) -> Void) {
    var writes = writes
    if sabotage == .storeForgetsLease { writes.removeAll { if case .lease(let lease) = $0 { lease.seqAtEnd == nil } else { false } } }
    let bytes = writes.reduce(0) { $0 + $1.byteCount }
    queuedBytes += bytes
    let asked = writes
    if sabotage == .storeAnswersEarly {
      queuedBytes -= bytes
      inner.append(asked, to: workflow) { [self] result in if case .success = result { learn(asked, workflow) } }
      return completion(.success(()))
    }
    inner.append(asked, to: workflow) { [self] result in
      queuedBytes -= bytes
      if isDead { return }
      if case .success = result { learn(asked, workflow) }
      completion(result)
    }
  }

  private func learn(_ writes: [StoreWrite], _ workflow: WorkflowID) {
    guard !isDead, let ledger = ledgers[workflow] else { return }
    for write in writes { ledger.take(write) }
  }

  func load(_ workflow: WorkflowID) async throws(StoreError) -> StoredWorkflow? {
    guard var stored = try await inner.load(workflow) else {
      if !isDead { world.check((ledgers[workflow]?.position ?? 0) == 0, "ST1", "\(workflow) is gone") }
      return nil
    }
    if !isDead { ledgers[workflow]?.reconcile(stored) }
    if sabotage == .loadLosesLast, stored.log.count > 3 { stored.log.removeLast() }
    if sabotage == .loadLosesSnapshotTail, let newest = stored.snapshots.first, let oldest = stored.snapshots.last, newest != oldest {
      stored.snapshots = [StoredSnapshot(position: newest.position, data: oldest.data)]
    }
    return stored
  }

  func create(_ workflow: WorkflowID, founder: Member?) async throws(StoreError) -> Bool {
    try await inner.create(workflow, founder: founder)
  }

  func save(_ snapshot: StoredSnapshot, of workflow: WorkflowID) async throws(StoreError) { try await inner.save(snapshot, of: workflow) }

  func changes(of workflow: WorkflowID, after position: UInt64, limit: Int) async throws(StoreError) -> [LoggedChange]? {
    try await inner.changes(of: workflow, after: position, limit: limit)
  }

  func history(
    of workflow: WorkflowID, before position: UInt64, limit: Int, bytesMax: Int
  ) async throws(StoreError) -> StoredHistory {
    try await inner.history(of: workflow, before: position, limit: limit, bytesMax: bytesMax)
  }

  func state(of workflow: WorkflowID, at position: UInt64) async throws(StoreError) -> StoredState? {
    try await inner.state(of: workflow, at: position)
  }

  func name(_ version: NamedVersion, snapshot: StoredSnapshot, of workflow: WorkflowID) async throws(StoreError) -> NamedVersion {
    try await inner.name(version, snapshot: snapshot, of: workflow)
  }

  func versions(of workflow: WorkflowID) async throws(StoreError) -> [NamedVersion] { try await inner.versions(of: workflow) }

  func workflows(after id: WorkflowID?, limit: Int) async throws(StoreError) -> [WorkflowID] {
    try await inner.workflows(after: id, limit: limit)
  }

  func delete(_ workflow: WorkflowID) async throws(StoreError) -> Bool { try await inner.delete(workflow) }

  func runEvents(of workflow: WorkflowID, run: String, after seq: UInt64) async throws(StoreError) -> [StoredRunEvent] {
    let events = try await inner.runEvents(of: workflow, run: run, after: seq)
    if !isDead, seq == 0 { ledgers[workflow]?.reconcile(events) }
    return events
  }

  func runs(of workflow: WorkflowID, before run: String?, limit: Int, bytesMax: Int) async throws(StoreError) -> [StoredRun] {
    try await inner.runs(of: workflow, before: run, limit: limit, bytesMax: bytesMax)
  }

  func close() async { await inner.close() }
}
