import Compression
import GRDB
import GRDBSQLite
import WorkflowDocument

/// The statement that runs once per change, through SQLite's own interface: GRDB's binding costs half as much again.
struct LogInsert {
  // SQLite's own spelling of "copy it": the constant is a macro with a cast, which Swift does not import.
  private static let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
  private let db: Database
  private let statement: OpaquePointer

  init(_ db: Database) throws {
    self.db = db
    statement = try db.cachedStatement(
      sql: "INSERT INTO log(workflow, position, taken_at, kind, subject, name, body, checksum) VALUES(?, ?, ?, ?, ?, ?, ?, ?)"
    ).sqliteStatement
  }

  func run(_ logged: LoggedChange, workflow: Int64) throws {
    let record = LogRecord(logged)
    sqlite3_bind_int64(statement, 1, workflow)
    sqlite3_bind_int64(statement, 2, Int64(bitPattern: record.position))
    sqlite3_bind_int64(statement, 3, Int64(bitPattern: record.takenAtMilliseconds))
    sqlite3_bind_int(statement, 4, CInt(record.kind))
    bind(record.subject, at: 5)
    bind(record.name, at: 6)
    sqlite3_bind_int64(statement, 8, Int64(record.checksum))
    let fault = record.body.withUnsafeBytes { body -> DatabaseError? in
      sqlite3_bind_blob(statement, 7, body.baseAddress, CInt(body.count), nil)
      defer {
        sqlite3_reset(statement)
        sqlite3_bind_null(statement, 7)
      }
      let code = sqlite3_step(statement)
      // The message is gone after the next call.
      return code == SQLITE_DONE ? nil : DatabaseError(resultCode: ResultCode(rawValue: code), message: db.lastErrorMessage)
    }
    if let fault { throw fault }
  }

  private func bind(_ text: String, at index: CInt) {
    var text = text
    _ = text.withUTF8 { utf8 in
      utf8.withMemoryRebound(to: CChar.self) { sqlite3_bind_text(statement, index, $0.baseAddress, CInt($0.count), Self.copied) }
    }
  }
}
