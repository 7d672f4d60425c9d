public import Access
import CollabProtocol
import Foundation
import GRDB
public import Storage
import WorkflowDocument
public import WorkflowGraph

/// Members, links and keys. Reads go by index on readers' connections; changes take their turn in the group commit.
extension SQLiteStore: AccessStore {
  public func member(_ subject: String, of workflow: WorkflowID) async throws(StoreError) -> Member? {
    try await read("cannot read a member of \(workflow)") { db in
      let sql = "SELECT subject, role, added_at, added_by FROM members WHERE workflow = ? AND subject = ?"
      guard let place = try WorkflowPlace.find(workflow, db) else { return nil }
      return try Row.fetchOne(db.cachedStatement(sql: sql), arguments: [place.key, subject]).map { try Member($0) }
    }
  }

  public func members(of workflow: WorkflowID) async throws(StoreError) -> [Member] {
    try await read("cannot read the members of \(workflow)") { db in
      guard let place = try WorkflowPlace.find(workflow, db) else { return [] }
      let sql = "SELECT subject, role, added_at, added_by FROM members WHERE workflow = ? ORDER BY subject"
      return try Row.fetchAll(db, sql: sql, arguments: [place.key]).map { try Member($0) }
    }
  }

  public func setMember(_ member: Member, of workflow: WorkflowID, countMax: Int) async throws(StoreError) -> AccessOutcome {
    try await change { db in
      guard let place = try WorkflowPlace.find(workflow, db) else { return .unknown }
      if member.role != .owner, try Member.isLastOwner(member.subject, db, workflow: place.key) { return .lastOwner }
      try db.execute(
        sql: "UPDATE members SET role = ? WHERE workflow = ? AND subject = ?",
        arguments: [Int64(member.role.rawValue), place.key, member.subject])
      if db.changesCount > 0 { return .done }
      let count = try Int.fetchOne(db, sql: "SELECT count(*) FROM members WHERE workflow = ?", arguments: [place.key]) ?? 0
      guard count < countMax else { return .full }
      try member.insert(into: db, workflow: place.key, name: workflow)
      return .done
    }
  }

  public func removeMember(_ subject: String, of workflow: WorkflowID) async throws(StoreError) -> AccessOutcome {
    try await change { db in
      guard let place = try WorkflowPlace.find(workflow, db) else { return .unknown }
      if try Member.isLastOwner(subject, db, workflow: place.key) { return .lastOwner }
      try db.execute(sql: "DELETE FROM members WHERE workflow = ? AND subject = ?", arguments: [place.key, subject])
      return db.changesCount > 0 ? .done : .unknown
    }
  }

  public func workflows(
    of subject: String, as filter: MemberFilter, after id: WorkflowID?, limit: Int
  ) async throws(StoreError) -> [WorkflowID] {
    try await read("cannot list the workflows of a member") { db in
      let role = filter == .owner ? "AND role = 5" : ""
      let sql = "SELECT name FROM members WHERE subject = ? AND name > ? \(role) ORDER BY name LIMIT ?"
      let names = try String.fetchAll(db, sql: sql, arguments: [subject, id?.rawValue ?? "", max(0, limit)])
      return names.compactMap { WorkflowID($0) }
    }
  }

  public func existing(_ workflows: [WorkflowID]) async throws(StoreError) -> [WorkflowID] {
    try await read("cannot look for workflows") { db in try workflows.filter { try WorkflowPlace.find($0, db) != nil } }
  }

  // MARK: links

  public func addLink(_ link: ShareLink, countMax: Int) async throws(StoreError) -> AccessOutcome {
    try await change { db in
      guard let place = try WorkflowPlace.find(link.workflow, db) else { return .unknown }
      let count = try Int.fetchOne(db, sql: "SELECT count(*) FROM links WHERE workflow = ?", arguments: [place.key]) ?? 0
      guard count < countMax else { return .full }
      try db.execute(
        sql: "INSERT INTO links(id, workflow, digest, role, name, made_by, made_at, expires_at) VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
        arguments: [
          link.id, place.key, Data(link.secretDigest), Int64(link.role.rawValue), link.name, link.madeBy,
          Int64(bitPattern: link.madeAtMilliseconds), link.expiresAtMilliseconds.map { Int64(bitPattern: $0) },
        ])
      return .done
    }
  }

  public func link(_ id: String) async throws(StoreError) -> ShareLink? {
    try await read("cannot read a share link") { db in
      try Row.fetchOne(db.cachedStatement(sql: ShareLink.query + " WHERE l.id = ?"), arguments: [id]).map { try ShareLink($0) }
    }
  }

  public func links(of workflow: WorkflowID) async throws(StoreError) -> [ShareLink] {
    try await read("cannot read the share links of \(workflow)") { db in
      guard let place = try WorkflowPlace.find(workflow, db) else { return [] }
      let sql = ShareLink.query + " WHERE l.workflow = ? ORDER BY l.made_at, l.id"
      return try Row.fetchAll(db, sql: sql, arguments: [place.key]).map { try ShareLink($0) }
    }
  }

  public func removeLink(_ id: String, of workflow: WorkflowID) async throws(StoreError) -> AccessOutcome {
    try await change { db in
      guard let place = try WorkflowPlace.find(workflow, db) else { return .unknown }
      try db.execute(sql: "DELETE FROM links WHERE id = ? AND workflow = ?", arguments: [id, place.key])
      return db.changesCount > 0 ? .done : .unknown
    }
  }

