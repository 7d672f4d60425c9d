public import Access
import Synchronization
import Webhooks
public import WorkflowDocument
public import WorkflowGraph

/// A store that lasts as long as the process: for tests, for simulations, for a server that is to keep nothing.
///
/// Honours the whole contract: writes become durable in the background, all that queued up meanwhile at once; completions run
/// on a thread of the Swift runtime, never inside `append`. Its faults are its reason to be: see `StoreFaults`.
public final class InMemoryWorkflowStore: WorkflowStore {
  struct Contents: Sendable {
    var workflows: [WorkflowID: MemoryWorkflow] = [:]
    var access = MemoryAccess()
    var answers = MemoryAnswers()
    var webhooks = MemoryWebhooks()
    /// Workflows with a failed append, until they are loaded anew.
    var mustReload: Set<WorkflowID> = []
    var faults = StoreFaults()
  }

  /// One queued piece of work. `run` is called under the lock and hands back what to tell the caller afterwards.
  struct Job: Sendable {
    var byteCount = 0
    var run: @Sendable (inout Contents) -> @Sendable () -> Void
    /// Called instead of `run` when the store dies in `crash()`.
    var abandon: @Sendable () -> Void = {}
  }

  struct State: Sendable {
    var contents = Contents()
    var queue: [Job] = []
    var queuedBytes = 0
    var isDraining = false
    var isStalled = false
    var isClosed = false
    var isDead = false
  }

  let state: Mutex<State>
  /// Held from taking the queue to the last completion, so that a stepping test and the background task keep one order.
  let committing = Mutex(())
  let webhookObserver = Mutex<(@Sendable (WebhookSignal) -> Void)?>(nil)
  let limits: StoreLimits

  public init(limits: StoreLimits = StoreLimits()) {
    self.limits = limits
    state = Mutex(State())
  }

  /// A store that starts with what another one held.
  init(limits: StoreLimits, contents: Contents) {
    self.limits = limits
    var state = State()
    state.contents = contents
    self.state = Mutex(state)
  }

  public func append(_ writes: [StoreWrite], to workflow: WorkflowID, completion: @escaping @Sendable (Result<Void, StoreError>) -> Void) {
    let byteCount = writes.reduce(0) { $0 + $1.byteCount }
    let limits = limits
    let refusal = state.withLock { state -> StoreError? in
      if state.isClosed { return .closed }
      if state.contents.faults.takeStall(at: writes) { state.isStalled = true }
      return state.queuedBytes + byteCount > limits.queueBytesMax ? .queueFull(bytesMax: limits.queueBytesMax) : nil
    }
    enqueue(
      Job(byteCount: refusal == nil ? byteCount : 0) { contents in
        let result = refusal.map { contents.refuse($0, workflow) } ?? contents.append(writes, to: workflow, limits.webhooks)
        return {
          self.tellObserver(StoreWrite.signals(of: writes, to: workflow))
          completion(result)
        }
      })
  }

  public func load(_ workflow: WorkflowID) async throws(StoreError) -> StoredWorkflow? {
    try await perform { contents throws(StoreError) in
      if let error = contents.faults.takeLoadFailure(of: workflow) { throw error }
      contents.mustReload.remove(workflow)
      return try contents.workflows[workflow]?.load()
    }
  }

  public func create(_ workflow: WorkflowID, founder: Member?) async throws(StoreError) -> Bool {
    try await perform { contents throws(StoreError) in
      guard contents.workflows[workflow] == nil else { return false }
      contents.workflows[workflow] = MemoryWorkflow()
      if let founder { contents.access.members[workflow] = [founder.subject: founder] }
      contents.mustReload.remove(workflow)
      return true
    }
  }

  public func save(_ snapshot: StoredSnapshot, of workflow: WorkflowID) async throws(StoreError) {
    let limits = limits
    try await perform { contents throws(StoreError) in
      if let error = contents.faults.takeSaveFailure(of: workflow) { throw error }
      guard contents.workflows[workflow] != nil else { throw .unknown(workflow) }
      try contents.workflows[workflow]?.save(snapshot, limits: limits)
    }
  }

  public func changes(of workflow: WorkflowID, after position: UInt64, limit: Int) async throws(StoreError) -> [LoggedChange]? {
    try read(workflow).changes(after: position, limit: limit)
  }

