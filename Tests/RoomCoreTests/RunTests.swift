import CRDT
import CollabProtocol
import RoomCore
import Testing
import WorkflowDocument
import WorkflowGraph

@Suite struct RunTests {
  private func request(
    _ key: String = "k", include: Version = Version(), policy: RunRequest.Policy = .coalesce, parked: RunRequest.Parked = .refuse
  ) -> ClientMessage {
    var request = RunRequest()
    request.request = 5
    request.idempotencyKey = key
    request.include = include
    request.policy = policy
    request.parked = parked
    return .run(request)
  }

  /// A room with a node in it, and two people.
  private func started() -> (Stage, SessionID, SessionID) {
    var stage = Stage()
    let ada = stage.join()
    let bob = stage.join("bob")
    stage.edit(ada)
    return (stage, ada, bob)
  }

  private func run(_ stage: Stage) -> RunID { stage.startedRuns.keys.first! }

  @Test("[RU2] events are numbered, durable before anybody hears them, and everybody hears them in order")
  func events() {
    var (stage, ada, bob) = started()
    stage.say(request(), ada)
    #expect(stage.startedRuns.isEmpty)
    #expect(stage.peers[bob]?.runEvents.isEmpty == true)
    stage.commit()
    let run = run(stage)
    for kind in [RunEvent.Kind.nodeStarted, .nodeSucceeded, .runFinished] { stage.handle(.runAdvanced(run, RunStep(kind))) }
    stage.commit()
    for id in [ada, bob] {
      #expect(stage.peers[id]?.runEvents.map(\.seq) == [1, 2, 3, 4])
      #expect(stage.peers[id]?.runEvents.map(\.kind) == [.runStarted, .nodeStarted, .nodeSucceeded, .runFinished])
    }
    var document = stage.store.document
    let info = stage.peers[bob]?.runEvents.first?.info
    #expect(info?.version == document.version)
    #expect(info?.graphHash == document.graphHash())
    #expect(info?.idempotencyKey == "k")
    #expect(info?.startedBy.name == "ada")
    #expect(info?.nodeCount == 1)
    #expect(stage.startedRuns[run] == document.graph())
    stage.handle(.runAdvanced(run, RunStep(.nodeStarted)))
    #expect(stage.pending.isEmpty, "nothing follows the last event")
  }

  @Test("[RU6] results carry the fingerprints of the graph that ran, whatever is edited meanwhile")
  func fingerprints() {
    var (stage, ada, bob) = started()
    stage.say(request(), ada)
    stage.commit()
    let run = run(stage)
    var frozen = stage.store.document
    stage.send([stage.change(ada, .set("n", .data("value"), "7"))], ada)
    stage.commit()
    var step = RunStep(.nodeStarted)
    step.node = "n"
    for kind in [RunEvent.Kind.nodeStarted, .nodeSucceeded, .nodeFailed, .nodeSkipped] {
      step.kind = kind
      stage.handle(.runAdvanced(run, step))
    }
    step.node = "unheard of"
    step.kind = .nodeSucceeded
    stage.handle(.runAdvanced(run, step))
    stage.commit()
    let fingerprint = frozen.fingerprint(of: NodeID("n")).map { withUnsafeBytes(of: $0.bigEndian) { Array($0) } }
    let events = stage.peers[bob]?.runEvents ?? []
    #expect(events.map { $0.fingerprint.isEmpty ? nil : $0.fingerprint } == [nil, nil, fingerprint, fingerprint, nil, nil])
    var now = stage.store.document
    #expect(now.fingerprint(of: NodeID("n")) != frozen.fingerprint(of: NodeID("n")))
  }

  @Test("[RU1] a run waits for the version it must include, and holds exactly that moment")
  func barrier() {
    var (stage, ada, bob) = started()
    let edit = stage.change(ada, .makeNode("last"), .set("last", .type, "\"number\""))
    stage.say(request(include: Version([Version.Entry(replica: edit.replica, seq: edit.seq)])), bob)
    stage.commit()
    #expect(stage.startedRuns.isEmpty)
    stage.send([edit], ada)
    stage.edit(bob, "later", commit: false)
    stage.commit()
    let graph = stage.startedRuns.values.first
    #expect(graph?.nodes.map(\.id.rawValue) == ["last", "n"], "with the edit, without what came after")
  }

