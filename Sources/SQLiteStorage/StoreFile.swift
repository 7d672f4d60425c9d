import GRDB
import Glibc
import Storage

/// Opens, creates and recognises the database file.
enum StoreFile {
  /// A pool on the file at `path`, made when it is not there. The caller holds the `FileLock`.
  static func open(_ path: String, options: SQLiteOptions) throws(StoreError) -> DatabasePool {
    do {
      if try !isOurs(path) { try create(path) }
      let pool = try DatabasePool(path: path, configuration: configuration(options))
      try pool.writeWithoutTransaction { db in
        // The pool sets NORMAL when it opens: a commit would then survive a crash of the process, but not of the machine.
        try db.execute(sql: "PRAGMA synchronous = FULL")
        try db.execute(sql: "PRAGMA journal_size_limit = \(options.journalBytesMax)")
        if let bytes = options.fileBytesMax {
          let pageBytes = try Int.fetchOne(db, sql: "PRAGMA page_size") ?? 4096
          try db.execute(sql: "PRAGMA max_page_count = \(max(1, bytes / pageBytes))")
        }
        try Schema.migrate(db)
        try dropLeftovers(db)
      }
      return pool
    } catch {
      throw StoreError(error, doing: "cannot open \(path)")
    }
  }

  private static func configuration(_ options: SQLiteOptions) -> Configuration {
    let wait = Double(options.busyTimeout.components.seconds) + Double(options.busyTimeout.components.attoseconds) / 1e18
    var configuration = Configuration()
    configuration.label = "thaiyyal.store"
    configuration.busyMode = .timeout(wait)
    configuration.maximumReaderCount = options.readerCountMax
    configuration.foreignKeysEnabled = false
    // Else a rollback that fails on a dying disk would end the process; `write` below rolls back again instead.
    configuration.allowsUnsafeTransactions = true
    configuration.prepareDatabase { db in
      // Damage is to be found before it is believed, and a foreign file's triggers are not to be run.
      try db.execute(sql: "PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF; PRAGMA cache_size = -8192")
    }
    return configuration
  }

  /// Whether the file at `path` is a store; `false` when there is none, or an empty one.
  ///
  /// Looks at the header before SQLite does: opening a foreign database for writing would change it. Never on a file that this process
  /// has open: closing any descriptor of it would drop SQLite's locks.
  private static func isOurs(_ path: String) throws(StoreError) -> Bool {
    let file = Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else {
      if errno == ENOENT { return false }
      throw StoreError(.unavailable, String(cString: strerror(errno)))
    }
    defer { Glibc.close(file) }
    var header = [UInt8](repeating: 0, count: 100)
    let count = header.withUnsafeMutableBytes { pread(file, $0.baseAddress, $0.count, 0) }
    if count == 0 { return false }
    guard count >= 0 else { throw StoreError(.unavailable, String(cString: strerror(errno))) }
    guard count == header.count, header.starts(with: "SQLite format 3\0".utf8) else {
      throw StoreError(.corrupt, "the file is no SQLite database")
    }
    func number(at offset: Int) -> Int { header[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) } }
    guard number(at: 68) == Int(Schema.applicationID) else { throw Schema.foreign }
    guard number(at: 60) <= Schema.version else { throw Schema.tooNew(number(at: 60)) }
    return true
  }

  /// Makes the database under another name first, so that a crash leaves either none or a whole one.
  private static func create(_ path: String) throws {
    let temporary = path + "-new"
    unlink(temporary + "-journal")
    try makeEmpty(temporary)
    let queue = try DatabaseQueue(path: temporary)
    try queue.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA application_id = \(Schema.applicationID)")
      try Schema.migrate(db)
    }
    try queue.close()
    for suffix in ["-wal", "-shm"] { unlink(path + suffix) }
    guard rename(temporary, path) == 0 else { throw StoreError(.unavailable, String(cString: strerror(errno))) }
    try flush(folderOf(path))
  }

  /// An empty file that nobody else can read. SQLite takes it as a new database, and gives its companions the same rights.
  static func makeEmpty(_ path: String) throws(StoreError) {
    unlink(path)
    let file = Glibc.open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw StoreError(.unavailable, String(cString: strerror(errno))) }
    Glibc.close(file)
  }

  /// Makes a file's bytes, or a folder's names, durable.
  static func flush(_ path: String) throws(StoreError) {
    let file = Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw StoreError(.unavailable, String(cString: strerror(errno))) }
    defer { Glibc.close(file) }
    guard fsync(file) == 0 else { throw StoreError(.unavailable, String(cString: strerror(errno))) }
  }

  static func folderOf(_ path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  private static func dropLeftovers(_ db: Database) throws {
    try db.write {
      try db.execute(sql: "DELETE FROM snapshots WHERE state = ?", arguments: [SnapshotState.partial])
      try db.execute(sql: "DELETE FROM snapshot_parts WHERE snapshot NOT IN (SELECT id FROM snapshots)")
    }
  }
}

extension Database {
  /// All that `body` does, durable when this returns; nothing of it when this throws.
  func write<T>(_ body: () throws -> T) throws -> T {
    if isInsideTransaction { try rollback() }
    try beginTransaction(.immediate)
    do {
      let result = try body()
      try commit()
      return result
    } catch {
      // SQLite may have rolled back already. When it cannot be done now, the next write begins with it.
      if isInsideTransaction { try? rollback() }
      throw error
    }
  }
}
