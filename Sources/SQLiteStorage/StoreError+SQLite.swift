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
      case .SQLITE_CORRUPT, .SQLITE_NOTADB: .corrupt
      default: .unavailable
      }
    self.init(code, "\(what): \(error.message ?? "SQLite error") (\(error.extendedResultCode.rawValue))")
  }
}
