import CollabProtocol
import Testing
import WorkflowDocument

@testable import CollabClient

/// Tokens that end, and others that take their place.
@Suite("Tokens that end")
struct TokenTests {
  private static let server = MachineScript.serverMilliseconds

  /// Joined with a token that ends `milliseconds` from now.
  private static func joined(endsIn milliseconds: UInt64, _ configure: (inout ReplicaOptions) -> Void = { _ in }) -> MachineScript {
    var script = MachineScript {
      $0.token = "first"
      $0.asksForToken = true
      configure(&$0)
    }
    script.tell(.start)
    script.tell(.connected)
    var welcome = script.welcome(replica: 3)
    welcome.expiresAtMilliseconds = server + milliseconds
    script.tell(.received(.welcome(welcome)))
    return script
  }

  @Test("[AC9] a minute before its end a token is asked for, shown without a reconnect, and is what the next hello shows")
  func inTime() throws {
    var script = Self.joined(endsIn: 600_000)
    script.pass(539_999)
    #expect(script.tell(.timePassed).needs.isEmpty)
    script.pass(1)
    #expect(script.tell(.timePassed).needs == [.ending(atMilliseconds: Self.server + 600_000)])
    script.pass(5_000)
    #expect(script.tell(.timePassed).needs.isEmpty, "once")
    let shown = try #require(script.tell(.token(.given("second"))).tokens.first)
    #expect(shown.token == "second")
    let answer = RoleChanged(.owner, request: shown.request, expiresAtMilliseconds: Self.server + 1_200_000)
    script.tell(.received(.role(answer)))
    #expect(script.machine.tokenExpiresAtMilliseconds == Self.server + 1_200_000)
    script.tell(.disconnected(code: 1006, reason: ""))
    script.passToDeadline()
    #expect(script.tell(.connected).hellos.map(\.token) == ["second"])
  }

  @Test("[AC9] one that is not believed changes nothing, is told, and is asked for again after a pause")
  func notBelieved() throws {
    var script = Self.joined(endsIn: 4_000)
    script.pass(3_000)
    #expect(script.tell(.timePassed).needs.count == 1)
    let shown = try #require(script.tell(.token(.given("wrong"))).tokens.first)
    let turn = script.tell(.received(.error(ErrorReport(request: shown.request, code: .forbidden, text: "of another subject"))))
    #expect(turn.failures == ["of another subject"])
    script.pass(4_999)
    #expect(script.tell(.timePassed).needs.isEmpty)
    script.pass(1)
    #expect(script.tell(.timePassed).needs.count == 1)
    script.tell(.disconnected(code: 1006, reason: ""))
    script.tell(.token(.failed("the issuer is away")))
    script.passToDeadline()
    #expect(script.tell(.connected).hellos.map(\.token) == ["first"])
  }

  @Test("[AC9] when it has ended, edits wait for another one and go out with it")
  func ended() throws {
    var script = Self.joined(endsIn: 4_000)
    script.tell(.received(.goodbye(Goodbye(code: .notAuthenticated, text: "the token has expired", reconnectAfterMilliseconds: 0))))
    let turn = script.tell(.disconnected(code: 4401, reason: ""))
    #expect(turn.needs == [.refused("the token has expired")])
    #expect(turn.links == [.waitingForToken("the token has expired")])
    #expect(script.machine.nextDeadline == nil)
    try script.edit(Make.node("meanwhile"))
    #expect(script.machine.saveState == .offline(waiting: 1))
    // Who gives tokens may be away for a moment.
    script.tell(.token(.failed("away")))
    #expect(script.passToDeadline().needs == [.refused("the token has expired")])
    #expect(script.tell(.token(.given("second"))).connects)
    #expect(script.tell(.connected).hellos.map(\.token) == ["second"])
    let joined = script.tell(.received(.welcome(script.welcome(replica: 3))))
    #expect(joined.batches.flatMap(\.changes).count == 1)
  }

  @Test(
    "[AC9] what was just refused is not shown again, and without another one it is over",
    arguments: [TokenAnswer.given("first"), .nothing])
  func over(answer: TokenAnswer) {
    var script = Self.joined(endsIn: 4_000)
    script.tell(.disconnected(code: 4401, reason: "the token has expired"))
    #expect(script.tell(.token(answer)).links == [.stopped(ClientStop(.closedByServer(.notAuthenticated), "the token has expired"))])
  }

  @Test("tokens that are refused one after the other are shown with pauses, and no more often than attempts are allowed")
  func refusedAgain() {
    var script = Self.joined(endsIn: 4_000) { $0.attemptsMax = 3 }
    var pauses: [UInt64] = []
    for attempt in 1...9 {
      guard script.tell(.disconnected(code: 4401, reason: "unknown token")).needs.count == 1 else { break }
      let begin = script.now.uptimeMilliseconds
      let turn = script.tell(.token(.given("wrong \(attempt)")))
      if !turn.connects { #expect(script.passToDeadline().connects) }
      pauses.append(script.now.uptimeMilliseconds - begin)
      script.tell(.connected)
    }
    #expect(pauses.count == 3)
    #expect(pauses.first == 0)
    #expect(script.machine.stop?.reason == .closedByServer(.notAuthenticated))
  }

  @Test("without a token at hand it is asked for before the first connection")
  func first() {
    var script = MachineScript { $0.asksForToken = true }
    let turn = script.tell(.start)
    #expect(turn.needs == [.first])
    #expect(!turn.connects)
    #expect(script.tell(.token(.given("only"))).connects)
    #expect(script.tell(.connected).hellos.map(\.token) == ["only"])
  }
}

extension [ReplicaAction] {
  fileprivate var needs: [TokenNeed] { compactMap { if case .askForToken(let need) = $0 { need } else { nil } } }
  fileprivate var tokens: [TokenUpdate] { sent.compactMap { if case .token(let update) = $0 { update } else { nil } } }
  fileprivate var failures: [String] { notices.compactMap { if case .tokenFailed(let text) = $0 { text } else { nil } } }
}
