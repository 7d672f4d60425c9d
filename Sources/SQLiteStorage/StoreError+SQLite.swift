import GRDB
import Storage

extension StoreError {
  /// What an error of SQLite means to callers of the store.
  init(_ error: any Error, doing what: String) {
    if let known = error as? StoreError {
      self = known
      return
    }
    guard let error = error as? DatabaseError else {
      self.init(.unavailable, "\(what): \(error)")
      return
    }
    let code: Code =
      switch error.resultCode {
      // The disk's or another process's doing: it may pass.
      case .SQLITE_FULL, .SQLITE_IOERR, .SQLITE_BUSY, .SQLITE_LOCKED, .SQLITE_PROTOCOL, .SQLITE_NOMEM, .SQLITE_READONLY, .SQLITE_CANTOPEN,
        .SQLITE_PERM, .SQLITE_AUTH, .SQLITE_INTERRUPT:
        .unavailable
      // The rest says that the file is not as we left it: a row where none can be, a table that is gone.
      default: .corrupt
      }
    self.init(code, "\(what): \(error.message ?? "SQLite error") (\(error.extendedResultCode.rawValue))")
  }
}