  // MARK: keys

  public func addKey(_ key: APIKey, countMax: Int) async throws(StoreError) -> AccessOutcome {
    try await change { db in
      guard try Int.fetchOne(db, sql: "SELECT count(*) FROM keys") ?? 0 < countMax else { return .full }
      try db.execute(
        sql: "INSERT INTO keys(id, digest, name, role, kind, workflows, made_by, made_at, expires_at) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)",
        arguments: [
          key.id, Data(key.secretDigest), key.name, Int64(key.role.rawValue), Int64(key.kind.rawValue),
          key.workflows.map { $0.map(\.rawValue).joined(separator: " ") }, key.madeBy, Int64(bitPattern: key.madeAtMilliseconds),
          key.expiresAtMilliseconds.map { Int64(bitPattern: $0) },
        ])
      return .done
    }
  }

  public func key(_ id: String) async throws(StoreError) -> APIKey? {
    try await read("cannot read an API key") { db in
      try Row.fetchOne(db.cachedStatement(sql: APIKey.query + "WHERE id = ?"), arguments: [id]).map { try APIKey($0) }
    }
  }

  public func keys() async throws(StoreError) -> [APIKey] {
    try await read("cannot read the API keys") { db in try Row.fetchAll(db, sql: APIKey.query + "ORDER BY id").map { try APIKey($0) } }
  }

  public func removeKey(_ id: String) async throws(StoreError) -> AccessOutcome {
    try await change { db in
      try db.execute(sql: "DELETE FROM keys WHERE id = ?", arguments: [id])
      return db.changesCount > 0 ? .done : .unknown
    }
  }

  public func noteUse(ofKey id: String, atMilliseconds: UInt64) async throws(StoreError) {
    try await change { db in
      try db.execute(
        sql: "UPDATE keys SET used_at = max(coalesce(used_at, 0), ?) WHERE id = ?", arguments: [Int64(bitPattern: atMilliseconds), id])
    }
  }

  /// Runs `body` in the next commit and answers when it is durable.
  func change<T: Sendable>(_ body: @escaping @Sendable (Database) throws -> T) async throws(StoreError) -> T {
    try await wait { done in
      .rights(
        perform: { db in
          let outcome = try body(db)
          return { done(.success(outcome)) }
        }, fail: { done(.failure($0)) })
    }
  }
}

// MARK: rows

/// A row that no version of this program writes.
private func foreign(_ what: String) -> StoreError { StoreError(.corrupt, "the row of \(what) is not one of ours") }

extension Role {
  fileprivate init(column: Int64, of what: String) throws {
    guard let role = UInt8(exactly: column).flatMap({ Role(rawValue: $0) }) else { throw foreign(what) }
    self = role
  }
}

extension Member {
  init(_ row: Row) throws {
    self.init(
      subject: row[0], role: try Role(column: row[1], of: "a member"), addedAtMilliseconds: UInt64(bitPattern: row[2] as Int64),
      addedBy: row[3])
  }

  func insert(into db: Database, workflow: Int64, name: WorkflowID) throws {
    try db.execute(
      sql: "INSERT INTO members(workflow, subject, role, added_at, added_by, name) VALUES(?, ?, ?, ?, ?, ?)",
      arguments: [workflow, subject, Int64(role.rawValue), Int64(bitPattern: addedAtMilliseconds), addedBy, name.rawValue])
  }

  /// Whether a workflow would have no owner if this subject were none.
  static func isLastOwner(_ subject: String, _ db: Database, workflow: Int64) throws -> Bool {
    let sql = "SELECT subject FROM members WHERE workflow = ? AND role = 5 LIMIT 2"
    return try String.fetchAll(db, sql: sql, arguments: [workflow]) == [subject]
  }
}

extension ShareLink {
  static let query = """
    SELECT l.id, w.name, l.digest, l.role, l.name, l.made_by, l.made_at, l.expires_at FROM links l JOIN workflows w ON w.key = l.workflow
    """

  init(_ row: Row) throws {
    guard let workflow = WorkflowID(row[1]) else { throw foreign("a share link") }
    self.init(
      id: row[0], workflow: workflow, secretDigest: Array(row[2] as Data), role: try Role(column: row[3], of: "a share link"), name: row[4],
      madeBy: row[5], madeAtMilliseconds: UInt64(bitPattern: row[6] as Int64),
      expiresAtMilliseconds: (row[7] as Int64?).map { UInt64(bitPattern: $0) })
  }
}

extension APIKey {
  static let query = "SELECT id, digest, name, role, kind, workflows, made_by, made_at, expires_at, used_at FROM keys "

  init(_ row: Row) throws {
    guard let kind = UInt8(exactly: row[4] as Int64).flatMap({ Author.Kind(rawValue: $0) }) else { throw foreign("an API key") }
    let names = (row[5] as String?)?.split(separator: " ").map { WorkflowID(String($0)) }
    if let names, names.contains(nil) { throw foreign("an API key") }
    self.init(
      id: row[0], secretDigest: Array(row[1] as Data), name: row[2], role: try Role(column: row[3], of: "an API key"), kind: kind,
      workflows: names?.compactMap { $0 }, madeBy: row[6], madeAtMilliseconds: UInt64(bitPattern: row[7] as Int64),
      expiresAtMilliseconds: (row[8] as Int64?).map { UInt64(bitPattern: $0) },
      usedAtMilliseconds: (row[9] as Int64?).map { UInt64(bitPattern: $0) })
  }
}
