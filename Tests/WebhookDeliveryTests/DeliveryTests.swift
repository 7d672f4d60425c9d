import Foundation
import Hashing
import Logging
import LoopbackServer
import Storage
import Synchronization
import Telemetry
import Testing
import WebhookDelivery
import Webhooks
import WorkflowGraph

/// Deliveries over real sockets.
@Suite(.timeLimit(.minutes(2))) struct DeliveryTests {
  @Test("[WH2, WH4, WH6] a receiver that fails and recovers gets the same delivery with the same id, signed anew each time")
  func recovers() async throws {
    let replies = Replies(.reset, .answer(500, "no"), .answer(200, "yes"))
    let receiver = try await LoopbackServer.start { _ in replies.next }
    let stage = try await Stage.fresh()
    try await stage.addHook(receiver)
    try await stage.serve([receiver]) {
      try await stage.endRun("r1")
      let done = try await stage.delivery { $0.state == .done }
      #expect(done.attemptCount == 3 && done.last?.status == 200 && done.last?.error == "")
      let requests = receiver.requests
      #expect(requests.count == 3 && Set(requests.map(\.body)).count == 1)
      #expect(requests.allSatisfy { $0.method == "POST" && $0.target == "/hook" && $0.fields["content-type"] == "application/json" })
      #expect(requests.allSatisfy { $0.fields["webhook-id"] == done.id && $0.fields["user-agent"] == "thaiyyal" })
      #expect(Set(requests.compactMap { $0.fields["traceparent"] }).count == 3, "each attempt has a trace of its own")
      for request in requests { try Self.expectSigned(request, by: [Stage.secret]) }
      let hook = try #require(try await stage.store.webhook("h1", of: .demo))
      #expect(hook.failureCount == 0 && hook.failingSinceMilliseconds == nil && hook.pendingCount == 0)
    }
    try await receiver.stop()
  }

  /// Computed from the definition of HMAC, not by the code under test.
  private static func expectSigned(_ request: LoopbackServer.Request, by secrets: [WebhookSecret]) throws {
    let id = try #require(request.fields["webhook-id"])
    let seconds = try #require(request.fields["webhook-timestamp"])
    #expect(abs((Double(seconds) ?? 0) - Date().timeIntervalSince1970) < 60)
    let message = Array("\(id).\(seconds).\(request.body)".utf8)
    let expected = secrets.map { secret -> String in
      let key = secret.bytes + [UInt8](repeating: 0, count: 64 - secret.bytes.count)
      let inner = SHA256.digest(key.map { $0 ^ 0x36 } + message)
      return "v1," + Data(SHA256.digest(key.map { $0 ^ 0x5c } + inner)).base64EncodedString()
    }
    #expect(request.fields["webhook-signature"] == expected.joined(separator: " "))
  }

  @Test("[WH5] after a rotation both secrets sign until the former one ends")
  func rotation() async throws {
    let receiver = try await LoopbackServer.start { _ in .answer(200, "") }
    let stage = try await Stage.fresh()
    try await stage.addHook(receiver)
    let next = try #require(WebhookSecret(bytes: [UInt8](repeating: 6, count: 24)))
    try await stage.serve([receiver]) {
      var change = WebhookChange()
      change.secret = (next, Stage.nowMilliseconds() + 60_000)
      _ = try await stage.store.changeWebhook("h1", of: .demo, change)
      try await stage.endRun("r1")
      await receiver.asked(1)
      change.secret = (next, Stage.nowMilliseconds() - 1)
      _ = try await stage.store.changeWebhook("h1", of: .demo, change)
      try await stage.endRun("r2")
      await receiver.asked(2)
      try Self.expectSigned(receiver.requests[0], by: [next, Stage.secret])
      try Self.expectSigned(receiver.requests[1], by: [next])
    }
    try await receiver.stop()
  }

  @Test("[WH2] a receiver that never answers holds up no other, and gets one request at a time")
  func slow() async throws {
    let silent = try await LoopbackServer.start { _ in .silence }
    let quick = try await LoopbackServer.start { _ in .answer(200, "") }
    let stage = try await Stage.fresh()
    try await stage.addHook(silent, id: "slow")
    try await stage.addHook(quick, id: "quick")
    try await stage.serve([silent, quick]) {
      for run in 0..<20 { try await stage.endRun("r\(run)") }
      await quick.asked(20)
      await silent.asked(1)
      #expect(silent.acceptedCount == 1)
      #expect(try await stage.store.webhook("slow", of: .demo)?.pendingCount == 20)
      #expect(Set(quick.requests.compactMap { $0.fields["webhook-id"] }).count == 20)
    }
    // What was under way when the service ended is as if it had not been tried.
    let waiting = try await stage.store.deliveries(of: "slow", state: .pending, before: nil, limit: 99)
    #expect(waiting.count == 20 && waiting.allSatisfy { $0.attemptCount == 0 })
    try await silent.stop()
    try await quick.stop()
  }

  @Test("[WH7] 410 switches the webhook off: no request follows, what waits stays, what comes is not for it")
  func gone() async throws {
    let receiver = try await LoopbackServer.start { _ in .answer(410, "") }
    let stage = try await Stage.fresh()
    try await stage.addHook(receiver)
    try await stage.endRun("r1")
    try await stage.endRun("r2")
    try await stage.serve([receiver]) {
      let dead = try await stage.delivery { $0.state == .failed }
      #expect(dead.attemptCount == 1 && dead.last?.status == 410)
      try await stage.endRun("r3")
      let hook = try #require(try await stage.store.webhook("h1", of: .demo))
      guard case .off(let reason, _) = hook.activity else { throw Unexpected(text: "it is on") }
      #expect(reason.contains("410") && hook.pendingCount == 1)
      #expect(receiver.requests.count == 1)
      var on = WebhookChange()
      on.activity = .on
      _ = try await stage.store.changeWebhook("h1", of: .demo, on)
      await receiver.asked(2)
    }
    try await receiver.stop()
  }

  private struct Unexpected: Error { var text: String }

  @Test("[WH1] redirects are not followed")
  func redirect() async throws {
    let target = try await LoopbackServer.start { _ in .answer(200, "") }
    let receiver = try await LoopbackServer.start { _ in .answer(307, "", type: "text/plain", ["Location: \(target.origin)/"]) }
    let stage = try await Stage.fresh()
    try await stage.addHook(receiver)
    try await stage.serve([receiver, target]) {
      try await stage.endRun("r1")
      let dead = try await stage.delivery { $0.state == .failed }
      #expect(dead.attemptCount == 10 && dead.last?.status == 307 && dead.last?.error.contains("redirects are not followed") == true)
    }
    #expect(target.acceptedCount == 0 && receiver.requests.count == 10)
    try await receiver.stop()
    try await target.stop()
  }

  @Test(
    "[WH1] an address that is not public is not connected to, and the owner is told why, but not which address a name has",
    arguments: [
      ("127.0.0.1", "127.0.0.1 is loopback"), ("localhost", "localhost may not be reached: it has an address that is not public"),
    ])
  func privateAddress(host: String, reason: String) async throws {
    let receiver = try await LoopbackServer.start { _ in .answer(200, "") }
    let stage = try await Stage.fresh()
    _ = try await stage.store.addWebhook(
      Webhook(
        id: "h1", workflow: .demo, url: "http://\(host):\(receiver.port)/", events: [.runFinished], secret: Stage.secret, madeBy: "",
        madeAtMilliseconds: 1))
    try await stage.serve([receiver], ranges: []) {
      try await stage.endRun("r1")
      let tried = try await stage.delivery { $0.attemptCount > 0 }
      #expect(tried.last?.status == nil && tried.last?.error.hasPrefix(reason) == true, "\(tried.last?.error ?? "")")
    }
    #expect(receiver.acceptedCount == 0)
    try await receiver.stop()
  }

  @Test("[WH6] the status is the answer: a body without end, one that is cut off and one too large change nothing")
  func bodies() async throws {
    let head = "HTTP/1.1 200 OK\r\n"
    let replies = Replies(
      .endless(
        Array((head + "Transfer-Encoding: chunked\r\n\r\n").utf8),
        Array("400\r\n".utf8) + [UInt8](repeating: 65, count: 1024) + Array("\r\n".utf8)),
      .text(head + "Content-Length: 100\r\n\r\nshort"), .text(head + "Content-Length: 99999999\r\nContent-Encoding: gzip\r\n\r\nx"),
      .answer(200, ""))
    let receiver = try await LoopbackServer.start { _ in replies.next }
    let stage = try await Stage.fresh()
    try await stage.addHook(receiver)
    try await stage.serve([receiver]) {
      for run in 0..<4 {
        try await stage.endRun("r\(run)")
        await receiver.asked(run + 1)
      }
      while try await stage.store.deliveries(of: "h1", state: .done, before: nil, limit: 9).count < 4 {
        try await Task.sleep(for: .milliseconds(5))
      }
    }
    #expect(receiver.requests.count == 4)
    await receiver.noneOpen()
    try await receiver.stop()
  }

  @Test("[WH6] an answer that drips past the deadline counts by its status; one without a status is a failure")
  func deadlines() async throws {
    let replies = Replies(.silence, .open(Array("HTTP/1.1 202 Accepted\r\nContent-Length: 9\r\n\r\n1".utf8)))
    let receiver = try await LoopbackServer.start { _ in replies.next }
    let stage = try await Stage.fresh()
    try await stage.addHook(receiver)
    var options = Stage.options
    options.rules.limits.attemptDeadline = .milliseconds(300)
    try await stage.serve([receiver], options: options) {
      try await stage.endRun("r1")
      let failed = try await stage.delivery { $0.attemptCount == 1 }
      #expect(failed.last?.error.contains("no answer within 0.3s") == true)
      let done = try await stage.delivery { $0.state == .done }
      #expect(done.attemptCount == 2 && done.last?.status == 202)
    }
    try await receiver.stop()
  }

  @Test("[WH2, ST9] what was due when the process died is delivered by the next one, with the id it had")
  func restart() async throws {
    let replies = Replies(.answer(503, ""), .answer(200, ""))
    let receiver = try await LoopbackServer.start { _ in replies.next }
    let stage = try await Stage.fresh()
    try await stage.addHook(receiver, [.runFinished, .workflowChanged])
    var options = Stage.options
    options.rules.schedule = RetrySchedule(pauses: [.milliseconds(400)], hookPauseFirst: .milliseconds(1), jitterPercent: 0)
    try await stage.serve([receiver], options: options) {
      try await stage.endRun("r1")
      _ = try await stage.delivery { $0.attemptCount == 1 }
    }
    // Nobody listens while this happens.
    try await stage.endRun("r2")
    try await stage.edit(1)
    let next = Stage(stage.store.crash())
    try await next.serve([receiver], options: options) { await receiver.asked(4) }
    let bodies = receiver.requests.map(\.body)
    #expect(bodies[0] == bodies.dropFirst().first { $0.contains("r1") })
    #expect(bodies.count { $0.contains("\"r2\"") } == 1 && bodies.count { $0.contains("workflow.changed") } == 1)
    #expect(Set(receiver.requests.compactMap { $0.fields["webhook-id"] }).count == 3)
    await stage.store.close()
    try await receiver.stop()
  }

  @Test("[WH8] what two edit is told once they pause, as one stretch; then what comes after it")
  func coalesced() async throws {
    let receiver = try await LoopbackServer.start { _ in .answer(200, "") }
    let stage = try await Stage.fresh()
    try await stage.edit(1)
    try await stage.addHook(receiver, [.workflowChanged])
    try await stage.serve([receiver]) {
      for position in UInt64(2)...21 { try await stage.edit(position, by: position % 2 == 0 ? "Ada" : "Bob") }
      await receiver.asked(1)
      try await stage.edit(22)
      await receiver.asked(2)
    }
    let told = try receiver.requests.map { try #require(try JSONValue(parsing: $0.body)["data"]) }
    #expect(told.map { $0["sincePosition"]?.numberValue } == [1, 21] && told.map { $0["position"]?.numberValue } == [21, 22])
    #expect(told[0]["changeCount"]?.numberValue == 20 && told[0]["hasMoreAuthors"]?.boolValue == false)
    #expect(told[0]["authors"]?.arrayValue?.compactMap { $0["name"]?.stringValue } == ["Bob", "Ada"])
    #expect(told[0]["graphHash"]?.stringValue?.count == 64 && told[1]["version"]?["seq"]?.arrayValue?.first?.stringValue == "22")
    try await receiver.stop()
  }

  @Test("[WH8] while one message about changes waits there is no second; the one after it tells all that came meanwhile")
  func oneAtATime() async throws {
    let replies = Replies(.answer(500, ""), .answer(500, ""), .answer(500, ""), .answer(500, ""), .answer(500, ""), .answer(200, ""))
    let receiver = try await LoopbackServer.start { _ in replies.next }
    let stage = try await Stage.fresh()
    try await stage.addHook(receiver, [.workflowChanged])
    var options = Stage.options
    options.rules.limits.quiet = .milliseconds(30)
    options.rules.schedule.pauses = Array(repeating: .milliseconds(100), count: 9)
    try await stage.serve([receiver], options: options) {
      try await stage.edit(1)
      await receiver.asked(1)
      try await stage.edit(2)
      await receiver.asked(3)
      try await stage.edit(3)
      await receiver.asked(7)
    }
    let told = try receiver.requests.map { try #require(try JSONValue(parsing: $0.body)["data"]?["position"]?.numberValue) }
    #expect(told == [1, 1, 1, 1, 1, 1, 3])
    try await receiver.stop()
  }

  @Test("[WH8] what is edited in the moment in which a webhook is made, or begins to want changes, is told like what comes later")
  func editedAtOnce() async throws {
    let receiver = try await LoopbackServer.start { _ in .answer(200, "") }
    let stage = try await Stage.fresh()
    let workflows = (0..<20).compactMap { WorkflowID("w\($0)") }
    for workflow in workflows { _ = try await stage.store.create(workflow) }
    try await stage.serve([receiver]) {
      for (index, workflow) in workflows.enumerated() {
        let isLate = index % 2 == 0
        try await stage.addHook(receiver, isLate ? [.runFinished] : [.workflowChanged], id: "h\(index)", of: workflow)
        var change = WebhookChange()
        change.events = [.workflowChanged]
        if isLate { _ = try await stage.store.changeWebhook("h\(index)", of: workflow, change) }
        try await stage.edit(1, of: workflow)
      }
      await receiver.asked(20)
    }
    #expect(Set(receiver.requests.map(\.fields["webhook-id"])).count == 20)
    try await receiver.stop()
  }

  @Test("[WH4] the log has each attempt under the trace that the receiver was told")
  func traced() async throws {
    let replies = Replies(.answer(500, ""), .answer(200, ""))
    let receiver = try await LoopbackServer.start { _ in replies.next }
    let lines = Mutex<[String]>([])
    let logger = Logger(label: "test") { label in
      JSONLogHandler(label: label, metadataProvider: JSONLogHandler.traces) { line in lines.withLock { $0.append(line) } }
    }
    let stage = try await Stage.fresh()
    try await stage.addHook(receiver)
    try await stage.serve([receiver], logger: logger) {
      try await stage.endRun("r1")
      _ = try await stage.delivery { $0.state == .done }
    }
    let traces = receiver.requests.compactMap { $0.fields["traceparent"].flatMap { TraceContext($0) } }
    let attempts = try lines.withLock { $0 }.map { try JSONValue(parsing: $0) }.filter { $0["attempt"] != nil }
    #expect(attempts.map { $0["attempt"]?.stringValue } == ["1", "2"])
    #expect(attempts.map { $0["trace_id"]?.stringValue } == traces.map(\.traceID) && Set(traces.map(\.traceID)).count == 2)
    let id = receiver.requests[0].fields["webhook-id"]
    #expect(attempts.allSatisfy { $0["level"]?.stringValue == "info" && $0["delivery"]?.stringValue == id })
    #expect(!lines.withLock { $0.joined() }.contains("/hook"), "a URL may hold a secret")
    try await receiver.stop()
  }

  @Test("[WH6, WH9] after ten failures a delivery is a dead letter; delivered again it has all attempts before it; counts tell it")
  func deadLetter() async throws {
    let replies = Replies(
      .reset, .reset, .reset, .reset, .reset, .reset, .reset, .reset, .reset, .reset, .answer(200, ""))
    let receiver = try await LoopbackServer.start { _ in replies.next }
    let stage = try await Stage.fresh()
    try await stage.addHook(receiver)
    try await stage.serve([receiver]) {
      let time = Stage.nowMilliseconds()
      _ = try await stage.store.queue(
        WebhookDelivery(
          id: "msg_t", hook: "h1", event: .test, occurredAtMilliseconds: time, dueAtMilliseconds: time,
          body: WebhookBody.test("h1", of: .demo, atMilliseconds: time)), told: nil)
      let dead = try await stage.delivery { $0.state == .failed }
      #expect(dead.attemptCount == 10 && dead.last?.error.isEmpty == false)
      #expect(try await stage.store.webhookCounts().failedCount == 1)
      _ = try await stage.store.redeliver("msg_t", of: "h1", atMilliseconds: Stage.nowMilliseconds())
      let done = try await stage.delivery { $0.state == .done }
      #expect(done.attemptCount == 1)
    }
    #expect(Set(receiver.requests.compactMap { $0.fields["webhook-id"] }) == ["msg_t"])
    var metrics = MetricsText()
    stage.metrics.write(to: &metrics, atMilliseconds: Stage.nowMilliseconds())
    let text = metrics.text
    #expect(text.contains("thaiyyal_webhook_attempts_total{outcome=\"delivered\"} 1"))
    #expect(text.contains("thaiyyal_webhook_attempts_total{outcome=\"retry\"} 9"))
    #expect(text.contains("thaiyyal_webhook_attempts_total{outcome=\"dead_letter\"} 1"))
    try await receiver.stop()
  }
}
