import CRDT
import CollabProtocol
import RoomCore
import Testing
import WorkflowDocument
import WorkflowGraph

/// All orders of a few steps, and many random ones: whatever happens, everybody ends with what the store holds, and no change is lost or
/// taken twice. Output commit is checked by the stage at every step.
@Suite struct InterleavingTests {
  enum Step: CaseIterable {
    case adaEdits, bobEdits, commitOne, eveJoins, snapshotReady, bobResyncs
  }

  @Test("[RM1] all interleavings of edit, commit, join, resync and snapshot, up to five steps")
  func exhaustive() {
    var limits = RoomLimits()
    limits.snapshotReuseChangeCountMax = 0
    limits.tailCountMax = 4
    var base = Stage(limits: limits)
    base.holdsSnapshots = true
    let ada = base.join()
    let bob = base.join("bob")
    base.edit(ada, "first")
    var count = 0
    func explore(_ stage: Stage, _ depth: Int) {
      check(stage, ada, bob)
      count += 1
      guard depth > 0 else { return }
      for step in Step.allCases {
        var next = stage
        switch step {
        case .adaEdits: next.edit(ada, "a", commit: false)
        case .bobEdits: next.edit(bob, "b", commit: false)
        case .commitOne:
          if next.pending.isEmpty { continue }
          next.commit(1)
        case .eveJoins:
          if next.peers.count > 3 { continue }
          next.join("eve", commit: false)
        case .snapshotReady:
          if next.encoding.isEmpty { continue }
          next.finishSnapshots()
        case .bobResyncs: next.say(.resync(Resync(version: Version())), bob)
        }
        explore(next, depth - 1)
      }
    }
    explore(base, 5)
    #expect(count > 2000)
  }

  @Test("[RM1] the stage would notice: a change, a hash, an ack that leave too early are issues")
  func canary() {
    var stage = Stage()
    let ada = stage.join()
    stage.edit(ada, commit: false)
    guard case .change(let logged)? = stage.pending.first else {
      Issue.record("no change")
      return
    }
    let version = Version([Version.Entry(replica: ReplicaID(1), seq: 1)])
    withKnownIssue { stage.deliver(.changes([logged]), to: ada) }
    withKnownIssue { stage.deliver(.ack(Ack(batch: 1, replica: ReplicaID(1), seq: 1, position: 1)), to: ada) }
    withKnownIssue { stage.deliver(.hash(HashReport(version: version, position: 1, graphHash: [], documentHash: [])), to: ada) }
    withKnownIssue { stage.deliver(.runEvent(RunEvent(run: "r", seq: 1, kind: .runStarted, atMilliseconds: 0)), to: ada) }
  }

  private func check(_ stage: Stage, _ ada: SessionID, _ bob: SessionID) {
    var end = stage
    end.holdsSnapshots = false
    end.commit()
    end.finishSnapshots()
    end.commit()
    for peer in end.peers.values {
      #expect(peer.welcome != nil)
      #expect(peer.document.version == end.store.document.version, "\(peer.id) is behind")
      var held = peer.document
      var stored = end.store.document
      #expect(held.documentHash() == stored.documentHash())
    }
    #expect(end.peers[ada]?.refusals.isEmpty == true)
  }

