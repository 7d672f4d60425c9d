import CollabProtocol
public import Webhooks
public import WorkflowDocument
public import WorkflowGraph

/// Deliveries that follow from what becomes durable. Every implementation asks here, in the same commit. Spec: WH2, ST9.
public enum WebhookFacts {
  /// The version that a run began with is kept at about the same time: the end of a short run waits so long for it.
  public static let runSettlingMilliseconds: UInt64 = 1000
  /// What is told of a delivery that found no room.
  public static let fullText = "too many deliveries waited"

  /// For webhook `hook`, when a run is over.
  ///
  /// - Returns: `nil` when the last event cannot be read: nothing is known of the run then, but that it was.
  public static func runFinished(first: [UInt8]?, last: [UInt8], of workflow: WorkflowID) -> (
    @Sendable (_ hook: String) -> WebhookDelivery
  )? {
    // What cannot be read is reported when the run is asked for.
    guard let last = try? RunEventCodec.decode(last) else { return nil }
    let body = WebhookBody.runFinished(first.flatMap { try? RunEventCodec.decode($0) }, last, of: workflow)
    return { hook in
      WebhookDelivery(
        id: WebhookBody.id(hook: hook, event: .runFinished, last.run), hook: hook, event: .runFinished,
        occurredAtMilliseconds: last.atMilliseconds, dueAtMilliseconds: last.atMilliseconds + runSettlingMilliseconds, body: body)
    }
  }

  public static func versionCreated(_ version: NamedVersion, of workflow: WorkflowID) -> @Sendable (_ hook: String) -> WebhookDelivery {
    let body = WebhookBody.versionCreated(version, of: workflow)
    return { hook in
      WebhookDelivery(
        id: WebhookBody.id(hook: hook, event: .versionCreated, version.id), hook: hook, event: .versionCreated,
        occurredAtMilliseconds: version.namedAtMilliseconds, dueAtMilliseconds: version.namedAtMilliseconds, body: body)
    }
  }
}

extension StoreWrite {
  /// Whether a commit with it may make something due, and what is to be told then.
  package static func signals(of writes: [StoreWrite], to workflow: WorkflowID) -> [WebhookSignal] {
    var signals: [WebhookSignal] = []
    if writes.contains(where: { if case .change = $0 { true } else { false } }) { signals.append(.changed(workflow)) }
    if writes.contains(where: { if case .runEvent(let event) = $0 { event.isLast } else { false } }) { signals.append(.queued(workflow)) }
    return signals
  }
}
