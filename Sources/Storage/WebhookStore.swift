public import Webhooks
public import WorkflowGraph

/// Where webhooks and what they are still to be told last: beside the workflows, in the same file. Spec: ST9.
///
/// A run's last event and a kept version queue a delivery for each webhook that wants it, in the commit that makes them durable; the store does
/// so by itself. Webhooks and deliveries go with their workflow. What a call answers is durable. Safe to call from any thread.
public protocol WebhookStore: Sendable {
  /// Tells `observer` after commits what may have become due. A hint: what it missed, `webhookBacklog` tells. One at a time; the last one counts.
  /// Called on a thread of the store; must not block.
  func observeWebhooks(_ observer: @escaping @Sendable (WebhookSignal) -> Void)

  /// Its `toldPosition` becomes the end of the log.
  func addWebhook(_ hook: Webhook) async throws(StoreError) -> WebhookOutcome
  func webhook(_ id: String, of workflow: WorkflowID) async throws(StoreError) -> Webhook?
  /// In the order in which they were made.
  func webhooks(of workflow: WorkflowID) async throws(StoreError) -> [Webhook]
  /// What was changed; `nil` when there is no such webhook. One that is switched on again is told only of what comes.
  func changeWebhook(_ id: String, of workflow: WorkflowID, _ change: WebhookChange) async throws(StoreError) -> Webhook?
  /// With all of its deliveries.
  func removeWebhook(_ id: String, of workflow: WorkflowID) async throws(StoreError) -> WebhookOutcome

  /// Workflows with webhooks that are switched on, and whether any of these has changes to be told. For the start.
  func webhookBacklog() async throws(StoreError) -> [WorkflowID: Bool]
  /// The webhook with the delivery that is next in its turn: of those that wait the one due first, then the oldest.
  /// `nil` when nothing waits, or it is switched off.
  func nextDelivery(of hook: String) async throws(StoreError) -> (hook: Webhook, delivery: WebhookDelivery)?
  /// Queues a delivery that follows from no commit; one that is there by this id stays as it is. `full`: it is a dead letter, as too many wait.
  ///
  /// - Parameter told: for `workflow.changed`: the position that it tells. Refused with `waits` while another one of its kind does.
  func queue(_ delivery: WebhookDelivery, told: UInt64?) async throws(StoreError) -> WebhookOutcome
  /// Makes durable what became of an attempt. Nothing happens when the delivery is gone, or is not pending any more.
  /// - Returns: what it came to: see `AttemptRecord.standing(at:after:)`.
  @discardableResult
  func finish(_ record: AttemptRecord) async throws(StoreError) -> AttemptRecord
  /// Newest first.
  /// - Parameter sequence: only those before this one.
  func deliveries(
    of hook: String, state: WebhookDelivery.State?, before sequence: UInt64?, limit: Int
  ) async throws(StoreError) -> [WebhookDelivery]
  /// Makes a delivery pending and due as if it were new.
  func redeliver(_ delivery: String, of hook: String, atMilliseconds: UInt64) async throws(StoreError) -> RedeliveryOutcome
  /// Over all webhooks. For `/metrics`.
  func webhookCounts() async throws(StoreError) -> WebhookCounts
}

/// What became of a change of webhooks.
public enum WebhookOutcome: Hashable, Sendable {
  case done
  /// There is no such workflow or webhook, or it is switched off.
  case unknown
  /// As many as may be are there, in the workflow or in all.
  case full
  /// One of its kind waits already.
  case waits
}

public enum RedeliveryOutcome: Hashable, Sendable {
  case done(WebhookDelivery)
  /// There is none by that id.
  case unknown
  /// As many as may wait do; it stays what it is. One that waits already has its place.
  case full
}

public enum WebhookSignal: Hashable, Sendable {
  case changed(WorkflowID)
  case queued(WorkflowID)
  /// Its webhooks are others than before.
  case webhooksChanged(WorkflowID)
}

/// What is to be changed; `nil`: it stays.
public struct WebhookChange: Sendable {
  public var url: String?
  public var events: Set<WebhookEvent>?
  public var activity: Webhook.Activity?
  /// And until when the one before signs as well, milliseconds since 1970; `nil`: no longer.
  public var secret: (new: WebhookSecret, formerUntilMilliseconds: UInt64?)?

  public init() {}

  /// - Parameter last: where the log ends.
  package func apply(to hook: inout Webhook, last: UInt64) {
    if let url, url != hook.url {
      hook.url = url
      beginAnew(&hook)
    }
    if let events {
      if events.contains(.workflowChanged), !hook.events.contains(.workflowChanged) { hook.toldPosition = last }
      hook.events = events
    }
    if let secret { replace(secret, of: &hook) }
    guard let activity, activity.isOn != hook.activity.isOn else { return }
    hook.activity = activity
    guard activity.isOn else { return }
    hook.toldPosition = last
    beginAnew(&hook)
  }

  /// Here, in the commit, and not where it was asked for: of two at once the second one replaces what the first one made. Spec: WH5.
  private func replace(_ secret: (new: WebhookSecret, formerUntilMilliseconds: UInt64?), of hook: inout Webhook) {
    // The same once more, because its answer was lost, must not end the one before.
    let before = secret.new == hook.secret ? hook.former?.secret : hook.secret
    hook.secret = secret.new
    hook.former = before.flatMap { before in secret.formerUntilMilliseconds.map { .init(before, untilMilliseconds: $0) } }
  }

  /// What was noted of another receiver, or before a pause, says nothing about this one.
  private func beginAnew(_ hook: inout Webhook) { (hook.failureCount, hook.failingSinceMilliseconds) = (0, nil) }
}

public struct WebhookCounts: Hashable, Sendable {
  public var webhookCount = 0
  /// That wait for webhooks that are switched on.
  public var pendingCount = 0
  public var failedCount = 0
  /// When the one that has waited longest occurred; `nil`: none waits.
  public var oldestAtMilliseconds: UInt64?
  public init() {}
}
