import Foundation
import GRDB
import Storage
import Webhooks
import WorkflowGraph

/// Rows of webhooks and deliveries, on the writer's connection or a reader's. `webhooks.pending` counts the pending rows of `deliveries`: whatever
/// makes or ends one of these keeps the count here.
enum WebhookRows {
  /// For each webhook of the workflow that is switched on and wants the event. One look into an index when there is none.
  static func queue(
    _ event: WebhookEvent, ofKey workflow: Int64, _ limits: WebhookLimits, _ db: Database,
    _ make: () throws -> ((_ hook: String) -> WebhookDelivery)?
  ) throws {
    let hooks = try Row.fetchAll(
      db.cachedStatement(sql: "SELECT key, id FROM webhooks WHERE workflow = ? AND off_at IS NULL AND events & ? != 0"),
      arguments: [workflow, event.bit])
    guard !hooks.isEmpty, let make = try make() else { return }
    for hook in hooks { _ = try insert(make(hook[1]), hookKey: hook[0], limits, db) }
  }

  /// One that is there by this id stays as it is. Without room it is a dead letter at once.
  /// - Returns: `full` for such a one.
  static func insert(_ delivery: WebhookDelivery, hookKey: Int64, _ limits: WebhookLimits, _ db: Database) throws -> WebhookOutcome {
    let hasRoom = try hasRoom(hookKey, limits, db)
    let state = hasRoom ? WebhookDelivery.State.pending : .failed
    try db.execute(
      sql: """
        INSERT OR IGNORE INTO deliveries(hook, id, event, state, occurred_at, due_at, attempts, tried_at, error, body)
        VALUES(?, ?, ?, ?, ?, ?, 0, ?, ?, ?)
        """,
      arguments: [
        hookKey, delivery.id, delivery.event.bit, state.rawValue, Int64(bitPattern: delivery.occurredAtMilliseconds),
        Int64(bitPattern: delivery.dueAtMilliseconds), hasRoom ? nil : Int64(bitPattern: delivery.occurredAtMilliseconds),
        hasRoom ? "" : WebhookFacts.fullText, Data(delivery.body),
      ])
    guard db.changesCount > 0 else { return .done }
    guard hasRoom else {
      try trim(hookKey, state, limits, db)
      return .full
    }
    try count(1, hookKey, db)
    return .done
  }

  private static func hasRoom(_ hookKey: Int64, _ limits: WebhookLimits, _ db: Database) throws -> Bool {
    let own = try Int.fetchOne(db, sql: "SELECT pending FROM webhooks WHERE key = ?", arguments: [hookKey]) ?? 0
    // Few rows, and only those with something that waits.
    let all = try Int.fetchOne(db, sql: "SELECT coalesce(sum(pending), 0) FROM webhooks WHERE pending > 0") ?? 0
    return own < limits.pendingMax && all < limits.pendingTotalMax
  }

  private static func count(_ difference: Int, _ hookKey: Int64, _ db: Database) throws {
    try db.execute(sql: "UPDATE webhooks SET pending = pending + ? WHERE key = ?", arguments: [difference, hookKey])
  }

  /// Forgets the oldest beyond what is kept. O(kept).
  private static func trim(_ hookKey: Int64, _ state: WebhookDelivery.State, _ limits: WebhookLimits, _ db: Database) throws {
    let kept = state == .done ? limits.doneKeptMax : limits.failedKeptMax
    try db.execute(
      sql: """
        DELETE FROM deliveries WHERE hook = ?1 AND state = ?2 AND sequence <= (
          SELECT sequence FROM deliveries WHERE hook = ?1 AND state = ?2 ORDER BY sequence DESC LIMIT 1 OFFSET ?3)
        """, arguments: [hookKey, state.rawValue, max(0, kept)])
  }

  /// - Parameter told: see `WebhookStore.queue`.
  static func queue(_ delivery: WebhookDelivery, told: UInt64?, _ limits: WebhookLimits, _ db: Database) throws -> WebhookOutcome {
    // The rows of a deleted workflow are still there until they are swept.
    let key = try Int64.fetchOne(
      db, sql: "SELECT h.key FROM webhooks h JOIN workflows w ON w.key = h.workflow WHERE h.id = ? AND h.off_at IS NULL",
      arguments: [delivery.hook])
    guard let key else { return .unknown }
    if let told {
      let waiting = try Int.fetchOne(
        db, sql: "SELECT 1 FROM deliveries WHERE hook = ? AND state = 0 AND event = ? LIMIT 1", arguments: [key, delivery.event.bit])
      guard waiting == nil else { return .waits }
      try db.execute(sql: "UPDATE webhooks SET told = max(told, ?) WHERE key = ?", arguments: [Int64(bitPattern: told), key])
    }
    return try insert(delivery, hookKey: key, limits, db)
  }

