import CRDT
import CollabProtocol
import Foundation
import GRDB
import SQLiteStorage
import Storage
import Synchronization
import Testing
import Webhooks
import WorkflowDocument
import WorkflowGraph

/// What every store must do about webhooks and what they are to be told.
@Suite struct WebhookContractTests {
  private typealias Body = (any WorkflowStore, any WebhookStore) async throws -> Void

  private func with(_ kind: StoreKind, _ set: (inout WebhookLimits) -> Void = { _ in }, _ body: Body) async throws {
    var limits = StoreLimits.withoutHistory
    set(&limits.webhooks)
    try await kind.withStore(limits: limits) { store in
      _ = try await store.create(.demo)
      try await body(store, try #require(store as? any WebhookStore))
    }
  }

  static func hook(
    _ id: String = "h1", of workflow: WorkflowID = .demo, _ events: Set<WebhookEvent> = Set(WebhookEvent.wanted), at time: UInt64 = 1
  ) -> Webhook {
    Webhook(
      id: id, workflow: workflow, url: "https://example.org/é?q=“1”", events: events,
      secret: WebhookSecret(bytes: [UInt8](repeating: 7, count: 32))!, madeBy: "ada", madeAtMilliseconds: time)
  }

  static func delivery(_ id: String, to hook: String = "h1", _ event: WebhookEvent = .test, due: UInt64 = 5) -> WebhookDelivery {
    WebhookDelivery(
      id: id, hook: hook, event: event, occurredAtMilliseconds: 3, dueAtMilliseconds: due, body: Array("{\"a\":\"é\"}".utf8))
  }

  static func record(
    _ delivery: String, of hook: String = "h1", _ next: AttemptRecord.Next, count: Int = 1, failures: Int = 0, off: String? = nil
  ) -> AttemptRecord {
    let rules = AttemptRules()
    var record = rules.judge(
      .failed("no route"), of: Self.delivery(delivery, to: hook), to: Self.hook(hook), body: Array("{}".utf8), atMilliseconds: 50, chance: 0
    )
    (record.next, record.attemptCount, record.failureCount, record.switchedOff) = (next, count, failures, off)
    record.failingSinceMilliseconds = failures > 0 ? 40 : nil
    return record
  }

  private static func end(of run: String, seq: UInt64 = 2) -> [StoreWrite] {
    var first = RunEvent(run: run, seq: 1, kind: .runStarted, atMilliseconds: 10)
    first.info = RunInfo(
      version: Version(), graphHash: [1], startedBy: Author(subject: "ada", name: "Ada", kind: .person), idempotencyKey: "", nodeCount: 1)
    let last = RunEvent(run: run, seq: seq, kind: .runFinished, atMilliseconds: 20)
    return [first, last].map {
      .runEvent(StoredRunEvent(run: run, seq: $0.seq, isLast: $0.kind.isLast, body: RunEventCodec.encode($0)))
    }
  }

  private func named(_ id: String, at position: UInt64 = 0) -> NamedVersion {
    NamedVersion(id: id, position: position, name: "v", author: Author(name: "Ada", kind: .person), namedAtMilliseconds: 30)
  }

  @Test(
    "[ST9, WH1] webhooks are made, listed, changed and removed; there are bounds; what is off is told nothing",
    arguments: StoreKind.allCases)
  func webhooks(kind: StoreKind) async throws {
    let bounds: (inout WebhookLimits) -> Void = { ($0.countPerWorkflowMax, $0.countMax) = (2, 3) }
    try await with(kind, bounds) {
      (store: any WorkflowStore, hooks: any WebhookStore) async throws in
      try await store.append(changes(1...3), to: .demo)
      _ = try await store.create(.other)
      #expect(try await hooks.addWebhook(Self.hook("h1")) == .done)
      #expect(try await hooks.addWebhook(Self.hook("h2", [.runFinished])) == .done)
      #expect(try await hooks.addWebhook(Self.hook("h3")) == .full)
      #expect(try await hooks.addWebhook(Self.hook("h4", of: .other)) == .done)
      #expect(try await hooks.addWebhook(Self.hook("h5", of: .other)) == .full)
      #expect(try await hooks.addWebhook(Self.hook("h5", of: try #require(WorkflowID("none")))) == .unknown)
      var first = Self.hook("h1")
      first.toldPosition = 3
      #expect(try await hooks.webhooks(of: .demo).map(\.id) == ["h1", "h2"])
      #expect(try await hooks.webhook("h1", of: .demo) == first)
      #expect(try await hooks.webhook("h1", of: .other) == nil)

      var change = WebhookChange()
      change.url = "https://example.org/other"
      change.events = [.versionCreated]
      change.activity = .off(reason: "it was enough", atMilliseconds: 9)
      let next = try #require(WebhookSecret(bytes: [UInt8](repeating: 8, count: 24)))
      change.secret = (next, 77)
      var changed = first
      (changed.url, changed.events, changed.activity) = ("https://example.org/other", [.versionCreated], change.activity!)
      (changed.secret, changed.former) = (next, .init(first.secret, untilMilliseconds: 77))
      #expect(try await hooks.changeWebhook("h1", of: .demo, change) == changed)
      #expect(try await hooks.webhook("h1", of: .demo) == changed)
      #expect(try await hooks.changeWebhook("h1", of: .other, change) == nil)
      #expect(try await hooks.queue(Self.delivery("d"), told: nil) == .unknown)

      try await store.append(changes(4...5), to: .demo)
      var on = WebhookChange()
      on.activity = .on
      on.events = [.workflowChanged]
      (changed.activity, changed.events, changed.toldPosition) = (.on, [.workflowChanged], 5)
      #expect(try await hooks.changeWebhook("h1", of: .demo, on) == changed, "it is told only of what comes")
      #expect(try await hooks.removeWebhook("h1", of: .other) == .unknown)
      #expect(try await hooks.removeWebhook("h1", of: .demo) == .done)
      #expect(try await hooks.removeWebhook("h1", of: .demo) == .unknown)
      #expect(try await hooks.webhooks(of: .demo).map(\.id) == ["h2"])
    }
  }

  @Test(
    "[ST9, WH2] the end of a run and a version queue a delivery for whoever wants them, once however often they are written",
    arguments: StoreKind.allCases)
  func facts(kind: StoreKind) async throws {
    try await with(kind) { (store: any WorkflowStore, hooks: any WebhookStore) async throws in
      _ = try await store.create(.other)
      for hook in [
        Self.hook("both", [.runFinished, .versionCreated]), Self.hook("runs", [.runFinished]), Self.hook("changes", [.workflowChanged]),
        Self.hook("foreign", of: .other),
      ] { #expect(try await hooks.addWebhook(hook) == .done) }
      try await store.append(Self.end(of: "r1"), to: .demo)
      try await store.append(Self.end(of: "r1"), to: .demo)
      let kept = try await store.name(named("v1"), snapshot: snapshot(0), of: .demo)
      _ = try await store.name(named("v1"), snapshot: snapshot(0), of: .demo)
      func queued(_ hook: String) async throws -> [WebhookDelivery] {
        try await hooks.deliveries(of: hook, state: .pending, before: nil, limit: 99)
      }
      let both = try await queued("both")
      #expect(both.map(\.event) == [.versionCreated, .runFinished])
      #expect(both.map(\.occurredAtMilliseconds) == [30, 20] && both.map(\.dueAtMilliseconds) == [30, 1020])
      #expect(both[0].body == WebhookBody.versionCreated(kept, of: .demo))
      let run = String(decoding: both[1].body, as: UTF8.self)
      #expect(run.contains(#""startedBy":{"name":"Ada""#) && run.contains(#""run":"r1""#))
      #expect(try await queued("runs").map(\.event) == [.runFinished])
      #expect(try await queued("changes").isEmpty)
      #expect(try await queued("foreign").isEmpty)
      #expect(Set(try await queued("runs").map(\.id)).isDisjoint(with: both.map(\.id)))
      try await store.append([.runEvent(event("junk", 1, last: true))], to: .demo)
      #expect(try await queued("runs").count == 1, "of an end that cannot be read nothing is told")
    }
  }

  @Test(
    "[ST9, WH6] what waits comes by its time, then by its age; attempts are noted; what is done or failed waits no more",
    arguments: StoreKind.allCases)
  func attempts(kind: StoreKind) async throws {
    try await with(kind) { (_: any WorkflowStore, hooks: any WebhookStore) async throws in
      _ = try await hooks.addWebhook(Self.hook())
      for (id, due) in [("a", 7), ("b", 5), ("c", 5)] as [(String, UInt64)] {
        #expect(try await hooks.queue(Self.delivery(id, due: due), told: nil) == .done)
      }
      #expect(try await hooks.queue(Self.delivery("a", due: 1), told: nil) == .done, "one that is there stays as it is")
      #expect(try await hooks.webhook("h1", of: .demo)?.pendingCount == 3)
      #expect(try await hooks.nextDelivery(of: "h1")?.delivery.id == "b")
      try await hooks.finish(Self.record("b", .again(atMilliseconds: 9), count: 1, failures: 1))
      #expect(try await hooks.nextDelivery(of: "h1")?.delivery.id == "c")
      try await hooks.finish(Self.record("c", .done))
      try await hooks.finish(Self.record("c", .failed, count: 7))
      try await hooks.finish(Self.record("a", .failed, failures: 2))
      let (hook, next) = try #require(try await hooks.nextDelivery(of: "h1"))
      #expect(hook.failureCount == 2 && hook.failingSinceMilliseconds == 40 && hook.pendingCount == 1)
      #expect(next.id == "b" && next.dueAtMilliseconds == 9 && next.attemptCount == 1 && next.body == Array("{}".utf8))
      #expect(next.last == .init(atMilliseconds: 50, status: nil, error: "no route"))
      func ids(_ state: WebhookDelivery.State?, before: UInt64? = nil, limit: Int = 9) async throws -> [String] {
        try await hooks.deliveries(of: "h1", state: state, before: before, limit: limit).map(\.id)
      }
      #expect(try await ids(nil) == ["c", "b", "a"])
      #expect(try await ids(.done) == ["c"])
      #expect(try await ids(.failed) == ["a"])
      #expect(try await ids(nil, before: next.sequence) == ["a"])
      #expect(try await ids(nil, limit: 1) == ["c"])
      #expect(try await hooks.deliveries(of: "none", state: nil, before: nil, limit: 9).isEmpty)

      guard case .done(let again) = try await hooks.redeliver("a", of: "h1", atMilliseconds: 4) else { throw Unexpected() }
      #expect(again.state == .pending && again.attemptCount == 0 && again.dueAtMilliseconds == 4)
      #expect(try await hooks.nextDelivery(of: "h1")?.delivery.id == "a")
      #expect(try await hooks.webhook("h1", of: .demo)?.pendingCount == 2)
      guard case .done(let sooner) = try await hooks.redeliver("b", of: "h1", atMilliseconds: 3) else { throw Unexpected() }
      #expect(sooner.id == "b" && sooner.dueAtMilliseconds == 3, "one that waits is due at once")
      #expect(try await hooks.webhook("h1", of: .demo)?.pendingCount == 2)
      #expect(try await hooks.redeliver("z", of: "h1", atMilliseconds: 3) == .unknown)
      #expect(try await hooks.redeliver("a", of: "h2", atMilliseconds: 3) == .unknown)

      try await hooks.finish(Self.record("a", .failed, failures: 3, off: "gone"))
      #expect(try await hooks.webhook("h1", of: .demo)?.activity == .off(reason: "gone", atMilliseconds: 50))
      #expect(try await hooks.nextDelivery(of: "h1") == nil)
      #expect(try await hooks.webhook("h1", of: .demo)?.pendingCount == 1, "what waits stays")
    }
  }

  @Test(
    "[ST9, WH8] changes told are a position; one message about them waits at most; who is behind is found", arguments: StoreKind.allCases)
  func told(kind: StoreKind) async throws {
    try await with(kind) { (store: any WorkflowStore, hooks: any WebhookStore) async throws in
      _ = try await store.create(.other)
      _ = try await hooks.addWebhook(Self.hook())
      _ = try await hooks.addWebhook(Self.hook("h2", of: .other, [.runFinished]))
      #expect(try await hooks.webhookBacklog() == [.demo: false, .other: false])
      try await store.append(changes(1...4), to: .demo)
      try await store.append(changes(1...1), to: .other)
      #expect(try await hooks.webhookBacklog() == [.demo: true, .other: false])
      #expect(try await hooks.queue(Self.delivery("c4", .workflowChanged), told: 4) == .done)
      #expect(try await hooks.webhookBacklog() == [.demo: false, .other: false])
      try await store.append(changes(5...6), to: .demo)
      #expect(try await hooks.queue(Self.delivery("c6", .workflowChanged), told: 6) == .waits)
      #expect(try await hooks.webhook("h1", of: .demo)?.toldPosition == 4)
      try await hooks.finish(Self.record("c4", .failed))
      #expect(try await hooks.queue(Self.delivery("c6", .workflowChanged), told: 6) == .done)
      #expect(try await hooks.webhook("h1", of: .demo)?.toldPosition == 6)
      var off = WebhookChange()
      off.activity = .off(reason: "", atMilliseconds: 1)
      _ = try await hooks.changeWebhook("h1", of: .demo, off)
      #expect(try await hooks.webhookBacklog() == [.other: false])
    }
  }

  @Test(
    "[WH7] beyond the queue's bounds deliveries are dead letters at once; of what is over only the newest are kept",
    arguments: StoreKind.allCases)
  func bounds(kind: StoreKind) async throws {
    func set(_ limits: inout WebhookLimits) {
      (limits.pendingMax, limits.pendingTotalMax, limits.failedKeptMax, limits.doneKeptMax) = (3, 5, 2, 2)
    }
    try await with(kind, set) { (_: any WorkflowStore, hooks: any WebhookStore) async throws in
      _ = try await hooks.addWebhook(Self.hook())
      _ = try await hooks.addWebhook(Self.hook("h2"))
      for (hook, id, isFull) in [
        ("h1", "a", false), ("h1", "b", false), ("h1", "c", false), ("h1", "d", true), ("h1", "e", true), ("h1", "f", true),
        ("h2", "a", false), ("h2", "b", false), ("h2", "c", true),
      ] {
        #expect(try await hooks.queue(Self.delivery(id, to: hook), told: nil) == (isFull ? .full : .done), "\(hook) \(id)")
      }
      func ids(_ hook: String, _ state: WebhookDelivery.State) async throws -> [String] {
        try await hooks.deliveries(of: hook, state: state, before: nil, limit: 99).map(\.id)
      }
      #expect(try await ids("h1", .pending) == ["c", "b", "a"])
      #expect(try await ids("h1", .failed) == ["f", "e"])
      #expect(try await ids("h2", .pending) == ["b", "a"])
      #expect(try await ids("h2", .failed) == ["c"])
      let dead = try #require(try await hooks.deliveries(of: "h2", state: .failed, before: nil, limit: 1).first)
      #expect(dead.last == .init(atMilliseconds: 3, status: nil, error: WebhookFacts.fullText) && dead.attemptCount == 0)
      var counts = try await hooks.webhookCounts()
      #expect(counts.webhookCount == 2 && counts.pendingCount == 5 && counts.failedCount == 3 && counts.oldestAtMilliseconds == 3)
      for id in ["a", "b", "c"] { try await hooks.finish(Self.record(id, .done)) }
      #expect(try await ids("h1", .done) == ["c", "b"])
      #expect(try await hooks.queue(Self.delivery("g"), told: nil) == .done)
      #expect(try await ids("h1", .pending) == ["g"])
      counts = try await hooks.webhookCounts()
      #expect(counts.pendingCount == 3)
      for (id, hook) in [("e", "h1"), ("f", "h1")] {
        guard case .done = try await hooks.redeliver(id, of: hook, atMilliseconds: 9) else { throw Unexpected() }
      }
      #expect(try await hooks.redeliver("c", of: "h1", atMilliseconds: 9) == .full, "three of it wait, and five of all")
      #expect(try await hooks.redeliver("c", of: "h2", atMilliseconds: 9) == .full, "five of all wait")
      guard case .done = try await hooks.redeliver("g", of: "h1", atMilliseconds: 9) else { throw Unexpected() }
      #expect(try await ids("h2", .failed) == ["c"], "it stays what it was")
      #expect(try await hooks.webhookCounts().pendingCount == 5)
    }
  }

  private struct Unexpected: Error {}

  @Test("[ST9] webhooks and deliveries go with their workflow; one made anew by the name has none", arguments: StoreKind.allCases)
  func deleted(kind: StoreKind) async throws {
    try await with(kind) { (store: any WorkflowStore, hooks: any WebhookStore) async throws in
      _ = try await hooks.addWebhook(Self.hook())
      _ = try await hooks.queue(Self.delivery("a"), told: nil)
      #expect(try await store.delete(.demo))
      #expect(try await hooks.nextDelivery(of: "h1") == nil)
      #expect(try await hooks.webhookBacklog() == [:])
      #expect(try await hooks.queue(Self.delivery("b"), told: nil) == .unknown)
      _ = try await store.create(.demo)
      #expect(try await hooks.webhooks(of: .demo).isEmpty)
      #expect(try await hooks.webhook("h1", of: .demo) == nil)
      try await store.append(Self.end(of: "r"), to: .demo)
      #expect(try await hooks.deliveries(of: "h1", state: .pending, before: nil, limit: 9).isEmpty)
    }
  }

  @Test("[ST9] whoever listens is told after the commit what may be due", arguments: StoreKind.allCases)
  func signals(kind: StoreKind) async throws {
    try await with(kind) { (store: any WorkflowStore, hooks: any WebhookStore) async throws in
      let heard = Mutex<[WebhookSignal]>([])
      hooks.observeWebhooks { signal in heard.withLock { $0.append(signal) } }
      func take() -> [WebhookSignal] {
        heard.withLock { signals in
          defer { signals = [] }
          return signals
        }
      }
      _ = try await hooks.addWebhook(Self.hook())
      #expect(take() == [.webhooksChanged(.demo)])
      try await store.append(changes(1...2) + Self.end(of: "r"), to: .demo)
      #expect(take() == [.changed(.demo), .queued(.demo)])
      try await store.append([.lease(lease(1))], to: .demo)
      #expect(take() == [])
      _ = try await store.name(named("v"), snapshot: snapshot(0), of: .demo)
      #expect(take() == [.queued(.demo)])
      _ = try await hooks.queue(Self.delivery("a"), told: nil)
      _ = try await hooks.redeliver("a", of: "h1", atMilliseconds: 1)
      #expect(take() == [.queued(.demo), .queued(.demo)])
      _ = try await store.delete(.demo)
      #expect(take() == [.webhooksChanged(.demo)])
    }
  }

  @Test("[ST9] a file of format 5 is brought to the present one; everything is there after a restart; no read sorts or scans")
  func restart() async throws {
    try await TemporaryFolder.with { folder in
      let path = folder.file("store.sqlite")
      let before = try SQLiteStore(path: path)
      _ = try await before.create(.demo)
      try await before.append(changes(1...2), to: .demo)
      await before.close()
      let queue = try DatabaseQueue(path: path)
      try await queue.write { db in
        try db.execute(sql: "DROP TABLE deliveries; DROP TABLE webhooks; PRAGMA user_version = 5")
      }
      try queue.close()

      var store = try SQLiteStore(path: path)
      #expect(try await store.addWebhook(Self.hook()) == .done)
      #expect(try await store.webhook("h1", of: .demo)?.toldPosition == 2)
      try await store.append(Self.end(of: "r"), to: .demo)
      await store.close()
      let reader = try DatabaseQueue(path: path)
      for sql in [
        "SELECT * FROM deliveries WHERE hook = 1 AND state = 0 ORDER BY due_at, sequence LIMIT 1",
        "SELECT * FROM deliveries WHERE hook = 1 AND sequence < 9 ORDER BY sequence DESC LIMIT 9",
        "SELECT * FROM deliveries WHERE hook = 1 AND state = 2 AND sequence < 9 ORDER BY sequence DESC LIMIT 9",
      ] {
        let plan = try await reader.read { try Row.fetchAll($0, sql: "EXPLAIN QUERY PLAN " + sql).map { $0["detail"] as String } }
        #expect(plan.count == 1 && plan[0].contains("SEARCH") && plan[0].contains("INDEX"), "\(plan)")
      }
      try reader.close()
      store = try SQLiteStore(path: path)
      #expect(try await store.nextDelivery(of: "h1")?.delivery.event == .runFinished)
      #expect(try await store.cutLog(of: .demo, from: 2) == 1)
      #expect(try await store.webhook("h1", of: .demo)?.toldPosition == 1, "what comes in its place is told")
      #expect(try await store.delete(.demo))
      await store.close()
    }
  }
}
