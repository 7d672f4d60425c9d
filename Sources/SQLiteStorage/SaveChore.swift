import Compression
import Foundation
import GRDB
import Storage
import Webhooks
import WorkflowDocument
import WorkflowGraph

/// Writes a snapshot in parts; with the last part it counts, older ones go, and the log behind them. One of a named version stays with it.
struct SaveChore: Sendable {
  struct Outcome: Sendable {
    /// As it is kept; `nil` without one.
    var version: NamedVersion?
    /// 0 when the version was there already.
    var writtenBytes: Int
  }

  private let workflow: WorkflowID
  private let snapshot: StoredSnapshot
  private let version: NamedVersion?
  private let limits: StoreLimits
  private let completion: @Sendable (Result<Outcome, StoreError>) -> Void
  /// The row of the snapshot, and the workflow's key; `nil` before the first slice.
  private var row: (id: Int64, workflow: Int64)?
  private var writtenBytes = 0
  /// The version as it is kept.
  private var kept: NamedVersion?

  init(
    workflow: WorkflowID, snapshot: StoredSnapshot, version: NamedVersion? = nil, limits: StoreLimits,
    completion: @escaping @Sendable (Result<Outcome, StoreError>) -> Void
  ) {
    self.workflow = workflow
    self.snapshot = snapshot
    self.version = version
    self.limits = limits
    self.completion = completion
  }

  /// One slice. Answers the caller when it was the last.
  func step(_ db: Database) -> [Chore] {
    var next = self
    let following: [Chore]
    do {
      following = try db.write { try next.write(db) }
    } catch {
      completion(.failure(StoreError(error, doing: "cannot save a snapshot of \(workflow)")))
      // The parts of the slices before. Not `next`'s row: the id of one that was rolled back may be given again.
      return row.map { [.discard($0.id)] } ?? []
    }
    guard next.isComplete else { return [.save(next)] }
    completion(.success(Outcome(version: next.kept, writtenBytes: next.writtenBytes)))
    return following
  }

  private var isComplete: Bool { kept != nil || row != nil && writtenBytes == snapshot.data.count }

  /// - Returns: what is to be done once this is committed and complete.
  private mutating func write(_ db: Database) throws -> [Chore] {
    guard let place = try WorkflowPlace.find(workflow, db) else { throw StoreError.unknown(workflow) }
    if self.row == nil, let version {
      kept = try HistoryReader.version(version.id, workflow: place.key, db)
      if kept != nil { return [] }
    }
    let row = try self.row ?? begin(place, db)
    self.row = row
    // Deleted and made anew while the parts were written: this snapshot belongs to the former one.
    guard row.workflow == place.key else { throw StoreError.unknown(workflow) }
    for _ in 0..<Tuning.partsPerSlice where writtenBytes < snapshot.data.count {
      let part = snapshot.data[writtenBytes...].prefix(Tuning.partBytes)
      try db.cachedStatement(sql: "INSERT INTO snapshot_parts(snapshot, part, data) VALUES(?, ?, ?)").execute(
        arguments: [row.id, writtenBytes / Tuning.partBytes, Data(part)])
      writtenBytes += part.count
    }
    guard isComplete else { return [] }
    if let version {
      kept = try finish(version, row.id, place, db)
      return []
    }
    return try finish(row.id, place, db)
  }

  private func begin(_ place: WorkflowPlace, _ db: Database) throws -> (id: Int64, workflow: Int64) {
    let last = try place.last(db)
    guard snapshot.position <= last else { throw StoreError.snapshotAhead(snapshot.position, of: last) }
    // Looked at again with the last part, when others may have come; here it spares writing what has no place.
    if let version { try requireRoom(for: version, place, db) }
    try db.execute(
      sql: "INSERT INTO snapshots(workflow, position, byte_count, checksum, state) VALUES(?, ?, ?, ?, ?)",
      arguments: [
        place.key, Int64(bitPattern: snapshot.position), snapshot.data.count, Int64(CRC32.checksum(snapshot.data)), SnapshotState.partial,
      ])
    return (db.lastInsertedRowID, place.key)
  }

