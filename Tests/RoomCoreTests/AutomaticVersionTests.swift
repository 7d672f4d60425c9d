import CollabProtocol
import RoomCore
import Testing
import WorkflowDocument
import WorkflowGraph

@Suite struct AutomaticVersionTests {
  /// The store keeps what it was asked to keep, with numbers and hashes.
  private static func keep(_ stage: inout Stage) {
    while !stage.namings.isEmpty {
      var version = stage.namings.removeFirst()
      version.number = UInt64(stage.store.versions.count + 1)
      if var document = stage.room.latest?.document { version.graphHash = document.graphHash() }
      stage.store.versions.append(version)
      stage.store.versions.sort { ($0.position, $0.id) < ($1.position, $1.id) }
      stage.handle(.versionNamed(version))
    }
  }

  private static func kept(_ outcome: EditOutcome?) -> (version: NamedVersion, isNew: Bool)? {
    if case .kept(let version, let isNew)? = outcome { (version, isNew) } else { nil }
  }

  private static func stage(_ limits: RoomLimits = RoomLimits()) -> Stage {
    var stage = Stage(limits: limits)
    stage.keepsAutomatic = true
    return stage
  }

  @Test("[HI8] a pause in editing makes a version, once; editing without a pause makes one now and then, at most every five minutes")
  func pauses() {
    var stage = Self.stage()
    let ada = stage.join()
    stage.edit(ada, "a")
    stage.wait(119_000)
    #expect(stage.namings.isEmpty)
    stage.wait(60_000)
    #expect(stage.namings.map(\.cause) == [.pause] && stage.namings.first?.author.name == "ada")
    Self.keep(&stage)
    stage.wait(3_600_000)
    #expect(stage.namings.isEmpty && stage.store.versions.map(\.position) == [1], "nothing new, no version")
    #expect(stage.peers[ada]?.versionLists.isEmpty == true, "[HI7] the list tells those with a name")
    // A change a minute for two hours.
    for minute in 0..<120 {
      stage.edit(ada, "m\(minute)")
      stage.wait(60_000)
      Self.keep(&stage)
    }
    let times = stage.store.versions.map(\.namedAtMilliseconds)
    #expect((3...6).contains(times.count), "\(times.count)")
    #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 >= 300_000 })
  }

  @Test("[HI8] what was not kept is kept before the room goes to sleep, and the room sleeps all the same when it cannot be")
  func sleep() {
    for fails in [false, true] {
      var stage = Self.stage()
      let ada = stage.join()
      stage.edit(ada, "a")
      stage.handle(.sessionLeft(ada, isFinal: true))
      stage.commit()
      stage.wait(61_000)
      #expect(stage.namings.map(\.cause) == [.pause] && !stage.isUnloaded)
      if fails {
        stage.handle(.versionNotNamed(stage.namings.removeFirst().id, .limit, text: "full"))
      } else {
        Self.keep(&stage)
      }
      stage.commit()
      for position in stage.stored { stage.handle(.snapshotStored(position: position)) }
      #expect(stage.isUnloaded)
    }
  }

  @Test("[HI7] who wants to keep what is kept gets that version; one without a name is given the one that is wanted")
  func wishes() {
    var stage = Self.stage()
    let ada = stage.join()
    stage.edit(ada, "a")
    stage.handle(.versionWanted(VersionWish(), 1, from: ada))
    stage.handle(.versionWanted(VersionWish(), 2, from: ada))
    #expect(stage.namings.count == 1, "both are led to one")
    Self.keep(&stage)
    #expect(Self.kept(stage.editOutcomes[1])?.isNew == true && Self.kept(stage.editOutcomes[1])?.version.cause == .asked)
    stage.handle(.versionWanted(VersionWish(), 3, from: ada))
    #expect(Self.kept(stage.editOutcomes[3])?.isNew == false && Self.kept(stage.editOutcomes[3])?.version.number == 1)
    stage.handle(.versionWanted(VersionWish(name: "first", note: "n"), 4, from: ada))
    #expect(stage.editOutcomes[4] == nil, "[RM1] not before it is durable")
    stage.commit()
    #expect(Self.kept(stage.editOutcomes[4])?.version.name == "first" && stage.store.versions.map(\.cause) == [.named])
    #expect(stage.peers[ada]?.versionLists.last?.versions.map(\.name) == ["first"])
    stage.handle(.versionWanted(VersionWish(name: "first"), 5, from: ada))
    #expect(Self.kept(stage.editOutcomes[5])?.isNew == false)
    stage.handle(.versionWanted(VersionWish(name: "other"), 6, from: ada))
    Self.keep(&stage)
    #expect(Self.kept(stage.editOutcomes[6])?.isNew == true && stage.store.versions.count == 2, "[HI3] another name at the same position")
    let eve = stage.join("eve", role: .viewer)
    stage.handle(.versionWanted(VersionWish(), 7, from: eve))
    guard case .refused(let report)? = stage.editOutcomes[7] else {
      Testing.Issue.record("a viewer keeps versions")
      return
    }
    #expect(report.code == .forbidden)
  }

