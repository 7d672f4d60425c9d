import Access
import CollabProtocol
import Testing
import WorkflowDocument

@testable import Gateway

@Suite struct AuthenticatorTests {
  private func tokens() throws -> TokenAuthenticator {
    TokenAuthenticator([
      try #require(AccessToken(name: "ada", role: .editor, kind: .person, secret: "ada's secret is long")),
      try #require(AccessToken(name: "ci", role: .runner, kind: nil, secret: "ci's secret is longer")),
    ])
  }

  @Test("[WP1] a token names its subject and role")
  func known() throws {
    let ada = Principal(subject: "ada", kind: .person, everywhere: .editor, roleMax: .editor)
    #expect(try tokens().identify("ada's secret is long") == .known(ada))
    let ci = Principal(subject: "ci", everywhere: .runner, roleMax: .runner)
    #expect(try tokens().identify("ci's secret is longer") == .known(ci))
  }

  @Test(
    "[WP1] no token, a wrong one and an endless one are not authenticated",
    arguments: ["", "ada's secret is lonG", "ada's secret", String(repeating: "x", count: 9000)])
  func unknown(token: String) throws {
    guard case .refused(.notAuthenticated, let reason) = try tokens().identify(token) else {
      Issue.record("admitted")
      return
    }
    #expect(token.isEmpty || !reason.contains(token))
  }

  @Test("[WP1] a secret that could be guessed makes no token")
  func weakSecrets() {
    #expect(AccessToken(name: "ada", role: .owner, kind: nil, secret: "fifteen bytes!!") == nil)
    for name in ["key:1", "link:1", "a\nb"] {
      #expect(
        AccessToken(name: name, role: .owner, kind: nil, secret: "long enough to be a secret") == nil, "only this server gives it out")
    }
    #expect(AccessToken(name: "", role: .owner, kind: nil, secret: "long enough to be a secret") == nil)
    #expect(AccessToken(name: "ada", role: .owner, kind: nil, secret: String(repeating: "s", count: 513)) == nil)
  }

  @Test("[WP1] open mode admits everybody as owner without a name of record")
  func open() throws {
    #expect(OpenAuthenticator().identify("") == .known(Principal(subject: "", everywhere: .owner)))
  }
}
