import CRDT
import CollabProtocol
import RoomCore
import Testing
import WorkflowDocument
import WorkflowGraph

@Suite struct SlowReaderTests {
  @Test("[FC2] first presence is shed, and comes back when the socket has drained")
  func shed() {
    var stage = Stage()
    let ada = stage.join()
    let bob = stage.join("bob")
    stage.wait(100)
    stage.forget()
    stage.handle(.outboxMeasured(bob, bytes: 300 << 10))
    var state = PresenceState()
    state.cursor = Point(x: 1, y: 1)
    stage.say(.presence(state), ada)
    stage.wait(100)
    stage.edit(ada)
    #expect(stage.peers[bob]?.presences.isEmpty == true)
    #expect(stage.peers[bob]?.changes.count == 1)
    stage.handle(.outboxMeasured(bob, bytes: 0))
    stage.wait(100)
    #expect(stage.peers[bob]?.presences.flatMap(\.slots).map(\.session) == [ada.text], "what it missed")
  }

  @Test("[FC2] then changes are held back and replaced by a catch-up, findings and run events too; nobody else waits")
  func heldBack() {
    var stage = Stage()
    let ada = stage.join()
    let bob = stage.join("bob")
    stage.handle(.outboxMeasured(bob, bytes: 2 << 20))
    #expect(stage.peers[bob]?.isPaused == true)
    stage.forget()
    for index in 0..<20 { stage.edit(ada, "n\(index)") }
    stage.send([stage.change(ada, .addEdge(EdgeKey(source: NodeID("n1"), target: NodeID("gone"))))], ada)
    stage.commit()
    stage.wait(100)
    #expect(stage.received(bob).isEmpty)
    #expect(stage.peers[ada]?.changes.count == 21)
    stage.handle(.outboxMeasured(bob, bytes: 0))
    #expect(stage.peers[bob]?.isPaused == false)
    #expect(stage.peers[bob]?.document.version == stage.store.document.version)
    #expect(stage.peers[bob]?.issues.flatMap(\.added).contains { $0.code == "edge_orphan" } == true)
    stage.edit(ada, "live")
    #expect(stage.peers[bob]?.document.version == stage.store.document.version)
  }

  @Test("[FC2] a catch-up that is too long for the tail is a snapshot")
  func snapshotInstead() {
    var limits = RoomLimits()
    limits.tailCountMax = 5
    limits.snapshotReuseChangeCountMax = 2
    var stage = Stage(limits: limits)
    let ada = stage.join()
    let bob = stage.join("bob")
    stage.handle(.outboxMeasured(bob, bytes: 2 << 20))
    for index in 0..<20 { stage.edit(ada, "n\(index)") }
    stage.handle(.outboxMeasured(bob, bytes: 0))
    #expect(stage.peers[bob]?.snapshotCount == 1)
    #expect(stage.peers[bob]?.document.version == stage.store.document.version)
  }

  @Test("[RS2] a fresh state that a slow reader asked for comes when it reads again, even if changes alone would have done")
  func resyncWhileHeldBack() {
    var stage = Stage()
    let ada = stage.join()
    let bob = stage.join("bob")
    stage.edit(ada)
    stage.handle(.outboxMeasured(bob, bytes: 2 << 20))
    stage.say(.resync(Resync(version: Version())), bob)
    stage.edit(ada, "m")
    #expect(stage.peers[bob]?.snapshotCount == 0)
    stage.handle(.outboxMeasured(bob, bytes: 0))
    #expect(stage.peers[bob]?.snapshotCount == 1)
    #expect(stage.peers[bob]?.document.version == stage.store.document.version)
  }

  @Test("[FC2] a session stuck for the grace is closed with 4508")
  func tooSlow() {
    var stage = Stage()
    let ada = stage.join()
    let bob = stage.join("bob")
    stage.handle(.outboxMeasured(bob, bytes: 2 << 20))
    stage.wait(14_000)
    #expect(stage.peers[bob]?.closeCode == nil)
    stage.wait(2_000)
    #expect(stage.peers[bob]?.closeCode == .tooSlow)
    #expect(stage.peers[ada]?.closeCode == nil)
  }

