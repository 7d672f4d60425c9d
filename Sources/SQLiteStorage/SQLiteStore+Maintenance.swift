import Dispatch
import GRDB
import GRDBSQLite
public import Storage
public import WorkflowGraph

/// Care for the file. Reads through connections of its own, so it works beside a running server, in the same process or another.
extension SQLiteStore {
  /// Of the files that this program writes.
  public static var format: Int { Schema.version }

  /// The version of the SQLite library in this process, as "3.40.1".
  public static var libraryVersion: String { String(cString: sqlite3_libversion()) }

  /// The oldest library that knows all the tables need (STRICT).
  public static let libraryVersionMin = (major: 3, minor: 37)

  /// Reads everything: SQLite's own structure, every snapshot, every change. Takes as long as reading the file takes.
  ///
  /// - Throws: `.unavailable` or `.corrupt` when the file cannot even be opened; what is wrong inside is in the report.
  public static func check(_ path: String) async throws(StoreError) -> StoreReport {
    try await inBackground("cannot check \(path)") { try StoreCheck.run(openForReading(path)) }
  }

  /// Drops the changes of a workflow from `position` on: the way out when `load` finds the log broken there and there is no backup.
  ///
  /// What is dropped is lost, though it was acknowledged: for an operator to decide, never for the server. Snapshots ahead of `position` go too.
  /// - Returns: how many changes went.
  public func cutLog(of workflow: WorkflowID, from position: UInt64) async throws(StoreError) -> Int {
    try await wait { .cut(workflow, from: position, $0) }
  }

  static func openForReading(_ path: String) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.readonly = true
    configuration.busyMode = .timeout(10)
    let queue = try DatabaseQueue(path: path, configuration: configuration)
    let id = try queue.read { try Int64.fetchOne($0, sql: "PRAGMA application_id") }
    guard id == Int64(Schema.applicationID) else { throw Schema.foreign }
    return queue
  }

  static func inBackground<T: Sendable>(
    _ what: String, _ body: @escaping @Sendable () throws -> T
  ) async throws(StoreError) -> T {
    let result = await withCheckedContinuation { (continuation: CheckedContinuation<Result<T, StoreError>, Never>) in
      DispatchQueue.global().async { continuation.resume(returning: Result(catching: body).mapError { StoreError($0, doing: what) }) }
    }
    return try result.get()
  }
}
