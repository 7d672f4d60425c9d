import Synchronization
public import Webhooks
public import WorkflowGraph

/// Webhooks and deliveries of a store in memory. O(what is there): for tests and for servers that keep nothing.
struct MemoryWebhooks: Sendable {
  /// In the order in which they were made.
  private(set) var hooks: [Webhook] = []
  /// By webhook, in the order in which they came.
  private(set) var deliveries: [String: [WebhookDelivery]] = [:]
  private var sequence: UInt64 = 0

  func hook(_ id: String) -> Webhook? {
    guard var hook = hooks.first(where: { $0.id == id }) else { return nil }
    hook.pendingCount = pendingCount(of: id)
    return hook
  }

  func hooks(of workflow: WorkflowID) -> [Webhook] { hooks.filter { $0.workflow == workflow }.compactMap { hook($0.id) } }

  mutating func forget(_ workflow: WorkflowID) {
    for hook in hooks where hook.workflow == workflow { deliveries[hook.id] = nil }
    hooks.removeAll { $0.workflow == workflow }
  }

  mutating func add(_ hook: Webhook, last: UInt64, _ limits: WebhookLimits) -> WebhookOutcome {
    guard hooks.count < limits.countMax, hooks.count(where: { $0.workflow == hook.workflow }) < limits.countPerWorkflowMax else {
      return .full
    }
    var hook = hook
    hook.toldPosition = last
    hooks.append(hook)
    return .done
  }

  mutating func change(_ id: String, _ body: (inout Webhook) -> Void) {
    guard let at = hooks.firstIndex(where: { $0.id == id }) else { return }
    body(&hooks[at])
  }

  mutating func remove(_ id: String, of workflow: WorkflowID) -> WebhookOutcome {
    guard let at = hooks.firstIndex(where: { $0.id == id && $0.workflow == workflow }) else { return .unknown }
    hooks.remove(at: at)
    deliveries[id] = nil
    return .done
  }

  // MARK: deliveries

  private func pendingCount(of hook: String) -> Int { (deliveries[hook] ?? []).count { $0.state == .pending } }

  private func hasRoom(_ hook: String, _ limits: WebhookLimits) -> Bool {
    pendingCount(of: hook) < limits.pendingMax && hooks.reduce(0) { $0 + pendingCount(of: $1.id) } < limits.pendingTotalMax
  }

  /// For each webhook of `workflow` that is switched on and wants the event.
  mutating func queue(
    _ event: WebhookEvent, of workflow: WorkflowID, _ limits: WebhookLimits, _ make: (_ hook: String) -> WebhookDelivery
  ) {
    for hook in hooks where hook.workflow == workflow && hook.activity.isOn && hook.events.contains(event) {
      _ = put(make(hook.id), limits)
    }
  }

  mutating func queue(_ delivery: WebhookDelivery, told: UInt64?, _ limits: WebhookLimits) -> WebhookOutcome {
    guard let hook = hook(delivery.hook), hook.activity.isOn else { return .unknown }
    if let told {
      guard !(deliveries[hook.id] ?? []).contains(where: { $0.state == .pending && $0.event == delivery.event }) else { return .waits }
      change(hook.id) { $0.toldPosition = max($0.toldPosition, told) }
    }
    return put(delivery, limits)
  }

  private mutating func put(_ delivery: WebhookDelivery, _ limits: WebhookLimits) -> WebhookOutcome {
    guard !(deliveries[delivery.hook] ?? []).contains(where: { $0.id == delivery.id }) else { return .done }
    var delivery = delivery
    sequence += 1
    delivery.sequence = sequence
    let hasRoom = hasRoom(delivery.hook, limits)
    if !hasRoom {
      delivery.state = .failed
      delivery.last = .init(atMilliseconds: delivery.occurredAtMilliseconds, status: nil, error: WebhookFacts.fullText)
    }
    deliveries[delivery.hook, default: []].append(delivery)
    trim(delivery.hook, limits)
    return hasRoom ? .done : .full
  }

