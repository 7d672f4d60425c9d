import Access
import GRDB
import Storage
import WorkflowGraph

/// One call that waits for its commit.
enum Job: Sendable {
  case append([StoreWrite], WorkflowID, byteCount: Int, @Sendable (Result<Void, StoreError>) -> Void)
  /// An append that may not happen. Queued all the same: completions keep the order of the calls.
  case refuse(StoreError, WorkflowID, @Sendable (Result<Void, StoreError>) -> Void)
  case create(WorkflowID, founder: Member?, @Sendable (Result<Bool, StoreError>) -> Void)
  case delete(WorkflowID, @Sendable (Result<Bool, StoreError>) -> Void)
  case cut(WorkflowID, from: UInt64, @Sendable (Result<Int, StoreError>) -> Void)
  /// Writes nothing that lasts, and tells whether it could have.
  case probe(@Sendable (Result<Void, StoreError>) -> Void)
  /// The place in the queue from which on a workflow with a failed append takes appends again.
  case reopen(WorkflowID, @Sendable () -> Void)
  /// A change of rights. What `perform` hands back is called after the commit, or `fail` in its place.
  case rights(perform: @Sendable (Database) throws -> @Sendable () -> Void, fail: @Sendable (StoreError) -> Void)

  var byteCount: Int {
    switch self {
    case .append(_, _, let byteCount, _): byteCount
    case .refuse, .create, .delete, .cut, .reopen, .probe, .rights: 0
    }
  }
}

/// What waits to become durable, as a value: the store locks it, the writer empties it.
struct CommitQueue: Sendable {
  enum Phase: Sendable {
    /// Can become `closing`, by `close`.
    case open
    /// Takes nothing new. Can become `closed` when everything is written and read.
    case closing
    case closed
  }

  private(set) var phase = Phase.open
  private var jobs: [Job] = []
  private var chores: [Chore] = []
  /// Bytes of appends not yet answered, those in the running transaction included.
  private(set) var byteCount = 0
  private var isDraining = false
  private var readerCount = 0
  private var closers: [@Sendable () -> Void] = []

  /// Queues an append, or its refusal: whichever way, it is answered at its place. `nil`: the store is closed and nobody answers any more.
  mutating func admit(
    _ writes: [StoreWrite], to workflow: WorkflowID, byteCount bytes: Int, byteCountMax: Int,
    _ completion: @escaping @Sendable (Result<Void, StoreError>) -> Void
  ) -> Bool? {
    switch phase {
    case .open where byteCount + bytes > byteCountMax: return add(.refuse(.queueFull(bytesMax: byteCountMax), workflow, completion))
    case .open: return add(.append(writes, workflow, byteCount: bytes, completion))
    case .closing where isDraining: return add(.refuse(.closed, workflow, completion))
    case .closing, .closed: return nil
    }
  }

  /// Queues a call; `true`: wake the writer.
  mutating func add(_ job: Job) -> Bool {
    jobs.append(job)
    byteCount += job.byteCount
    return wake()
  }

  mutating func add(_ chore: Chore) -> Bool {
    chores.append(chore)
    return wake()
  }

  private mutating func wake() -> Bool {
    guard !isDraining else { return false }
    isDraining = true
    return true
  }

  /// All calls that wait and the next piece of slow work; `nil` when there is neither, and the writer may rest.
  mutating func take() -> (jobs: [Job], chore: Chore?)? {
    if phase != .open { chores.removeAll { !$0.isAwaited } }
    guard !jobs.isEmpty || !chores.isEmpty else {
      isDraining = false
      return nil
    }
    defer { jobs.removeAll(keepingCapacity: true) }
    return (jobs, chores.isEmpty ? nil : chores.removeFirst())
  }

  /// The writer's word that these are answered.
  mutating func answered(_ batch: some Sequence<Job>) { byteCount -= batch.reduce(0) { $0 + $1.byteCount } }

  mutating func beginRead() throws(StoreError) {
    guard phase == .open else { throw .closed }
    readerCount += 1
  }

  mutating func endRead() { readerCount -= 1 }

  /// `done` runs when the last write and the last read are over.
  mutating func close(_ done: @escaping @Sendable () -> Void) {
    if phase == .open { phase = .closing }
    closers.append(done)
  }

  /// Whom to tell that nothing is going on any more; empty as long as something is.
  mutating func takeClosers() -> [@Sendable () -> Void] {
    guard phase != .open, !isDraining, readerCount == 0 else { return [] }
    phase = .closed
    defer { closers = [] }
    return closers
  }
}
