import Storage
import Testing
import Webhooks
import WorkflowGraph

/// What every store must do when owners change a webhook while others do, or while an attempt is under way.
@Suite struct WebhookOwnerContractTests {
  private typealias Samples = WebhookContractTests
  private struct Unexpected: Error {}

  private func with(_ kind: StoreKind, _ body: (any WebhookStore) async throws -> Void) async throws {
    try await kind.withStore(limits: .withoutHistory) { store in
      _ = try await store.create(.demo)
      try await body(try #require(store as? any WebhookStore))
    }
  }

  @Test(
    "[WH5] of two rotations at once the second one replaces what the first one made; the same secret once more ends nothing",
    arguments: StoreKind.allCases)
  func rotations(kind: StoreKind) async throws {
    try await with(kind) { (hooks: any WebhookStore) async throws in
      _ = try await hooks.addWebhook(Samples.hook())
      let made = try (UInt8(1)...2).map { try #require(WebhookSecret(bytes: [UInt8](repeating: $0, count: 32))) }
      // Neither knows of the other.
      async let one = hooks.changeWebhook("h1", of: .demo, Self.rotation(to: made[0], until: 70))
      async let two = hooks.changeWebhook("h1", of: .demo, Self.rotation(to: made[1], until: 80))
      let answers = try await [one, two].compactMap { $0 }
      let last = try #require(try await hooks.webhook("h1", of: .demo))
      #expect(Set([last.secret, last.former?.secret]) == Set(made), "whoever was told a secret can verify")
      #expect(answers.map(\.secret) == made && answers.contains(last))

      _ = try await hooks.changeWebhook("h1", of: .demo, Self.rotation(to: last.secret, until: 90))
      let again = try #require(try await hooks.webhook("h1", of: .demo))
      #expect(again.secret == last.secret && again.former == last.former.map { .init($0.secret, untilMilliseconds: 90) })
      _ = try await hooks.changeWebhook("h1", of: .demo, Self.rotation(to: last.secret, until: nil))
      #expect(try await hooks.webhook("h1", of: .demo)?.former == nil)
    }
  }

  private static func rotation(to secret: WebhookSecret, until time: UInt64?) -> WebhookChange {
    var change = WebhookChange()
    change.secret = (secret, time)
    return change
  }

  @Test(
    "[WH6, WH7] what one receiver answered says nothing about the one that the webhook leads to since: neither pause nor end",
    arguments: StoreKind.allCases)
  func elsewhere(kind: StoreKind) async throws {
    try await with(kind) { (hooks: any WebhookStore) async throws in
      _ = try await hooks.addWebhook(Samples.hook())
      for id in ["a", "b"] { _ = try await hooks.queue(Samples.delivery(id), told: nil) }
      try await hooks.finish(Samples.record("a", .again(atMilliseconds: 90), failures: 4))
      var change = WebhookChange()
      change.events = [.runFinished]
      #expect(try await hooks.changeWebhook("h1", of: .demo, change)?.failureCount == 4)
      change.url = "https://example.org/elsewhere"
      let moved = try #require(try await hooks.changeWebhook("h1", of: .demo, change))
      #expect(moved.failureCount == 0 && moved.failingSinceMilliseconds == nil)

      // Under way while its owner changed the URL.
      let late = try await hooks.finish(Samples.record("b", .failed, failures: 5, off: "The receiver answered 410: it is gone."))
      #expect(late.next == .again(atMilliseconds: 50) && late.switchedOff == nil && late.pausedUntilMilliseconds == 0)
      #expect(try await hooks.webhook("h1", of: .demo)?.failureCount == 0)
      let (hook, next) = try #require(try await hooks.nextDelivery(of: "h1"))
      #expect(hook.activity == .on && next.id == "b" && next.attemptCount == 1 && next.last?.error == "no route")
      let done = try await hooks.finish(Samples.record("b", .done))
      #expect(done.next == .done, "one that arrived before has arrived")
    }
  }

  @Test(
    "[WH6] asked for anew while its last attempt is under way, a delivery is no dead letter by that one: it is tried again at once",
    arguments: StoreKind.allCases)
  func askedAnew(kind: StoreKind) async throws {
    try await with(kind) { (hooks: any WebhookStore) async throws in
      _ = try await hooks.addWebhook(Samples.hook())
      _ = try await hooks.queue(Samples.delivery("a"), told: nil)
      for count in 1...9 {
        try await hooks.finish(Samples.record("a", .again(atMilliseconds: 5), count: count, failures: count))
      }
      guard case .done = try await hooks.redeliver("a", of: "h1", atMilliseconds: 30) else { throw Unexpected() }
      try await hooks.finish(Samples.record("a", .failed, count: 10, failures: 10))
      let (hook, next) = try #require(try await hooks.nextDelivery(of: "h1"))
      #expect(next.attemptCount == 1 && next.dueAtMilliseconds == 50, "as if it were new")
      #expect(hook.failureCount == 10, "that the receiver failed counts")
      try await hooks.finish(Samples.record("a", .failed, count: 2, failures: 11))
      #expect(try await hooks.nextDelivery(of: "h1") == nil, "without a second wish it is over")
    }
  }
}
