import Foundation
import GRDB
public import Storage
import Synchronization
public import Webhooks
public import WorkflowGraph

/// Webhooks and their deliveries. Reads go by index on readers' connections; changes take their turn in the group commit.
extension SQLiteStore: WebhookStore {
  public func observeWebhooks(_ observer: @escaping @Sendable (WebhookSignal) -> Void) {
    webhookObserver.withLock { $0 = observer }
  }

  func tellObserver(_ signals: [WebhookSignal]) {
    guard !signals.isEmpty, let observer = webhookObserver.withLock({ $0 }) else { return }
    for signal in signals { observer(signal) }
  }

  /// What a commit may have made due.
  func tellObserver(of batch: ArraySlice<Job>) {
    guard let observer = webhookObserver.withLock({ $0 }) else { return }
    for case .append(let writes, let workflow, _, _) in batch {
      for signal in StoreWrite.signals(of: writes, to: workflow) { observer(signal) }
    }
  }

  public func addWebhook(_ hook: Webhook) async throws(StoreError) -> WebhookOutcome {
    let limits = options.limits.webhooks
    let outcome = try await change { db -> WebhookOutcome in
      guard let place = try WorkflowPlace.find(hook.workflow, db) else { return .unknown }
      let own = try Int.fetchOne(db, sql: "SELECT count(*) FROM webhooks WHERE workflow = ?", arguments: [place.key]) ?? 0
      let all = try Int.fetchOne(db, sql: "SELECT count(*) FROM webhooks") ?? 0
      guard own < limits.countPerWorkflowMax, all < limits.countMax else { return .full }
      try hook.insert(into: db, workflow: place.key, told: place.last(db))
      return .done
    }
    tellObserver([.webhooksChanged(hook.workflow)])
    return outcome
  }

  public func webhook(_ id: String, of workflow: WorkflowID) async throws(StoreError) -> Webhook? {
    try await read("cannot read a webhook of \(workflow)") { try Self.webhook(id, of: workflow, $0) }
  }

  private static func webhook(_ id: String, of workflow: WorkflowID, _ db: Database) throws -> Webhook? {
    try Row.fetchOne(db, sql: Webhook.query + " WHERE h.id = ? AND w.name = ?", arguments: [id, workflow.rawValue]).map { try Webhook($0) }
  }

  public func webhooks(of workflow: WorkflowID) async throws(StoreError) -> [Webhook] {
    try await read("cannot read the webhooks of \(workflow)") { db in
      try Row.fetchAll(db, sql: Webhook.query + " WHERE w.name = ? ORDER BY h.key", arguments: [workflow.rawValue]).map { try Webhook($0) }
    }
  }

  public func changeWebhook(_ id: String, of workflow: WorkflowID, _ change: WebhookChange) async throws(StoreError) -> Webhook? {
    let hook = try await self.change { db -> Webhook? in
      guard var hook = try Self.webhook(id, of: workflow, db), let place = try WorkflowPlace.find(workflow, db) else { return nil }
      change.apply(to: &hook, last: try place.last(db))
      try hook.update(in: db)
      return hook
    }
    tellObserver([.webhooksChanged(workflow)])
    return hook
  }

  public func removeWebhook(_ id: String, of workflow: WorkflowID) async throws(StoreError) -> WebhookOutcome {
    let outcome = try await change { db -> WebhookOutcome in
      guard let place = try WorkflowPlace.find(workflow, db) else { return .unknown }
      let sql = "SELECT key FROM webhooks WHERE id = ? AND workflow = ?"
      guard let key = try Int64.fetchOne(db, sql: sql, arguments: [id, place.key]) else { return .unknown }
      // A bounded number of rows: those that wait and those that are remembered.
      try db.execute(sql: "DELETE FROM deliveries WHERE hook = ?", arguments: [key])
      try db.execute(sql: "DELETE FROM webhooks WHERE key = ?", arguments: [key])
      return .done
    }
    tellObserver([.webhooksChanged(workflow)])
    return outcome
  }

