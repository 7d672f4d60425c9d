import GRDB
import Storage
import WorkflowGraph

/// Slow work, done a slice at a time between two commits.
enum Chore: Sendable {
  case save(SaveChore)
  case trim(TrimChore)
  case sweep(SweepChore)
  /// Snapshots that were found damaged and are not to be counted on.
  case condemn([Int64])
  /// A snapshot that nothing speaks of any more.
  case discard(Int64)

  /// Whether a caller waits for it. What nobody waits for is left undone when the store closes.
  var isAwaited: Bool {
    if case .save = self { return true }
    return false
  }

  /// One slice, in a transaction of its own. What is to be done next.
  func step(_ db: Database) -> [Chore] {
    do {
      switch self {
      case .save(let chore): return chore.step(db)
      case .trim(let chore): return try chore.step(db) ? [] : [self]
      case .sweep(let chore): return try chore.step(db) ? [] : [self]
      case .condemn(let snapshots):
        try db.write {
          for id in snapshots { try db.execute(literal: "UPDATE snapshots SET state = \(SnapshotState.damaged) WHERE id = \(id)") }
        }
        return []
      case .discard(let snapshot):
        try db.write { try SaveChore.drop([snapshot], db) }
        return []
      }
    } catch {
      // Nobody waits for it, and nothing is wrong with what it leaves: the next save or the next opening takes it up again.
      return []
    }
  }
}

/// Drops log rows that no kept snapshot needs.
struct TrimChore: Sendable {
  var workflow: Int64
  var floor: UInt64

  /// `true` when all is done.
  func step(_ db: Database) throws -> Bool {
    try db.write { try Self.dropRows(of: workflow, through: Int64(bitPattern: floor), db) }
  }

  static func dropRows(of workflow: Int64, through floor: Int64, _ db: Database) throws -> Bool {
    let sql = "SELECT position FROM log WHERE workflow = ? ORDER BY position LIMIT 1"
    guard let first = try Int64.fetchOne(db, sql: sql, arguments: [workflow]), first <= floor else { return true }
    let last = min(floor, first + Tuning.trimmedRowsPerSlice)
    try db.execute(sql: "DELETE FROM log WHERE workflow = ? AND position <= ?", arguments: [workflow, last])
    return last == floor
  }
}

/// Drops what a deleted workflow left: its name went at once, its rows go bit by bit.
struct SweepChore: Sendable {
  private static let runsPerSlice = 20
  var workflow: Int64

  /// `true` when all is done.
  func step(_ db: Database) throws -> Bool {
    try db.write { try dropSome(db) }
  }

  private func dropSome(_ db: Database) throws -> Bool {
    guard try TrimChore.dropRows(of: workflow, through: .max, db) else { return false }
    if let snapshot = try Int64.fetchOne(db, sql: "SELECT id FROM snapshots WHERE workflow = ?", arguments: [workflow]) {
      try SaveChore.drop([snapshot], db)
      return false
    }
    let runs = try Int64.fetchAll(db, sql: "SELECT id FROM runs WHERE workflow = ? LIMIT ?", arguments: [workflow, Self.runsPerSlice])
    guard runs.isEmpty else {
      try SaveChore.forgetRuns(runs, db)
      return false
    }
    guard try WebhookRows.sweep(ofKey: workflow, db) else { return false }
    try db.execute(sql: "DELETE FROM leases WHERE workflow = ?", arguments: [workflow])
    try db.execute(sql: "DELETE FROM versions WHERE workflow = ?", arguments: [workflow])
    try db.execute(sql: "DELETE FROM deleted WHERE workflow = ?", arguments: [workflow])
    return true
  }
}
