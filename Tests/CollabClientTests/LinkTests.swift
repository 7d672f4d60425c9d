import CRDT
import CollabProtocol
import Testing
import WorkflowDocument

@testable import CollabClient

@Suite("The connection's life")
struct LinkTests {
  @Test(
    "codes from 4400 to 4499 and 1000 end it for good, with the code",
    arguments: [4400, 4401, 4403, 4404, 4408, 4409, 4413, 4426, 4429, 1000] as [UInt16])
  func permanent(code: UInt16) {
    var script = MachineScript.joined()
    let turn = script.tell(.disconnected(code: code, reason: "because"))
    let stop = ClientStop(.closedByServer(CloseCode(rawValue: code)), "because")
    #expect(turn.links == [.stopped(stop)])
    #expect(script.machine.stop == stop)
    #expect(script.machine.nextDeadline == nil)
    #expect(script.tell(.start).isEmpty)
  }

  @Test("everything else is tried again", arguments: [1001, 1006, 1011, 1012, 4500, 4503, 4508, 4509] as [UInt16])
  func transient(code: UInt16) {
    var script = MachineScript.joined()
    script.tell(.disconnected(code: code, reason: ""))
    #expect(script.machine.stop == nil)
    #expect(script.passToDeadline().connects)
  }

  @Test("pauses are drawn from bounds that double up to a maximum, and start over after a welcome")
  func backoff() {
    var backoff = Backoff(firstMilliseconds: 100, maxMilliseconds: 5000, seed: 42)
    var longest: [UInt64] = []
    for attempt in 0..<12 {
      var most: UInt64 = 0
      for seed in 0..<200 as Range<UInt64> {
        var other = Backoff(firstMilliseconds: 100, maxMilliseconds: 5000, seed: seed)
        for _ in 0..<attempt { _ = other.next() }
        most = max(most, other.next())
      }
      longest.append(most)
      let bound = min(5000, 100 << UInt64(attempt))
      #expect(most <= bound && most > bound * 8 / 10)
    }
    #expect(longest[0] < longest[3] && longest[3] < longest[5])
    for _ in 0..<10 { _ = backoff.next() }
    backoff.succeeded()
    #expect(backoff.next() <= 100)
    #expect(backoff.next(atLeast: 900) >= 900)
  }

  @Test("[GB1] the goodbye's pause is kept: to the millisecond at first, then the jitter comes on top")
  func goodbye() throws {
    var script = MachineScript.joined()
    script.tell(.received(.goodbye(Goodbye(code: .draining, text: "restart", reconnectAfterMilliseconds: 2500))))
    script.tell(.disconnected(code: 4503, reason: "restart"))
    let due = try #require(script.machine.nextDeadline)
    #expect(due == script.now.uptimeMilliseconds + 2500)
  }

  @Test("[GB1] a goodbye without a pause: not before a person asks")
  func goodbyeForGood() {
    var script = MachineScript.joined()
    script.tell(.received(.goodbye(Goodbye(code: .evicted, text: "enough", reconnectAfterMilliseconds: 0))))
    script.tell(.disconnected(code: 4509, reason: "enough"))
    #expect(script.machine.stop?.reason == .closedByServer(.evicted))
    // The server's word counts, however the connection then ends.
    var cut = MachineScript.joined()
    cut.tell(.received(.goodbye(Goodbye(code: .evicted, text: "enough", reconnectAfterMilliseconds: 0))))
    cut.tell(.disconnected(code: 1006, reason: "reset"))
    #expect(cut.machine.stop == ClientStop(.closedByServer(.evicted), "enough"))
  }

  @Test("a connection, a welcome, a pong and an answer that do not come in time end the attempt")
  func deadlines() throws {
    var connecting = MachineScript()
    connecting.tell(.start)
    #expect(connecting.passToDeadline().disconnects != nil)

    var greeting = MachineScript()
    greeting.tell(.start)
    greeting.tell(.connected)
    #expect(greeting.passToDeadline().disconnects != nil)

    var idle = MachineScript.joined()
    let ping = idle.passToDeadline().sent
    #expect(ping == [.ping(Ping(id: 1, seen: 0))])
    #expect(idle.passToDeadline().disconnects != nil)

    var unanswered = MachineScript.joined { $0.answerDeadlineMilliseconds = 5000 }
    try unanswered.edit(Make.node("a"))
    unanswered.tell(.flush)
    unanswered.pass(4999)
    #expect(unanswered.tell(.timePassed).disconnects == nil)
    unanswered.pass(1)
    #expect(unanswered.tell(.timePassed).disconnects != nil)
  }

  @Test("pongs keep it alive and say the position once nothing is pending [ME5]")
  func pings() throws {
    var script = MachineScript.joined()
    script.tell(.received(.changes([Make.logged(1, Make.change(9, 1, Make.node("a")))])))
    #expect(script.passToDeadline().sent == [.ping(Ping(id: 1, seen: 1))])
    script.pass(30)
    let turn = script.tell(.received(.pong(Pong(id: 1, serverMilliseconds: script.now.wallMilliseconds))))
    #expect(turn.notices.contains { if case .roundTrip(30) = $0 { true } else { false } })
    #expect(script.passToDeadline().disconnects == nil)
  }

  @Test("after so many attempts in vain it is over, with the last reason")
  func attemptsMax() {
    var script = MachineScript { $0.attemptsMax = 3 }
    script.tell(.start)
    var attempts = 1
    while script.machine.stop == nil, attempts < 10 {
      script.tell(.disconnected(code: 1006, reason: "refused"))
      if script.passToDeadline().connects { attempts += 1 }
    }
    #expect(attempts == 3)
    #expect(script.machine.stop?.reason == .unreachable)
    #expect(script.machine.stop?.text.contains("refused") == true)
  }

