import Synchronization

/// The queue between callers and contents: one task at a time takes all that waits, as one commit would.
extension InMemoryWorkflowStore {
  func enqueue(_ job: Job, closing: Bool = false) {
    enum Next { case none, start, abandon }
    let next = state.withLock { state -> Next in
      if state.isDead { return .abandon }
      if closing {
        // A closing store commits what it holds, stalled or not: nothing may wait for ever.
        state.isClosed = true
        state.isStalled = false
      }
      state.queue.append(job)
      state.queuedBytes += job.byteCount
      guard !state.isDraining, !state.isStalled else { return .none }
      state.isDraining = true
      return .start
    }
    switch next {
    case .none: break
    case .start: startDraining()
    case .abandon: job.abandon()
    }
  }

  func startDraining() {
    Task { while self.commitOnce(stoppingWhenStalled: true) {} }
  }

  /// Runs a piece of work at its place in the queue and waits for it.
  func perform<T: Sendable>(
    _ work: @escaping @Sendable (inout Contents) throws(StoreError) -> T
  ) async throws(StoreError) -> T {
    if state.withLock({ $0.isClosed }) { throw .closed }
    let result = await withCheckedContinuation { (continuation: CheckedContinuation<Result<T, StoreError>, Never>) in
      enqueue(
        Job(
          run: { contents in
            let result = Result { () throws(StoreError) in try work(&contents) }
            return { continuation.resume(returning: result) }
          }, abandon: { continuation.resume(returning: .failure(.closed)) }))
    }
    return try result.get()
  }

  /// One commit: everything queued now. `false` when there was nothing, which ends the draining task.
  func commitOnce(stoppingWhenStalled: Bool) -> Bool {
    committing.withLock { _ in
      let tell = state.withLock { state -> [@Sendable () -> Void] in
        if state.queue.isEmpty || (stoppingWhenStalled && state.isStalled) {
          if stoppingWhenStalled { state.isDraining = false }
          return []
        }
        let jobs = state.queue
        state.queue.removeAll(keepingCapacity: true)
        state.queuedBytes = 0
        return jobs.map { $0.run(&state.contents) }
      }
      for completion in tell { completion() }
      return !tell.isEmpty
    }
  }
}
