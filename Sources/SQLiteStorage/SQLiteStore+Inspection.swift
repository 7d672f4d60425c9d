public import CollabProtocol
import GRDB
public import Storage
public import WorkflowGraph

/// What the file holds of one workflow, in numbers.
public struct WorkflowReport: Hashable, Sendable {
  public struct Snapshot: Hashable, Sendable {
    public var position: UInt64
    /// Of the zlib stream.
    public var byteCount: Int
    /// Found damaged, and passed over since.
    public var isDamaged: Bool
  }

  public struct Webhook: Hashable, Sendable {
    public var id: String
    /// With path and query, which may hold what only its owners are to know.
    public var url: String
    /// `nil`: it is switched on.
    public var offReason: String?
    public var pendingCount: Int
    public var deadLetterCount: Int
    public var failingSinceMilliseconds: UInt64?
  }

  /// Of the newest change; 0 when there never was one.
  public var position: UInt64
  /// Where the log begins: it holds what comes after.
  public var floor: UInt64
  public var changeCount: Int
  /// Of the bodies of these changes.
  public var changeBytes: Int
  /// When the oldest and the newest of these were taken; milliseconds since 1970.
  public var takenAtMilliseconds: ClosedRange<UInt64>?
  /// Newest first.
  public var snapshots: [Snapshot]
  public var versionCount: Int
  public var versionBytes: Int
  public var leaseCount: Int
  public var endedLeaseCount: Int
  public var runCount: Int
  /// Under way, or cut off by the end of their server.
  public var openRunCount: Int
  /// How many members have which role; no entry: none.
  public var memberCounts: [Role: Int]
  /// Share links, expired ones among them.
  public var linkCount: Int
  /// In the order in which they were made.
  public var webhooks: [Webhook]
}

extension SQLiteStore {
  /// Reads only, through a connection of its own: beside a running server too. O(log of the workflow).
  ///
  /// - Returns: `nil` when there is no such workflow.
  public static func inspect(_ workflow: WorkflowID, in path: String) async throws(StoreError) -> WorkflowReport? {
    try await inBackground("cannot inspect \(path)") { try openForReading(path).read { try WorkflowReport(workflow, $0) } }
  }
}

extension WorkflowReport {
  fileprivate init?(_ workflow: WorkflowID, _ db: Database) throws {
    guard let place = try WorkflowPlace.find(workflow, db) else { return nil }
    func row(_ sql: String, _ arguments: StatementArguments = []) throws -> Row {
      try Row.fetchOne(db, sql: sql, arguments: StatementArguments([place.key]) + arguments) ?? Row()
    }
    position = try place.last(db)
    floor = place.floor
    let log = try row("SELECT count(*), ifnull(sum(length(body)), 0), min(taken_at), max(taken_at) FROM log WHERE workflow = ?")
    changeCount = log[0]
    changeBytes = log[1]
    if let first = log[2] as Int64?, let last = log[3] as Int64?, first <= last {
      takenAtMilliseconds = UInt64(bitPattern: first)...UInt64(bitPattern: last)
    }
    snapshots = try Row.fetchAll(
      db, sql: "SELECT position, byte_count, state FROM snapshots WHERE workflow = ? AND state IN (?, ?) ORDER BY position DESC, id DESC",
      arguments: [place.key, SnapshotState.whole, SnapshotState.damaged]
    ).map { Snapshot(position: UInt64(bitPattern: $0[0]), byteCount: $0[1], isDamaged: $0[2] == SnapshotState.damaged) }
    let versions = try row(
      "SELECT count(*), ifnull(sum(byte_count), 0) FROM snapshots WHERE workflow = ? AND state = ?", [SnapshotState.named])
    versionCount = versions[0]
    versionBytes = versions[1]
    let leases = try row("SELECT count(*), count(seq_at_end) FROM leases WHERE workflow = ?")
    endedLeaseCount = leases[1]
    leaseCount = (leases[0] as Int) - endedLeaseCount
    let runs = try row("SELECT count(*), ifnull(sum(is_finished), 0) FROM runs WHERE workflow = ?")
    runCount = runs[0]
    openRunCount = runCount - (runs[1] as Int)
    let members = try Row.fetchAll(db, sql: "SELECT role, count(*) FROM members WHERE workflow = ? GROUP BY role", arguments: [place.key])
    memberCounts = Dictionary(uniqueKeysWithValues: members.compactMap { row in Role(rawValue: row[0]).map { ($0, row[1]) } })
    linkCount = try row("SELECT count(*) FROM links WHERE workflow = ?")[0]
    webhooks = try Webhook.all(of: place.key, db)
  }
}

extension WorkflowReport.Webhook {
  fileprivate static func all(of workflow: Int64, _ db: Database) throws -> [Self] {
    // The file may be of a version before there were any: an inspection changes nothing.
    guard try db.tableExists("webhooks") else { return [] }
    let rows = try Row.fetchAll(
      db,
      sql: """
        SELECT id, url, off_at IS NOT NULL, off_reason, pending,
          (SELECT count(*) FROM deliveries d WHERE d.hook = h.key AND d.state = 2), failing_since
        FROM webhooks h WHERE workflow = ? ORDER BY key
        """, arguments: [workflow])
    return rows.map { row in
      Self(
        id: row[0], url: row[1], offReason: row[2] as Bool ? row[3] : nil, pendingCount: row[4], deadLetterCount: row[5],
        failingSinceMilliseconds: (row[6] as Int64?).map { UInt64(bitPattern: $0) })
    }
  }
}