  @Test("another major version of the protocol is not joined")
  func majorVersion() {
    var script = MachineScript()
    script.tell(.start)
    script.tell(.connected)
    var welcome = script.welcome(replica: 1)
    welcome.protocolMajor = 2
    script.tell(.received(.welcome(welcome)))
    #expect(script.machine.stop?.reason == .fault)
  }

  @Test("[PR1] presence: the newest state, no oftener than the tick, again after a reconnect")
  func presence() {
    var script = MachineScript.joined()
    func state(_ x: Double) -> PresenceState {
      var state = PresenceState()
      state.cursor = Point(x: x, y: 0)
      return state
    }
    #expect(script.tell(.presence(state(1))).sent == [.presence(state(1))])
    script.pass(10)
    #expect(script.tell(.presence(state(2))).sent.isEmpty)
    script.pass(10)
    #expect(script.tell(.presence(state(3))).sent.isEmpty)
    #expect(script.passToDeadline().sent == [.presence(state(3))])
    script.tell(.disconnected(code: 1006, reason: ""))
    script.passToDeadline()
    script.tell(.connected)
    script.tell(.received(.welcome(script.welcome(replica: 3))))
    #expect(script.passToDeadline().sent == [.presence(state(3))])
  }

  @Test("[PR2] who is here, what they show, the own slot left out, who left")
  func presenceBoard() {
    var script = MachineScript.joined()
    func participant(_ session: String) -> Participant {
      Participant(session: session, author: Author(name: session, kind: .person), colour: "", role: .editor)
    }
    var state = PresenceState()
    state.editing = "a data.value"
    script.tell(
      .received(
        .presence(
          PresenceFrame(
            slots: [.init(session: "ann", state: state), .init(session: "me", state: state), .init(session: "ghost", state: state)],
            joined: [participant("ann"), participant("me"), participant("bob")]))))
    #expect(script.machine.presence.participants.keys.sorted() == ["ann", "bob", "me"])
    #expect(script.machine.presence.states == ["ann": state])
    script.tell(.received(.presence(PresenceFrame(left: ["ann"]))))
    #expect(script.machine.presence.states.isEmpty)
    #expect(script.machine.presence.participants.keys.sorted() == ["bob", "me"])
  }

  @Test("[RU1] a run begun before under another key is named to who asked for it")
  func runNamed() {
    var script = MachineScript.joined()
    var start = RunEvent(run: "r", seq: 1, kind: .runStarted, atMilliseconds: 0)
    start.info = RunInfo(
      version: Version(), graphHash: [], startedBy: Author(name: "a", kind: .person), idempotencyKey: "theirs", nodeCount: 1)
    script.tell(.received(.runEvent(start)))
    start.info?.idempotencyKey = "mine"
    let turn = script.tell(.received(.runEvent(start)))
    #expect(turn.notices.contains { if case .runNamed("r", "mine") = $0 { true } else { false } })
  }

  @Test("a snapshot that is put off is asked for again")
  func askAgain() throws {
    var script = MachineScript.joined()
    try script.edit(Make.node("bad"))
    script.tell(.flush)
    script.ack(1, 0, refused: [Refusal(seq: 1, code: .invalid, text: "no")])
    script.tell(.received(.error(ErrorReport(request: 0, code: .rateLimited, text: "later"))))
    #expect(script.passToDeadline().resyncs.count == 1)
    script.snapshot(WorkflowDocument(), position: 0)
    #expect(script.machine.isSaved && script.machine.isLive)
  }

  @Test("[ER1] and when the server says when, then not before and not much later")
  func askAgainWhenTold() throws {
    var script = MachineScript.joined()
    try script.edit(Make.node("bad"))
    script.tell(.flush)
    script.ack(1, 0, refused: [Refusal(seq: 1, code: .invalid, text: "no")])
    let asked = script.now.uptimeMilliseconds
    script.tell(.received(.error(ErrorReport(request: 0, code: .rateLimited, text: "later", retryAfterMilliseconds: 3000))))
    #expect(script.passToDeadline().resyncs.count == 1)
    #expect(script.now.uptimeMilliseconds == asked + 3000)
  }

  @Test("[RU2] a run's events once each, in order, also when the server sends them again; old runs go")
  func runs() {
    var script = MachineScript.joined()
    func event(_ run: String, _ seq: UInt64, _ kind: RunEvent.Kind) -> RunEvent {
      RunEvent(run: run, seq: seq, kind: kind, atMilliseconds: 0)
    }
    script.tell(.received(.runEvent(event("r", 1, .runStarted))))
    script.tell(.received(.runEvent(event("r", 1, .runStarted))))
    script.tell(.received(.runEvent(event("r", 2, .nodeStarted))))
    script.tell(.received(.runEvent(event("r", 2, .nodeStarted))))
    #expect(script.machine.runs.events["r"]?.map(\.seq) == [1, 2])
    // A run that was over before is told by its two ends.
    script.tell(.received(.runEvent(event("old", 1, .runStarted))))
    script.tell(.received(.runEvent(event("old", 9, .runFinished))))
    #expect(script.machine.runs.events["old"]?.map(\.seq) == [1, 9])
    script.tell(.received(.runEvent(event("unknown", 4, .nodeStarted))))
    #expect(script.machine.runs.events["unknown"] == nil)
    for index in 0..<100 { script.tell(.received(.runEvent(event("x\(index)", 1, .runStarted)))) }
    #expect(script.machine.runs.events.count == RunBoard.runsMax)
    #expect(script.machine.runs.events["r"] == nil)
  }
}
