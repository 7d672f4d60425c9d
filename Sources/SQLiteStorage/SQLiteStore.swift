public import Access
import Dispatch
import GRDB
public import Storage
import Synchronization
public import WorkflowDocument
public import WorkflowGraph

/// The store in one SQLite file: write-ahead log, `synchronous=FULL`, group commit. Spec: ST1 to ST6.
///
/// Everything that was queued while a commit ran, of all workflows, becomes durable in the next one: under load, a write costs a share
/// of a disk flush. One thread writes; loads read on connections of their own and hold up no commit; big snapshots and the trimming of
/// long logs happen in slices between commits. A file belongs to one process at a time.
public final class SQLiteStore: WorkflowStore {
  public let path: String
  let options: SQLiteOptions
  let metrics: (any StoreMetrics)?
  let pool: DatabasePool
  /// Let go by `close`.
  let lock: Mutex<FileLock?>
  let queue = Mutex(CommitQueue())
  let writer: Mutex<CommitWriter>
  let webhookObserver = Mutex<(@Sendable (WebhookSignal) -> Void)?>(nil)

  /// Opens the file, or makes it. Blocks for as long as SQLite needs to recover what the last process left.
  ///
  /// - Parameters:
  ///   - metrics: told of commits and snapshots.
  ///   - onWait: told once which process has the file, when `SQLiteOptions.takeover` lets this one wait for it.
  /// - Throws: `.unavailable` when the folder cannot be written or another process has the file; `.corrupt` when it is not ours.
  public init(
    path: String, options: SQLiteOptions = SQLiteOptions(), metrics: (any StoreMetrics)? = nil,
    onWait: (_ holder: String) -> Void = { _ in }
  ) throws(StoreError) {
    self.path = path
    self.options = options
    self.metrics = metrics
    writer = Mutex(CommitWriter(webhooks: options.limits.webhooks))
    let lock = try FileLock(of: path, patience: options.takeover, onWait: onWait)
    self.lock = Mutex(lock)
    pool = try StoreFile.open(path, options: options)
    let deleted: [Int64]
    do {
      deleted = try pool.read { try Int64.fetchAll($0, sql: "SELECT workflow FROM deleted") }
    } catch {
      throw StoreError(error, doing: "cannot open \(path)")
    }
    for key in deleted { enqueue(.sweep(SweepChore(workflow: key))) }
  }

  public func append(_ writes: [StoreWrite], to workflow: WorkflowID, completion: @escaping @Sendable (Result<Void, StoreError>) -> Void) {
    let byteCount = writes.reduce(0) { $0 + $1.byteCount }
    let limit = options.limits.queueBytesMax
    switch queue.withLock({ $0.admit(writes, to: workflow, byteCount: byteCount, byteCountMax: limit, completion) }) {
    case nil: Self.afterwards.async { completion(.failure(.closed)) }
    case true?: startDraining()
    case false?: break
    }
  }

  public func create(_ workflow: WorkflowID, founder: Member?) async throws(StoreError) -> Bool {
    try await wait { .create(workflow, founder: founder, $0) }
  }

  public func probe() async throws(StoreError) {
    let _: Bool = try await wait { done in .probe { done($0.map { true }) } }
  }

  public func delete(_ workflow: WorkflowID) async throws(StoreError) -> Bool {
    let isDone = try await wait { .delete(workflow, $0) }
    tellObserver([.webhooksChanged(workflow)])
    return isDone
  }

  public func save(_ snapshot: StoredSnapshot, of workflow: WorkflowID) async throws(StoreError) {
    _ = try await save(snapshot, of: workflow, for: nil)
  }

  private func save(_ snapshot: StoredSnapshot, of workflow: WorkflowID, for version: NamedVersion?) async throws(StoreError)
    -> NamedVersion?
  {
    let limits = options.limits
    let result = await withCheckedContinuation { (continuation: CheckedContinuation<Result<SaveChore.Outcome, StoreError>, Never>) in
      let chore = SaveChore(workflow: workflow, snapshot: snapshot, version: version, limits: limits) { continuation.resume(returning: $0) }
      if !enqueue(.save(chore)) { continuation.resume(returning: .failure(.closed)) }
    }
    let outcome = try result.get()
    if outcome.writtenBytes > 0 { metrics?.snapshotSaved(bytes: outcome.writtenBytes) }
    return outcome.version
  }

  public func load(_ workflow: WorkflowID) async throws(StoreError) -> StoredWorkflow? {
    let _: Bool = try await wait { done in .reopen(workflow) { done(.success(true)) } }
    let found = try await read("cannot load \(workflow)") { try StoredWorkflow.read(workflow, from: $0) }
    guard let found else { return nil }
    if !found.damagedSnapshots.isEmpty { enqueue(.condemn(found.damagedSnapshots)) }
    return found.workflow
  }

  public func changes(of workflow: WorkflowID, after position: UInt64, limit: Int) async throws(StoreError) -> [LoggedChange]? {
    try await read("cannot read the log of \(workflow)") { try LogReader.changes(of: workflow, after: position, limit: limit, in: $0) }
  }

  public func history(
    of workflow: WorkflowID, before position: UInt64, limit: Int, bytesMax: Int
  ) async throws(StoreError) -> StoredHistory {
    try await read("cannot read the history of \(workflow)") {
      try HistoryReader.history(of: workflow, before: position, limit: limit, bytesMax: bytesMax, $0)
    }
  }

  public func state(of workflow: WorkflowID, at position: UInt64) async throws(StoreError) -> StoredState? {
    try await read("cannot read a state of \(workflow)") { try HistoryReader.state(of: workflow, at: position, $0) }
  }

  public func name(
    _ version: NamedVersion, snapshot: StoredSnapshot, of workflow: WorkflowID
  ) async throws(StoreError) -> NamedVersion {
    let kept = try await save(snapshot, of: workflow, for: version) ?? version
    tellObserver([.queued(workflow)])
    return kept
  }

  public func versions(of workflow: WorkflowID) async throws(StoreError) -> [NamedVersion] {
    try await read("cannot list the versions of \(workflow)") { try HistoryReader.versions(of: workflow, $0) }
  }

  public func workflows(after id: WorkflowID?, limit: Int) async throws(StoreError) -> [WorkflowID] {
    try await read("cannot list workflows") { db in
      let names = try String.fetchAll(
        db, sql: "SELECT name FROM workflows WHERE name > ? ORDER BY name LIMIT ?", arguments: [id?.rawValue ?? "", max(0, limit)])
      return names.compactMap { WorkflowID($0) }
    }
  }

  public func runEvents(of workflow: WorkflowID, run: String, after seq: UInt64) async throws(StoreError) -> [StoredRunEvent] {
    try await read("cannot read run \(run) of \(workflow)") { try RunReader.events(of: run, in: workflow, after: seq, $0) }
  }

  public func runs(of workflow: WorkflowID, before run: String?, limit: Int, bytesMax: Int) async throws(StoreError) -> [StoredRun] {
    try await read("cannot read the runs of \(workflow)") {
      try RunReader.newest(limit, before: run, bytesMax: bytesMax, of: workflow, $0)
    }
  }
}