  @Test("[RU2] a session held back during a run hears its events afterwards, each once")
  func runMeanwhile() {
    var stage = Stage()
    let ada = stage.join()
    let bob = stage.join("bob")
    stage.say(.run(RunRequest()), ada)
    stage.commit()
    let run = stage.startedRuns.keys.first!
    stage.handle(.outboxMeasured(bob, bytes: 2 << 20))
    stage.handle(.runAdvanced(run, RunStep(.nodeStarted)))
    stage.handle(.runAdvanced(run, RunStep(.runFinished)))
    stage.commit()
    stage.handle(.outboxMeasured(bob, bytes: 0))
    #expect(stage.peers[bob]?.runEvents.map(\.seq) == [1, 2, 3])
  }
}

@Suite struct DegradedTests {
  @Test("[RM1] when the store fails nothing is revealed or taken, presence goes on, and a reload settles it")
  func lost() {
    var stage = Stage()
    let ada = stage.join()
    let bob = stage.join("bob")
    stage.edit(ada, "kept")
    stage.forget()
    let lost = stage.edit(ada, "lost", commit: false)
    stage.pending = []
    stage.handle(.storeFailed(reason: "disk full"))
    #expect(stage.reloads.count == 1)
    stage.edit(bob, "refused", commit: false)
    #expect(stage.peers[bob]?.refusals.map(\.code) == [.unavailable])
    #expect(stage.peers[bob]?.refusals.first?.retryAfterMilliseconds ?? 0 > 0)
    stage.say(.presence(PresenceState()), ada)
    stage.wait(100)
    #expect(stage.peers[bob]?.presences.isEmpty == false)
    #expect(stage.peers[bob]?.changes.isEmpty == true)

    stage.handle(.reloadFailed(reason: "still full"))
    #expect(stage.reloads == [200, 400])
    stage.handle(.storeReloaded(stage.seed()))
    #expect(stage.peers[ada]?.refusals.map(\.code) == [.unavailable])
    #expect(stage.peers[ada]?.refusals.map(\.seq) == [2])
    #expect(stage.notes.contains(.healed(changesLost: 1)))
    // Sent again, as told.
    stage.send([lost], ada, batch: 2)
    stage.commit()
    #expect(stage.store.log.map(\.change.seq) == [1, 2])
    #expect(stage.peers[bob]?.document.version == stage.store.document.version)
  }

  @Test("[RM1] what was durable although the store reported a failure is broadcast and acknowledged after the reload")
  func torn() {
    var stage = Stage()
    let ada = stage.join()
    let bob = stage.join("bob")
    stage.forget()
    stage.edit(ada, "torn", commit: false)
    stage.edit(ada, "lost", commit: false)
    stage.store.take(stage.pending[0])
    stage.pending = []
    stage.handle(.storeFailed(reason: "no answer"))
    stage.handle(.storeReloaded(stage.seed()))
    #expect(stage.peers[bob]?.changes.map(\.position) == [1])
    #expect(stage.peers[ada]?.acks.last?.seq == 1)
    #expect(stage.peers[ada]?.refusals.map(\.seq) == [2])
    stage.peers[ada]?.nextSeq = 2
    stage.edit(ada, "again")
    #expect(stage.store.log.count == 2)
  }

  @Test("whoever joins while the store is down is let in when it is back")
  func joinMeanwhile() {
    var stage = Stage()
    let ada = stage.join()
    stage.edit(ada)
    stage.handle(.storeFailed(reason: "x"))
    let bob = stage.join("bob")
    let lateLease = stage.join("eve", commit: false)
    #expect(stage.received(bob).isEmpty)
    stage.handle(.storeReloaded(stage.seed()))
    stage.commit()
    #expect(stage.peers[bob]?.welcome != nil)
    #expect(stage.peers[lateLease]?.welcome != nil)
    #expect(stage.peers[bob]?.lease?.replica != stage.peers[lateLease]?.lease?.replica)
    stage.edit(bob, "b")
    #expect(stage.peers[ada]?.document.version == stage.store.document.version)
  }

