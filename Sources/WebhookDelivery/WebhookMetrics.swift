import Storage
import Synchronization
public import Telemetry

/// What became of deliveries, and how much waits.
public final class WebhookMetrics: Sendable {
  let delivered = Counter()
  let retried = Counter()
  let failed = Counter()
  let switchedOff = Counter()
  private struct Shown {
    var counts = WebhookCounts()
    /// When they may be counted anew.
    var nextAtMilliseconds: UInt64 = 0
    /// Whether something happened since they were counted.
    var isOutdated = true
  }

  private let shown = Mutex(Shown())
  /// How old what is shown may be while deliveries come and go: a thousand webhooks take some milliseconds to count.
  private static let ageMilliseconds: UInt64 = 10_000

  public init() {}

  func noteActivity() { shown.withLock { $0.isOutdated = true } }

  /// When it is time to count; `nil`: nothing happened.
  var countsDueAtMilliseconds: UInt64? { shown.withLock { $0.isOutdated ? $0.nextAtMilliseconds : nil } }

  /// Before they are counted: what happens meanwhile makes them outdated again.
  func willCount(atMilliseconds now: UInt64) {
    shown.withLock { ($0.isOutdated, $0.nextAtMilliseconds) = (false, now + Self.ageMilliseconds) }
  }

  func set(_ counts: WebhookCounts) { shown.withLock { $0.counts = counts } }

  /// - Parameter now: milliseconds since 1970.
  public func write(to text: inout MetricsText, atMilliseconds now: UInt64) {
    let counts = shown.withLock { $0.counts }
    text.counter(
      "thaiyyal_webhook_attempts_total", "Attempts to deliver to webhooks, by what became of the delivery.",
      [
        ([("outcome", "delivered")], delivered.value), ([("outcome", "retry")], retried.value),
        ([("outcome", "dead_letter")], failed.value),
      ])
    text.counter("thaiyyal_webhooks_switched_off_total", "Webhooks that the server switched off.", switchedOff.value)
    text.gauge("thaiyyal_webhooks", "Webhooks, those that are switched off among them.", counts.webhookCount)
    text.gauge("thaiyyal_webhook_pending", "Deliveries that wait for webhooks that are switched on.", counts.pendingCount)
    text.gauge("thaiyyal_webhook_dead_letters", "Dead letters that are kept.", counts.failedCount)
    let age = counts.oldestAtMilliseconds.map { now > $0 ? now - $0 : 0 } ?? 0
    text.gauge(
      "thaiyyal_webhook_oldest_pending_seconds", "Age of the event that has waited longest; 0 when none waits.",
      nanoseconds: age * 1_000_000)
  }
}
