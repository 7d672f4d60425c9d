import CRDT
import CollabProtocol
import RoomCore
import Testing
import WorkflowDocument
import WorkflowGraph

@Suite struct PresenceTests {
  private func state(_ x: Double) -> PresenceState {
    var state = PresenceState()
    state.cursor = Point(x: x, y: 0)
    return state
  }

  @Test("[PR1] of many updates between two ticks the latest is sent, once, to all")
  func coalesced() {
    var stage = Stage()
    let ada = stage.join()
    let bob = stage.join("bob")
    stage.wait(100)
    stage.forget()
    for x in 0..<50 { stage.say(.presence(state(Double(x))), ada) }
    #expect(stage.received(bob).isEmpty)
    stage.wait(33)
    #expect(stage.peers[bob]?.presences == [PresenceFrame(slots: [.init(session: ada.text, state: state(49))])])
    #expect(stage.peers[ada]?.presences.count == 1)
  }

  @Test("[PR2] nothing is sent and no timer is armed while nothing changes")
  func quiet() {
    var stage = Stage()
    let ada = stage.join()
    stage.wait(1000)
    #expect(stage.armed[.tick] == nil)
    stage.forget()
    stage.wait(10_000)
    #expect(stage.received(ada).isEmpty)
    stage.say(.presence(state(1)), ada)
    stage.wait(33)
    stage.forget()
    stage.say(.presence(state(1)), ada)
    #expect(stage.armed[.tick] == nil, "the same again is no change")
  }

  @Test("[PR2] a newcomer hears who is where, the others that it came, and that it left")
  func cameAndWent() {
    var stage = Stage()
    let ada = stage.join()
    stage.say(.presence(state(3)), ada)
    stage.wait(100)
    stage.forget()
    let bob = stage.join("bob")
    #expect(stage.peers[bob]?.welcome?.participants.map(\.author.name).sorted() == ["ada"])
    stage.wait(33)
    #expect(stage.peers[bob]?.presences.flatMap(\.slots) == [.init(session: ada.text, state: state(3))])
    #expect(stage.peers[ada]?.presences.flatMap(\.joined).map(\.author.name) == ["bob"])
    stage.forget()
    stage.handle(.sessionLeft(bob, isFinal: false))
    stage.wait(33)
    #expect(stage.peers[ada]?.presences.flatMap(\.left) == [bob.text])
  }

  @Test("a crowd is told in shared frames what the welcome has no place for")
  func crowd() {
    var limits = RoomLimits()
    limits.welcomeParticipantCountMax = 3
    var stage = Stage(limits: limits)
    for index in 0..<10 { stage.join("p\(index)", role: .viewer) }
    stage.wait(100)
    stage.forget()
    let last = stage.join("last", role: .viewer)
    #expect(stage.peers[last]?.welcome?.participants.count == 3)
    stage.wait(33)
    let names = stage.peers[last]?.presences.flatMap(\.joined).map(\.author.name) ?? []
    #expect(Set(names) == Set((0..<10).map { "p\($0)" } + ["last"]))
  }

  @Test("[PR1] [ER1] a presence that is too large is answered with an error and changes nothing")
  func tooLarge() {
    var stage = Stage()
    let ada = stage.join()
    let bob = stage.join("bob")
    stage.wait(100)
    stage.forget()
    var large = state(1)
    large.extra = "\"" + String(repeating: "x", count: 5000) + "\""
    stage.say(.presence(large), ada)
    stage.wait(100)
    #expect(stage.peers[ada]?.errors.map(\.code) == [.tooLarge])
    #expect(stage.peers[bob]?.presences.isEmpty == true)
  }

  @Test("a session that came and left within a tick is not announced as here")
  func fleeting() {
    var stage = Stage()
    let ada = stage.join()
    stage.wait(100)
    stage.forget()
    let bob = stage.join("bob", role: .viewer)
    stage.handle(.sessionLeft(bob, isFinal: false))
    stage.wait(100)
    #expect(stage.peers[ada]?.presences.flatMap(\.joined).isEmpty == true)
  }
}

