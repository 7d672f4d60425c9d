import GRDB
import Storage
import Webhooks
import WorkflowDocument
import WorkflowGraph

/// Reads a whole file and notes what is wrong.
enum StoreCheck {
  private static let faultCountMax = 100
  private static let changesPerRead = 10_000

  static func run(_ queue: DatabaseQueue) throws -> StoreReport {
    try queue.read { db in
      var report = StoreReport()
      let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
      report.fileBytes = try pages * (Int.fetchOne(db, sql: "PRAGMA page_size") ?? 0)
      report.format = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
      note(&report) {
        let lines = try String.fetchAll(db, sql: "PRAGMA integrity_check(\(faultCountMax))")
        return lines == ["ok"] ? [] : lines.map { "SQLite: \($0)" }
      }
      var names: [String] = []
      note(&report) {
        names = try String.fetchAll(db, sql: "SELECT name FROM workflows ORDER BY name")
        return []
      }
      report.workflowCount = names.count
      for name in names where report.faults.count < faultCountMax {
        guard let workflow = WorkflowID(name) else {
          report.faults.append("“\(name)” is no workflow id")
          continue
        }
        var counts = (changes: 0, snapshots: 0)
        note(&report) { try faults(of: workflow, &counts, db) }
        report.changeCount += counts.changes
        report.snapshotCount += counts.snapshots
      }
      var webhooks = (all: 0, switchedOff: 0, deadLetters: 0)
      note(&report) {
        webhooks = try webhookCounts(db)
        return []
      }
      (report.webhookCount, report.webhooksSwitchedOffCount, report.deadLetterCount) = webhooks
      return report
    }
  }

  /// Runs one part of the check; damage that stops it is a finding, not the end of the check.
  private static func note(_ report: inout StoreReport, _ body: () throws -> [String]) {
    do {
      report.faults += try body()
    } catch {
      report.faults.append(StoreError(error, doing: "cannot read on").text)
    }
  }

  private static func webhookCounts(_ db: Database) throws -> (all: Int, switchedOff: Int, deadLetters: Int) {
    guard try db.tableExists("webhooks") else { return (0, 0, 0) }
    // Those of a deleted workflow are there until they are swept.
    let row = try Row.fetchOne(
      db,
      sql: """
        SELECT count(*), count(CASE WHEN h.off_at IS NOT NULL AND h.off_reason != ? THEN 1 END),
          ifnull(sum((SELECT count(*) FROM deliveries d WHERE d.hook = h.key AND d.state = 2)), 0)
        FROM webhooks h JOIN workflows w ON w.key = h.workflow
        """, arguments: [Webhook.Activity.ownersReason])
    return row.map { ($0[0], $0[1], $0[2]) } ?? (0, 0, 0)
  }

  private static func versionFaults(of workflow: WorkflowID, _ place: WorkflowPlace, _ db: Database) throws -> [String] {
    // The file may be of a version before there were any: a check changes nothing.
    guard try db.tableExists("versions") else { return [] }
    let rows = try Row.fetchAll(
      db,
      sql: """
        SELECT CASE v.name WHEN '' THEN v.id ELSE v.name END, s.id, s.byte_count, s.checksum FROM versions v LEFT JOIN snapshots s ON v.snapshot = s.id AND s.state = ?
        WHERE v.workflow = ?
        """, arguments: [SnapshotState.named, place.key])
    return try rows.compactMap { row in
      if let id = row[1] as Int64?, try SnapshotReader.data(of: id, byteCount: row[2], checksum: row[3], db) != nil { return nil }
      return "\(workflow): the version “\(row[0] as String)” is damaged"
    }
  }

  private static func faults(of workflow: WorkflowID, _ counts: inout (changes: Int, snapshots: Int), _ db: Database) throws -> [String] {
    guard let place = try WorkflowPlace.find(workflow, db) else { return [] }
    let snapshots = try SnapshotReader.read(workflow: place.key, db)
    counts.snapshots = snapshots.sound.count
    var faults = snapshots.damage.map { "\(workflow): \($0)" }
    faults += try versionFaults(of: workflow, place, db)
    if place.floor > 0, snapshots.sound.isEmpty { faults.append("\(workflow): \(StoreError.noWayBack(floor: place.floor).text)") }
    var position = place.floor
    while true {
      let stretch = try LogReader.read(workflow: place.key, after: position, limit: changesPerRead, db)
      counts.changes += stretch.changes.count
      if let broken = stretch.brokenAt {
        faults.append("\(workflow): change \(broken) is damaged or missing")
        return faults
      }
      guard let last = stretch.changes.last else { return faults }
      position = last.position
    }
  }
}
