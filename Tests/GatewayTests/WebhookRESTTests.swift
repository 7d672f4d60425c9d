import CollabProtocol
import Foundation
import OutboundPolicy
import Storage
import Testing
import Webhooks
import WorkflowGraph

@testable import Gateway

/// Webhooks over REST.
@Suite(.timeLimit(.minutes(2))) struct WebhookRESTTests {
  private static let base = "/api/v1/workflows/demo/webhooks"

  private func with(_ body: @Sendable (TestServer) async throws -> Void) async throws {
    try await TestServer.with { (server: TestServer) async throws in
      _ = try await server.store.create(.demo)
      try await body(server)
    }
  }

  private static func json(_ answer: RawClient.Answer) throws -> JSONValue {
    try JSONValue(parsing: answer.body.trimmingCharacters(in: .whitespacesAndNewlines))
  }

  private static func make(
    _ server: TestServer, _ body: String = #"{"url":"https://example.org/in?key=k","events":["run.finished","workflow.changed"]}"#
  ) async throws -> (hook: String, secret: String) {
    let answer = try await TestTokens.send("POST", base, body, to: server)
    #expect(answer.status == 201, "\(answer.text)")
    let value = try json(answer)
    let hook = try #require(value["webhook"]?["webhook"]?.stringValue)
    #expect(answer["location"] == "\(base)/\(hook)")
    return (hook, try #require(value["secret"]?.stringValue))
  }

  @Test("[WH1, WH4] a webhook is made, shown without its secret, changed, switched off and on, and removed")
  func life() async throws {
    try await with { (server: TestServer) async throws in
      let (hook, secret) = try await Self.make(server)
      #expect(WebhookSecret(secret)?.bytes.count == 32)
      let path = "\(Self.base)/\(hook)"
      for answer in [try await TestTokens.send("GET", Self.base, to: server), try await TestTokens.send("GET", path, to: server)] {
        #expect(
          answer.status == 200 && !answer.body.contains("whsec_") && answer.body.contains(#""events":["workflow.changed","run.finished"]"#))
      }
      let off = try await TestTokens.send("PATCH", path, #"{"active":false,"events":["version.created"]}"#, to: server)
      let value = try Self.json(off)
      #expect(off.status == 200 && value["active"]?.boolValue == false && value["offReason"]?.stringValue == "An owner switched it off.")
      #expect(value["url"]?.stringValue == "https://example.org/in?key=k", "what is not named stays")
      #expect(try await TestTokens.send("POST", path + "/test", to: server).status == 409)
      #expect(try Self.json(try await TestTokens.send("PATCH", path, #"{"active":true}"#, to: server))["active"]?.boolValue == true)
      #expect(try await TestTokens.send("DELETE", path, to: server).status == 204)
      #expect(try await TestTokens.send("DELETE", path, to: server).status == 404)
      #expect(try await TestTokens.send("GET", path, to: server).status == 404)
      let own = try await Self.make(
        server,
        #"{"url":"https://example.org/","events":["run.finished"],"active":false,"secret":"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}"#)
      #expect(own.secret == "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
      #expect(try await server.store.webhook(own.hook, of: .demo)?.activity.isOn == false)
    }
  }

  @Test("[WH5] another secret is told once; the one before signs as well for as long as the owner says")
  func rotation() async throws {
    try await with { (server: TestServer) async throws in
      let (hook, first) = try await Self.make(server)
      let path = "\(Self.base)/\(hook)/secret"
      let rotated = try Self.json(try await TestTokens.send("POST", path, "{}", to: server))
      let second = try #require(rotated["secret"]?.stringValue)
      #expect(second != first)
      let now = TestTokens.nowMilliseconds()
      var stored = try #require(try await server.store.webhook(hook, of: .demo))
      #expect(stored.secret.text == second && stored.former?.secret.text == first)
      #expect(abs(Double(stored.former?.untilMilliseconds ?? 0) - Double(now + 86_400_000)) < 60_000)
      #expect(rotated["webhook"]?["formerSecretUntilMilliseconds"] != nil)
      #expect(try await TestTokens.send("POST", path, #"{"overlapSeconds":0}"#, to: server).status == 200)
      stored = try #require(try await server.store.webhook(hook, of: .demo))
      #expect(stored.former == nil)
      for body in [
        #"{"overlapSeconds":604801}"#, #"{"overlapSeconds":-1}"#, #"{"overlapSeconds":1.5}"#, #"{"secret":"x"}"#, #"{"secret":7}"#,
      ] {
        #expect(try await TestTokens.send("POST", path, body, to: server).status == 422, "\(body)")
      }
    }
  }

  @Test("[WH1] a URL that may not be reached, unknown events and foreign members are refused with the reason, and make nothing")
  func refused() async throws {
    try await with { (server: TestServer) async throws in
      for (url, word) in [
        ("http://example.org/", "use https"), ("https://10.0.0.1/", "private"), ("https://[::1]/", "loopback"),
        ("https://127.0.0.1:443/", "loopback"),
        ("https://169.254.169.254/latest", "metadata"), ("https://example.org:8443/", "port 8443"),
        ("https://u:p@example.org/", "user names"),
        ("https://0x7f.1/", "IPv4"), ("ftp://example.org/", "protocol"), ("example.org", "protocol"), ("https://", "host"),
        ("https://example.org/\(String(repeating: "a", count: 2048))", "bytes"),
      ] {
        let answer = try await TestTokens.send("POST", Self.base, #"{"url":"\#(url)","events":["run.finished"]}"#, to: server)
        #expect(answer.status == 422 && answer.body.contains(word), "\(url): \(answer.body)")
        #expect(!answer.body.contains("u:p"))
      }
      for body in [
        #"{"url":"https://example.org/"}"#, #"{"events":["run.finished"]}"#, #"{"url":"https://example.org/","events":[]}"#,
        #"{"url":"https://example.org/","events":["webhook.test"]}"#,
        #"{"url":"https://example.org/","events":["run.finished","run.finished"]}"#,
        #"{"url":"https://example.org/","events":"run.finished"}"#, #"{"url":"https://example.org/","events":[1]}"#,
        #"{"url":"https://example.org/","events":["run.finished"],"active":1}"#, #"{"url":1,"events":["run.finished"]}"#,
        #"{"url":"https://example.org/","events":["run.finished"],"secret":"whsec_AAAA"}"#,
        #"{"url":"https://example.org/","events":["run.finished"],"more":1}"#, "[]",
      ] {
        #expect(try await TestTokens.send("POST", Self.base, body, to: server).status == 422, "\(body)")
      }
      #expect(try await server.store.webhooks(of: .demo).isEmpty)
      let (hook, _) = try await Self.make(server)
      #expect(try await TestTokens.send("PATCH", "\(Self.base)/\(hook)", #"{"url":"https://10.0.0.1/"}"#, to: server).status == 422)
      for path in [
        "\(Self.base)/zz", "\(Self.base)/\(hook)/deliveries?limit=0", "\(Self.base)/\(hook)/deliveries?state=x",
        "\(Self.base)/\(hook)/deliveries?before=a",
      ] { #expect(try await TestTokens.send("GET", path, to: server).status == 400, "\(path)") }
      #expect(try await TestTokens.send("GET", "/api/v1/workflows/none/webhooks", to: server).status == 404)
      #expect(try await TestTokens.send("GET", "/api/v1/workflows/other/webhooks/\(hook)", to: server).status == 404)
      for _ in 1..<20 { _ = try await Self.make(server) }
      let full = try await TestTokens.send("POST", Self.base, #"{"url":"https://example.org/","events":["run.finished"]}"#, to: server)
      #expect(full.status == 409 && full.body.contains("at most 20"))
    }
  }

  @Test("[WH6, WH9] deliveries are listed by state, in pages, with why they failed; a dead letter is delivered again under its id")
  func deliveries() async throws {
    try await with { (server: TestServer) async throws in
      let (hook, secret) = try await Self.make(server)
      let path = "\(Self.base)/\(hook)"
      var ids: [String] = []
      for _ in 0..<3 {
        let answer = try await TestTokens.send("POST", path + "/test", to: server)
        #expect(answer.status == 202)
        ids.append(try #require(try Self.json(answer)["delivery"]?.stringValue))
      }
      let stored = try #require(try await server.store.webhook(hook, of: .demo))
      let oldest = try #require(try await server.store.nextDelivery(of: hook)?.delivery)
      let rules = AttemptRules(schedule: RetrySchedule(pauses: []))
      try await server.store.finish(
        rules.judge(.failed("connect: connection refused"), of: oldest, to: stored, body: oldest.body, atMilliseconds: 9, chance: 0))

      let page = try Self.json(try await TestTokens.send("GET", path + "/deliveries?limit=2", to: server))
      #expect(page["deliveries"]?.arrayValue?.compactMap { $0["delivery"]?.stringValue } == [ids[2], ids[1]])
      let next = try #require(page["next"]?.numberValue)
      let rest = try Self.json(try await TestTokens.send("GET", path + "/deliveries?limit=2&before=\(Int(next))", to: server))
      #expect(rest["deliveries"]?.arrayValue?.count == 1 && rest["next"] == nil)
      let dead = try await TestTokens.send("GET", path + "/deliveries?state=failed", to: server)
      let letter = try #require(try Self.json(dead)["deliveries"]?.arrayValue?.first)
      #expect(letter["delivery"]?.stringValue == ids[0] && letter["error"]?.stringValue == "connect: connection refused")
      #expect(letter["lastStatus"] == nil && letter["nextAttemptAtMilliseconds"] == nil && !dead.body.contains(secret))

      let again = try await TestTokens.send("POST", path + "/deliveries/\(ids[0])/redeliver", to: server)
      #expect(try again.status == 202 && Self.json(again)["state"]?.stringValue == "pending")
      #expect(try Self.json(again)["delivery"]?.stringValue == ids[0])
      let unknown = "msg_" + String(repeating: "0", count: 32)
      #expect(try await TestTokens.send("POST", path + "/deliveries/\(unknown)/redeliver", to: server).status == 404)
      #expect(try await TestTokens.send("POST", path + "/deliveries/x/redeliver", to: server).status == 400)
      #expect(try await TestTokens.send("POST", path + "/test", "{}", to: server).status == 400)
    }
  }
}

extension WorkflowID {
  fileprivate static let demo = WorkflowID("demo")!
}
