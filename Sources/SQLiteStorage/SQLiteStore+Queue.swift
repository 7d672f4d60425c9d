import Dispatch
import GRDB
import Storage
import Synchronization

extension SQLiteStore {
  /// Runs `body` on a reader's connection, within one read transaction: it sees one moment.
  func read<T: Sendable>(_ what: String, _ body: @escaping @Sendable (Database) throws -> T) async throws(StoreError) -> T {
    try queue.withLock { queue throws(StoreError) in try queue.beginRead() }
    let result = await withCheckedContinuation { (continuation: CheckedContinuation<Result<T, StoreError>, Never>) in
      pool.asyncRead { database in
        let result = Result { try body(database.get()) }.mapError { StoreError($0, doing: what) }
        continuation.resume(returning: result)
      }
    }
    tellClosers { $0.endRead() }
    return try result.get()
  }

  /// Queues a job and waits until it is answered.
  func wait<T: Sendable>(_ job: (@escaping @Sendable (Result<T, StoreError>) -> Void) -> Job) async throws(StoreError) -> T {
    let result = await withCheckedContinuation { (continuation: CheckedContinuation<Result<T, StoreError>, Never>) in
      let job = job { continuation.resume(returning: $0) }
      let wake = queue.withLock { queue -> Bool? in queue.phase == .open ? queue.add(job) : nil }
      switch wake {
      case nil: continuation.resume(returning: .failure(.closed))
      case true?: startDraining()
      case false?: break
      }
    }
    return try result.get()
  }

  /// `false` when the store is closed.
  @discardableResult func enqueue(_ chore: Chore) -> Bool {
    let wake = queue.withLock { queue -> Bool? in queue.phase == .open ? queue.add(chore) : nil }
    if wake == true { startDraining() }
    return wake != nil
  }

  func startDraining() {
    pool.asyncWriteWithoutTransaction { db in
      while let work = self.queue.withLock({ $0.take() }) { self.perform(work.jobs, work.chore, db) }
      self.tellClosers { _ in }
    }
  }

  /// One round of the writer: all calls that wait, then one slice of slow work.
  private func perform(_ jobs: [Job], _ chore: Chore?, _ db: Database) {
    for batch in CommitWriter.batches(of: jobs) {
      let start = ContinuousClock.now
      let answers = writer.withLock { $0.commit(batch, db) }
      if answers.hasFailed {
        metrics?.commitFailed()
      } else {
        metrics?.committed(calls: batch.count, bytes: batch.reduce(0) { $0 + $1.byteCount }, duration: ContinuousClock.now - start)
      }
      queue.withLock { $0.answered(batch) }
      for chore in answers.chores { enqueue(chore) }
      tellObserver(of: batch)
      for answer in answers.answers { answer() }
    }
    guard let chore else { return }
    for next in chore.step(db) { queue.withLock { _ = $0.add(next) } }
  }

  public func close() async {
    await withCheckedContinuation { continuation in
      tellClosers { $0.close { continuation.resume() } }
    }
  }

  private func tellClosers(_ change: (inout CommitQueue) -> Void) {
    let closers = queue.withLock { queue in
      change(&queue)
      return queue.takeClosers()
    }
    guard !closers.isEmpty else { return }
    Self.afterwards.async {
      // Nothing is in the pool any more. What closing itself cannot write back, the next opening recovers from the write-ahead log.
      try? self.pool.close()
      self.lock.withLock { $0 = nil }
      for closer in closers { closer() }
    }
  }

  /// Answers that no commit gives, one after the other.
  static let afterwards = DispatchQueue(label: "thaiyyal.store.afterwards")
}