  public func webhookBacklog() async throws(StoreError) -> [WorkflowID: Bool] {
    try await read("cannot read the webhooks") { db in
      var found: [WorkflowID: Bool] = [:]
      let rows = try Row.fetchAll(
        db,
        sql: """
          SELECT w.name, h.events, h.told,
            max(w.floor, ifnull((SELECT position FROM log WHERE workflow = w.key ORDER BY position DESC LIMIT 1), 0))
          FROM webhooks h JOIN workflows w ON w.key = h.workflow WHERE h.off_at IS NULL
          """)
      for row in rows {
        guard let workflow = WorkflowID(row[0]) else { continue }
        let isBehind =
          (row[1] as Int64) & WebhookEvent.workflowChanged.bit != 0 && UInt64(bitPattern: row[2]) < UInt64(bitPattern: row[3])
        found[workflow] = (found[workflow] ?? false) || isBehind
      }
      return found
    }
  }

  public func nextDelivery(of hook: String) async throws(StoreError) -> (hook: Webhook, delivery: WebhookDelivery)? {
    try await read("cannot read a delivery") { try WebhookRows.next(of: hook, $0) }
  }

  public func queue(_ delivery: WebhookDelivery, told: UInt64?) async throws(StoreError) -> WebhookOutcome {
    let limits = options.limits.webhooks
    let (outcome, workflow) = try await change { db in
      (try WebhookRows.queue(delivery, told: told, limits, db), try Self.workflow(ofHook: delivery.hook, db))
    }
    if let workflow { tellObserver([.queued(workflow)]) }
    return outcome
  }

  private static func workflow(ofHook hook: String, _ db: Database) throws -> WorkflowID? {
    let sql = "SELECT w.name FROM webhooks h JOIN workflows w ON w.key = h.workflow WHERE h.id = ?"
    return try String.fetchOne(db, sql: sql, arguments: [hook]).flatMap { WorkflowID($0) }
  }

  @discardableResult
  public func finish(_ record: AttemptRecord) async throws(StoreError) -> AttemptRecord {
    let limits = options.limits.webhooks
    return try await change { try WebhookRows.finish(record, limits, $0) }
  }

  public func deliveries(
    of hook: String, state: WebhookDelivery.State?, before sequence: UInt64?, limit: Int
  ) async throws(StoreError) -> [WebhookDelivery] {
    try await read("cannot read the deliveries of a webhook") { db in
      let before = sequence.map { Int64(clamping: $0) } ?? .max
      // An index for each of the two orders: neither sorts.
      let rows =
        if let state {
          try Row.fetchAll(
            db,
            sql: """
              SELECT \(WebhookDelivery.columns) FROM deliveries WHERE hook = (SELECT key FROM webhooks WHERE id = ?) AND state = ?
                AND sequence < ? ORDER BY sequence DESC LIMIT ?
              """, arguments: [hook, state.rawValue, before, max(0, limit)])
        } else {
          try Row.fetchAll(
            db,
            sql: """
              SELECT \(WebhookDelivery.columns) FROM deliveries WHERE hook = (SELECT key FROM webhooks WHERE id = ?)
                AND sequence < ? ORDER BY sequence DESC LIMIT ?
              """, arguments: [hook, before, max(0, limit)])
        }
      return try rows.map { try WebhookDelivery($0, hook: hook) }
    }
  }

  public func redeliver(_ delivery: String, of hook: String, atMilliseconds: UInt64) async throws(StoreError) -> RedeliveryOutcome {
    let limits = options.limits.webhooks
    let (outcome, workflow) = try await change { db in
      (try WebhookRows.redeliver(delivery, of: hook, at: atMilliseconds, limits, db), try Self.workflow(ofHook: hook, db))
    }
    if let workflow { tellObserver([.queued(workflow)]) }
    return outcome
  }

  public func webhookCounts() async throws(StoreError) -> WebhookCounts {
    try await read("cannot count deliveries") { try WebhookRows.counts($0) }
  }
}
