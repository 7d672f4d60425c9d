import CRDT
import CollabProtocol
import RoomCore
import Testing
import WorkflowDocument
import WorkflowGraph

/// Who comes with a state of a workflow that had the same id before and was deleted.
@Suite struct ForeignStateTests {
  @Test("[RS1] the holder of a lease that nobody here lent is given the whole state, however alike the versions look")
  func foreignLease() throws {
    var stage = Stage()
    let ada = stage.join()
    stage.edit(ada)
    var older = WorkflowDocument()
    _ = try older.apply(Change(replica: ReplicaID(1), seq: 1, hlc: HybridTime(milliseconds: 1), ops: [.makeNode("of the one before")]))
    #expect(older.version == stage.room.latest?.document.version)
    let foreign = Lease(replica: ReplicaID(1), secret: [UInt8](repeating: 99, count: Lease.secretBytes))
    let back = stage.join(holding: older) { $0.lease = foreign }
    let welcome = try #require(stage.peers[back]?.welcome)
    #expect(welcome.catchup == .snapshot)
    #expect(welcome.restamp && welcome.leaseThrough == 0)
    let ids = try [#require(stage.peers[back]).document, #require(stage.room.latest).document].map { $0.graph().nodes.map(\.id) }
    #expect(ids[0] == ids[1])
  }

  @Test("[RS1] who brings a state without a lease is told the hash, so that one of another workflow is found out")
  func stateWithoutLease() throws {
    var stage = Stage()
    let ada = stage.join()
    stage.edit(ada)
    stage.wait(RoomLimits().hashIntervalMilliseconds + 1)
    stage.armed[.hash] = nil
    var older = WorkflowDocument()
    _ = try older.apply(Change(replica: ReplicaID(1), seq: 1, hlc: HybridTime(milliseconds: 1), ops: [.makeNode("of the one before")]))
    let back = stage.join("vic", role: .viewer, holding: older)
    #expect(stage.peers[back]?.welcome?.catchup == .nothing)
    #expect(stage.armed[.hash] != nil)
  }
}
