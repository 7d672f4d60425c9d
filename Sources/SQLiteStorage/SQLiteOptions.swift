public import Storage

/// How an `SQLiteStore` uses its file. The defaults suit a server.
public struct SQLiteOptions: Hashable, Sendable {
  public var limits = StoreLimits()
  /// Readers at once; each is a connection with a cache of its own. Loads beyond it wait.
  public var readerCountMax = 4
  /// How long to wait for another process that holds a lock of SQLite, such as a backup tool.
  public var busyTimeout = Duration.seconds(5)
  /// How long to wait for another process that has the file and is about to end: a server that hands over to this one.
  public var takeover = Duration.zero
  /// Bytes of the write-ahead log file that are kept after a checkpoint rather than cut off.
  public var journalBytesMax = 64 << 20
  /// Bytes the database may grow to; `nil`: as far as the disk goes. Beyond it: writes fail with `.unavailable`.
  public var fileBytesMax: Int?

  public init() {}
}

/// Sizes that nobody needs to choose, each with its reason.
enum Tuning {
  /// Bytes of queued writes that go into one transaction: a commit stays below some 20 ms, and so does the wait for it.
  static let batchBytesMax = 4 << 20
  /// Bytes of a row of a snapshot.
  static let partBytes = 512 << 10
  /// Rows of a snapshot written between two group commits: about 3 ms, so that a big snapshot holds nobody up.
  static let partsPerSlice = 2
  /// Log rows dropped between two group commits, for the same reason.
  static let trimmedRowsPerSlice: Int64 = 2000
  /// Workflows whose key and last position the writer remembers; beyond it: it forgets all and reads them again.
  static let cursorCountMax = 10_000
}
