import CRDT
import Foundation
import GRDB
import Storage
import WorkflowGraph

/// Where a workflow's rows are: its key, and the position up to which its log was trimmed.
struct WorkflowPlace {
  var key: Int64
  var floor: UInt64

  /// `nil`: there is no such workflow.
  static func find(_ workflow: WorkflowID, _ db: Database) throws -> WorkflowPlace? {
    let statement = try db.cachedStatement(sql: "SELECT key, floor FROM workflows WHERE name = ?")
    return try Row.fetchOne(statement, arguments: [workflow.rawValue]).map { row in
      WorkflowPlace(key: row[0], floor: UInt64(bitPattern: row[1]))
    }
  }

  /// The position of the newest change; the floor when the log is empty. O(log rows).
  func last(_ db: Database) throws -> UInt64 {
    let statement = try db.cachedStatement(sql: "SELECT position FROM log WHERE workflow = ? ORDER BY position DESC LIMIT 1")
    return try max(floor, Int64.fetchOne(statement, arguments: [key]).map { UInt64(bitPattern: $0) } ?? 0)
  }
}

extension LeaseRecord {
  func write(to db: Database, workflow: Int64) throws {
    let statement = try db.cachedStatement(
      sql: """
        INSERT INTO leases(workflow, digest, replica, seq_before, seq_at_end, touched_at) VALUES(?, ?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET replica = excluded.replica, seq_before = excluded.seq_before, seq_at_end = excluded.seq_at_end,
          touched_at = excluded.touched_at
        """)
    try statement.execute(arguments: [
      workflow, Data(secretDigest), Int64(replica.rawValue), Int64(bitPattern: seqBefore), seqAtEnd.map { Int64(bitPattern: $0) },
      Int64(bitPattern: touchedAtMilliseconds),
    ])
  }

  /// The leases of a workflow, by replica.
  static func read(workflow: Int64, from db: Database) throws -> [LeaseRecord] {
    try Row.fetchAll(
      db,
      sql: "SELECT replica, digest, seq_before, seq_at_end, touched_at FROM leases WHERE workflow = ? ORDER BY replica, touched_at",
      arguments: [workflow]
    ).map { row in
      LeaseRecord(
        replica: ReplicaID(UInt32(truncatingIfNeeded: row[0] as Int64)), secretDigest: Array(row[1] as Data),
        seqBefore: UInt64(bitPattern: row[2]), seqAtEnd: (row[3] as Int64?).map { UInt64(bitPattern: $0) },
        touchedAtMilliseconds: UInt64(bitPattern: row[4]))
    }
  }
}

extension StoredRunEvent {
  /// - Returns: `false` when it is there already.
  func write(to db: Database, workflow: Int64) throws -> Bool {
    try db.cachedStatement(sql: "INSERT INTO runs(workflow, run) VALUES(?, ?) ON CONFLICT DO NOTHING").execute(arguments: [workflow, run])
    try db.cachedStatement(
      sql: "INSERT OR IGNORE INTO run_events(run, seq, is_last, body) SELECT id, ?, ?, ? FROM runs WHERE workflow = ? AND run = ?"
    ).execute(arguments: [Int64(bitPattern: seq), isLast, Data(body), workflow, run])
    guard db.changesCount > 0 else { return false }
    guard isLast else { return true }
    try db.cachedStatement(sql: "UPDATE runs SET is_finished = 1 WHERE workflow = ? AND run = ?").execute(arguments: [workflow, run])
    return true
  }
}