@Suite struct RoleTests {
  @Test("a role changed live is told, and holds at once")
  func demoted() {
    var stage = Stage()
    let ada = stage.join(subject: "ada@x")
    let bob = stage.join("bob", subject: "bob@x")
    stage.wait(100)
    stage.forget()
    stage.handle(.roleChanged(subject: "ada@x", .viewer))
    #expect(stage.received(ada) == [.role(RoleChanged(.viewer))])
    #expect(stage.received(bob).isEmpty)
    stage.edit(ada)
    #expect(stage.peers[ada]?.refusals.map(\.code) == [.forbidden])
    stage.wait(100)
    #expect(stage.peers[bob]?.presences.flatMap(\.joined).map(\.role) == [.viewer])
    stage.handle(.roleChanged(subject: "ada@x", .editor))
    stage.peers[ada]?.nextSeq = 1
    stage.edit(ada, "again")
    #expect(stage.store.log.count == 1)
  }

  @Test("[AC7, GB1] a viewer made editor has to come back for a replica id, and is told to do so at once")
  func promoted() {
    var stage = Stage()
    let ada = stage.join(role: .viewer, subject: "ada@x")
    stage.handle(.roleChanged(subject: "ada@x", .editor))
    #expect(stage.received(ada).contains(.role(RoleChanged(.editor))))
    #expect(stage.peers[ada]?.closeCode == .goingAway)
    #expect(stage.peers[ada]?.closeCode?.isTransient == true)
    #expect(stage.peers[ada]?.goodbyes.count == 1)
    #expect((1...50).contains(stage.peers[ada]?.goodbyes.first?.reconnectAfterMilliseconds ?? 0))
  }

  @Test("an evicted subject is closed with 4509, the others stay")
  func evicted() {
    var stage = Stage()
    let ada = stage.join(subject: "ada@x")
    let bob = stage.join("bob", subject: "bob@x")
    stage.handle(.evicted(subject: "ada@x"))
    #expect(stage.peers[ada]?.closeCode == .evicted)
    #expect(stage.peers[bob]?.closeCode == nil)
  }
}

@Suite struct HashTests {
  @Test("[GV5] while the document changes, hashes come at most every two seconds, and are right")
  func periodic() {
    var stage = Stage()
    let ada = stage.join()
    stage.wait(5000)
    #expect(stage.peers[ada]?.hashes.isEmpty == true, "nothing changed")
    for index in 0..<40 {
      stage.edit(ada, "n\(index)")
      stage.wait(100)
    }
    #expect(stage.peers[ada]?.hashes.count == 2)
    stage.edit(ada, "last")
    stage.wait(10_000)
    var document = stage.store.document
    let last = stage.peers[ada]?.hashes.last
    #expect(stage.peers[ada]?.hashes.count == 3, "and once more for the last changes")
    #expect(last?.documentHash == document.documentHash())
    #expect(last?.graphHash == document.graphHash())
    #expect(last?.position == 41)
  }

  @Test("[RM1] a hash waits until what it covers is durable")
  func hashWaits() {
    var stage = Stage()
    let ada = stage.join()
    stage.edit(ada, commit: false)
    stage.wait(3000)
    #expect(stage.peers[ada]?.hashes.isEmpty == true)
    stage.commit()
    #expect(stage.peers[ada]?.hashes.map(\.position) == [1])
  }

  @Test("[RS2] a resync with equal hashes is answered by the hash")
  func equal() {
    var stage = Stage()
    let ada = stage.join()
    stage.edit(ada)
    stage.forget()
    var document = stage.store.document
    stage.say(
      .resync(Resync(version: document.version, graphHash: document.graphHash(), documentHash: document.documentHash())), ada)
    #expect(stage.peers[ada]?.hashes.count == 1)
    #expect(stage.peers[ada]?.snapshotCount == 0)
  }

  @Test("[RS2] a resync that differs, or asks for it, is answered by a snapshot; nothing is lost on the way")
  func differs() {
    var stage = Stage()
    stage.holdsSnapshots = true
    let ada = stage.join()
    let bob = stage.join("bob")
    stage.edit(ada)
    for wrong in [[UInt8](repeating: 1, count: 32), []] {
      let count = stage.peers[bob]!.snapshotCount
      stage.say(.resync(Resync(version: stage.store.document.version, graphHash: [], documentHash: wrong)), bob)
      stage.edit(ada, "meanwhile")
      stage.finishSnapshots()
      #expect(stage.peers[bob]?.snapshotCount == count + 1)
      stage.edit(ada, "after")
      #expect(stage.peers[bob]?.document.version == stage.store.document.version)
    }
    #expect(stage.notes.contains(.hashDiffered(bob)))
  }

