import Foundation
import GRDB
import Storage
import Webhooks
import WorkflowDocument
import WorkflowGraph

/// What a commit leaves to do once it is over.
struct CommitOutcome {
  /// To be called now, in this order.
  var answers: [@Sendable () -> Void] = []
  var chores: [Chore] = []
  /// Some or all of it was not written, by the fault of the file or the disk.
  var hasFailed = false
}

/// Turns queued calls into transactions. Confined to the writer's connection; remembers only what it can read again.
struct CommitWriter: Sendable {
  /// Where a workflow's log ends.
  struct Cursor: Sendable {
    var key: Int64
    var last: UInt64
  }

  private let webhooks: WebhookLimits
  private var cursors: [WorkflowID: Cursor] = [:]
  /// Workflows with a failed append that were not loaded since.
  private var mustReload: Set<WorkflowID> = []

  init(webhooks: WebhookLimits = WebhookLimits()) { self.webhooks = webhooks }

  /// Cuts what waits into transactions of bounded size.
  static func batches(of jobs: [Job]) -> [ArraySlice<Job>] {
    var batches: [ArraySlice<Job>] = []
    var start = 0
    var byteCount = 0
    for (index, job) in jobs.enumerated() {
      if byteCount + job.byteCount > Tuning.batchBytesMax, index > start {
        batches.append(jobs[start..<index])
        start = index
        byteCount = 0
      }
      byteCount += job.byteCount
    }
    if start < jobs.count { batches.append(jobs[start...]) }
    return batches
  }

  /// One transaction for all of `jobs`, and what to tell their callers.
  mutating func commit(_ jobs: ArraySlice<Job>, _ db: Database) -> CommitOutcome {
    let before = mustReload
    if cursors.count > Tuning.cursorCountMax { cursors = [:] }
    do {
      var outcome = CommitOutcome()
      try db.write {
        let insert = try LogInsert(db)
        for job in jobs { outcome.answers.append(try perform(job, db, insert, &outcome.chores)) }
      }
      return outcome
    } catch {
      cursors = [:]
      mustReload = before
      let error = StoreError(error, doing: "cannot write")
      // A disk that is full is full for everybody. Anything else may be the doing of one workflow: the others must not pay for it.
      guard jobs.count > 1, error.code != .unavailable else { return fail(jobs, error) }
      var outcome = CommitOutcome()
      for index in jobs.indices {
        let single = commit(jobs[index...index], db)
        outcome.answers += single.answers
        outcome.chores += single.chores
        outcome.hasFailed = outcome.hasFailed || single.hasFailed
      }
      return outcome
    }
  }

  /// - Throws: errors of SQLite, which undo the whole transaction. A caller's own fault is in the answer and writes nothing.
  private mutating func perform(
    _ job: Job, _ db: Database, _ insert: LogInsert, _ chores: inout [Chore]
  ) throws -> @Sendable () -> Void {
    switch job {
    case .append(let writes, let workflow, _, let completion):
      let result = try append(writes, to: workflow, db, insert, &chores)
      return { completion(result) }
    case .refuse(let error, let workflow, let completion):
      mustReload.insert(workflow)
      return { completion(.failure(error)) }
    case .create(let workflow, let founder, let completion):
      try db.execute(literal: "INSERT INTO workflows(name) VALUES(\(workflow.rawValue)) ON CONFLICT DO NOTHING")
      let isNew = db.changesCount > 0
      if isNew {
        mustReload.remove(workflow)
        if let founder { try founder.insert(into: db, workflow: db.lastInsertedRowID, name: workflow) }
      }
      return { completion(.success(isNew)) }
    case .delete(let workflow, let completion):
      let key = try WorkflowPlace.find(workflow, db)?.key
      if let key {
        try db.execute(literal: "INSERT INTO deleted(workflow) VALUES(\(key))")
        try db.execute(literal: "DELETE FROM workflows WHERE key = \(key)")
        // Few rows, and rights must end at once.
        try db.execute(literal: "DELETE FROM members WHERE workflow = \(key)")
        try db.execute(literal: "DELETE FROM links WHERE workflow = \(key)")
        chores.append(.sweep(SweepChore(workflow: key)))
      }
      cursors[workflow] = nil
      mustReload.remove(workflow)
      return { completion(.success(key != nil)) }
    case .cut(let workflow, let position, let completion):
      let count = try cut(workflow, from: position, db)
      return { completion(count.map { .success($0) } ?? .failure(.unknown(workflow))) }
    case .reopen(let workflow, let completion):
      mustReload.remove(workflow)
      return completion
    case .probe(let completion):
      // Takes more pages than a rolled back append may have left free, and gives them back: the commit writes and flushes like any other, and nothing is left.
      try db.execute(sql: "INSERT INTO snapshot_parts(snapshot, part, data) VALUES(-1, 0, zeroblob(16384))")
      try db.execute(sql: "DELETE FROM snapshot_parts WHERE snapshot = -1")
      return { completion(.success(())) }
    case .rights(let perform, _): return try perform(db)
    }
  }