  private mutating func trim(_ hook: String, _ limits: WebhookLimits) {
    for (state, kept) in [(WebhookDelivery.State.done, limits.doneKeptMax), (.failed, limits.failedKeptMax)] {
      let old = (deliveries[hook] ?? []).filter { $0.state == state }.dropLast(kept).map(\.id)
      if !old.isEmpty { deliveries[hook]?.removeAll { old.contains($0.id) } }
    }
  }

  func next(of hook: String) -> WebhookDelivery? {
    (deliveries[hook] ?? []).filter { $0.state == .pending }.min {
      ($0.dueAtMilliseconds, $0.sequence) < ($1.dueAtMilliseconds, $1.sequence)
    }
  }

  mutating func finish(_ attempted: AttemptRecord, _ limits: WebhookLimits) -> AttemptRecord {
    guard let hook = hook(attempted.hook),
      let at = deliveries[hook.id]?.firstIndex(where: { $0.id == attempted.delivery && $0.state == .pending })
    else { return attempted }
    let record = attempted.standing(at: hook.url, after: deliveries[hook.id]?[at].attemptCount ?? 0)
    deliveries[record.hook]?[at].attemptCount = record.attemptCount
    deliveries[record.hook]?[at].last = record.attempt
    deliveries[record.hook]?[at].body = record.body
    switch record.next {
    case .done: deliveries[record.hook]?[at].state = .done
    case .failed: deliveries[record.hook]?[at].state = .failed
    case .again(let time): deliveries[record.hook]?[at].dueAtMilliseconds = time
    }
    change(record.hook) { hook in
      (hook.failureCount, hook.failingSinceMilliseconds) = (record.failureCount, record.failingSinceMilliseconds)
      if let reason = record.switchedOff, hook.activity.isOn {
        hook.activity = .off(reason: reason, atMilliseconds: record.attempt.atMilliseconds)
      }
    }
    trim(record.hook, limits)
    return record
  }

  mutating func redeliver(_ id: String, of hook: String, at now: UInt64, _ limits: WebhookLimits) -> RedeliveryOutcome {
    guard let at = deliveries[hook]?.firstIndex(where: { $0.id == id }), var found = deliveries[hook]?[at] else { return .unknown }
    guard found.state == .pending || hasRoom(hook, limits) else { return .full }
    (found.state, found.dueAtMilliseconds, found.attemptCount) = (.pending, now, 0)
    deliveries[hook]?[at] = found
    return .done(found)
  }

  var counts: WebhookCounts {
    var counts = WebhookCounts()
    counts.webhookCount = hooks.count
    for hook in hooks {
      let own = deliveries[hook.id] ?? []
      counts.failedCount += own.count { $0.state == .failed }
      guard hook.activity.isOn else { continue }
      let waiting = own.filter { $0.state == .pending }
      counts.pendingCount += waiting.count
      counts.oldestAtMilliseconds = [counts.oldestAtMilliseconds, waiting.map(\.occurredAtMilliseconds).min()].compactMap { $0 }.min()
    }
    return counts
  }
}

extension InMemoryWorkflowStore: WebhookStore {
  public func observeWebhooks(_ observer: @escaping @Sendable (WebhookSignal) -> Void) {
    webhookObserver.withLock { $0 = observer }
  }

  func tellObserver(_ signals: [WebhookSignal]) {
    guard !signals.isEmpty, let observer = webhookObserver.withLock({ $0 }) else { return }
    for signal in signals { observer(signal) }
  }

  public func addWebhook(_ hook: Webhook) async throws(StoreError) -> WebhookOutcome {
    let limits = limits.webhooks
    let outcome = try await perform { contents throws(StoreError) -> WebhookOutcome in
      guard let workflow = contents.workflows[hook.workflow] else { return .unknown }
      return contents.webhooks.add(hook, last: workflow.lastPosition, limits)
    }
    tellObserver([.webhooksChanged(hook.workflow)])
    return outcome
  }