  @Test("[RU1] a version that never comes ends the wait with conflict")
  func barrierExpires() {
    var (stage, ada, _) = started()
    stage.say(request(include: Version([Version.Entry(replica: ReplicaID(9), seq: 1)])), ada)
    stage.wait(31_000)
    #expect(
      stage.peers[ada]?.errors == [ErrorReport(request: 5, code: .conflict, text: "the document does not hold what the run must include")])
  }

  @Test("running and cancelling take the role runner")
  func roles() {
    var (stage, _, _) = started()
    let eve = stage.join("eve", role: .editor)
    stage.say(request(), eve)
    stage.say(.cancelRun(CancelRun(request: 6, run: "x")), eve)
    #expect(stage.peers[eve]?.errors.map(\.code) == [.forbidden, .forbidden])
    #expect(stage.peers[eve]?.errors.map(\.request) == [5, 6])
  }

  @Test("[RU3] coalesce: the same graph is not run twice; the second caller hears the start under its own key")
  func coalesce() {
    var (stage, ada, bob) = started()
    stage.say(request("a"), ada)
    stage.say(request("b"), bob)
    stage.commit()
    #expect(stage.startedRuns.count == 1)
    #expect(stage.peers[bob]?.runEvents.map { $0.info?.idempotencyKey } == ["a", "b"])
    stage.edit(ada, "other")
    stage.say(request("c"), ada)
    stage.commit()
    #expect(stage.startedRuns.count == 2, "another graph is another run")
  }

  @Test("[RU3] the same key gives the same run, also when it is over")
  func idempotency() {
    var (stage, ada, bob) = started()
    stage.say(request("a"), ada)
    stage.commit()
    stage.handle(.runAdvanced(run(stage), RunStep(.runFinished)))
    stage.commit()
    stage.forget()
    stage.say(request("a"), bob)
    #expect(stage.startedRuns.count == 1)
    #expect(stage.peers[bob]?.runEvents.map(\.kind) == [.runStarted, .runFinished])
    #expect(stage.peers[ada]?.runEvents.isEmpty == true)
  }

  @Test("[RU3] queue, parallel, reject, and the bound on runs at once")
  func policies() {
    var (stage, ada, _) = started()
    stage.say(request("a"), ada)
    stage.say(request("q", policy: .queue), ada)
    stage.say(request("r", policy: .reject), ada)
    stage.say(request("p", policy: .parallel), ada)
    stage.commit()
    #expect(stage.startedRuns.count == 2)
    #expect(stage.peers[ada]?.errors.map(\.code) == [.conflict])
    for run in stage.startedRuns.keys { stage.handle(.runAdvanced(run, RunStep(.runFinished))) }
    stage.commit()
    #expect(stage.startedRuns.count == 3, "the queued one's turn")
    for index in 0..<4 { stage.say(request("x\(index)", policy: .parallel), ada) }
    #expect(stage.peers[ada]?.errors.last?.code == .limit)
  }

  @Test("a queued run runs the graph it was asked for")
  func queuedIsFrozen() {
    var (stage, ada, _) = started()
    stage.say(request("a"), ada)
    stage.say(request("q", policy: .queue), ada)
    stage.edit(ada, "later")
    let first = stage.startedRuns
    stage.handle(.runAdvanced(first.keys.first!, RunStep(.runFinished)))
    stage.commit()
    let second = stage.startedRuns.first { first[$0.key] == nil }
    #expect(second?.value.nodes.count == 1)
  }

  @Test("[RU1] parked edges: refused with the reasons, or left out")
  func parked() {
    var (stage, ada, _) = started()
    stage.send([stage.change(ada, .addEdge(EdgeKey(source: NodeID("n"), target: NodeID("gone"))))], ada)
    stage.commit()
    stage.say(request(), ada)
    #expect(stage.peers[ada]?.errors.map(\.code) == [.conflict])
    #expect(stage.peers[ada]?.errors.first?.text.contains("orphan") == true)
    stage.say(request(parked: .prune), ada)
    stage.commit()
    #expect(stage.startedRuns.values.first?.edges.isEmpty == true)
  }

  @Test("[RU4] cancel reaches the engine once; before the start is durable the run never begins")
  func cancel() {
    var (stage, ada, _) = started()
    stage.say(request("a"), ada)
    stage.commit()
    let first = run(stage)
    stage.say(.cancelRun(CancelRun(request: 1, run: first.rawValue)), ada)
    stage.say(.cancelRun(CancelRun(request: 2, run: first.rawValue)), ada)
    #expect(stage.cancelledRuns == [first])
    stage.handle(.runAdvanced(first, RunStep(.runCancelled)))
    stage.commit()
    stage.say(.cancelRun(CancelRun(request: 3, run: first.rawValue)), ada)
    #expect(stage.peers[ada]?.errors.map(\.code) == [.invalid])

    stage.forget()
    stage.say(request("b"), ada)
    guard case .runEvent(let start)? = stage.pending.first else {
      Issue.record("no start")
      return
    }
    stage.say(.cancelRun(CancelRun(request: 4, run: start.run)), ada)
    stage.commit()
    #expect(stage.startedRuns.count == 1)
    #expect(stage.peers[ada]?.runEvents.map(\.kind) == [.runStarted, .runCancelled])
  }

  @Test("[RU2] a late joiner hears all events of the run that goes on, and of the last one")
  func lateJoiner() {
    var (stage, ada, _) = started()
    stage.say(request("a"), ada)
    stage.commit()
    stage.handle(.runAdvanced(run(stage), RunStep(.nodeStarted)))
    stage.commit()
    stage.handle(.runAdvanced(run(stage), RunStep(.nodeSucceeded)))
    let eve = stage.join("eve", commit: false)
    stage.commit()
    #expect(stage.peers[eve]?.runEvents.map(\.seq) == [1, 2, 3])
    stage.handle(.runAdvanced(run(stage), RunStep(.runFinished)))
    stage.commit()
    #expect(stage.peers[eve]?.runEvents.map(\.seq) == [1, 2, 3, 4])
    let zoe = stage.join("zoe")
    #expect(stage.peers[zoe]?.runEvents.map(\.seq) == [1, 2, 3, 4])
  }

  @Test("[RU2] a run that was going on when the server died is closed with run_failed")
  func interrupted() {
    var store = DurableState()
    store.runEvents = [.runStarted, .nodeStarted].enumerated().map { seq, kind in
      RunEvent(run: "old", seq: UInt64(seq) + 1, kind: kind, atMilliseconds: 5)
    }
    var stage = Stage(RoomSeed(runs: store.runs), store: store)
    let ada = stage.join()
    stage.commit()
    #expect(stage.store.runEvents.map(\.seq) == [1, 2, 3])
    #expect(stage.store.runEvents.last?.kind == .runFailed)
    #expect(stage.store.runEvents.last?.error == "the server was restarted")
    #expect(stage.peers[ada]?.runEvents.map(\.kind) == [.runStarted, .nodeStarted, .runFailed], "who joins later sees the whole of it")
  }

  @Test("[RU2] who was here before hears how the runs ended that it saw begin; a newcomer hears of the last one only")
  func endsForThoseWhoComeBack() {
    let started = RunEvent(run: "a", seq: 1, kind: .runStarted, atMilliseconds: 5)
    let ended = RunEvent(run: "a", seq: 9, kind: .runFinished, atMilliseconds: 6)
    let later = [
      RunEvent(run: "b", seq: 1, kind: .runStarted, atMilliseconds: 7), RunEvent(run: "b", seq: 2, kind: .runFailed, atMilliseconds: 8),
    ]
    var store = DurableState()
    store.runEvents = [started, ended] + later
    var stage = Stage(RoomSeed(runs: store.runs), store: store)
    let new = stage.join()
    #expect(stage.peers[new]?.runEvents == later)
    let back = stage.join("bob") { $0.lease = Lease(replica: ReplicaID(9), secret: [UInt8](repeating: 1, count: 16)) }
    #expect(stage.peers[back]?.runEvents == [ended] + later)
  }

  @Test("[RU3] a key names its run over a restart")
  func keyAfterRestart() {
    var stage = Stage()
    let ada = stage.join()
    var keyed = RunRequest()
    keyed.idempotencyKey = "k"
    stage.say(.run(keyed), ada)
    stage.commit()
    stage.handle(.runAdvanced(run(stage), RunStep(.runFinished)))
    stage.commit()
    var next = Stage(stage.seed(), store: stage.store)
    let bob = next.join("bob")
    next.forget()
    next.say(.run(keyed), bob)
    next.commit()
    #expect(next.startedRuns.isEmpty)
    #expect(next.peers[bob]?.runEvents.map(\.kind) == [.runStarted, .runFinished])
  }

  @Test("[RU2] events that were durable although the store said no are heard by everybody, once")
  func tornEvents() {
    var stage = Stage()
    let ada = stage.join()
    stage.say(request(), ada)
    stage.commit()
    stage.handle(.runAdvanced(run(stage), RunStep(.nodeStarted)))
    stage.handle(.runAdvanced(run(stage), RunStep(.runFinished)))
    for write in stage.pending { stage.store.take(write) }
    stage.pending = []
    stage.handle(.storeFailed(reason: "x"))
    stage.handle(.storeReloaded(stage.seed()))
    stage.commit()
    #expect(stage.peers[ada]?.runEvents.map(\.kind) == [.runStarted, .nodeStarted, .runFinished])
  }

  @Test("[RU3] after the store failed, what waited for its turn goes on, unless what it is made of was lost")
  func queuedOverFailure() {
    var (stage, ada, bob) = started()
    stage.say(request("first", policy: .queue), ada)
    stage.commit()
    stage.say(request("kept", policy: .queue), bob)
    stage.edit(ada, "lost", commit: false)
    stage.say(request("gone", policy: .queue), bob)
    stage.pending = []
    stage.handle(.storeFailed(reason: "x"))
    stage.handle(.storeReloaded(stage.seed()))
    stage.commit()
    #expect(stage.peers[bob]?.errors.map(\.code) == [.unavailable], "its graph held what nobody ever saw")
    #expect(stage.startedRuns.count == 2)
    let starts = stage.peers[bob]?.runEvents.filter { $0.kind == .runStarted }.map { $0.info?.idempotencyKey }
    #expect(starts == ["first", "kept"])
    #expect(stage.startedRuns.values.allSatisfy { $0.nodes.map(\.id.rawValue) == ["n"] })
    #expect(stage.peers[bob]?.runEvents.count { $0.kind == .runFailed } == 1, "the one that went on was interrupted")
  }

  @Test("runs are noted when they begin and when they end, without what they gave")
  func notes() {
    var (stage, ada, _) = started()
    stage.say(request(), ada)
    stage.commit()
    let run = run(stage)
    var end = RunStep(.runFailed)
    end.durationMicroseconds = 7
    end.error = "secret"
    stage.handle(.runAdvanced(run, end))
    stage.commit()
    #expect(stage.notes.contains(.runStarted(run, nodeCount: 1)))
    #expect(stage.notes.contains(.runEnded(run, .runFailed, durationMicroseconds: 7)))
  }

  @Test("a run that says too much is ended")
  func tooMuch() {
    var limits = RoomLimits()
    limits.runEventBytesMax = 1000
    var stage = Stage(limits: limits)
    let ada = stage.join()
    stage.say(request(), ada)
    stage.commit()
    let run = run(stage)
    for _ in 0..<10 {
      var step = RunStep(.nodeSucceeded)
      step.result = String(repeating: "1", count: 200)
      stage.handle(.runAdvanced(run, step))
    }
    stage.commit()
    #expect(stage.cancelledRuns == [run])
    #expect(stage.peers[ada]?.runEvents.last?.kind == .runFailed)
    #expect(stage.peers[ada]?.runEvents.filter { $0.kind.isLast }.count == 1)
  }

  @Test("a key that is too long is invalid")
  func longKey() {
    var (stage, ada, _) = started()
    stage.say(request(String(repeating: "k", count: 129)), ada)
    #expect(stage.peers[ada]?.errors.map(\.code) == [.invalid])
  }
}