  static func next(of hook: String, _ db: Database) throws -> (hook: Webhook, delivery: WebhookDelivery)? {
    guard let row = try Row.fetchOne(db, sql: Webhook.query + " WHERE h.id = ? AND h.off_at IS NULL", arguments: [hook]) else { return nil }
    let next = try Row.fetchOne(
      db, sql: "SELECT \(WebhookDelivery.columns) FROM deliveries WHERE hook = ? AND state = 0 ORDER BY due_at, sequence LIMIT 1",
      arguments: [row["key"] as Int64])
    return try next.map { (try Webhook(row), try WebhookDelivery($0, hook: hook)) }
  }

  static func finish(_ attempted: AttemptRecord, _ limits: WebhookLimits, _ db: Database) throws -> AttemptRecord {
    let hook = try Row.fetchOne(db, sql: "SELECT key, url FROM webhooks WHERE id = ?", arguments: [attempted.hook])
    guard let hook else { return attempted }
    let key: Int64 = hook[0]
    let noted = try Int.fetchOne(
      db, sql: "SELECT attempts FROM deliveries WHERE hook = ? AND id = ? AND state = 0", arguments: [key, attempted.delivery])
    guard let noted else { return attempted }
    let record = attempted.standing(at: hook[1], after: noted)
    var state = WebhookDelivery.State.pending
    var due: Int64?
    switch record.next {
    case .done: state = .done
    case .failed: state = .failed
    case .again(let time): due = Int64(bitPattern: time)
    }
    try db.execute(
      sql: """
        UPDATE deliveries SET state = ?, due_at = coalesce(?, due_at), attempts = ?, tried_at = ?, status = ?, error = ?, body = ?
        WHERE hook = ? AND id = ?
        """,
      arguments: [
        state.rawValue, due, record.attemptCount, Int64(bitPattern: record.attempt.atMilliseconds), record.attempt.status,
        record.attempt.error, Data(record.body), key, record.delivery,
      ])
    if state != .pending {
      try count(-1, key, db)
      try trim(key, state, limits, db)
    }
    try db.execute(
      sql: "UPDATE webhooks SET failures = ?, failing_since = ? WHERE key = ?",
      arguments: [record.failureCount, record.failingSinceMilliseconds.map { Int64(bitPattern: $0) }, key])
    if let reason = record.switchedOff {
      try db.execute(
        sql: "UPDATE webhooks SET off_at = ?, off_reason = ? WHERE key = ? AND off_at IS NULL",
        arguments: [Int64(bitPattern: record.attempt.atMilliseconds), reason, key])
    }
    return record
  }

  static func redeliver(
    _ delivery: String, of hook: String, at now: UInt64, _ limits: WebhookLimits, _ db: Database
  ) throws -> RedeliveryOutcome {
    let columns = WebhookDelivery.columns
    let sql = "SELECT \(columns) FROM deliveries WHERE hook = (SELECT key FROM webhooks WHERE id = ?) AND id = ?"
    guard let row = try Row.fetchOne(db, sql: sql, arguments: [hook, delivery]) else { return .unknown }
    var found = try WebhookDelivery(row, hook: hook)
    if found.state != .pending {
      let hookKey = try Int64.fetchOne(db, sql: "SELECT key FROM webhooks WHERE id = ?", arguments: [hook]) ?? 0
      guard try hasRoom(hookKey, limits, db) else { return .full }
      try count(1, hookKey, db)
    }
    (found.state, found.dueAtMilliseconds, found.attemptCount) = (.pending, now, 0)
    try db.execute(
      sql: "UPDATE deliveries SET state = 0, due_at = ?, attempts = 0 WHERE sequence = ?",
      arguments: [Int64(bitPattern: now), Int64(bitPattern: found.sequence)])
    return .done(found)
  }

  static func counts(_ db: Database) throws -> WebhookCounts {
    var counts = WebhookCounts()
    let row = try Row.fetchOne(
      db,
      sql: """
        SELECT count(*), coalesce(sum(CASE WHEN off_at IS NULL THEN pending ELSE 0 END), 0),
          coalesce(sum((SELECT count(*) FROM deliveries d WHERE d.hook = h.key AND d.state = 2)), 0),
          min(CASE WHEN off_at IS NULL AND pending > 0 THEN
            (SELECT d.occurred_at FROM deliveries d WHERE d.hook = h.key AND d.state = 0 ORDER BY d.sequence LIMIT 1) END)
        FROM webhooks h
        """)
    guard let row else { return counts }
    (counts.webhookCount, counts.pendingCount, counts.failedCount) = (row[0], row[1], row[2])
    counts.oldestAtMilliseconds = (row[3] as Int64?).map { UInt64(bitPattern: $0) }
    return counts
  }

