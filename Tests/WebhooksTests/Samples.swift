import CRDT
import CollabProtocol
import WorkflowDocument
import WorkflowGraph

@testable import Webhooks

extension WorkflowID {
  static let demo = WorkflowID("demo")!
  static let other = WorkflowID("other")!
}

/// Some moment: 2026-11-29T15:04:05.678Z.
let noon: UInt64 = 1_795_964_645_678

func secret(_ byte: UInt8 = 1) -> WebhookSecret { WebhookSecret(bytes: [UInt8](repeating: byte, count: 32))! }

func webhook(_ id: String = "0000000000000001") -> Webhook {
  Webhook(
    id: id, workflow: .demo, url: "https://example.org/hook", events: [.runFinished], secret: secret(), madeBy: "ada", madeAtMilliseconds: 1
  )
}

func delivery(attempts: Int = 0) -> WebhookDelivery {
  var delivery = WebhookDelivery(
    id: "msg_1", hook: "0000000000000001", event: .runFinished, occurredAtMilliseconds: noon, dueAtMilliseconds: noon,
    body: Array("{}".utf8))
  delivery.attemptCount = attempts
  return delivery
}
