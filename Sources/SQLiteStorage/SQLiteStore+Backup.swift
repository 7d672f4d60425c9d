import Dispatch
import GRDB
import Glibc
public import Storage

/// Copies of the file, and the way back from one.
extension SQLiteStore {
  /// What a restore did.
  public struct Restored: Hashable, Sendable {
    /// What is in the file now.
    public var report: StoreReport
    /// Where the file that was there before is; `nil`: there was none.
    public var kept: String?
  }

  /// Copies the file as it is at this moment to `destination`, whole and compact, while writing goes on, and reads the copy through.
  ///
  /// The copy appears under its name only when it is complete, flushed, and no workflow in it ends before where it ended when the copy began:
  /// everything acknowledged until then is in it. Meanwhile the write-ahead log cannot shrink.
  /// - Returns: what is in the copy. Damage that the file has, the copy has too: it is in the report, and the copy is there all the same, since it
  ///   holds what is whole.
  /// - Throws: `.unavailable` when `destination` exists or cannot be written.
  @discardableResult
  public static func backUp(_ path: String, to destination: String) async throws(StoreError) -> StoreReport {
    try await inBackground("cannot back up \(path)") {
      guard access(destination, F_OK) != 0 else { throw StoreError(.unavailable, "\(destination) exists already") }
      let partial = destination + "-partial"
      let source = try openForReading(path)
      let before = try source.read { try heads(in: $0) }
      let report = try copy(source, to: partial) { copy in
        let after = try copy.read { try heads(in: $0) }
        for (key, head) in before {
          // One that was deleted meanwhile is none to miss.
          guard let copied = after[key], copied < head else { continue }
          throw StoreError(.corrupt, "the copy ends before what was durable when it began")
        }
      }
      guard rename(partial, destination) == 0 else { throw StoreError(.unavailable, String(cString: strerror(errno))) }
      try StoreFile.flush(StoreFile.folderOf(destination))
      return report
    }
  }

  /// Puts what a backup holds in the place of the file, which no process may have open.
  ///
  /// The backup stays as it is. Until the last step, one rename, the file is the old one; a crash before it leaves that.
  /// - Parameter replacing: whether there may be a file already. It is kept beside, under the name that the result tells.
  /// - Throws: `.unavailable` when there is a file and it must not be replaced, or a server has it; `.corrupt` when the backup is no whole store.
  public static func restore(from backup: String, to path: String, replacing: Bool) async throws(StoreError) -> Restored {
    try await inBackground("cannot restore \(path)") {
      let source = try openForReading(backup)
      let faults = try StoreCheck.run(source).faults
      guard faults.isEmpty else { throw StoreError(.corrupt, "\(backup) is damaged: \(faults.prefix(3).joined(separator: "; "))") }
      let lock = try FileLock(of: path)
      let isThere = access(path, F_OK) == 0
      guard replacing || !isThere else { throw StoreError(.unavailable, "\(path) exists already") }
      let partial = path + "-restoring"
      let report = try copy(source, to: partial) { _ in }
      var kept: String?
      if isThere { kept = try setAside(path) }
      // What a process left that died while no main file was there belongs to none.
      for suffix in ["-wal", "-shm"] { unlink(path + suffix) }
      guard rename(partial, path) == 0 else { throw StoreError(.unavailable, String(cString: strerror(errno))) }
      try StoreFile.flush(StoreFile.folderOf(path))
      return withExtendedLifetime(lock) { Restored(report: report, kept: kept) }
    }
  }

  /// A compact copy under a name of its own, flushed. What `check` refuses is removed again.
  private static func copy(_ source: DatabaseQueue, to partial: String, check: (DatabaseQueue) throws -> Void) throws -> StoreReport {
    try StoreFile.makeEmpty(partial)
    do {
      try source.writeWithoutTransaction { try $0.execute(sql: "VACUUM INTO ?", arguments: [partial]) }
      let copy = try openForReading(partial)
      let report = try StoreCheck.run(copy)
      try check(copy)
      try copy.close()
      try StoreFile.flush(partial)
      return report
    } catch {
      unlink(partial)
      throw error
    }
  }

  /// Gives the old file a second name, with everything durable in it. The first name stays until another file takes it.
  private static func setAside(_ path: String) throws -> String {
    var kept = path + ".before-restore"
    var number = 1
    while access(kept, F_OK) == 0 {
      number += 1
      kept = "\(path).before-restore-\(number)"
    }
    // Nobody else has it. What is in its write-ahead log comes into the file, and the log goes when the last connection does. A file that is too
    // damaged for that is kept together with its log.
    do {
      let old = try DatabaseQueue(path: path)
      try old.writeWithoutTransaction { _ = try Row.fetchOne($0, sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
      try old.close()
    } catch {
      if access(path + "-wal", F_OK) == 0, Glibc.link(path + "-wal", kept + "-wal") != 0 {
        throw StoreError(.unavailable, String(cString: strerror(errno)))
      }
    }
    guard Glibc.link(path, kept) == 0 else { throw StoreError(.unavailable, "cannot keep \(path): \(String(cString: strerror(errno)))") }
    try StoreFile.flush(StoreFile.folderOf(path))
    return kept
  }

  /// Where each workflow's log ends, by the workflow's key.
  private static func heads(in db: Database) throws -> [Int64: UInt64] {
    let rows = try Row.fetchAll(
      db,
      sql: """
        SELECT key, max(floor, ifnull((SELECT position FROM log WHERE workflow = key ORDER BY position DESC LIMIT 1), 0)) FROM workflows
        """)
    return Dictionary(uniqueKeysWithValues: rows.map { ($0[0] as Int64, UInt64(bitPattern: $0[1])) })
  }
}