  @Test("[RS2] at another version hashes are not compared: the answer is the hash")
  func otherVersion() {
    var stage = Stage()
    let ada = stage.join()
    stage.edit(ada)
    stage.forget()
    stage.say(.resync(Resync(version: Version(), graphHash: [9], documentHash: [9])), ada)
    #expect(stage.peers[ada]?.hashes.count == 1)
  }

  @Test("resyncs without end are rate limited")
  func resyncFlood() {
    var stage = Stage()
    let ada = stage.join()
    for _ in 0..<40 { stage.say(.resync(Resync(version: Version())), ada) }
    #expect(stage.peers[ada]?.errors.allSatisfy { $0.code == .rateLimited } == true)
    #expect(stage.peers[ada]?.errors.count == 8)
  }
}

@Suite struct IssueTests {
  @Test("[GV4] a joiner hears all findings after its catch-up, everybody then the differences")
  func findings() {
    var stage = Stage()
    let ada = stage.join()
    // A connection whose end is not there.
    stage.send(
      [stage.change(ada, .makeNode("a"), .set("a", .type, "\"number\""), .addEdge(EdgeKey(source: NodeID("a"), target: NodeID("b"))))], ada)
    stage.commit()
    stage.wait(100)
    #expect(stage.peers[ada]?.issues.flatMap(\.added).contains { $0.code == "edge_orphan" } == true)
    let bob = stage.join("bob")
    let kinds = stage.received(bob).map { message in
      switch message {
      case .welcome: "welcome"
      case .changes: "changes"
      case .issues: "issues"
      default: "other"
      }
    }
    #expect(kinds.prefix(3) == ["welcome", "changes", "issues"])
    #expect(stage.peers[bob]?.issues.first.map { Set($0.added) } == Set(stage.store.document.issues))
    stage.forget()
    stage.send([stage.change(ada, .makeNode("b"), .set("b", .type, "\"number\""))], ada)
    stage.commit()
    stage.wait(100)
    #expect(stage.peers[bob]?.issues.flatMap(\.removed).contains { $0.code == "edge_orphan" } == true)
  }

  @Test("[GV4] types that plug-ins bring are known while they are there, also after the store failed")
  func otherTypes() {
    var stage = Stage()
    let ada = stage.join()
    stage.send([stage.change(ada, .makeNode("p"), .set("p", .type, "\"plugged\""), .set("p", .data("size"), "7"))], ada)
    stage.commit()
    stage.wait(100)
    func known(_ code: String) -> Bool { stage.peers[ada]?.findings.contains { $0.code == code } ?? false }
    #expect(known("type_unknown"))
    stage.handle(
      .typesChanged(
        OtherTypes { node, type, fields, inputs in
          guard type == "plugged", inputs == 0 else { return nil }
          return fields[.data("size")] == .number(7) ? [.init(code: "too_odd", severity: .warning, node: node, text: "7")] : []
        }))
    stage.wait(100)
    #expect(!known("type_unknown") && known("too_odd"))
    stage.handle(.storeFailed(reason: "x"))
    stage.handle(.storeReloaded(stage.seed()))
    stage.commit()
    stage.wait(100)
    #expect(!known("type_unknown") && known("too_odd"))
    stage.send([stage.change(ada, .set("p", .data("size"), "8"))], ada)
    stage.commit()
    stage.wait(100)
    #expect(!known("too_odd"))
    stage.handle(.typesChanged(nil))
    stage.wait(100)
    #expect(known("type_unknown"))
  }

  @Test("[RM1] findings wait for the change that made them")
  func wait() {
    var stage = Stage()
    let ada = stage.join()
    let edge = EdgeKey(source: NodeID("a"), target: NodeID("b"))
    stage.send([stage.change(ada, .makeNode("a"), .set("a", .type, "\"number\""), .addEdge(edge))], ada)
    stage.wait(500)
    #expect(stage.peers[ada]?.issues.isEmpty == true)
    stage.commit()
    #expect(stage.peers[ada]?.issues.isEmpty == false)
  }
}