  private mutating func append(
    _ writes: [StoreWrite], to workflow: WorkflowID, _ db: Database, _ insert: LogInsert, _ chores: inout [Chore]
  ) throws -> Result<Void, StoreError> {
    guard var cursor = try cursor(of: workflow, db) else { return .failure(.unknown(workflow)) }
    guard !mustReload.contains(workflow) else { return .failure(.mustReload) }
    do throws(StoreError) {
      try StoreWrite.checkOrder(of: writes, after: cursor.last)
    } catch {
      mustReload.insert(workflow)
      return .failure(error)
    }
    for write in writes {
      switch write {
      case .change(let logged):
        try insert.run(logged, workflow: cursor.key)
        cursor.last = logged.position
      case .lease(let lease): try lease.write(to: db, workflow: cursor.key)
      case .runEvent(let event):
        let isNew = try event.write(to: db, workflow: cursor.key)
        if isNew, event.isLast { try queueEnd(of: event, workflow, cursor.key, db) }
      case .version(let version): try version.write(to: db, workflow: cursor.key, &chores)
      }
    }
    cursors[workflow] = cursor
    return .success(())
  }

  /// In the commit that makes the end durable. Spec: ST9.
  private func queueEnd(of event: StoredRunEvent, _ workflow: WorkflowID, _ key: Int64, _ db: Database) throws {
    try WebhookRows.queue(.runFinished, ofKey: key, webhooks, db) {
      let sql = "SELECT e.body FROM run_events e JOIN runs r ON e.run = r.id WHERE r.workflow = ? AND r.run = ? ORDER BY e.seq LIMIT 1"
      let first = try Data.fetchOne(db, sql: sql, arguments: [key, event.run])
      return WebhookFacts.runFinished(first: first.map { Array($0) }, last: event.body, of: workflow)
    }
  }

  private mutating func cut(_ workflow: WorkflowID, from position: UInt64, _ db: Database) throws -> Int? {
    guard let place = try WorkflowPlace.find(workflow, db) else { return nil }
    cursors[workflow] = nil
    mustReload.insert(workflow)
    let first = Int64(clamping: max(position, place.floor + 1))
    let snapshots = try Int64.fetchAll(
      db, sql: "SELECT id FROM snapshots WHERE workflow = ? AND position >= ?", arguments: [place.key, first])
    try SaveChore.drop(snapshots, db)
    try db.execute(sql: "DELETE FROM versions WHERE workflow = ? AND position >= ?", arguments: [place.key, first])
    // What comes in the place of what was cut off is to be told.
    try db.execute(sql: "UPDATE webhooks SET told = min(told, ?) WHERE workflow = ?", arguments: [first - 1, place.key])
    try db.execute(sql: "DELETE FROM log WHERE workflow = ? AND position >= ?", arguments: [place.key, first])
    return db.changesCount
  }

  private mutating func cursor(of workflow: WorkflowID, _ db: Database) throws -> Cursor? {
    if let known = cursors[workflow] { return known }
    guard let place = try WorkflowPlace.find(workflow, db) else { return nil }
    let cursor = Cursor(key: place.key, last: try place.last(db))
    cursors[workflow] = cursor
    return cursor
  }

  /// The answers when nothing of `jobs` was written.
  private mutating func fail(_ jobs: ArraySlice<Job>, _ error: StoreError) -> CommitOutcome {
    var outcome = CommitOutcome(hasFailed: true)
    for job in jobs {
      switch job {
      case .append(_, let workflow, _, let completion):
        let error = mustReload.insert(workflow).inserted ? error : .mustReload
        outcome.answers.append { completion(.failure(error)) }
      case .refuse(let own, let workflow, let completion):
        mustReload.insert(workflow)
        outcome.answers.append { completion(.failure(own)) }
      case .cut(_, _, let completion): outcome.answers.append { completion(.failure(error)) }
      case .create(_, _, let completion), .delete(_, let completion): outcome.answers.append { completion(.failure(error)) }
      case .rights(_, let fail): outcome.answers.append { fail(error) }
      case .probe(let completion): outcome.answers.append { completion(.failure(error)) }
      case .reopen(let workflow, let completion):
        mustReload.remove(workflow)
        outcome.answers.append(completion)
      }
    }
    return outcome
  }
}