  @Test("a lease that was not durable when the store failed is granted anew")
  func leaseLost() {
    var stage = Stage()
    let ada = stage.join(commit: false)
    stage.pending = []
    stage.handle(.storeFailed(reason: "x"))
    stage.handle(.storeReloaded(stage.seed()))
    stage.commit()
    #expect(stage.peers[ada]?.lease?.replica == ReplicaID(1))
    stage.edit(ada)
    #expect(stage.store.log.count == 1)
  }

  @Test("runs end with the store that should have kept them")
  func runs() {
    var stage = Stage()
    let ada = stage.join()
    var request = RunRequest()
    request.idempotencyKey = "k"
    stage.say(.run(request), ada)
    stage.commit()
    let run = stage.startedRuns.keys.first!
    stage.handle(.runAdvanced(run, RunStep(.nodeStarted)))
    stage.pending = []
    stage.handle(.storeFailed(reason: "x"))
    #expect(stage.cancelledRuns == [run])
    stage.handle(.storeReloaded(stage.seed()))
    stage.commit()
    #expect(stage.peers[ada]?.runEvents.map(\.kind) == [.runStarted, .runFailed])
    stage.forget()
    stage.say(.run(request), ada)
    stage.commit()
    #expect(stage.startedRuns.count == 1, "[RU3] the key names the run that failed")
    #expect(stage.peers[ada]?.runEvents.map(\.kind) == [.runStarted, .runFailed])
  }

  @Test("a store that forgot what it confirmed ends the room: 4500, for it cannot be trusted")
  func amnesia() {
    var stage = Stage()
    let ada = stage.join()
    stage.edit(ada)
    stage.handle(.storeFailed(reason: "x"))
    stage.handle(.storeReloaded(RoomSeed()))
    #expect(stage.peers[ada]?.closeCode == .serverFault)
    #expect(stage.isUnloaded)
  }
}

@Suite struct LifeTests {
  @Test("an idle room stores a last snapshot and unloads; a session that comes meanwhile wakes it")
  func idle() {
    var stage = Stage()
    let ada = stage.join()
    stage.edit(ada)
    stage.handle(.sessionLeft(ada, isFinal: false))
    stage.commit()
    stage.wait(59_000)
    #expect(stage.stored.isEmpty)
    stage.wait(2_000)
    #expect(stage.stored == [1])
    let bob = stage.join("bob")
    stage.handle(.snapshotStored(position: 1))
    #expect(!stage.isUnloaded)
    stage.edit(bob, "b")
    stage.handle(.sessionLeft(bob, isFinal: false))
    stage.commit()
    stage.wait(61_000)
    #expect(stage.stored == [1, 2])
    stage.handle(.snapshotStored(position: 2))
    #expect(stage.isUnloaded)
    #expect(stage.room.isOver)
  }

  @Test("an idle room with nothing new unloads without a snapshot; so does one whose snapshot cannot be stored")
  func idleWithoutSnapshot() {
    var stage = Stage()
    stage.wait(61_000)
    #expect(stage.isUnloaded)
    #expect(stage.stored.isEmpty)
    var other = Stage()
    let ada = other.join()
    other.edit(ada)
    other.handle(.sessionLeft(ada, isFinal: false))
    other.commit()
    other.wait(61_000)
    other.handle(.snapshotNotStored(position: 1))
    #expect(other.isUnloaded)
  }

  @Test("a room with a run going on does not sleep")
  func busy() {
    var stage = Stage()
    let ada = stage.join()
    stage.say(.run(RunRequest()), ada)
    stage.commit()
    stage.handle(.sessionLeft(ada, isFinal: false))
    stage.commit()
    stage.wait(300_000)
    #expect(!stage.isUnloaded)
    stage.handle(.runAdvanced(stage.startedRuns.keys.first!, RunStep(.runFinished)))
    stage.commit()
    stage.wait(61_000)
    #expect(stage.isUnloaded)
  }

