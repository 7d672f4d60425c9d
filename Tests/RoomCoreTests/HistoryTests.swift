import CollabProtocol
import RateLimits
import RoomCore
import Testing
import WorkflowDocument
import WorkflowGraph

@Suite struct HistoryTests {
  /// The store keeps what it was asked to keep.
  private static func keep(_ stage: inout Stage) {
    for version in stage.namings {
      stage.store.versions.append(version)
      stage.store.versions.sort { ($0.position, $0.id) < ($1.position, $1.id) }
      stage.handle(.versionNamed(version))
    }
    stage.namings = []
  }

  @Test("[HI1] a viewer may look; a page has at most so many changes, and its answer goes to who asked")
  func page() {
    var limits = RoomLimits()
    limits.historyChangeCountMax = 50
    var stage = Stage(limits: limits)
    let ada = stage.join()
    let eve = stage.join("eve", role: .viewer)
    stage.edit(ada)
    stage.say(.history(HistoryRequest(request: 3, before: 0, count: 0)), eve)
    stage.say(.history(HistoryRequest(request: 4, before: 9, count: 70)), eve)
    stage.say(.history(HistoryRequest(request: 5, before: 1, count: 7)), eve)
    #expect(
      stage.looks.map(\.look) == [
        .page(HistoryRequest(request: 3, before: 2, count: 50), newest: 1),
        .page(HistoryRequest(request: 4, before: 2, count: 50), newest: 1),
        .page(HistoryRequest(request: 5, before: 1, count: 7), newest: 1),
      ])
    let page = HistoryPage(request: 3, entries: [], nextBefore: 0, floor: 0, position: 1)
    stage.handle(.looked(stage.looks[0].number, for: eve, .page(page)))
    #expect(stage.peers[eve]?.pages == [page] && stage.peers[ada]?.pages.isEmpty == true)
    stage.handle(.looked(stage.looks[1].number, for: eve, .noPage(ErrorReport(request: 4, code: .unavailable, text: "no"))))
    #expect(stage.peers[eve]?.errors.map(\.request) == [4])
  }

  @Test("[HI1] requests are bounded: unanswered ones, and so many per second; the connection stays")
  func rates() {
    var limits = RoomLimits()
    limits.looksOpenMax = 2
    limits.rates[.history, per: .session] = Rate(4, burst: 3)
    var stage = Stage(limits: limits)
    let ada = stage.join()
    for request in 1...3 as ClosedRange<UInt64> { stage.say(.history(HistoryRequest(request: request)), ada) }
    #expect(stage.looks.count == 2 && stage.peers[ada]?.errors.map(\.request) == [3])
    for look in stage.looks { stage.handle(.looked(look.number, for: ada, .page(HistoryPage(request: 0)))) }
    for request in 4...6 as ClosedRange<UInt64> { stage.say(.history(HistoryRequest(request: request)), ada) }
    #expect(stage.looks.count == 3, "the bucket is empty")
    #expect(stage.peers[ada]?.errors.map(\.code) == [.rateLimited, .rateLimited, .rateLimited])
    stage.wait(1000)
    stage.say(.history(HistoryRequest(request: 7)), ada)
    #expect(stage.looks.count == 4 && stage.peers[ada]?.closeCode == nil)
  }

  @Test("[HI4] a state: of a position or a named version; not ahead of what is durable; one that nobody waits for is dropped")
  func states() {
    var limits = RoomLimits()
    limits.statesOpenMax = 2
    var stage = Stage(limits: limits)
    let ada = stage.join()
    let bob = stage.join("bob", role: .viewer)
    stage.edit(ada, "a")
    stage.edit(ada, "b", commit: false)
    stage.say(.stateAt(StateRequest(request: 1, position: 2)), bob)
    #expect(stage.peers[bob]?.errors.last?.code == .invalid && stage.looks.isEmpty, "position 2 is not durable")
    stage.say(.stateAt(StateRequest(request: 2, position: 1)), bob)
    #expect(stage.looks.last?.look == .state(position: 1, request: 2))
    stage.commit()
    stage.say(.nameVersion(NameVersion(request: 3, name: "v")), ada)
    Self.keep(&stage)
    let id = stage.store.versions[0].id
    stage.say(.stateAt(StateRequest(request: 4, version: id)), bob)
    #expect(stage.looks.last?.look == .state(position: 2, request: 4))
    stage.say(.stateAt(StateRequest(request: 5, version: "nobody")), bob)
    #expect(stage.peers[bob]?.errors.last?.code == .invalid)
    stage.say(.stateAt(StateRequest(request: 6, position: 1)), ada)
    #expect(stage.peers[ada]?.errors.last?.code == .rateLimited, "two are being made")
    stage.handle(.looked(stage.looks[0].number, for: bob, .state(request: 2)))
    #expect(stage.sentStates.map(\.request) == [2])
    stage.handle(.sessionLeft(bob, isFinal: true))
    stage.handle(.looked(stage.looks[1].number, for: bob, .state(request: 4)))
    #expect(stage.droppedStates == [stage.looks[1].number] && stage.sentStates.count == 1)
    stage.say(.stateAt(StateRequest(request: 7, position: 1)), ada)
    #expect(stage.looks.count == 3)
  }

  @Test("[HI3, RM1] a version is named once all that it names is durable; then everybody gets the list, the author its id")
  func naming() {
    var stage = Stage()
    let ada = stage.join("ada", subject: "u1")
    let bob = stage.join("bob", role: .viewer)
    stage.edit(ada, commit: false)
    stage.say(.nameVersion(NameVersion(request: 7, name: "first", note: "n")), ada)
    #expect(stage.namings.isEmpty, "its change is not durable")
    stage.commit()
    #expect(stage.namings.map(\.position) == [1])
    #expect(stage.peers[bob]?.versionLists.isEmpty == true)
    Self.keep(&stage)
    #expect(stage.peers[bob]?.versionLists.map(\.versions) == [stage.store.versions])
    #expect(
      stage.peers[ada]?.versionLists.last == VersionList(request: 7, versions: stage.store.versions, named: stage.store.versions[0].id))
    let version = stage.store.versions[0]
    #expect(version.name == "first" && version.note == "n" && version.author.name == "ada" && version.author.subject == "u1")

    stage.say(.nameVersion(NameVersion(request: 8, name: "first")), ada)
    #expect(stage.namings.isEmpty && stage.peers[ada]?.versionLists.last?.named == version.id, "there already")
    stage.say(.nameVersion(NameVersion(request: 9, position: 2, name: "ahead")), ada)
    #expect(stage.peers[ada]?.errors.last?.code == .invalid)
  }

  @Test("[HI3] the same name at the same position twice in a row is one version, and both who asked are told its id")
  func sameName() {
    var stage = Stage()
    let ada = stage.join()
    let bob = stage.join("bob")
    stage.edit(ada)
    stage.say(.nameVersion(NameVersion(request: 1, name: "v", note: "hers")), ada)
    stage.say(.nameVersion(NameVersion(request: 2, position: 1, name: "v", note: "his")), bob)
    stage.say(.nameVersion(NameVersion(request: 3, name: "v")), ada)
    #expect(stage.namings.map(\.note) == ["hers"])
    let id = stage.namings[0].id
    Self.keep(&stage)
    #expect(stage.peers[ada]?.versionLists.filter { $0.named == id }.map(\.request) == [1, 3])
    #expect(stage.peers[bob]?.versionLists.filter { $0.named == id }.map(\.request) == [2])
    stage.say(.nameVersion(NameVersion(request: 4, name: "w")), ada)
    stage.say(.nameVersion(NameVersion(request: 5, name: "w")), bob)
    stage.handle(.versionNotNamed(stage.namings[0].id, .limit, text: "full"))
    #expect(stage.peers[ada]?.errors.map(\.request) == [4] && stage.peers[bob]?.errors.map(\.request) == [5])
  }

  @Test("[HI3] a naming is a look: so many of a session unanswered, and so many states of a room at once, those to be shown among them")
  func namingsAtOnce() {
    var limits = RoomLimits()
    limits.looksOpenMax = 2
    limits.statesOpenMax = 3
    var stage = Stage(limits: limits)
    let ada = stage.join()
    let bob = stage.join("bob")
    stage.edit(ada)
    // Held up by a change that is not durable, they count as well.
    stage.edit(ada, "b", commit: false)
    for request in 1...3 as ClosedRange<UInt64> { stage.say(.nameVersion(NameVersion(request: request, name: "v\(request)")), ada) }
    stage.say(.nameVersion(NameVersion(request: 4, name: "v1")), ada)
    #expect(stage.peers[ada]?.errors.map(\.request) == [3, 4] && stage.peers[ada]?.errors.allSatisfy { $0.code == .rateLimited } == true)
    stage.say(.stateAt(StateRequest(request: 5, position: 1)), bob)
    stage.say(.stateAt(StateRequest(request: 6, position: 1)), bob)
    stage.say(.nameVersion(NameVersion(request: 7, name: "w")), bob)
    #expect(stage.looks.count == 1 && stage.peers[bob]?.errors.map(\.request) == [6, 7])
    #expect(stage.peers[bob]?.errors.allSatisfy { $0.code == .rateLimited } == true)
    stage.commit()
    #expect(stage.namings.map(\.name) == ["v1", "v2"])
    stage.handle(.versionNotNamed(stage.namings.removeLast().id, .unavailable, text: "no"))
    Self.keep(&stage)
    stage.forget()
    for request in 8...9 as ClosedRange<UInt64> { stage.say(.nameVersion(NameVersion(request: request, name: "x\(request)")), ada) }
    #expect(stage.namings.count == 2 && stage.peers[ada]?.errors.isEmpty == true, "what is answered is over")
  }

  @Test("[HI3] names and drops are edits: editors only, durable first, told to everybody, within bounds")
  func edits() {
    var limits = RoomLimits()
    limits.versionCountMax = 1
    var stage = Stage(limits: limits)
    let ada = stage.join()
    let eve = stage.join("eve", role: .commenter)
    stage.edit(ada)
    stage.say(.nameVersion(NameVersion(request: 1, name: "v")), ada)
    stage.say(.nameVersion(NameVersion(request: 2, name: "w")), ada)
    #expect(stage.peers[ada]?.errors.map(\.code) == [.limit], "one on its way counts")
    Self.keep(&stage)
    let id = stage.store.versions[0].id
    for message in [
      .nameVersion(NameVersion(request: 3, name: "x")), .renameVersion(RenameVersion(request: 3, version: id, name: "x")),
      .dropVersion(DropVersion(request: 3, version: id)),
    ] as [ClientMessage] { stage.say(message, eve) }
    #expect(stage.peers[eve]?.errors.map(\.code) == [.forbidden, .forbidden, .forbidden])

    stage.forget()
    stage.say(.renameVersion(RenameVersion(request: 4, version: id, name: "new", note: "why")), ada)
    #expect(stage.peers[eve]?.versionLists.isEmpty == true, "not durable")
    stage.commit()
    #expect(stage.peers[eve]?.versionLists.last?.versions.map(\.name) == ["new"])
    #expect(stage.peers[ada]?.versionLists.map(\.request) == [0, 4])
    stage.say(.renameVersion(RenameVersion(request: 5, version: id, name: "")), ada)
    stage.say(.renameVersion(RenameVersion(request: 5, version: id, name: String(repeating: "x", count: 101))), ada)
    stage.say(.renameVersion(RenameVersion(request: 5, version: "nobody", name: "x")), ada)
    #expect(stage.peers[ada]?.errors.map(\.code) == [.invalid, .tooLarge, .invalid])
    stage.say(.dropVersion(DropVersion(request: 6, version: id)), ada)
    stage.commit()
    #expect(stage.peers[eve]?.versionLists.last == VersionList())
    stage.say(.listVersions(ListVersions(request: 7)), eve)
    #expect(stage.peers[eve]?.versionLists.last == VersionList(request: 7))
    stage.say(.nameVersion(NameVersion(request: 8, name: "again")), ada)
    stage.handle(.versionNotNamed(stage.namings[0].id, .limit, text: "full"))
    #expect(stage.peers[ada]?.errors.last?.request == 8, "what the store refuses is told")
  }

  @Test("[HI3, RM1] when the store fails, what it holds afterwards is the list; each asker gets an answer")
  func failure() {
    var stage = Stage()
    let ada = stage.join()
    let bob = stage.join("bob")
    stage.edit(ada)
    stage.say(.nameVersion(NameVersion(request: 1, name: "v")), ada)
    Self.keep(&stage)
    let id = stage.store.versions[0].id
    stage.forget()
    stage.edit(ada, commit: false)
    stage.say(.nameVersion(NameVersion(request: 2, name: "lost")), ada)
    stage.say(.renameVersion(RenameVersion(request: 3, version: id, name: "torn")), ada)
    stage.say(.dropVersion(DropVersion(request: 4, version: id)), bob)
    stage.pending = []
    // The rename was written, its answer was lost; the change before it was not.
    stage.store.take(.version(.renamed(id: id, name: "torn", note: "")))
    stage.handle(.storeFailed(reason: "disk"))
    stage.handle(.storeReloaded(stage.seed()))
    #expect(stage.peers[ada]?.errors.map(\.request) == [2])
    #expect(stage.peers[bob]?.errors.map(\.request) == [4])
    #expect(stage.peers[ada]?.versionLists.contains { $0.request == 3 } == true)
    #expect(stage.peers[bob]?.versionLists.last?.versions.map(\.name) == ["torn"])
    stage.say(.nameVersion(NameVersion(request: 5, name: "next")), ada)
    #expect(stage.namings.map(\.position) == [1])
  }

  @Test("[HI3, FC2] who was held back hears of the list when it is back, and only if it changed")
  func heldBack() {
    var stage = Stage()
    let ada = stage.join()
    let bob = stage.join("bob")
    stage.edit(ada)
    for expected in [1, 1] {
      stage.handle(.outboxMeasured(bob, bytes: 2 << 20))
      stage.say(.nameVersion(NameVersion(request: 1, name: "v")), ada)
      Self.keep(&stage)
      stage.handle(.outboxMeasured(bob, bytes: 0))
      #expect(stage.peers[bob]?.versionLists.count == expected)
    }
  }

  @Test("[HI3] a room does not go to sleep while a version is on its way")
  func awake() {
    var stage = Stage()
    let ada = stage.join()
    stage.edit(ada)
    stage.say(.nameVersion(NameVersion(request: 1, name: "v")), ada)
    stage.handle(.sessionLeft(ada, isFinal: true))
    stage.commit()
    stage.wait(200_000)
    #expect(!stage.isUnloaded)
    Self.keep(&stage)
    stage.wait(200_000)
    stage.commit()
    for position in stage.stored { stage.handle(.snapshotStored(position: position)) }
    #expect(stage.isUnloaded)
  }

  @Test("[HI3] a room that is drained or removed waits for the answer to a naming", arguments: [true, false], [true, false])
  func namedWhileItGoes(isRemoval: Bool, isNamed: Bool) {
    var stage = Stage()
    let ada = stage.join()
    stage.edit(ada)
    stage.say(.nameVersion(NameVersion(request: 1, name: "v")), ada)
    stage.handle(isRemoval ? .removalBegan : .drainBegan)
    stage.commit()
    for position in stage.stored { stage.handle(.snapshotStored(position: position)) }
    #expect(!stage.isUnloaded, "it could still come to a workflow of the same id")
    if isNamed { Self.keep(&stage) } else { stage.handle(.versionNotNamed(stage.namings[0].id, .unavailable, text: "gone")) }
    #expect(stage.isUnloaded)
  }
}
