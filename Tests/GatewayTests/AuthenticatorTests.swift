import CollabProtocol
import Rooms
import Testing
import WorkflowDocument
import WorkflowGraph

@testable import Gateway

@Suite struct AuthenticatorTests {
  private func admit(_ token: String, kind: Author.Kind? = nil, by authenticator: any Authenticator) throws -> Admission {
    var hello = Hello()
    hello.token = token
    hello.kind = kind
    return authenticator.admit(hello, to: try #require(WorkflowID("demo")))
  }

  private func tokens() throws -> TokenAuthenticator {
    TokenAuthenticator([
      try #require(AccessToken(name: "ada", role: .editor, kind: .person, secret: "ada's secret is long")),
      try #require(AccessToken(name: "ci", role: .runner, kind: nil, secret: "ci's secret is longer")),
    ])
  }

  @Test("[WP1] a token names its subject and role")
  func known() throws {
    guard case .admitted("ada", .editor, .person?) = try admit("ada's secret is long", kind: .person, by: tokens()) else {
      Issue.record("ada was not admitted as an editor")
      return
    }
    guard case .admitted("ci", .runner, nil) = try admit("ci's secret is longer", kind: .agent, by: tokens()) else {
      Issue.record("ci was not admitted as a runner")
      return
    }
  }

  @Test(
    "[WP1] no token, a wrong one and an endless one are not authenticated",
    arguments: ["", "ada's secret is lonG", "ada's secret", String(repeating: "x", count: 9000)])
  func unknown(token: String) throws {
    guard case .refused(.notAuthenticated, let reason) = try admit(token, by: tokens()) else {
      Issue.record("admitted")
      return
    }
    #expect(token.isEmpty || !reason.contains(token))
  }

  @Test("[WP1] a person's token is not for a bot")
  func wrongKind() throws {
    guard case .refused(.forbidden, _) = try admit("ada's secret is long", kind: .bot, by: tokens()) else {
      Issue.record("admitted")
      return
    }
  }

  @Test("[WP1] a secret that could be guessed makes no token")
  func weakSecrets() {
    #expect(AccessToken(name: "ada", role: .owner, kind: nil, secret: "fifteen bytes!!") == nil)
    #expect(AccessToken(name: "", role: .owner, kind: nil, secret: "long enough to be a secret") == nil)
    #expect(AccessToken(name: "ada", role: .owner, kind: nil, secret: String(repeating: "s", count: 513)) == nil)
  }

  @Test("[WP1] open mode admits everybody as owner without a name of record")
  func open() throws {
    guard case .admitted("", .owner, nil) = try admit("", by: OpenAuthenticator()) else {
      Issue.record("not admitted as owner")
      return
    }
  }
}
