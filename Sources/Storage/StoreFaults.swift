import Synchronization
public import WorkflowGraph

/// What is to go wrong next in an `InMemoryWorkflowStore`. Each fault is used up by the call that meets it.
struct StoreFaults: Sendable {
  enum AppendFault: Sendable {
    /// Nothing was written.
    case lost(StoreError)
    /// Written, and reported as failed: the disk that loses its voice between commit and answer.
    case torn(StoreError)
  }
  struct Entry<Fault: Sendable>: Sendable {
    var workflow: WorkflowID?
    var fault: Fault
  }

  var appends: [Entry<AppendFault>] = []
  var loads: [Entry<StoreError>] = []
  var saves: [Entry<StoreError>] = []
  var deletes: [Entry<StoreError>] = []
  var stallsAtChange = false

  mutating func takeAppendFault(of workflow: WorkflowID) -> AppendFault? { Self.take(from: &appends, workflow) }
  mutating func takeLoadFailure(of workflow: WorkflowID) -> StoreError? { Self.take(from: &loads, workflow) }
  mutating func takeSaveFailure(of workflow: WorkflowID) -> StoreError? { Self.take(from: &saves, workflow) }

  mutating func takeDeleteFailure(of workflow: WorkflowID) -> StoreError? { Self.take(from: &deletes, workflow) }

  mutating func takeStall(at writes: [StoreWrite]) -> Bool {
    guard stallsAtChange, writes.contains(where: { if case .change = $0 { true } else { false } }) else { return false }
    stallsAtChange = false
    return true
  }

  private static func take<Fault>(from entries: inout [Entry<Fault>], _ workflow: WorkflowID) -> Fault? {
    guard let at = entries.firstIndex(where: { $0.workflow == nil || $0.workflow == workflow }) else { return nil }
    return entries.remove(at: at).fault
  }
}

/// The handles of fault injection. A `nil` workflow means: whichever comes first.
extension InMemoryWorkflowStore {
  /// The next `count` appends fail and leave nothing behind; what follows them fails with `.mustReload` until `load`.
  public func failAppends(
    _ count: Int = 1, of workflow: WorkflowID? = nil, with error: StoreError = StoreError(.unavailable, "injected: disk full")
  ) {
    state.withLock { $0.contents.faults.appends += Array(repeating: .init(workflow: workflow, fault: .lost(error)), count: count) }
  }

  /// The next append becomes durable and is reported as failed all the same.
  public func tearAppend(
    of workflow: WorkflowID? = nil, with error: StoreError = StoreError(.unavailable, "injected: no answer from the disk")
  ) {
    state.withLock { $0.contents.faults.appends.append(.init(workflow: workflow, fault: .torn(error))) }
  }

  public func failLoads(
    _ count: Int = 1, of workflow: WorkflowID? = nil, with error: StoreError = StoreError(.unavailable, "injected: cannot read")
  ) {
    state.withLock { $0.contents.faults.loads += Array(repeating: .init(workflow: workflow, fault: error), count: count) }
  }

  public func failSaves(
    _ count: Int = 1, of workflow: WorkflowID? = nil, with error: StoreError = StoreError(.unavailable, "injected: cannot write")
  ) {
    state.withLock { $0.contents.faults.saves += Array(repeating: .init(workflow: workflow, fault: error), count: count) }
  }

  public func failDeletes(
    _ count: Int = 1, of workflow: WorkflowID? = nil, with error: StoreError = StoreError(.unavailable, "injected: cannot delete")
  ) {
    state.withLock { $0.contents.faults.deletes += Array(repeating: .init(workflow: workflow, fault: error), count: count) }
  }

  /// Damages the newest snapshot (`age` 0) or the one before (1). `false` when there is none.
  public func damageSnapshot(of workflow: WorkflowID, age: Int = 0) -> Bool {
    state.withLock { $0.contents.workflows[workflow]?.damageSnapshot(age: age) ?? false }
  }

  /// From now on nothing becomes durable and nothing queued is answered, until `resume` or `commitQueued`.
  public func stall() { state.withLock { $0.isStalled = true } }

  /// As `stall`, from the next change of a document on: what comes before it is committed.
  public func stallAtChange() { state.withLock { $0.contents.faults.stallsAtChange = true } }

  public func resume() {
    let start = state.withLock { state -> Bool in
      state.isStalled = false
      guard !state.isDraining, !state.queue.isEmpty else { return false }
      state.isDraining = true
      return true
    }
    if start { startDraining() }
  }

  public var isStalled: Bool { state.withLock { $0.isStalled } }

  /// While stalled: commits what is queued now, as one commit, and runs its completions on the calling thread.
  public func commitQueued() { _ = commitOnce(stoppingWhenStalled: false) }

  /// Calls waiting to become durable.
  public var queuedCount: Int { state.withLock { $0.queue.count } }

  /// The process dies: what was durable is in the store handed back; what was queued is gone and its completions never run.
  ///
  /// Waiting `async` calls on the dead store fail with `.closed`.
  public func crash() -> InMemoryWorkflowStore {
    let (contents, abandoned) = state.withLock { state in
      state.isDead = true
      state.isClosed = true
      var survivors = Contents()
      survivors.workflows = state.contents.workflows
      survivors.access = state.contents.access
      survivors.answers = state.contents.answers
      survivors.webhooks = state.contents.webhooks
      defer { state.queue = [] }
      return (survivors, state.queue)
    }
    for job in abandoned { job.abandon() }
    return InMemoryWorkflowStore(limits: limits, contents: contents)
  }
}
