public import CollabProtocol
public import RateLimits
import WorkflowDocument

extension ErrorReport {
  /// What a session is told that does too much of something. Spec: LM3.
  public init(request: UInt64, _ refusal: RateRefusal) {
    self.init(
      request: request, code: .rateLimited, text: refusal.text, retryAfterMilliseconds: UInt32(clamping: refusal.waitMilliseconds),
      limit: "\(refusal.name)")
  }
}

extension ChangeBatch {
  /// As rates count: a change without ops, which is refused, is not free either.
  public var opCount: UInt64 { changes.reduce(0) { $0 + UInt64(max($1.ops.count, 1)) } }
}