  private func finish(_ id: Int64, _ place: WorkflowPlace, _ db: Database) throws -> [Chore] {
    try db.execute(sql: "UPDATE snapshots SET state = ? WHERE id = ?", arguments: [SnapshotState.whole, id])
    let whole = try Row.fetchAll(
      db, sql: "SELECT max(id), position FROM snapshots WHERE workflow = ? AND state = ? GROUP BY position ORDER BY position",
      arguments: [place.key, SnapshotState.whole])
    let reach = try HistoryReader.reach(place, bytesMax: limits.historyBytesMax, countMax: limits.historyChangeCountMax, db)
    let verdict = limits.retention(
      whole.map { UInt64(bitPattern: $0[1]) }, floor: place.floor, last: try place.last(db), reach: reach)
    let ids = Set(whole.filter { verdict.kept.contains(UInt64(bitPattern: $0[1])) }.map { $0[0] as Int64 })
    let all = try Int64.fetchAll(
      db, sql: "SELECT id FROM snapshots WHERE workflow = ? AND state IN (?, ?)",
      arguments: [place.key, SnapshotState.whole, SnapshotState.damaged])
    try Self.drop(all.filter { !ids.contains($0) }, db)
    try forget(place.key, db)
    guard verdict.floor > place.floor else { return [] }
    try db.execute(sql: "UPDATE workflows SET floor = ? WHERE key = ?", arguments: [Int64(bitPattern: verdict.floor), place.key])
    return [.trim(TrimChore(workflow: place.key, floor: verdict.floor))]
  }

  /// The version and its snapshot count from here on.
  private func finish(_ given: NamedVersion, _ id: Int64, _ place: WorkflowPlace, _ db: Database) throws -> NamedVersion {
    if let present = try HistoryReader.version(given.id, workflow: place.key, db) {
      try Self.drop([id], db)
      return present
    }
    try requireRoom(for: given, place, db)
    var version = given
    try db.execute(sql: "UPDATE workflows SET version_count = version_count + 1 WHERE key = ?", arguments: [place.key])
    let count = try Int64.fetchOne(db, sql: "SELECT version_count FROM workflows WHERE key = ?", arguments: [place.key])
    version.number = UInt64(bitPattern: count ?? 0)
    try db.execute(sql: "UPDATE snapshots SET state = ? WHERE id = ?", arguments: [SnapshotState.named, id])
    try db.execute(
      sql: """
        INSERT INTO versions(workflow, id, position, name, note, kind, subject, author, named_at, snapshot, number, cause, graph_hash, summary)
        VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        place.key, version.id, Int64(bitPattern: version.position), version.name, version.note, Int(version.author.kind.rawValue),
        version.author.subject, version.author.name, Int64(bitPattern: version.namedAtMilliseconds), id,
        Int64(bitPattern: version.number), Int(version.cause.rawValue), Data(version.graphHash), version.summary,
      ])
    try WebhookRows.queue(.versionCreated, ofKey: place.key, limits.webhooks, db) { WebhookFacts.versionCreated(version, of: workflow) }
    return version
  }

  private func requireRoom(for version: NamedVersion, _ place: WorkflowPlace, _ db: Database) throws {
    let present = try Row.fetchOne(
      db,
      sql: """
        SELECT count(*), coalesce(sum(s.byte_count), 0) FROM versions v JOIN snapshots s ON s.id = v.snapshot
        WHERE v.workflow = ? AND (v.cause != ?) = ?
        """, arguments: [place.key, Int(NamedVersion.Cause.named.rawValue), version.isAutomatic])
    try limits.requireRoom(
      forAutomatic: version.isAutomatic, countBefore: present?[0] ?? 0, bytesWith: (present?[1] ?? 0) + snapshot.data.count)
  }

  static func drop(_ snapshots: [Int64], _ db: Database) throws {
    for id in snapshots {
      try db.execute(sql: "DELETE FROM snapshot_parts WHERE snapshot = ?", arguments: [id])
      try db.execute(sql: "DELETE FROM snapshots WHERE id = ?", arguments: [id])
    }
  }

  static func forgetRuns(_ runs: [Int64], _ db: Database) throws {
    for id in runs {
      try db.execute(sql: "DELETE FROM run_events WHERE run = ?", arguments: [id])
      try db.execute(sql: "DELETE FROM runs WHERE id = ?", arguments: [id])
    }
  }

  /// Drops what `StoreLimits` says is too old.
  private func forget(_ key: Int64, _ db: Database) throws {
    try db.execute(
      sql: """
        DELETE FROM leases WHERE workflow = ?1 AND digest IN (
          SELECT digest FROM leases WHERE workflow = ?1 AND seq_at_end IS NOT NULL ORDER BY touched_at DESC LIMIT -1 OFFSET ?2)
        """, arguments: [key, limits.endedLeaseCountMax])
    let count = try Int.fetchOne(db, sql: "SELECT count(*) FROM runs WHERE workflow = ?", arguments: [key]) ?? 0
    guard count > limits.runCountMax else { return }
    let old = try Int64.fetchAll(
      db, sql: "SELECT id FROM runs WHERE workflow = ? AND is_finished ORDER BY id LIMIT ?", arguments: [key, count - limits.runCountMax])
    try Self.forgetRuns(old, db)
  }
}