  public func history(
    of workflow: WorkflowID, before position: UInt64, limit: Int, bytesMax: Int
  ) async throws(StoreError) -> StoredHistory {
    try read(workflow).history(before: position, limit: limit, bytesMax: bytesMax)
  }

  public func state(of workflow: WorkflowID, at position: UInt64) async throws(StoreError) -> StoredState? {
    try read(workflow).state(at: position)
  }

  public func name(
    _ version: NamedVersion, snapshot: StoredSnapshot, of workflow: WorkflowID
  ) async throws(StoreError) -> NamedVersion {
    let limits = limits
    let kept = try await perform { contents throws(StoreError) in
      if let error = contents.faults.takeSaveFailure(of: workflow) { throw error }
      let isThere = contents.workflows[workflow]?.versions.contains { $0.id == version.id } ?? false
      guard let kept = try contents.workflows[workflow]?.name(version, snapshot, limits) else { throw .unknown(workflow) }
      if !isThere {
        contents.webhooks.queue(.versionCreated, of: workflow, limits.webhooks, WebhookFacts.versionCreated(kept, of: workflow))
      }
      return kept
    }
    tellObserver([.queued(workflow)])
    return kept
  }

  public func versions(of workflow: WorkflowID) async throws(StoreError) -> [NamedVersion] { try read(workflow).versions }

  public func workflows(after id: WorkflowID?, limit: Int) async throws(StoreError) -> [WorkflowID] {
    try state.withLock { state throws(StoreError) in
      if state.isClosed { throw .closed }
      let names = state.contents.workflows.keys.filter { name in id.map { $0 < name } ?? true }
      return Array(names.sorted().prefix(max(0, limit)))
    }
  }

  public func delete(_ workflow: WorkflowID) async throws(StoreError) -> Bool {
    let isDone = try await perform { contents throws(StoreError) in
      if let error = contents.faults.takeDeleteFailure(of: workflow) { throw error }
      contents.mustReload.remove(workflow)
      contents.access.forget(workflow)
      contents.webhooks.forget(workflow)
      return contents.workflows.removeValue(forKey: workflow) != nil
    }
    tellObserver([.webhooksChanged(workflow)])
    return isDone
  }

  public func runEvents(of workflow: WorkflowID, run: String, after seq: UInt64) async throws(StoreError) -> [StoredRunEvent] {
    try read(workflow).events(of: run, after: seq)
  }

  public func runs(of workflow: WorkflowID, before run: String?, limit: Int, bytesMax: Int) async throws(StoreError) -> [StoredRun] {
    try read(workflow).newestRuns(before: run, limit: limit, bytesMax: bytesMax)
  }

  public func close() async {
    await withCheckedContinuation { continuation in
      let resume: @Sendable () -> Void = { continuation.resume() }
      enqueue(Job(run: { _ in resume }, abandon: resume), closing: true)
    }
  }

  private func read(_ workflow: WorkflowID) throws(StoreError) -> MemoryWorkflow {
    try state.withLock { state throws(StoreError) in
      if state.isClosed { throw .closed }
      guard let found = state.contents.workflows[workflow] else { throw .unknown(workflow) }
      return found
    }
  }
}

extension InMemoryWorkflowStore.Contents {
  mutating func append(_ writes: [StoreWrite], to workflow: WorkflowID, _ limits: WebhookLimits) -> Result<Void, StoreError> {
    guard workflows[workflow] != nil else { return .failure(.unknown(workflow)) }
    guard !mustReload.contains(workflow) else { return .failure(.mustReload) }
    do throws(StoreError) {
      let fault = faults.takeAppendFault(of: workflow)
      if case .lost(let error)? = fault { throw error }
      let ended = try workflows[workflow]?.append(writes) ?? []
      for run in ended {
        guard let told = WebhookFacts.runFinished(first: run.first.body, last: run.last?.body ?? [], of: workflow) else { continue }
        webhooks.queue(.runFinished, of: workflow, limits, told)
      }
      if case .torn(let error)? = fault { throw error }
      return .success(())
    } catch {
      return refuse(error, workflow)
    }
  }

  /// Notes that `workflow` missed a write.
  mutating func refuse(_ error: StoreError, _ workflow: WorkflowID) -> Result<Void, StoreError> {
    if error.code != .closed { mustReload.insert(workflow) }
    return .failure(error)
  }
}