  /// One slice of what a deleted workflow left. `true` when all is gone.
  static func sweep(ofKey workflow: Int64, _ db: Database) throws -> Bool {
    guard let hook = try Int64.fetchOne(db, sql: "SELECT key FROM webhooks WHERE workflow = ? LIMIT 1", arguments: [workflow]) else {
      return true
    }
    try db.execute(
      sql: "DELETE FROM deliveries WHERE sequence IN (SELECT sequence FROM deliveries WHERE hook = ? LIMIT 500)", arguments: [hook])
    if db.changesCount == 0 { try db.execute(sql: "DELETE FROM webhooks WHERE key = ?", arguments: [hook]) }
    return false
  }
}

// MARK: rows

extension WebhookEvent {
  /// As the file has it. Never changed.
  var bit: Int64 {
    switch self {
    case .workflowChanged: 1
    case .versionCreated: 2
    case .runFinished: 4
    case .test: 8
    }
  }
}

extension Webhook {
  static let query = """
    SELECT h.key AS key, h.id, w.name, h.url, h.events, h.off_at, h.off_reason, h.secret, h.former_secret, h.former_until, h.made_by, h.made_at,
      h.told, h.failures, h.failing_since, h.pending FROM webhooks h JOIN workflows w ON w.key = h.workflow
    """

  init(_ row: Row) throws {
    func time(_ index: Int) -> UInt64? { (row[index] as Int64?).map { UInt64(bitPattern: $0) } }
    guard let workflow = WorkflowID(row[2]), let secret = WebhookSecret(bytes: Array(row[7] as Data)) else {
      throw StoreError(.corrupt, "the row of a webhook is not one of ours")
    }
    let bits: Int64 = row[4]
    self.init(
      id: row[1], workflow: workflow, url: row[3], events: Set(WebhookEvent.allCases.filter { bits & $0.bit != 0 }), secret: secret,
      madeBy: row[10], madeAtMilliseconds: UInt64(bitPattern: row[11]))
    if let off = time(5) { activity = .off(reason: row[6], atMilliseconds: off) }
    if let bytes = row[8] as Data?, let until = time(9), let secret = WebhookSecret(bytes: Array(bytes)) {
      former = FormerSecret(secret, untilMilliseconds: until)
    }
    toldPosition = UInt64(bitPattern: row[12])
    failureCount = row[13]
    failingSinceMilliseconds = time(14)
    pendingCount = row[15]
  }

  func insert(into db: Database, workflow: Int64, told: UInt64) throws {
    try db.execute(
      sql: "INSERT INTO webhooks(id, workflow, url, events, off_reason, secret, made_by, made_at, told) VALUES(?, ?, ?, ?, '', ?, ?, ?, ?)",
      arguments: [
        id, workflow, url, bits, Data(secret.bytes), madeBy, Int64(bitPattern: madeAtMilliseconds), Int64(bitPattern: told),
      ])
    if !activity.isOn { try update(in: db) }
  }

  /// What an owner can change.
  func update(in db: Database) throws {
    var off: (at: Int64?, reason: String) = (nil, "")
    if case .off(let reason, let at) = activity { off = (Int64(bitPattern: at), reason) }
    try db.execute(
      sql: """
        UPDATE webhooks SET url = ?, events = ?, off_at = ?, off_reason = ?, secret = ?, former_secret = ?, former_until = ?, told = ?,
          failures = ?, failing_since = ? WHERE id = ?
        """,
      arguments: [
        url, bits, off.at, off.reason, Data(secret.bytes), former.map { Data($0.secret.bytes) },
        former.map { Int64(bitPattern: $0.untilMilliseconds) }, Int64(bitPattern: toldPosition), failureCount,
        failingSinceMilliseconds.map { Int64(bitPattern: $0) }, id,
      ])
  }

  private var bits: Int64 { events.reduce(0) { $0 | $1.bit } }
}

extension WebhookDelivery {
  static let columns = "sequence, id, event, state, occurred_at, due_at, attempts, tried_at, status, error, body"

  init(_ row: Row, hook: String) throws {
    let bit: Int64 = row[2]
    guard let event = WebhookEvent.allCases.first(where: { $0.bit == bit }),
      let state = UInt8(exactly: row[3] as Int64).flatMap({ State(rawValue: $0) })
    else { throw StoreError(.corrupt, "the row of a webhook's delivery is not one of ours") }
    self.init(
      id: row[1], hook: hook, event: event, occurredAtMilliseconds: UInt64(bitPattern: row[4]),
      dueAtMilliseconds: UInt64(bitPattern: row[5]), body: Array(row[10] as Data))
    self.state = state
    attemptCount = row[6]
    sequence = UInt64(bitPattern: row[0])
    if let at = row[7] as Int64? { last = Attempt(atMilliseconds: UInt64(bitPattern: at), status: row[8], error: row[9]) }
  }
}
