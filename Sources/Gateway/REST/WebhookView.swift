import Webhooks
import WorkflowGraph

/// Webhooks and deliveries as JSON; never a secret.
enum WebhookView {
  static func webhook(_ hook: Webhook) -> JSONText {
    var view = JSONMembers()
    view.add("webhook", .string(hook.id))
    view.add("url", .string(hook.url))
    // In the order of the table, not of a set.
    view.add("events", RunView.array(WebhookEvent.wanted.filter(hook.events.contains).map { .string($0.rawValue) }))
    view.add("active", .bool(hook.activity.isOn))
    if case .off(let reason, let time) = hook.activity {
      view.add("offReason", .string(reason))
      view.add("offAtMilliseconds", .number(Double(time)))
    }
    if !hook.madeBy.isEmpty { view.add("madeBy", .string(hook.madeBy)) }
    view.add("madeAtMilliseconds", .number(Double(hook.madeAtMilliseconds)))
    view.add("pendingCount", .number(Double(hook.pendingCount)))
    view.add("failuresInARow", .number(Double(hook.failureCount)))
    if let since = hook.failingSinceMilliseconds { view.add("failingSinceMilliseconds", .number(Double(since))) }
    if let former = hook.former { view.add("formerSecretUntilMilliseconds", .number(Double(former.untilMilliseconds))) }
    return view.object
  }

  static func delivery(_ delivery: WebhookDelivery) -> JSONText {
    var view = JSONMembers()
    view.add("delivery", .string(delivery.id))
    view.add("event", .string(delivery.event.rawValue))
    view.add("state", .string("\(delivery.state)"))
    view.add("occurredAtMilliseconds", .number(Double(delivery.occurredAtMilliseconds)))
    view.add("attempts", .number(Double(delivery.attemptCount)))
    if delivery.state == .pending { view.add("nextAttemptAtMilliseconds", .number(Double(delivery.dueAtMilliseconds))) }
    if let last = delivery.last {
      view.add("lastAttemptAtMilliseconds", .number(Double(last.atMilliseconds)))
      if let status = last.status { view.add("lastStatus", .number(Double(status))) }
      if !last.error.isEmpty { view.add("error", .string(last.error)) }
    }
    return view.object
  }
}