  @Test("[HI7] a version that was to get a name is told with it only when the name outlasted a store failure")
  func nameLost() throws {
    for isDurable in [false, true] {
      var stage = Self.stage()
      let ada = stage.join()
      stage.edit(ada, "a")
      stage.commit()
      stage.handle(.versionWanted(VersionWish(), 1, from: ada))
      Self.keep(&stage)
      stage.handle(.versionWanted(VersionWish(name: "n"), 2, from: ada))
      if isDurable { for write in stage.pending { stage.store.take(write) } }
      stage.pending = []
      stage.handle(.storeFailed(reason: "test"))
      stage.handle(.storeReloaded(stage.seed()))
      #expect(Self.kept(stage.editOutcomes[2])?.version.name == (isDurable ? "n" : nil))
    }
  }

  @Test("[HI8] a run begins with a version of its graph, and what is about to be restored over is kept first")
  func reasons() throws {
    var stage = Self.stage()
    let ada = stage.join()
    stage.edit(ada, "a")
    let old = stage.store.document
    var request = RunRequest()
    request.idempotencyKey = "k1"
    stage.say(.run(request), ada)
    #expect(stage.namings.map(\.cause) == [.run])
    Self.keep(&stage)
    stage.commit()
    // The same graph in other places needs no version of its own.
    stage.send([stage.change(ada, .set("a", .position, #"{"x":1,"y":1}"#))], ada)
    stage.commit()
    request.idempotencyKey = "k2"
    request.policy = .parallel
    stage.say(.run(request), ada)
    #expect(stage.namings.isEmpty)
    stage.handle(.outsideEdit(OutsideEdit(.state(old)), 1, from: ada))
    stage.commit()
    #expect(stage.namings.map(\.cause) == [.restore] && stage.namings.first?.position == 2 && stage.store.log.count == 3)
    Self.keep(&stage)
    stage.handle(.outsideEdit(OutsideEdit(.state(old)), 2, from: ada))
    #expect(stage.namings.isEmpty, "nothing to restore")
  }

  @Test("[HI9] of automatic versions all of the last day stay, of thirty days before one each, and so many at most; named ones stay")
  func retention() {
    let day = VersionRetention.dayMilliseconds
    let now = 100 * day + day / 2
    func version(_ number: UInt64, daysAgo: Double, named: Bool = false) -> NamedVersion {
      var version = NamedVersion(
        id: "\(number)", position: number, name: named ? "n" : "", author: Author(name: "a", kind: .bot),
        namedAtMilliseconds: now - UInt64(daysAgo * Double(day)))
      version.number = number
      version.cause = named ? .named : .pause
      return version
    }
    let all = [
      version(1, daysAgo: 40), version(2, daysAgo: 40, named: true), version(3, daysAgo: 30.4), version(4, daysAgo: 5.2),
      version(5, daysAgo: 5.1), version(6, daysAgo: 1.01), version(7, daysAgo: 0.9), version(8, daysAgo: 0.89), version(9, daysAgo: 0),
    ]
    #expect(VersionRetention.thinned(all, nowMilliseconds: now, countMax: 300) == ["1", "4"])
    #expect(VersionRetention.thinned(all, nowMilliseconds: now, countMax: 2) == ["1", "3", "4", "5", "6", "7"])
    #expect(VersionRetention.thinned(all, nowMilliseconds: 0, countMax: 300).isEmpty, "a clock that was set back")
    var limits = RoomLimits()
    limits.automaticVersionCountMax = 2
    var stage = Self.stage(limits)
    let ada = stage.join()
    for number in 1...4 {
      stage.edit(ada, "n\(number)")
      stage.handle(.versionWanted(VersionWish(), UInt64(number), from: ada))
      Self.keep(&stage)
      stage.commit()
    }
    #expect(stage.store.versions.map(\.position) == [3, 4])
  }
}
