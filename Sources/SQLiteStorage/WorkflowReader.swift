import Compression
import Foundation
import GRDB
import Storage
import WorkflowGraph

/// A workflow as it was read, with the snapshots that turned out to be damaged just now.
struct LoadedWorkflow: Sendable {
  var workflow: StoredWorkflow
  var damagedSnapshots: [Int64]
}

extension StoredWorkflow {
  static func read(_ id: WorkflowID, from db: Database) throws -> LoadedWorkflow? {
    guard let place = try WorkflowPlace.find(id, db) else { return nil }
    var snapshots = try SnapshotReader.read(workflow: place.key, countMax: StoreLimits.snapshotCount, db)
    // From the older snapshot, so that the caller can fall back to it; from the newer one when the log between them is damaged.
    while true {
      let start = snapshots.sound.last?.position ?? 0
      guard start >= place.floor else { throw StoreError.noWayBack(floor: place.floor) }
      let stretch = try LogReader.read(workflow: place.key, after: start, db)
      if let broken = stretch.brokenAt {
        guard snapshots.sound.count > 1, let newest = snapshots.sound.first, broken <= newest.position else {
          throw StoreError.brokenLog(id, at: broken, lost: stretch.lostCount)
        }
        snapshots.sound.removeLast()
        snapshots.damage.append("change \(broken) is damaged; the snapshot at position \(newest.position) covers it")
        continue
      }
      var workflow = StoredWorkflow(
        snapshots: snapshots.sound, log: stretch.changes, leases: try LeaseRecord.read(workflow: place.key, from: db),
        interruptedRuns: try RunReader.interrupted(workflow: place.key, db), damage: snapshots.damage)
      workflow.versions = try HistoryReader.versions(workflow: place.key, db)
      return LoadedWorkflow(workflow: workflow, damagedSnapshots: snapshots.damaged)
    }
  }
}

enum SnapshotReader {
  struct Found {
    /// Newest first.
    var sound: [StoredSnapshot] = []
    var damaged: [Int64] = []
    var damage: [String] = []
  }

  /// The newest ones that are sound, at most `countMax`; what is damaged among those looked at.
  static func read(workflow: Int64, countMax: Int = .max, _ db: Database) throws -> Found {
    var found = Found()
    let rows = try Row.fetchAll(
      db,
      sql: """
        SELECT id, position, byte_count, checksum, state FROM snapshots WHERE workflow = ? AND state IN (?, ?) ORDER BY position DESC, id DESC
        """, arguments: [workflow, SnapshotState.whole, SnapshotState.damaged])
    for row in rows where found.sound.count < countMax {
      let id: Int64 = row[0]
      let position = UInt64(bitPattern: row[1])
      if row[4] == SnapshotState.whole, let data = try data(of: id, byteCount: row[2], checksum: row[3], db) {
        found.sound.append(StoredSnapshot(position: position, data: data))
      } else {
        if row[4] == SnapshotState.whole { found.damaged.append(id) }
        found.damage.append("the snapshot at position \(position) is damaged and was passed over")
      }
    }
    return found
  }

  /// `nil` when it is not what was written.
  static func data(of snapshot: Int64, byteCount: Int, checksum: Int64, _ db: Database) throws -> [UInt8]? {
    var bytes: [UInt8] = []
    var crc: UInt32 = 0
    let parts = try Row.fetchCursor(
      db, sql: "SELECT data FROM snapshot_parts WHERE snapshot = ? ORDER BY part", arguments: [snapshot])
    while let part = try parts.next() {
      try part.withUnsafeData(atIndex: 0) { data in
        guard let data else { return }
        crc = data.withUnsafeBytes { CRC32.checksum($0, seed: crc) }
        bytes.append(contentsOf: data)
      }
    }
    return bytes.count == byteCount && Int64(crc) == checksum ? bytes : nil
  }
}

enum RunReader {
  static func interrupted(workflow: Int64, _ db: Database) throws -> [StoredRun] {
    try runs(db, sql: "SELECT id, run FROM runs WHERE workflow = ? AND is_finished = 0 ORDER BY id", arguments: [workflow])
  }

  static func newest(_ limit: Int, before run: String?, bytesMax: Int, of workflow: WorkflowID, _ db: Database) throws -> [StoredRun] {
    guard let place = try WorkflowPlace.find(workflow, db) else { throw StoreError.unknown(workflow) }
    var before = Int64.max
    if let run {
      let id = try Int64.fetchOne(db, sql: "SELECT id FROM runs WHERE workflow = ? AND run = ?", arguments: [place.key, run])
      guard let id else { return [] }
      before = id
    }
    return try runs(
      db, sql: "SELECT id, run FROM runs WHERE workflow = ? AND id < ? ORDER BY id DESC LIMIT ?",
      arguments: [place.key, before, max(0, limit)], bytesMax: bytesMax)
  }

  static func events(of run: String, in workflow: WorkflowID, after seq: UInt64, _ db: Database) throws -> [StoredRunEvent] {
    guard let place = try WorkflowPlace.find(workflow, db) else { throw StoreError.unknown(workflow) }
    return try Row.fetchAll(
      db,
      sql: """
        SELECT e.seq, e.is_last, e.body FROM run_events e JOIN runs r ON e.run = r.id WHERE r.workflow = ? AND r.run = ? AND e.seq > ? ORDER BY e.seq
        """, arguments: [place.key, run, Int64(clamping: seq)]
    ).map { event(of: run, $0) }
  }

  private static func runs(
    _ db: Database, sql: String, arguments: StatementArguments, bytesMax: Int = .max
  ) throws -> [StoredRun] {
    var found: [StoredRun] = []
    var bytes = 0
    for row in try Row.fetchAll(db, sql: sql, arguments: arguments) where bytes < bytesMax {
      let id: Int64 = row[0]
      let run: String = row[1]
      let columns = "SELECT seq, is_last, body FROM run_events WHERE run = ?"
      let first = try Row.fetchOne(db, sql: "\(columns) ORDER BY seq LIMIT 1", arguments: [id])
      let last = try Row.fetchOne(db, sql: "\(columns) AND is_last ORDER BY seq DESC LIMIT 1", arguments: [id])
      guard let first else { continue }
      found.append(StoredRun(run: run, first: event(of: run, first), last: last.map { event(of: run, $0) }))
      bytes += found[found.count - 1].byteCount
    }
    return found
  }

  private static func event(of run: String, _ row: Row) -> StoredRunEvent {
    StoredRunEvent(run: run, seq: UInt64(bitPattern: row[0]), isLast: row[1], body: Array(row[2] as Data))
  }
}
