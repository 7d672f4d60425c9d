import Foundation
import GRDB
public import Storage

/// Kept answers. Each claim drops some of what is too old or too many, so that the table is bounded and no commit is long.
extension SQLiteStore: AnswerStore {
  public func claim(_ claim: AnswerClaim) async throws(StoreError) -> ClaimOutcome {
    try await change { db in
      try KeptAnswer.dropOld(claim, db)
      if let known = try KeptAnswer.find(claim, db) { return known }
      try KeptAnswer.makeRoom(for: claim.holder, db)
      try db.execute(
        sql: "INSERT INTO answers(holder, digest, fingerprint, planned, claimed_at) VALUES(?, ?, ?, ?, ?)",
        arguments: [
          claim.holder, Data(claim.digest), Data(claim.fingerprint), claim.planned, Int64(bitPattern: claim.claimedAtMilliseconds),
        ])
      return .claimed
    }
  }

  public func settle(_ claim: AnswerClaim, with answer: KeptAnswer?) async throws(StoreError) {
    let _: Bool = try await change { db in
      let place: StatementArguments = [claim.holder, Data(claim.digest), Int64(bitPattern: claim.claimedAtMilliseconds)]
      let condition = "WHERE holder = ? AND digest = ? AND claimed_at = ?"
      guard let answer else {
        try db.execute(sql: "DELETE FROM answers \(condition)", arguments: place)
        return true
      }
      let values: StatementArguments = [answer.status, answer.location, answer.tag, answer.body.map { Data($0) }]
      try db.execute(sql: "UPDATE answers SET status = ?, location = ?, tag = ?, body = ? \(condition)", arguments: values + place)
      return true
    }
  }
}

extension KeptAnswer {
  /// - Returns: `nil` when the key is free.
  fileprivate static func find(_ claim: AnswerClaim, _ db: Database) throws -> ClaimOutcome? {
    let sql = "SELECT fingerprint, planned, claimed_at, status, location, tag, body FROM answers WHERE holder = ? AND digest = ?"
    guard let row = try Row.fetchOne(db, sql: sql, arguments: [claim.holder, Data(claim.digest)]) else { return nil }
    let known = AnswerClaim(
      holder: claim.holder, digest: claim.digest, fingerprint: Array(row[0] as Data), planned: row[1],
      claimedAtMilliseconds: UInt64(bitPattern: row[2] as Int64))
    let answer = (row[3] as Int?).map { status in
      KeptAnswer(status: status, location: row[4] ?? "", tag: row[5] ?? "", body: (row[6] as Data?).map { Array($0) })
    }
    return .known(known, answer: answer)
  }

  /// Some of all, and in any case what has the key.
  fileprivate static func dropOld(_ claim: AnswerClaim, _ db: Database) throws {
    guard claim.claimedAtMilliseconds >= ageMillisecondsMax else { return }
    let end = Int64(bitPattern: claim.claimedAtMilliseconds - ageMillisecondsMax)
    try db.execute(
      sql: "DELETE FROM answers WHERE id IN (SELECT id FROM answers WHERE claimed_at <= ? ORDER BY claimed_at LIMIT ?)",
      arguments: [end, dropCountMax])
    try db.execute(
      sql: "DELETE FROM answers WHERE holder = ? AND digest = ? AND claimed_at <= ?", arguments: [claim.holder, Data(claim.digest), end])
  }

  fileprivate static func makeRoom(for holder: String, _ db: Database) throws {
    // Each count walks along an index of at most `countMax` entries.
    let own = try Int.fetchOne(db, sql: "SELECT count(*) FROM answers WHERE holder = ?", arguments: [holder]) ?? 0
    if own >= countPerHolderMax { try drop(own - countPerHolderMax + 1, of: holder, db) }
    guard try Int.fetchOne(db, sql: "SELECT count(*) FROM answers") ?? 0 >= countMax else { return }
    let sql = "SELECT holder FROM answers GROUP BY holder ORDER BY count(*) DESC, holder LIMIT 1"
    if let greatest = try String.fetchOne(db, sql: sql) { try drop(dropCountMax, of: greatest, db) }
  }

  /// Those that were taken first.
  private static func drop(_ count: Int, of holder: String, _ db: Database) throws {
    try db.execute(
      sql: "DELETE FROM answers WHERE id IN (SELECT id FROM answers WHERE holder = ? ORDER BY id LIMIT ?)", arguments: [holder, count])
  }
}
