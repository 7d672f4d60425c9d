public import Access
public import CRDT
public import WorkflowDocument
public import WorkflowGraph

/// Where workflows last: an append-only log of changes, snapshots, leases, runs. Spec: ST1 to ST6.
///
/// One contract suite tests every implementation. Safe to call from any thread.
public protocol WorkflowStore: Sendable {
  /// Everything needed to open a workflow, or `nil` when there is none. Takes its turn after all that is queued.
  /// A snapshot whose checksum fails is passed over for the one before, and named in `damage`.
  func load(_ workflow: WorkflowID) async throws(StoreError) -> StoredWorkflow?

  /// Makes an empty workflow durable, together with its first member; `false` when it was there already. Spec: AC4.
  func create(_ workflow: WorkflowID, founder: Member?) async throws(StoreError) -> Bool

  /// Queues writes of one workflow. They become durable together and after all that were queued before for this workflow.
  ///
  /// Changes must carry the positions right after the last one (`.outOfOrder` otherwise); the other writes may stand alone.
  /// Returns at once. `completion` runs exactly once, on a thread of the store, after the commit or its failure;
  /// completions of one workflow come in the order of the calls.
  /// After a failure every later append to this workflow fails as well until `load` is called: a log never gets a gap.
  func append(_ writes: [StoreWrite], to workflow: WorkflowID, completion: @escaping @Sendable (Result<Void, StoreError>) -> Void)

  /// Makes a snapshot durable, then drops those that `Retention` does not keep, and the log behind the oldest that it keeps.
  /// A snapshot ahead of the durable log is refused with `.outOfOrder`. Also forgets what `StoreLimits` says is too old.
  func save(_ snapshot: StoredSnapshot, of workflow: WorkflowID) async throws(StoreError)

  /// The log after `position`, oldest first, at most `limit` entries; `nil` when the log no longer reaches back that far.
  /// Empty at or after the end. Reads what is durable now; does not wait for the queue. Spec: ME3.
  func changes(of workflow: WorkflowID, after position: UInt64, limit: Int) async throws(StoreError) -> [LoggedChange]?

  /// The log before `position` (0: all of it), newest first: at most `limit` changes, and no further one once they have `bytesMax` bytes.
  /// Reads what is durable now. Spec: ST7.
  func history(of workflow: WorkflowID, before position: UInt64, limit: Int, bytesMax: Int) async throws(StoreError) -> StoredHistory

  /// What the state at `position` is made of; `nil` when history does not reach back that far, or not that far yet. Spec: ST7.
  func state(of workflow: WorkflowID, at position: UInt64) async throws(StoreError) -> StoredState?

  /// Makes a named version durable together with a snapshot of its state, which stays for as long as the version does.
  /// Refused with `.limit` beyond `StoreLimits`, with `.outOfOrder` ahead of the log. One that is there already by this id stays as it is.
  /// - Returns: the version as it is kept, with the next number of the workflow. Spec: HI7.
  @discardableResult
  func name(_ version: NamedVersion, snapshot: StoredSnapshot, of workflow: WorkflowID) async throws(StoreError) -> NamedVersion

  /// Named versions by position, then id.
  func versions(of workflow: WorkflowID) async throws(StoreError) -> [NamedVersion]

  /// Workflows in id order after `id`, at most `limit`.
  func workflows(after id: WorkflowID?, limit: Int) async throws(StoreError) -> [WorkflowID]

  /// Removes a workflow with all that belongs to it; `false` when there is none.
  func delete(_ workflow: WorkflowID) async throws(StoreError) -> Bool

  /// Events of one run with a higher `seq` than `seq`, in order; empty when the run is unknown. A `seq` that is there already stays as it is.
  func runEvents(of workflow: WorkflowID, run: String, after seq: UInt64) async throws(StoreError) -> [StoredRunEvent]

  /// Runs of a workflow, newest first, at most `limit`: the first and the last event of each.
  /// - Parameters:
  ///   - run: only those begun before this one, none when it is unknown; `nil`: the newest.
  ///   - bytesMax: of the bodies together; the run that goes beyond it is the last, so that one at least comes.
  func runs(of workflow: WorkflowID, before run: String?, limit: Int, bytesMax: Int) async throws(StoreError) -> [StoredRun]

  /// Makes a write durable that leaves nothing behind, or says why none can be. For those who ask whether the store works.
  func probe() async throws(StoreError)

  /// Waits for everything queued, then lets go of files and threads. Later calls fail with `.closed`.
  func close() async
}

extension WorkflowStore {
  /// For a store that has nothing to write to but memory: reading stands for it.
  public func probe() async throws(StoreError) { _ = try await workflows(after: nil, limit: 1) }

  /// One that belongs to nobody.
  public func create(_ workflow: WorkflowID) async throws(StoreError) -> Bool { try await create(workflow, founder: nil) }

