import Testing

@testable import Webhooks

@Suite struct RetryTests {
  private let rules = AttemptRules()

  private func judge(
    _ result: AttemptResult, attempts: Int = 0, hook: Webhook = webhook(), at now: UInt64 = noon, chance: UInt64 = 0
  ) -> AttemptRecord {
    rules.judge(result, of: delivery(attempts: attempts), to: hook, body: [7], atMilliseconds: now, chance: chance)
  }

  /// Milliseconds until the next attempt.
  private func pause(_ record: AttemptRecord, from now: UInt64 = noon) -> UInt64? {
    if case .again(let time) = record.next { time - now } else { nil }
  }

  @Test("[WH6] ten attempts: each pause is drawn within a fifth of its own, and the tenth failure is the last")
  func schedule() throws {
    let seconds: [UInt64] = [5, 30, 120, 600, 1800, 7200, 21_600, 43_200, 43_200]
    for (index, second) in seconds.enumerated() {
      let least = try #require(pause(judge(.failed("x"), attempts: index, chance: 0)))
      #expect(least == second * 800)
      let spread = second * 400
      #expect(try #require(pause(judge(.failed("x"), attempts: index, chance: spread))) == second * 1200)
      #expect(try #require(pause(judge(.failed("x"), attempts: index, chance: spread + 1))) == least)
    }
    let last = judge(.answered(status: 500, retryAfter: nil), attempts: 9)
    #expect(last.next == .failed && last.attemptCount == 10 && last.attempt.status == 500 && last.switchedOff == nil)
    #expect(seconds.reduce(0, +) == 117_755, "32 h 42 min 35 s")
  }

  @Test("[WH6] every 2xx is an end; whatever else is no redirect to follow and no success", arguments: [200, 201, 202, 204, 299])
  func success(status: Int) {
    var hook = webhook()
    (hook.failureCount, hook.failingSinceMilliseconds) = (7, 1)
    let record = judge(.answered(status: status, retryAfter: "99"), attempts: 3, hook: hook)
    #expect(
      record.next == .done && record.failureCount == 0 && record.failingSinceMilliseconds == nil && record.pausedUntilMilliseconds == 0)
    #expect(record.attempt == .init(atMilliseconds: noon, status: status, error: "") && record.body == [7] && record.attemptCount == 4)
  }

  @Test("[WH6] other answers are tried again", arguments: [199, 300, 302, 400, 401, 404, 500, 502])
  func failure(status: Int) {
    let record = judge(.answered(status: status, retryAfter: "3600"))
    #expect(pause(record) == 4000, "Retry-After counts with 429 and 503 only")
    #expect(record.attempt.error.contains("\(status)") && record.failureCount == 1 && record.failingSinceMilliseconds == noon)
    #expect(record.attempt.error.contains("redirect") == (status / 100 == 3))
  }

  @Test(
    "[WH6] Retry-After of 429 and 503 holds back the delivery and the webhook, in seconds or as a date, within a day",
    arguments: [429, 503])
  func retryAfter(status: Int) {
    let cases: [(String?, UInt64)] = [
      ("120", 120_000), ("0", 0), ("86401", 86_400_000), ("99999999999999999999999", 86_400_000), ("18446744073709551615", 86_400_000),
      ("Sun, 29 Nov 2026 15:05:05 GMT", 59_322), ("Sun, 29 Nov 2026 15:03:05 GMT", 0), ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400_000),
      ("-5", 0), ("soon", 0), ("", 0), ("1.5", 0), (nil, 0),
    ]
    for (text, wait) in cases {
      let record = judge(.answered(status: status, retryAfter: text))
      #expect(pause(record) == max(4000, wait), "\(text ?? "none")")
      #expect(record.pausedUntilMilliseconds == noon + max(1000, wait))
    }
  }

  @Test("[WH6] a webhook pauses twice as long after each failure in a row, at most a minute")
  func hookPause() {
    var hook = webhook()
    for (count, seconds) in [(0, 1), (1, 2), (2, 4), (5, 32), (6, 60), (400, 60)] as [(Int, UInt64)] {
      hook.failureCount = count
      #expect(judge(.failed("x"), hook: hook).pausedUntilMilliseconds == noon + seconds * 1000)
    }
    hook.failureCount = .max
    #expect(judge(.failed("x"), hook: hook).failureCount > 1)
  }

  @Test("[WH7] 410 switches the webhook off, and so do five days of nothing but failures; it says why")
  func switchedOff() throws {
    let gone = judge(.answered(status: 410, retryAfter: nil))
    #expect(gone.next == .failed && gone.switchedOff == "The receiver answered 410: it is gone.")
    var hook = webhook()
    hook.failingSinceMilliseconds = noon - 5 * 86_400_000
    #expect(judge(.failed("no route"), hook: hook, at: noon - 1).switchedOff == nil)
    let late = judge(.failed("no route"), attempts: 2, hook: hook)
    #expect(late.switchedOff == "Every attempt failed since 2026-11-24T15:04:05.678Z; the last one: no route")
    #expect(pause(late) == 96_000, "what waits stays")
    #expect(judge(.answered(status: 204, retryAfter: nil), hook: hook).switchedOff == nil)
    hook.failingSinceMilliseconds = noon + 1
    #expect(judge(.failed("x"), hook: hook).switchedOff == nil, "a clock that was set back")
  }

  @Test("[WH3] times are told as RFC 3339 says, leap years and ends of months included")
  func times() {
    for (milliseconds, text) in [
      (0, "1970-01-01T00:00:00.000Z"), (951_782_399_999, "2000-02-28T23:59:59.999Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
      (951_868_800_000, "2000-03-01T00:00:00.000Z"), (4_107_542_399_000, "2100-02-28T23:59:59.000Z"),
      (4_107_542_400_000, "2100-03-01T00:00:00.000Z"), (noon, "2026-11-29T15:04:05.678Z"), (.max, "9999-12-31T23:59:59.999Z"),
    ] as [(UInt64, String)] {
      #expect(CivilTime.text(milliseconds) == text)
    }
    #expect(CivilTime.milliseconds(ofHTTPDate: "Tue, 29 Feb 2000 00:00:00 GMT") == 951_782_400_000)
    #expect(CivilTime.milliseconds(ofHTTPDate: "Thu, 01 Jan 1970 00:00:01 GMT") == 1000)
    for text in [
      "Sunday, 29-Nov-26 15:04:05 GMT", "Sun Nov 29 15:04:05 2026", "Sun, 32 Nov 2026 15:04:05 GMT", "Sun, 29 Nov 2026 24:00:00 GMT",
      "Sun, 29 Nov 2026 15:04 GMT", "Sun, 29 Nov 1969 15:04:05 GMT",
    ] {
      #expect(CivilTime.milliseconds(ofHTTPDate: text) == nil, "\(text)")
    }
  }
}
