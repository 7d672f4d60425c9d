/// What an attempt came to.
public enum AttemptResult: Hashable, Sendable {
  /// - Parameter retryAfter: the header field, as it came.
  case answered(status: Int, retryAfter: String?)
  /// There was no answer; why, in words.
  case failed(String)
}

/// What follows from an attempt, to be made durable in one step. Spec: WH6, WH7.
public struct AttemptRecord: Hashable, Sendable {
  public enum Next: Hashable, Sendable {
    case done
    case again(atMilliseconds: UInt64)
    case failed
  }

  public var hook: String
  /// Where it was sent.
  public var url: String
  public var delivery: String
  /// With this one.
  public var attemptCount: Int
  public var attempt: WebhookDelivery.Attempt
  public var next: Next
  /// The bytes that were sent: further attempts send the same.
  public var body: [UInt8]
  /// Failures in a row with this one; 0 after a success.
  public var failureCount: Int
  public var failingSinceMilliseconds: UInt64?
  /// Why the webhook is switched off; `nil`: it is not.
  public var switchedOff: String?
  /// Nothing is sent to the webhook before. Not kept: a restart forgets it.
  public var pausedUntilMilliseconds: UInt64

  /// What it comes to in view of what an owner did while it was under way. A failure where the webhook leads no more is none of its receiver;
  /// one of a delivery that was asked for anew is its first. Either is tried again at once.
  ///
  /// - Parameters:
  ///   - url: where the webhook leads by now.
  ///   - attempts: of the delivery, as they are noted, without this one.
  public func standing(at url: String, after attempts: Int) -> AttemptRecord {
    let isAskedAnew = attempts != attemptCount - 1
    guard url != self.url || isAskedAnew, next != .done else { return self }
    var record = self
    record.next = .again(atMilliseconds: attempt.atMilliseconds)
    if isAskedAnew { record.attemptCount = attempts + 1 }
    guard url != self.url else { return record }
    (record.failureCount, record.failingSinceMilliseconds, record.switchedOff, record.pausedUntilMilliseconds) = (0, nil, nil, 0)
    return record
  }
}

/// How answers are read.
public struct AttemptRules: Hashable, Sendable {
  public var schedule: RetrySchedule
  public var limits: WebhookLimits

  public init(schedule: RetrySchedule = .standard, limits: WebhookLimits = WebhookLimits()) {
    self.schedule = schedule
    self.limits = limits
  }

  /// - Parameters:
  ///   - now: milliseconds since 1970, when the attempt ended.
  ///   - body: what was sent.
  ///   - chance: 64 even bits.
  public func judge(
    _ result: AttemptResult, of delivery: WebhookDelivery, to hook: Webhook, body: [UInt8], atMilliseconds now: UInt64, chance: UInt64
  ) -> AttemptRecord {
    let count = delivery.attemptCount + 1
    var record = AttemptRecord(
      hook: hook.id, url: hook.url, delivery: delivery.id, attemptCount: count, attempt: .init(atMilliseconds: now, status: nil, error: ""),
      next: .done, body: body, failureCount: 0, failingSinceMilliseconds: nil, switchedOff: nil, pausedUntilMilliseconds: 0)
    var wait: UInt64 = 0
    switch result {
    case .answered(let status, _) where (200..<300).contains(status):
      record.attempt.status = status
      return record
    case .answered(let status, let retryAfter):
      record.attempt.status = status
      record.attempt.error = Self.words(status)
      if status == 410 { record.switchedOff = "The receiver answered 410: it is gone." }
      if status == 429 || status == 503 { wait = retryAfter.map { self.wait($0, now) } ?? 0 }
    case .failed(let text): record.attempt.error = text
    }
    record.failureCount = min(hook.failureCount, Int(UInt32.max)) + 1
    let since = hook.failingSinceMilliseconds ?? now
    record.failingSinceMilliseconds = since
    if record.switchedOff == nil, now >= since, now - since >= limits.failingMax.milliseconds {
      record.switchedOff = "Every attempt failed since \(CivilTime.text(since)); the last one: \(record.attempt.error)"
    }
    if record.attempt.status == 410 {
      record.next = .failed
    } else if let pause = schedule.pause(afterAttempt: count, chance: chance) {
      record.next = .again(atMilliseconds: now + max(pause, wait))
    } else {
      record.next = .failed
    }
    record.pausedUntilMilliseconds = now + max(schedule.hookPause(afterFailures: record.failureCount), wait)
    return record
  }

  /// Milliseconds that a `Retry-After` asks for, within bounds; 0 for one that cannot be read. Source: RFC 9110 §10.2.3.
  private func wait(_ text: String, _ now: UInt64) -> UInt64 {
    let most = limits.retryAfterMax.milliseconds
    if !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) {
      // Too many digits for a number ask for more than the most.
      return UInt64(text).map { min(most, $0.multipliedReportingOverflow(by: 1000).overflow ? most : $0 * 1000) } ?? most
    }
    guard let time = CivilTime.milliseconds(ofHTTPDate: text), time > now else { return 0 }
    return min(most, time - now)
  }

  private static func words(_ status: Int) -> String {
    switch status {
    case 300..<400: "the receiver answered \(status): redirects are not followed"
    default: "the receiver answered \(status)"
    }
  }
}