  @Test("random histories with a failing store, lost connections and resumes: exactly once, equal at the end", arguments: 1...40)
  func histories(seed: UInt64) throws {
    var random = Lottery(state: seed)
    var limits = RoomLimits()
    limits.tailCountMax = 16
    limits.snapshotReuseChangeCountMax = 4
    limits.protocolLimits.changesInFlightMax = 8
    var stage = Stage(limits: limits)
    stage.holdsSnapshots = true
    var clients = (0..<4).map { Client(name: "c\($0)") }
    for _ in 0..<400 {
      let index = Int(random.next() % UInt64(clients.count))
      switch random.next() % 12 {
      case 0...3: clients[index].edit(&stage)
      case 4...5: stage.commit(Int(1 + random.next() % 4))
      case 6: stage.finishSnapshots()
      case 7: clients[index].disconnect(&stage)
      case 8: clients[index].connect(&stage)
      case 9: stage.wait(random.next() % 400)
      case 10 where random.next() % 4 == 0: fail(&stage, &random)
      default: clients[index].resend(&stage)
      }
    }
    if stage.room.isOver { return }
    for _ in 0..<6 {
      for index in clients.indices {
        clients[index].connect(&stage)
        stage.finishSnapshots()
        stage.commit()
        stage.finishSnapshots()
        clients[index].resend(&stage)
        stage.commit()
        stage.finishSnapshots()
      }
    }
    for client in clients {
      let wanted = (0..<client.made).map { "\(client.name)-\($0)" }
      let log = stage.store.log.flatMap(\.change.ops).compactMap { op -> String? in
        if case .setNodeLife(let node, _) = op, node.rawValue.hasPrefix(client.name + "-") { return node.rawValue }
        return nil
      }
      #expect(log == wanted, "SEED=\(seed): each change of \(client.name) once and in order")
      let id = try #require(client.session)
      #expect(stage.peers[id]?.document.version == stage.store.document.version, "SEED=\(seed)")
    }
  }

  private func fail(_ stage: inout Stage, _ random: inout Lottery) {
    // Some of what was asked for became durable all the same.
    let kept = Int(random.next() % 3)
    for write in stage.pending.prefix(kept) { stage.store.take(write) }
    stage.pending = []
    stage.handle(.storeFailed(reason: "SEED"))
    if random.next() % 2 == 0 { stage.wait(100) }
    stage.handle(.storeReloaded(stage.seed()))
  }
}

/// A client that keeps what was not acknowledged and sends it again when it comes back.
struct Client {
  let name: String
  var session: SessionID?
  var lease: Lease?
  var made = 0
  /// Made and not known to be durable, oldest first.
  var pending: [String] = []
  /// Seq of the first of `pending`.
  var firstSeq: UInt64 = 1
  var document = WorkflowDocument()

  init(name: String) { self.name = name }

  mutating func edit(_ stage: inout Stage) {
    pending.append("\(name)-\(made)")
    made += 1
    read(stage)
    send(&stage, from: pending.count - 1)
  }

  mutating func resend(_ stage: inout Stage) {
    read(stage)
    send(&stage, from: 0)
  }

  mutating func connect(_ stage: inout Stage) {
    guard session == nil || stage.peers[session!]?.closeCode != nil else { return }
    let held = lease
    session = stage.join(name, commit: false, holding: document) { $0.lease = held }
    read(stage)
  }

  mutating func disconnect(_ stage: inout Stage) {
    guard let id = session else { return }
    read(stage)
    session = nil
    stage.handle(.sessionLeft(id, isFinal: false))
  }

  /// Takes in what the room said. The document a client may show as its version is what it has heard.
  private mutating func read(_ stage: Stage) {
    guard let id = session, let peer = stage.peers[id], let welcome = peer.welcome else { return }
    if lease != welcome.lease {
      settle(through: welcome.leaseThrough)
      lease = welcome.lease
      firstSeq = (lease.map { welcome.version[$0.replica] } ?? 0) + 1
    } else {
      settle(through: welcome.leaseThrough)
    }
    settle(through: peer.acks.filter { $0.replica == lease?.replica }.map(\.seq).max() ?? 0)
    document = peer.document
  }

  private mutating func settle(through seq: UInt64) {
    while firstSeq <= seq, !pending.isEmpty {
      pending.removeFirst()
      firstSeq += 1
    }
  }

  private func send(_ stage: inout Stage, from start: Int) {
    guard let id = session, let lease, stage.peers[id]?.welcome != nil, start < pending.count else { return }
    let changes = pending.indices[start...].map { index in
      Change(
        replica: lease.replica, seq: firstSeq + UInt64(index), hlc: HybridTime(milliseconds: stage.time.wallMilliseconds, counter: 0),
        ops: [.makeNode(pending[index])])
    }
    stage.send(changes, id)
  }
}

/// A seeded stream of numbers (xorshift64*).
struct Lottery {
  var state: UInt64
  mutating func next() -> UInt64 {
    state ^= state >> 12
    state ^= state << 25
    state ^= state >> 27
    return (state &* 0x2545_f491_4f6c_dd1d) >> 33
  }
}
