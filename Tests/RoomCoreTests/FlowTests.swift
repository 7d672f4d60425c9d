import CRDT
import CollabProtocol
import RoomCore
import Testing
import WorkflowDocument
import WorkflowGraph

@Suite struct FlowTests {
  @Test("[FC2] stuck is who takes nothing: a slow socket that drains has the whole grace again")
  func progress() {
    var stage = Stage()
    let ada = stage.join()
    let bob = stage.join("bob")
    stage.handle(.outboxMeasured(bob, bytes: 2 << 20))
    for step in 1...4 {
      stage.wait(14_000)
      stage.handle(.outboxMeasured(bob, bytes: 2 << 20 - step * 256 << 10))
    }
    stage.wait(14_000)
    #expect(stage.peers[bob]?.closeCode == nil)
    stage.handle(.outboxMeasured(bob, bytes: 2 << 20))
    stage.wait(2_000)
    #expect(stage.peers[bob]?.closeCode == .tooSlow, "more than there was is no progress")
    #expect(stage.peers[ada]?.closeCode == nil)
  }

  @Test("[FC2] when the server holds too much for all slow sessions, one with little is held back like one with much")
  func crowded() {
    var stage = Stage()
    let ada = stage.join()
    let bob = stage.join("bob")
    stage.forget()
    stage.handle(.outboxCrowded(bob, bytes: 70 << 10))
    #expect(stage.peers[bob]?.isPaused == true)
    stage.edit(ada, "n")
    #expect(stage.received(bob).isEmpty && stage.peers[ada]?.changes.count == 1)
    stage.handle(.outboxMeasured(bob, bytes: 0))
    #expect(stage.peers[bob]?.isPaused == false)
    #expect(stage.peers[bob]?.document.version == stage.store.document.version)
  }

  @Test("[FC2] who waits for a snapshot gets no presence beyond the bound, and it comes back")
  func shedWhileWaiting() {
    var stage = Stage()
    let ada = stage.join()
    let bob = stage.join("bob")
    stage.edit(ada, "n")
    stage.holdsSnapshots = true
    stage.say(.resync(Resync(version: Version())), bob)
    stage.wait(100)
    stage.forget()
    stage.handle(.outboxMeasured(bob, bytes: 300 << 10))
    var state = PresenceState()
    state.cursor = Point(x: 1, y: 1)
    stage.say(.presence(state), ada)
    stage.wait(100)
    #expect(stage.peers[bob]?.presences.isEmpty == true)
    stage.handle(.outboxMeasured(bob, bytes: 0))
    stage.wait(100)
    #expect(stage.peers[bob]?.presences.flatMap(\.slots).map(\.session) == [ada.text])
    stage.edit(ada, "meanwhile")
    #expect(stage.peers[bob]?.changes.isEmpty == true && stage.peers[bob]?.snapshotCount == 0)
    stage.finishSnapshots()
    #expect(stage.peers[bob]?.snapshotCount == 1)
    stage.edit(ada, "live")
    #expect(stage.peers[bob]?.document.version == stage.store.document.version)
  }
}

@Suite struct InFlightTests {
  @Test("[FC1] few changes with many bytes in flight stop the reading as well, until half of them are durable")
  func bytesInFlight() {
    var limits = RoomLimits()
    limits.inFlightBytesMax = 4_000
    var stage = Stage(limits: limits)
    let ada = stage.join()
    let bob = stage.join("bob")
    let value = JSONText(unchecked: "\"" + String(repeating: "x", count: 1_200) + "\"")
    for index in 0..<3 { stage.send([stage.change(ada, .setNodeField(node: NodeID("n"), field: .data("\(index)"), value: value))], ada) }
    #expect(stage.peers[ada]?.isPaused == false)
    stage.send([stage.change(ada, .setNodeField(node: NodeID("n"), field: .data("more"), value: value))], ada)
    #expect(stage.peers[ada]?.isPaused == true && stage.peers[bob]?.isPaused == false)
    stage.commit(2)
    #expect(stage.peers[ada]?.isPaused == true, "more than half is left")
    stage.commit(1)
    #expect(stage.peers[ada]?.isPaused == false)
    stage.commit()
    #expect(stage.peers[ada]?.acks.last?.refused.isEmpty == true)
  }
}
