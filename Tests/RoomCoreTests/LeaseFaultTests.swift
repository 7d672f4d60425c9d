import CRDT
import CollabProtocol
import RoomCore
import Testing
import WorkflowDocument

/// What a network that delays and a store that loses its voice do to leases. Found by simulation.
@Suite struct LeaseFaultTests {
  @Test("[CR5] a hello that was late on its way does not take the lease from the connection that was opened after it")
  func lateHello() throws {
    var stage = Stage()
    let ada = stage.join(connectionNumber: 1)
    let lease = try #require(stage.peers[ada]?.lease)
    stage.handle(.sessionLeft(ada, isFinal: false))
    let again = stage.join(connectionNumber: 3) { $0.lease = lease }
    let late = stage.join(connectionNumber: 2) { $0.lease = lease }
    #expect(stage.peers[late]?.closeCode == .replaced)
    #expect(stage.peers[again]?.closeCode == nil)
    stage.edit(again)
    #expect(stage.peers[again]?.acks.last?.seq == 1)
  }

  @Test("[CR5] a lease that is durable although the store said no is not granted a second time")
  func tornLease() throws {
    var stage = Stage()
    let other = stage.join("bob")
    let ada = stage.join(commit: false)
    for write in stage.pending { stage.store.take(write) }
    stage.pending = []
    stage.handle(.sessionLeft(other, isFinal: true))
    stage.pending = []
    stage.handle(.storeFailed(reason: "no answer"))
    stage.handle(.storeReloaded(stage.seed()))
    stage.commit()
    let lease = try #require(stage.peers[ada]?.lease)
    #expect(lease.replica == ReplicaID(2))
    #expect(stage.store.leases.count { $0.secretDigest == Stage.digest(lease.secret) && $0.seqAtEnd == nil } == 1)
    // Found after a restart as well.
    stage.edit(ada)
    var next = Stage(stage.seed(), store: stage.store)
    let back = next.join { $0.lease = lease }
    #expect(next.peers[back]?.welcome?.lease == lease)
    #expect(next.peers[back]?.welcome?.leaseThrough == 1)
  }

  @Test("[CR5] a lease whose session still waits for its welcome is in use: after a reload no other newcomer's need of an id ends it")
  func reclaimedBeforeOthers() throws {
    var limits = RoomLimits()
    limits.leaseCountMax = 1
    var stage = Stage(limits: limits)
    let viewer = stage.join("vic", role: .viewer)
    let ada = stage.join(commit: false)
    for write in stage.pending { stage.store.take(write) }
    stage.pending = []
    stage.handle(.storeFailed(reason: "no answer"))
    // Bob takes the viewer's place, so that his turn comes before Ada's.
    stage.handle(.sessionLeft(viewer, isFinal: true))
    let bob = stage.join("bob", commit: false)
    stage.handle(.storeReloaded(stage.seed()))
    stage.commit()
    #expect(stage.peers[bob]?.closeCode == .draining, "the only id is in use")
    let lease = try #require(stage.peers[ada]?.lease)
    #expect(stage.store.leases.filter { $0.secretDigest == Stage.digest(lease.secret) }.map(\.seqAtEnd) == [nil])
    stage.edit(ada)
    #expect(stage.peers[ada]?.acks.last?.seq == 1)
  }

  @Test("[CR5] who will never write takes no lease from those who do, and does the rest that its role allows")
  func withoutLease() {
    var stage = Stage()
    let ada = stage.join()
    stage.edit(ada)
    let before = stage.store.leases
    let guest = stage.join("guest", subject: "ci", takesLease: false)
    #expect(stage.peers[guest]?.welcome?.lease == nil && stage.peers[guest]?.welcome?.role == .owner)
    var request = RunRequest()
    request.request = 5
    stage.say(.run(request), guest)
    stage.commit()
    #expect(stage.startedRuns.count == 1)
    stage.send([Change(replica: ReplicaID(2), seq: 1, hlc: HybridTime(milliseconds: 5), ops: [.makeNode("x")])], guest)
    stage.commit()
    let refused = stage.received(guest).flatMap { if case .ack(let ack) = $0 { ack.refused.map(\.code) } else { [RefusalCode]() } }
    #expect(refused == [.forbidden])
    stage.handle(.roleChanged(subject: "ci", .editor))
    #expect(stage.peers[guest]?.closeCode == nil, "nothing to come back for")
    stage.handle(.sessionLeft(guest, isFinal: true))
    stage.commit()
    #expect(stage.store.leases == before)
  }
}
