/// How much of everything, and how long. docs/LIMITS.md shows them.
public struct WebhookLimits: Hashable, Sendable {
  /// Of one workflow; beyond it: 409.
  public var countPerWorkflowMax = 20
  /// Of the server; beyond it: 409.
  public var countMax = 1000
  /// Deliveries of one webhook that wait; beyond it: what comes is a dead letter at once. `workflow.changed` is there once at most.
  public var pendingMax = 500
  /// Of all webhooks; beyond it: likewise.
  public var pendingTotalMax = 50_000
  /// Deliveries of one webhook that are remembered when they are done; beyond it: the oldest is forgotten.
  public var doneKeptMax = 100
  /// Dead letters of one webhook; beyond it: the oldest is forgotten, and counted.
  public var failedKeptMax = 500
  /// Attempts at once, at most one for each webhook; beyond it: they wait.
  public var attemptsAtOnceMax = 16
  /// From the name to the head of the answer; later: a failed attempt.
  public var attemptDeadline: Duration = .seconds(10)
  /// Of an answer's body, which nobody looks at; beyond it the connection is closed.
  public var answerBytesMax = 16 << 10
  /// `workflow.changed` is sent when nobody has edited for so long.
  public var quiet: Duration = .seconds(5)
  /// Or when the first change that was not told is so old.
  public var untoldMax: Duration = .seconds(60)
  /// A `Retry-After` that says more counts as this.
  public var retryAfterMax: Duration = .seconds(86_400)
  /// A webhook of which every attempt failed for so long is switched off.
  public var failingMax: Duration = .seconds(5 * 86_400)
  /// How long the former secret signs as well, unless the owner says otherwise.
  public var secretOverlap: Duration = .seconds(86_400)
  public var secretOverlapMax: Duration = .seconds(7 * 86_400)

  public init() {}
}

extension Duration {
  /// Whole milliseconds; 0 for what is negative.
  var milliseconds: UInt64 {
    let (seconds, attoseconds) = components
    guard seconds >= 0, attoseconds >= 0 else { return 0 }
    return UInt64(seconds) * 1000 + UInt64(attoseconds / 1_000_000_000_000_000)
  }
}
