import Testing

@testable import Gateway

@Suite struct OriginPolicyTests {
  @Test(
    "[WP0] a page of the server's own may connect, a foreign one not, a program without an origin may",
    arguments: [
      (nil, "live.example:8443", true), ("https://live.example:8443", "live.example:8443", true),
      ("HTTPS://Live.Example:8443", "live.example:8443", true), ("https://evil.example", "live.example:8443", false),
      ("https://live.example", "live.example:8443", false), ("https://evil.example/live.example:8443", "live.example:8443", false),
      ("https://xlive.example:8443", "live.example:8443", false), ("null", "live.example:8443", false), ("", "live.example:8443", false),
      ("https://live.example:8443", nil, false),
    ] as [(String?, String?, Bool)])
  func ownOrigin(origin: String?, host: String?, isAdmitted: Bool) {
    #expect(OriginPolicy().admits(origin: origin, host: host) == isAdmitted)
  }

  @Test("[WP0] an allowed origin may connect whatever the host is")
  func allowed() {
    let policy = OriginPolicy(allowed: ["https://App.example"], ownNameMustBeLocal: true)
    #expect(policy.admits(origin: "https://app.example", host: "live.example"))
    #expect(!policy.admits(origin: "http://app.example", host: "live.example"))
  }

  @Test(
    "[WP0] without tokens a page counts as the server's own only under a name that no foreign name server gives out",
    arguments: [
      ("localhost:8080", true), ("127.0.0.1:8080", true), ("[::1]:8080", true), ("app.localhost", true), ("rebound.example:8080", false),
      ("1.2.3:80", false), ("300.0.0.1", false), ("127.0.0.1.example:80", false),
    ])
  func rebinding(host: String, isAdmitted: Bool) {
    #expect(OriginPolicy(ownNameMustBeLocal: true).admits(origin: "http://\(host)", host: host) == isAdmitted)
  }
}
