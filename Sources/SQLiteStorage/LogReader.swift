import GRDB
import GRDBSQLite
import Storage
import WorkflowDocument
import WorkflowGraph

/// Reads rows of the log back into changes.
enum LogReader {
  /// What a stretch of log turned out to be.
  struct Stretch {
    var changes: [LoggedChange] = []
    /// The first position that is missing or cannot be read, when there is one.
    var brokenAt: UInt64?
    /// Rows from `brokenAt` on.
    var lostCount = 0
  }

  static func changes(of workflow: WorkflowID, after position: UInt64, limit: Int, in db: Database) throws -> [LoggedChange]? {
    guard let place = try WorkflowPlace.find(workflow, db) else { throw StoreError.unknown(workflow) }
    guard position >= place.floor else { return nil }
    guard position <= UInt64(Int64.max), limit > 0 else { return [] }
    let stretch = try read(workflow: place.key, after: position, limit: limit, db)
    if let broken = stretch.brokenAt { throw StoreError.brokenLog(workflow, at: broken, lost: stretch.lostCount) }
    return stretch.changes
  }

  /// The log after `position`, as far as it is whole. O(rows).
  static func read(workflow: Int64, after position: UInt64, limit: Int = .max, _ db: Database) throws -> Stretch {
    let statement = try db.cachedStatement(
      sql: """
        SELECT position, taken_at, kind, subject, name, body, checksum FROM log
        WHERE workflow = ? AND position > ? ORDER BY position LIMIT ?
        """
    )
    let raw = statement.sqliteStatement
    sqlite3_bind_int64(raw, 1, workflow)
    sqlite3_bind_int64(raw, 2, Int64(bitPattern: position))
    sqlite3_bind_int64(raw, 3, Int64(clamping: limit))
    defer { sqlite3_reset(raw) }
    var stretch = Stretch()
    while true {
      let code = sqlite3_step(raw)
      if code == SQLITE_DONE { return stretch }
      guard code == SQLITE_ROW else { throw DatabaseError(resultCode: ResultCode(rawValue: code), message: db.lastErrorMessage) }
      if stretch.brokenAt == nil {
        let next = position + UInt64(stretch.changes.count) + 1
        if let logged = record(in: raw).decoded(), logged.position == next {
          stretch.changes.append(logged)
        } else {
          stretch.brokenAt = next
        }
      }
      if stretch.brokenAt != nil { stretch.lostCount += 1 }
    }
  }

  private static func record(in row: OpaquePointer) -> LogRecord {
    LogRecord(
      position: UInt64(bitPattern: sqlite3_column_int64(row, 0)), takenAtMilliseconds: UInt64(bitPattern: sqlite3_column_int64(row, 1)),
      kind: UInt8(truncatingIfNeeded: sqlite3_column_int(row, 2)), subject: text(in: row, 3), name: text(in: row, 4),
      body: blob(in: row, 5),
      checksum: UInt32(truncatingIfNeeded: sqlite3_column_int64(row, 6)))
  }

  private static func text(in row: OpaquePointer, _ column: CInt) -> String {
    guard let base = sqlite3_column_text(row, column) else { return "" }
    return String(decoding: UnsafeBufferPointer(start: base, count: Int(sqlite3_column_bytes(row, column))), as: UTF8.self)
  }

  private static func blob(in row: OpaquePointer, _ column: CInt) -> [UInt8] {
    guard let base = sqlite3_column_blob(row, column) else { return [] }
    return Array(UnsafeRawBufferPointer(start: base, count: Int(sqlite3_column_bytes(row, column))))
  }
}

extension StoreError {
  /// Changes that were acknowledged are gone: not to be passed over in silence.
  static func brokenLog(_ workflow: WorkflowID, at position: UInt64, lost: Int) -> StoreError {
    StoreError(
      .corrupt,
      "change \(position) of \(workflow) is damaged or missing, and \(lost) from there on cannot be used; restore a backup, or cut the log there"
    )
  }
}