  public func webhook(_ id: String, of workflow: WorkflowID) async throws(StoreError) -> Webhook? {
    try await perform { contents throws(StoreError) in contents.webhooks.hook(id).flatMap { $0.workflow == workflow ? $0 : nil } }
  }

  public func webhooks(of workflow: WorkflowID) async throws(StoreError) -> [Webhook] {
    try await perform { contents throws(StoreError) in contents.webhooks.hooks(of: workflow) }
  }

  public func changeWebhook(_ id: String, of workflow: WorkflowID, _ change: WebhookChange) async throws(StoreError) -> Webhook? {
    let hook = try await perform { contents throws(StoreError) -> Webhook? in
      guard contents.webhooks.hook(id)?.workflow == workflow else { return nil }
      let last = contents.workflows[workflow]?.lastPosition ?? 0
      contents.webhooks.change(id) { change.apply(to: &$0, last: last) }
      return contents.webhooks.hook(id)
    }
    tellObserver([.webhooksChanged(workflow)])
    return hook
  }

  public func removeWebhook(_ id: String, of workflow: WorkflowID) async throws(StoreError) -> WebhookOutcome {
    let outcome = try await perform { contents throws(StoreError) in contents.webhooks.remove(id, of: workflow) }
    tellObserver([.webhooksChanged(workflow)])
    return outcome
  }

  public func webhookBacklog() async throws(StoreError) -> [WorkflowID: Bool] {
    try await perform { contents throws(StoreError) in
      var found: [WorkflowID: Bool] = [:]
      for hook in contents.webhooks.hooks where hook.activity.isOn {
        let isBehind = hook.events.contains(.workflowChanged) && hook.toldPosition < contents.workflows[hook.workflow]?.lastPosition ?? 0
        found[hook.workflow] = (found[hook.workflow] ?? false) || isBehind
      }
      return found
    }
  }

  public func nextDelivery(of hook: String) async throws(StoreError) -> (hook: Webhook, delivery: WebhookDelivery)? {
    try await perform { contents throws(StoreError) in
      guard let hook = contents.webhooks.hook(hook), hook.activity.isOn, let next = contents.webhooks.next(of: hook.id) else { return nil }
      return (hook, next)
    }
  }

  public func queue(_ delivery: WebhookDelivery, told: UInt64?) async throws(StoreError) -> WebhookOutcome {
    let limits = limits.webhooks
    let (outcome, workflow) = try await perform { contents throws(StoreError) in
      (contents.webhooks.queue(delivery, told: told, limits), contents.webhooks.hook(delivery.hook)?.workflow)
    }
    if let workflow { tellObserver([.queued(workflow)]) }
    return outcome
  }

  @discardableResult
  public func finish(_ record: AttemptRecord) async throws(StoreError) -> AttemptRecord {
    let limits = limits.webhooks
    return try await perform { contents throws(StoreError) in contents.webhooks.finish(record, limits) }
  }

  public func deliveries(
    of hook: String, state: WebhookDelivery.State?, before sequence: UInt64?, limit: Int
  ) async throws(StoreError) -> [WebhookDelivery] {
    try await perform { contents throws(StoreError) in
      let own = (contents.webhooks.deliveries[hook] ?? []).filter { delivery in
        (state.map { delivery.state == $0 } ?? true) && (sequence.map { delivery.sequence < $0 } ?? true)
      }
      return Array(own.reversed().prefix(max(0, limit)))
    }
  }

  public func redeliver(_ delivery: String, of hook: String, atMilliseconds: UInt64) async throws(StoreError) -> RedeliveryOutcome {
    let limits = limits.webhooks
    let (outcome, workflow) = try await perform { contents throws(StoreError) in
      (contents.webhooks.redeliver(delivery, of: hook, at: atMilliseconds, limits), contents.webhooks.hook(hook)?.workflow)
    }
    if let workflow { tellObserver([.queued(workflow)]) }
    return outcome
  }

  public func webhookCounts() async throws(StoreError) -> WebhookCounts {
    try await perform { contents throws(StoreError) in contents.webhooks.counts }
  }
}
