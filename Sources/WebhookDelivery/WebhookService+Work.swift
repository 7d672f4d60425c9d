import Logging
import Storage
import Telemetry
import Webhooks
import WorkflowDocument
import WorkflowGraph

/// One attempt, and the telling of changes. Each in a task of its own.
extension WebhookService {
  /// Sends the delivery that is next, if it is due. In a trace of its own, under which the log has it and the receiver hears of it.
  func attempt(_ id: String) async -> WebhookMachine.Event {
    await TraceContext.$current.withValue(.fresh()) { await attemptTraced(id) }
  }

  private func attemptTraced(_ id: String) async -> WebhookMachine.Event {
    do {
      guard let (hook, delivery) = try await store.nextDelivery(of: id) else { return .ended(hook: id, next: nil, pausedUntil: 0) }
      guard delivery.dueAtMilliseconds <= now() else { return .ended(hook: id, next: delivery.dueAtMilliseconds, pausedUntil: 0) }
      let body = try await wholeBody(of: delivery, hook)
      guard let result = await sender.send(delivery, body: body, to: hook, atMilliseconds: now()) else {
        // Cut off by the shutdown: as if it had not been tried.
        return .ended(hook: id, next: delivery.dueAtMilliseconds, pausedUntil: 0)
      }
      let judged = options.rules.judge(result, of: delivery, to: hook, body: body, atMilliseconds: now(), chance: random())
      let record = try await store.finish(judged)
      note(record, of: delivery, hook)
      return .ended(hook: id, next: now(), pausedUntil: record.pausedUntilMilliseconds)
    } catch {
      // What was sent and could not be noted is sent again: at least once.
      logger.error("a webhook's deliveries cannot be read or noted; trying again", metadata: ["webhook": "\(id)", "reason": "\(error)"])
      return .ended(hook: id, next: now() + Self.storePauseMilliseconds, pausedUntil: 0)
    }
  }

  /// Before the first attempt of a run's end: which version it ran. Spec: WH3.
  private func wholeBody(of delivery: WebhookDelivery, _ hook: Webhook) async throws -> [UInt8] {
    let wasSent = delivery.last.map { $0.error != WebhookFacts.fullText } ?? false
    guard delivery.event == .runFinished, !wasSent else { return delivery.body }
    return WebhookBody.adding(try await store.versions(of: hook.workflow), toRun: delivery.body)
  }

  private func note(_ record: AttemptRecord, of delivery: WebhookDelivery, _ hook: Webhook) {
    var metadata: Logger.Metadata = [
      "workflow": "\(hook.workflow)", "webhook": "\(hook.id)", "delivery": "\(delivery.id)", "event": "\(delivery.event.rawValue)",
      "attempt": "\(record.attemptCount)",
    ]
    if !record.attempt.error.isEmpty { metadata["reason"] = "\(record.attempt.error)" }
    switch record.next {
    case .done:
      metrics.delivered.add()
      logger.info("a webhook took a delivery", metadata: metadata)
    case .again:
      metrics.retried.add()
      logger.info("a webhook did not take a delivery; it is tried again", metadata: metadata)
    case .failed:
      metrics.failed.add()
      logger.warning("a webhook did not take a delivery: it is a dead letter", metadata: metadata)
    }
    if let reason = record.switchedOff {
      metrics.switchedOff.add()
      metadata["reason"] = "\(reason)"
      logger.warning("a webhook was switched off", metadata: metadata)
      inbox.note(.webhooks(hook.workflow))
    }
    // What changed while it waited is told by another one.
    if delivery.event == .workflowChanged, record.next == .done || record.next == .failed {
      inbox.note(WebhookSignal.changed(hook.workflow))
    }
  }

  // MARK: changes

  /// The log is read back over so many changes for their authors.
  private static let changesReadMax = 1000
  private static let bytesReadMax = 4 << 20

  /// Queues `workflow.changed` for whoever is behind. Spec: WH8.
  /// - Returns: `false` when it is to be tried again.
  func tell(_ workflow: WorkflowID) async -> Bool {
    do {
      let hooks = try await store.webhooks(of: workflow).filter { $0.activity.isOn && $0.events.contains(.workflowChanged) }
      guard !hooks.isEmpty, let state = try await readState(workflow) else { return true }
      let behind = hooks.filter { $0.toldPosition < state.position }
      guard let since = behind.map(\.toldPosition).min() else { return true }
      var document = state.document
      let graphHash = document.graphHash()
      let limit = Int(clamping: min(state.position - since, UInt64(Self.changesReadMax)))
      let history = try await store.history(of: workflow, before: state.position + 1, limit: limit, bytesMax: Self.bytesReadMax)
      for hook in behind {
        let changes = history.changes.filter { $0.position > hook.toldPosition }
        let stretch = WebhookBody.Stretch(
          since: hook.toldPosition, position: state.position, version: document.version, graphHash: graphHash,
          authors: Self.authors(of: changes), hasMoreAuthors: changes.last.map { $0.position > hook.toldPosition + 1 } ?? true)
        let time = now()
        // After a backup was put back, the same positions hold other changes: those are other events.
        let id = WebhookBody.id(hook: hook.id, event: .workflowChanged, "\(state.position) \(document.version)")
        _ = try await store.queue(
          WebhookDelivery(
            id: id, hook: hook.id, event: .workflowChanged, occurredAtMilliseconds: time, dueAtMilliseconds: time,
            body: WebhookBody.workflowChanged(stretch, of: workflow, atMilliseconds: time)), told: state.position)
      }
      return true
    } catch {
      logger.debug("changes cannot be told now; trying again", metadata: ["workflow": "\(workflow)", "reason": "\(error)"])
      return false
    }
  }

  /// Each once, the last one first.
  private static func authors(of changes: [LoggedChange]) -> [Author] {
    var seen: Set<Author> = []
    return changes.map(\.author).filter { seen.insert($0).inserted }
  }
}