  @Test("the store gets a snapshot when the log has grown enough, and not before")
  func periodicSnapshot() {
    var limits = RoomLimits()
    limits.snapshotAfterChangeCount = 10
    limits.snapshotAfterBytes = 100
    limits.snapshotIntervalMilliseconds = 1000
    var stage = Stage(limits: limits)
    let ada = stage.join()
    stage.wait(2000)
    for index in 0..<9 { stage.edit(ada, "n\(index)") }
    #expect(stage.stored.isEmpty)
    stage.edit(ada, "tenth")
    #expect(stage.stored == [10])
    stage.handle(.snapshotStored(position: 10))
    for index in 0..<20 { stage.edit(ada, "m\(index)") }
    #expect(stage.stored == [10], "too soon")
    stage.wait(1000)
    stage.edit(ada, "now")
    #expect(stage.stored == [10, 31])
  }

  @Test("drain: goodbye with a jittered pause, acks for what was sent, then 4503, a last snapshot, the end")
  func drain() {
    var stage = Stage()
    let people = (0..<5).map { stage.join("p\($0)") }
    stage.edit(people[0], commit: false)
    stage.handle(.drainBegan)
    for id in people {
      #expect(stage.peers[id]?.goodbyes.map(\.code) == [.draining])
      #expect(stage.peers[id]?.closeCode == nil)
    }
    #expect(Set(people.compactMap { stage.peers[$0]?.goodbyes.first?.reconnectAfterMilliseconds }).count > 1)
    stage.edit(people[1], "too late", commit: false)
    #expect(stage.peers[people[1]]?.refusals.map(\.code) == [.unavailable])
    stage.commit()
    #expect(stage.peers[people[0]]?.acks.last?.seq == 1)
    for id in people { #expect(stage.peers[id]?.closeCode == .draining) }
    let late = stage.join("late")
    #expect(stage.peers[late]?.closeCode == .draining)
    stage.commit()
    #expect(stage.stored == [1])
    stage.handle(.snapshotStored(position: 1))
    #expect(stage.isUnloaded)
  }

  @Test("drain does not wait for ever for a store that does not answer")
  func drainDeadline() {
    var stage = Stage()
    let ada = stage.join()
    stage.edit(ada, commit: false)
    stage.handle(.drainBegan)
    stage.wait(6_000)
    #expect(stage.peers[ada]?.closeCode == .draining)
    #expect(stage.isUnloaded)
  }

  @Test("a room that drains waits for no snapshot that the store's failure made worthless")
  func drainThenFailure() {
    var stage = Stage()
    let ada = stage.join()
    stage.edit(ada)
    stage.holdsSnapshots = true
    stage.handle(.drainBegan)
    stage.wait(0)
    stage.commit()
    stage.wait(6_000)
    #expect(stage.encoding.count == 1, "the last snapshot is being made")
    #expect(!stage.isUnloaded)
    stage.handle(.storeFailed(reason: "disk"))
    #expect(stage.isUnloaded)
  }

  @Test("drain ends runs, and they are closed in the store")
  func drainRuns() {
    var stage = Stage()
    let ada = stage.join()
    stage.say(.run(RunRequest()), ada)
    stage.commit()
    stage.handle(.drainBegan)
    stage.commit()
    #expect(stage.cancelledRuns.count == 1)
    #expect(stage.store.runEvents.map(\.kind) == [.runStarted, .runCancelled])
    #expect(stage.isUnloaded)
  }

  @Test("[ME5] tombstones go when every lease has seen past them and the horizon has passed, and not before")
  func collection() {
    func collected(seen: UInt64, hours: UInt64) -> Int {
      var stage = Stage()
      let ada = stage.join()
      stage.edit(ada, "a")
      stage.send([stage.change(ada, .setNodeLife(node: NodeID("a"), alive: false))], ada)
      stage.commit()
      stage.say(.ping(Ping(id: 1, seen: seen)), ada)
      stage.wait(hours * 3_600_000)
      return stage.notes.reduce(0) { if case .tombstonesCollected(let count) = $1 { $0 + count } else { $0 } }
    }
    #expect(collected(seen: 2, hours: 25) > 0)
    #expect(collected(seen: 2, hours: 23) == 0)
    #expect(collected(seen: 1, hours: 25) == 0)
    #expect(collected(seen: 1000, hours: 25) == 0, "a position that does not exist")
  }
}