  /// All events of a run.
  public func runEvents(of workflow: WorkflowID, run: String) async throws(StoreError) -> [StoredRunEvent] {
    try await runEvents(of: workflow, run: run, after: 0)
  }

  /// The newest runs, however large they are.
  public func runs(of workflow: WorkflowID, limit: Int) async throws(StoreError) -> [StoredRun] {
    try await runs(of: workflow, before: nil, limit: limit, bytesMax: .max)
  }
}

/// One durable fact.
public enum StoreWrite: Hashable, Sendable {
  case change(LoggedChange)
  case lease(LeaseRecord)
  case runEvent(StoredRunEvent)
  case version(VersionWrite)
}

/// A replica id lent, or given back. The newest record for a secret's digest counts. Spec: CR5.
public struct LeaseRecord: Hashable, Sendable {
  public var replica: ReplicaID
  /// SHA-256 of the secret.
  public var secretDigest: [UInt8]
  /// The lease writes changes with a higher `seq` than this.
  public var seqBefore: UInt64
  /// When it was ended: the highest `seq` accepted under it. `nil`: it is in force.
  public var seqAtEnd: UInt64?
  /// Milliseconds since 1970 of the last sign of life.
  public var touchedAtMilliseconds: UInt64

  public init(replica: ReplicaID, secretDigest: [UInt8], seqBefore: UInt64, seqAtEnd: UInt64? = nil, touchedAtMilliseconds: UInt64) {
    self.replica = replica
    self.secretDigest = secretDigest
    self.seqBefore = seqBefore
    self.seqAtEnd = seqAtEnd
    self.touchedAtMilliseconds = touchedAtMilliseconds
  }
}

/// One event of a run, opaque to the store: `body` is the proto3 binary form of the protocol's RunEvent.
public struct StoredRunEvent: Hashable, Sendable {
  public var run: String
  public var seq: UInt64
  public var isLast: Bool
  public var body: [UInt8]
  public init(run: String, seq: UInt64, isLast: Bool, body: [UInt8]) {
    self.run = run
    self.seq = seq
    self.isLast = isLast
    self.body = body
  }
}

public struct StoredRun: Hashable, Sendable {
  public var run: String
  public var first: StoredRunEvent
  /// `nil` while the run goes on, or when the server died in the middle of it.
  public var last: StoredRunEvent?
  public init(run: String, first: StoredRunEvent, last: StoredRunEvent?) {
    self.run = run
    self.first = first
    self.last = last
  }

  /// Bytes of both bodies.
  public var byteCount: Int { first.body.count + (last?.body.count ?? 0) }
}

/// A snapshot of the document at `position`: the snapshot format's bytes in a zlib stream. Spec: ME4.
public struct StoredSnapshot: Hashable, Sendable {
  public var position: UInt64
  /// The zlib stream. The store adds a checksum of its own.
  public var data: [UInt8]
  public init(position: UInt64, data: [UInt8]) {
    self.position = position
    self.data = data
  }
}

public struct StoredWorkflow: Sendable {
  /// Newest first; at most two, only those whose checksum holds.
  public var snapshots: [StoredSnapshot]
  /// By position, then id.
  public var versions: [NamedVersion] = []
  /// Changes after the oldest of `snapshots` (or all), in order, without gaps.
  public var log: [LoggedChange]
  /// Leases in force and ended ones that are still remembered.
  public var leases: [LeaseRecord]
  /// Runs without a last event: the server died in the middle of them.
  public var interruptedRuns: [StoredRun]
  /// What was found damaged and passed over; one sentence each.
  public var damage: [String]
  public init(
    snapshots: [StoredSnapshot] = [], log: [LoggedChange] = [], leases: [LeaseRecord] = [], interruptedRuns: [StoredRun] = [],
    damage: [String] = []
  ) {
    self.snapshots = snapshots
    self.log = log
    self.leases = leases
    self.interruptedRuns = interruptedRuns
    self.damage = damage
  }
}

/// What went wrong with the store, with the cause in words.
public struct StoreError: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Code: String, Sendable {
    /// Disk full, locked, input/output error: trying again may help.
    case unavailable
    /// The file is no database of ours, or so damaged that it cannot be read.
    case corrupt
    /// Nothing by this name.
    case unknownWorkflow
    /// After `close`.
    case closed
    /// After an earlier failed append, until the workflow is loaded anew.
    case mustReload
    /// A workflow has as many named versions, or as many bytes of them, as it may have.
    case limit
    /// A change whose position is not the next one, or a snapshot ahead of the log: a defect of the caller.
    case outOfOrder
  }
  public var code: Code
  public var text: String
  public init(_ code: Code, _ text: String) {
    self.code = code
    self.text = text
  }
  public var description: String { "\(code.rawValue): \(text)" }
}
