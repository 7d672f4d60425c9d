import Hashing
import Testing

@testable import Webhooks

@Suite struct SignatureTests {
  @Test("[WH4] the signature of the example of Standard Webhooks")
  func vector() throws {
    let secret = try #require(WebhookSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
    let text = WebhookSignature.text(
      id: "msg_p5jXN8AQM9LWM0D4loKWxJek", seconds: 1_614_265_330, body: Array(#"{"test": 2432232314}"#.utf8), secrets: [secret])
    #expect(text == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
  }

  @Test("[WH5] while a former secret is in force, both sign; the present one first")
  func rotation() {
    var hook = webhook()
    hook.former = .init(secret(9), untilMilliseconds: 100)
    #expect(hook.secrets(atMilliseconds: 99) == [secret(1), secret(9)])
    #expect(hook.secrets(atMilliseconds: 100) == [secret(1)])
    let both = WebhookSignature.text(id: "a", seconds: 1, body: [], secrets: hook.secrets(atMilliseconds: 99)).split(separator: " ")
    let each = [secret(1), secret(9)].map { WebhookSignature.text(id: "a", seconds: 1, body: [], secrets: [$0]) }
    #expect(both.map(String.init) == each)
    #expect(each[0] != each[1])
  }

  @Test("[WH4] a secret has 24 to 64 bytes in Base64 behind its prefix, and does not show itself")
  func secrets() {
    #expect(WebhookSecret(bytes: [UInt8](repeating: 0, count: 23)) == nil)
    #expect(WebhookSecret(bytes: [UInt8](repeating: 0, count: 65)) == nil)
    for count in [24, 25, 32, 64] {
      let made = WebhookSecret(bytes: (0..<count).map { UInt8($0) })
      #expect(made.flatMap { WebhookSecret($0.text) } == made && made != nil)
    }
    for text in ["", "whsec_", "whsec_AAAA", "WHSEC_" + Base64.encode(secret().bytes), "whsec_" + String(repeating: "*", count: 40)] {
      #expect(WebhookSecret(text) == nil, "\(text)")
    }
    #expect(
      !"\(webhook())".contains(Base64.encode(secret().bytes)) && "\(secret())" == "(secret)" && String(reflecting: secret()) == "(secret)")
  }
}
