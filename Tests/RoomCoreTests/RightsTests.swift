import Access
import CollabProtocol
import RoomCore
import Testing
import WorkflowDocument

/// Rights that change while sessions are open.
@Suite struct RightsTests {
  @Test("[AC7] a membership that ends closes with 4403 whoever rests on it, and nobody else")
  func membershipEnds() {
    var stage = Stage()
    let rests = stage.join(rights: Rights(member: .editor), subject: "ada")
    let given = stage.join(rights: Rights(granted: .viewer, member: .editor), subject: "ada")
    let bob = stage.join(rights: Rights(member: .editor), subject: "bob")
    stage.wait(100)
    stage.forget()
    stage.handle(.memberChanged(subject: "ada", nil))
    #expect(stage.peers[rests]?.closeCode == .forbidden)
    #expect(stage.peers[rests]?.goodbyes.map(\.reconnectAfterMilliseconds) == [0])
    #expect(stage.received(given) == [.role(RoleChanged(.viewer))])
    #expect(stage.received(bob).isEmpty)
    stage.edit(given)
    #expect(stage.peers[given]?.refusals.map(\.code) == [.forbidden], "it holds for the very next message")
    stage.edit(bob)
    #expect(stage.store.log.count == 1)
  }

  @Test("[AC7] a member's new role counts up to the most that its token allows")
  func roleMax() {
    var stage = Stage()
    let ada = stage.join(rights: Rights(granted: .commenter, member: .commenter, roleMax: .editor), subject: "ada")
    stage.forget()
    stage.handle(.memberChanged(subject: "ada", .owner))
    #expect(stage.received(ada) == [.role(RoleChanged(.editor))])
    stage.handle(.memberChanged(subject: "ada", .runner))
    #expect(stage.received(ada).count == 1, "nothing changed for it")
  }

  @Test("[AC7] a revoked link or key closes with 4403 whoever came by it")
  func revoked() {
    var stage = Stage()
    let guests = (0..<3).map { stage.join(rights: Rights(granted: .viewer, credential: "link:1"), subject: "link:1~\($0)") }
    let other = stage.join(rights: Rights(granted: .viewer, credential: "link:2"), subject: "link:2")
    stage.handle(.credentialRevoked("link:1"))
    #expect(guests.allSatisfy { stage.peers[$0]?.closeCode == .forbidden })
    #expect(stage.peers[other]?.closeCode == nil)
    stage.wait(100)
    #expect(stage.peers[other]?.presences.flatMap(\.left).count == 3)
  }

  @Test("[AC7] one who has had no welcome yet is sent away as well")
  func beforeWelcome() {
    var stage = Stage()
    let guest = stage.join(rights: Rights(granted: .editor, credential: "link:1"), subject: "link:1", commit: false)
    let member = stage.join(rights: Rights(member: .editor), subject: "ada", commit: false)
    stage.handle(.credentialRevoked("link:1"))
    stage.handle(.memberChanged(subject: "ada", nil))
    stage.commit()
    #expect(stage.peers[guest]?.closeCode == .forbidden && stage.peers[member]?.closeCode == .forbidden)
    #expect(stage.received(guest).isEmpty && stage.received(member).isEmpty)
  }

  @Test("[AC9] a session ends with 4401 when its token ends, and the welcome says when")
  func expiry() {
    var stage = Stage()
    let end = stage.time.wallMilliseconds + 200_000
    let ada = stage.join(rights: Rights(granted: .editor, expiresAtMilliseconds: end), subject: "ada")
    let bob = stage.join(rights: Rights(granted: .editor, expiresAtMilliseconds: end + 1000), subject: "bob")
    let eve = stage.join(rights: Rights(granted: .editor), subject: "eve")
    #expect(stage.peers[ada]?.welcome?.expiresAtMilliseconds == end && stage.peers[eve]?.welcome?.expiresAtMilliseconds == 0)
    stage.wait(199_000)
    #expect(stage.peers[ada]?.closeCode == nil)
    stage.wait(1000)
    #expect(stage.peers[ada]?.closeCode == .notAuthenticated && stage.peers[bob]?.closeCode == nil)
    stage.wait(1000)
    #expect(stage.peers[bob]?.closeCode == .notAuthenticated && stage.peers[eve]?.closeCode == nil)
  }

  @Test("[AC9] a token that has ended on the way lets nobody in")
  func late() {
    var stage = Stage()
    let ada = stage.join(rights: Rights(granted: .editor, expiresAtMilliseconds: stage.time.wallMilliseconds), subject: "ada")
    #expect(stage.peers[ada]?.closeCode == .notAuthenticated)
    let bob = stage.join(rights: Rights(), subject: "bob")
    #expect(stage.peers[bob]?.closeCode == .forbidden)
  }

  @Test("[AC9] a fresh token is answered by a role, counts from then on, and moves the end")
  func renewed() {
    var stage = Stage()
    let begin = stage.time.wallMilliseconds
    let ada = stage.join(rights: Rights(granted: .editor, expiresAtMilliseconds: begin + 10_000), subject: "ada")
    stage.wait(9_000)
    stage.forget()
    stage.handle(.tokenRenewed(ada, Rights(granted: .viewer, expiresAtMilliseconds: begin + 20_000), request: 7))
    #expect(stage.received(ada) == [.role(RoleChanged(.viewer, request: 7, expiresAtMilliseconds: begin + 20_000))])
    stage.wait(10_900)
    #expect(stage.peers[ada]?.closeCode == nil)
    stage.handle(.tokenRenewed(ada, Rights(granted: .viewer, expiresAtMilliseconds: begin + 30_000), request: 0))
    #expect(
      stage.received(ada).last == .role(RoleChanged(.viewer, request: 0, expiresAtMilliseconds: begin + 30_000)), "also for request 0")
    stage.handle(.tokenRenewed(ada, Rights(granted: .viewer, expiresAtMilliseconds: begin + 30_000), request: nil))
    let count = stage.received(ada).count
    stage.wait(10_200)
    #expect(stage.received(ada).count == count + 1 && stage.peers[ada]?.closeCode == .notAuthenticated, "a goodbye and no more")
  }

  @Test("[AC9] the clock on the wall may jump: an end is noticed within a minute")
  func jump() {
    var stage = Stage()
    let ada = stage.join(rights: Rights(granted: .editor, expiresAtMilliseconds: stage.time.wallMilliseconds + 3_600_000), subject: "ada")
    stage.time.wallMilliseconds += 3_600_000
    stage.wait(60_000)
    #expect(stage.peers[ada]?.closeCode == .notAuthenticated)
  }

  @Test("[AC3] who is here is told up to a limit, with the count of all")
  func present() {
    var stage = Stage()
    for number in 0..<5 { stage.join("p\(number)", subject: "s\(number)") }
    let found = stage.room.present(limit: 3)
    #expect(found.count == 5 && found.participants.map(\.author.subject) == ["s0", "s1", "s2"])
  }
}
