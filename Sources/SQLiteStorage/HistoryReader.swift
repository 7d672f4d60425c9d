import Foundation
import GRDB
import Storage
import WorkflowDocument
import WorkflowGraph

/// Reads what was: the log backwards, states, named versions. Spec: ST7.
enum HistoryReader {
  static func history(
    of workflow: WorkflowID, before position: UInt64, limit: Int, bytesMax: Int, _ db: Database
  ) throws -> StoredHistory {
    guard let place = try WorkflowPlace.find(workflow, db) else { throw StoreError.unknown(workflow) }
    let last = try place.last(db)
    var history = StoredHistory(changes: [], floor: place.floor, last: last)
    var next = position == 0 ? last : min(position - 1, last)
    var bytes = 0
    let rows = try Row.fetchCursor(
      db,
      sql: """
        SELECT position, taken_at, kind, subject, name, body, checksum FROM log
        WHERE workflow = ? AND position <= ? AND position > ? ORDER BY position DESC LIMIT ?
        """, arguments: [place.key, Int64(clamping: next), Int64(clamping: place.floor), max(0, limit)])
    while bytes < bytesMax, let row = try rows.next() {
      let record = LogRecord(
        position: UInt64(bitPattern: row[0]), takenAtMilliseconds: UInt64(bitPattern: row[1]),
        kind: UInt8(truncatingIfNeeded: row[2] as Int64), subject: row[3], name: row[4], body: Array(row[5] as Data),
        checksum: UInt32(truncatingIfNeeded: row[6] as Int64))
      guard let logged = record.decoded(), logged.position == next else { throw StoreError.brokenLog(workflow, at: next, lost: 1) }
      history.changes.append(logged)
      bytes += record.body.count
      next -= 1
    }
    return history
  }

  static func state(of workflow: WorkflowID, at position: UInt64, _ db: Database) throws -> StoredState? {
    guard let place = try WorkflowPlace.find(workflow, db) else { throw StoreError.unknown(workflow) }
    guard position > 0 else { return StoredState(snapshot: nil, log: []) }
    guard try position <= place.last(db) else { return nil }
    let base = try base(of: place, at: position, db)
    guard base != nil || place.floor == 0 else {
      if position >= place.floor { throw StoreError.noWayBack(floor: place.floor) }
      return nil
    }
    let start = base?.position ?? 0
    let stretch = try LogReader.read(workflow: place.key, after: start, limit: Int(position - start), db)
    if let broken = stretch.brokenAt { throw StoreError.brokenLog(workflow, at: broken, lost: stretch.lostCount) }
    return StoredState(snapshot: base, log: stretch.changes)
  }

  /// The newest sound snapshot from which the log leads to `position`, those of named versions among them.
  private static func base(of place: WorkflowPlace, at position: UInt64, _ db: Database) throws -> StoredSnapshot? {
    let rows = try Row.fetchAll(
      db,
      sql: """
        SELECT id, position, byte_count, checksum FROM snapshots
        WHERE workflow = ?1 AND state IN (?2, ?3) AND position <= ?4 AND (position >= ?5 OR position = ?4)
        ORDER BY position DESC, id DESC
        """,
      arguments: [
        place.key, SnapshotState.whole, SnapshotState.named, Int64(clamping: position), Int64(clamping: place.floor),
      ])
    for row in rows {
      if let data = try SnapshotReader.data(of: row[0], byteCount: row[2], checksum: row[3], db) {
        return StoredSnapshot(position: UInt64(bitPattern: row[1]), data: data)
      }
    }
    return nil
  }

  static func versions(of workflow: WorkflowID, _ db: Database) throws -> [NamedVersion] {
    guard let place = try WorkflowPlace.find(workflow, db) else { throw StoreError.unknown(workflow) }
    return try versions(workflow: place.key, db)
  }

  static func versions(workflow: Int64, _ db: Database) throws -> [NamedVersion] {
    try Row.fetchAll(
      db, sql: "SELECT \(versionColumns) FROM versions WHERE workflow = ? ORDER BY position, id", arguments: [workflow]
    ).map(version)
  }

  /// `nil` when there is none by this id.
  static func version(_ id: String, workflow: Int64, _ db: Database) throws -> NamedVersion? {
    try Row.fetchOne(db, sql: "SELECT \(versionColumns) FROM versions WHERE workflow = ? AND id = ?", arguments: [workflow, id])
      .map(version)
  }

  private static let versionColumns = "id, position, name, note, kind, subject, author, named_at, number, cause, graph_hash, summary"

  private static func version(_ row: Row) -> NamedVersion {
    let kind = Author.Kind(rawValue: UInt8(truncatingIfNeeded: row[4] as Int64)) ?? .person
    var version = NamedVersion(
      id: row[0], position: UInt64(bitPattern: row[1]), name: row[2], note: row[3],
      author: Author(subject: row[5], name: row[6], kind: kind), namedAtMilliseconds: UInt64(bitPattern: row[7]))
    version.number = UInt64(bitPattern: row[8])
    // One that a newer program kept for a reason of its own is thinned out like any other.
    version.cause = NamedVersion.Cause(rawValue: UInt8(truncatingIfNeeded: row[9] as Int64)) ?? .asked
    version.graphHash = Array(row[10] as Data)
    version.summary = row[11]
    return version
  }

  /// The position behind which the log has so many bytes; at most `countMax` rows are looked at.
  static func reach(_ place: WorkflowPlace, bytesMax: Int, countMax: Int, _ db: Database) throws -> UInt64 {
    let rows = try Row.fetchCursor(
      db, sql: "SELECT position, length(body) FROM log WHERE workflow = ? AND position > ? ORDER BY position DESC LIMIT ?",
      arguments: [place.key, Int64(clamping: place.floor), max(0, countMax)])
    var bytes = 0
    while let row = try rows.next() {
      bytes += row[1] as Int
      if bytes > bytesMax { return UInt64(bitPattern: row[0]) }
    }
    return place.floor
  }
}

extension VersionWrite {
  func write(to db: Database, workflow: Int64, _ chores: inout [Chore]) throws {
    switch self {
    case .renamed(let id, let name, let note):
      try db.cachedStatement(sql: "UPDATE versions SET name = ?, note = ?, cause = ? WHERE workflow = ? AND id = ?").execute(
        arguments: [name, note, Int(NamedVersion.Cause.named.rawValue), workflow, id])
    case .dropped(let id):
      let sql = "SELECT snapshot FROM versions WHERE workflow = ? AND id = ?"
      guard let snapshot = try Int64.fetchOne(db, sql: sql, arguments: [workflow, id]) else { return }
      try db.execute(sql: "DELETE FROM versions WHERE workflow = ? AND id = ?", arguments: [workflow, id])
      // Its parts go between commits; a crash leaves a snapshot that is none, and the next opening drops it.
      try db.execute(sql: "UPDATE snapshots SET state = ? WHERE id = ?", arguments: [SnapshotState.partial, snapshot])
      chores.append(.discard(snapshot))
    }
  }
}
