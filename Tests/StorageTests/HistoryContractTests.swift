import GRDB
import SQLiteStorage
import Storage
import Testing
import WorkflowDocument
import WorkflowGraph

func named(_ number: UInt64, at position: UInt64, _ name: String = "v", note: String = "") -> NamedVersion {
  NamedVersion(
    id: "000000000000000\(number)", position: position, name: name, note: note,
    author: Author(subject: "u", name: "Ada", kind: .agent), namedAtMilliseconds: 1_700_000_000_000 + number)
}

extension NamedVersion {
  /// As the store keeps it when it is the so-manieth of its workflow.
  func numbered(_ number: UInt64) -> NamedVersion {
    var version = self
    version.number = number
    return version
  }
}

/// What every store must do for history. One suite, every implementation.
@Suite struct HistoryContractTests {
  private static func limits(_ count: Int, bytes: Int = 1 << 20) -> StoreLimits {
    var limits = StoreLimits()
    limits.historyChangeCountMax = count
    limits.historyBytesMax = bytes
    return limits
  }

  @Test("[ST7] the log is read backwards: newest first, in pages, by count and by bytes", arguments: StoreKind.allCases)
  func backwards(kind: StoreKind) async throws {
    try await kind.withStore { store in
      await expect(.unknownWorkflow) { () async throws(StoreError) in
        try await store.history(of: .demo, before: 0, limit: 1, bytesMax: 1)
      }
      _ = try await store.create(.demo)
      #expect(
        try await store.history(of: .demo, before: 0, limit: 9, bytesMax: 1000) == StoredHistory(changes: [], floor: 0, last: 0))
      try await store.append(changes(1...10), to: .demo)
      let page = try await store.history(of: .demo, before: 0, limit: 4, bytesMax: 1 << 20)
      #expect(page == StoredHistory(changes: [10, 9, 8, 7].map { logged($0) }, floor: 0, last: 10))
      #expect(try await store.history(of: .demo, before: 7, limit: 99, bytesMax: 1 << 20).changes.map(\.position) == [6, 5, 4, 3, 2, 1])
      #expect(try await store.history(of: .demo, before: 99, limit: 2, bytesMax: 1 << 20).changes.map(\.position) == [10, 9])
      #expect(try await store.history(of: .demo, before: 1, limit: 2, bytesMax: 1 << 20).changes.isEmpty)
      #expect(try await store.history(of: .demo, before: 0, limit: 99, bytesMax: 1).changes.count == 1, "one always comes")
    }
  }

  @Test(
    "[ST4, ST7] the log reaches back over the changes that history keeps, up to a snapshot that stays with it",
    arguments: StoreKind.allCases
  )
  func reach(kind: StoreKind) async throws {
    try await kind.withStore(limits: Self.limits(20)) { store in
      _ = try await store.create(.demo)
      for end in stride(from: UInt64(5), through: 100, by: 5) {
        try await store.append(changes(end - 4...end), to: .demo)
        try await store.save(snapshot(end), of: .demo)
        let floor = try await store.history(of: .demo, before: 0, limit: 0, bytesMax: 1).floor
        #expect(end <= 20 ? floor == 0 : floor <= end - 20 && floor + 30 > end, "\(floor) at \(end)")
        for position in floor...end {
          let state = try #require(try await store.state(of: .demo, at: position))
          #expect(state.snapshot.map { $0 == snapshot($0.position) } ?? true)
          let start = state.snapshot?.position ?? 0
          #expect(state.log.map(\.position) == (start < position ? Array(start + 1...position) : []))
        }
        if floor > 1 { #expect(try await store.state(of: .demo, at: floor - 1) == nil) }
        #expect(try await store.state(of: .demo, at: end + 1) == nil)
      }
      #expect(try await store.state(of: .demo, at: 0) == StoredState(snapshot: nil, log: []))
      let found = try #require(try await store.load(.demo))
      #expect(found.snapshots.map(\.position) == [100, 95], "what history keeps is not opened with")
      #expect(found.log.count == 5)
    }
  }

  @Test("[ST7] bytes bound how far the log reaches back as well", arguments: StoreKind.allCases)
  func reachInBytes(kind: StoreKind) async throws {
    try await kind.withStore(limits: Self.limits(1000, bytes: 60_000)) { store in
      _ = try await store.create(.demo)
      for position in 1...20 as ClosedRange<UInt64> {
        try await store.append([.change(logged(position, text: "\"" + String(repeating: "x", count: 10_000) + "\""))], to: .demo)
        try await store.save(snapshot(position), of: .demo)
      }
      let floor = try await store.history(of: .demo, before: 0, limit: 0, bytesMax: 1).floor
      #expect(floor >= 12 && floor <= 15, "\(floor)")
    }
  }

  @Test("[ST7] a named version comes back as it was named, and is readable when the log is gone", arguments: StoreKind.allCases)
  func versions(kind: StoreKind) async throws {
    try await kind.withStore { store in
      await expect(.unknownWorkflow) { () async throws(StoreError) in
        try await store.name(named(1, at: 0), snapshot: snapshot(0), of: .demo)
      }
      await expect(.unknownWorkflow) { () async throws(StoreError) in try await store.versions(of: .demo) }
      _ = try await store.create(.demo)
      try await store.append(changes(1...10), to: .demo)
      await expect(.outOfOrder) { () async throws(StoreError) in
        try await store.name(named(1, at: 11), snapshot: snapshot(11), of: .demo)
      }
      try await store.name(named(2, at: 5, "“ü”", note: "why"), snapshot: snapshot(5, byteCount: 1_300_000), of: .demo)
      try await store.name(named(1, at: 5), snapshot: snapshot(5), of: .demo)
      try await store.name(named(3, at: 2, ""), snapshot: snapshot(2, byteCount: 0), of: .demo)
      // One that is there is there, whatever else is said of it.
      try await store.name(named(1, at: 7, "another"), snapshot: snapshot(7), of: .demo)
      try await store.name(named(1, at: 11), snapshot: snapshot(11), of: .demo)
      let all = [named(3, at: 2, "").numbered(3), named(1, at: 5).numbered(2), named(2, at: 5, "“ü”", note: "why").numbered(1)]
      #expect(try await store.versions(of: .demo) == all)
      #expect(try await store.load(.demo)?.versions == all)
      #expect(try await store.load(.demo)?.snapshots.isEmpty == true)

      for position in [8, 9, 10] as [UInt64] { try await store.save(snapshot(position), of: .demo) }
      #expect(try await store.changes(of: .demo, after: 5, limit: 1) == nil)
      #expect(try await store.state(of: .demo, at: 2) == StoredState(snapshot: snapshot(2, byteCount: 0), log: []))
      #expect(try await store.state(of: .demo, at: 5)?.snapshot?.position == 5)
      #expect(try await store.state(of: .demo, at: 6) == nil, "no log leads there any more")

      try await store.append([.version(.renamed(id: all[1].id, name: "new", note: "n")), .version(.dropped(id: all[2].id))], to: .demo)
      try await store.append([.version(.dropped(id: "nobody")), .version(.renamed(id: "nobody", name: "", note: ""))], to: .demo)
      #expect(try await store.versions(of: .demo) == [all[0], named(1, at: 5, "new", note: "n").numbered(2)])
      #expect(try await store.state(of: .demo, at: 5)?.snapshot == snapshot(5))
      #expect(try await store.delete(.demo))
      _ = try await store.create(.demo)
      #expect(try await store.versions(of: .demo).isEmpty)
    }
  }

  @Test("[ST7] named versions are bounded by count and by bytes", arguments: StoreKind.allCases)
  func bounds(kind: StoreKind) async throws {
    var limits = StoreLimits.withoutHistory
    limits.versionCountMax = 2
    limits.versionBytesMax = 1000
    try await kind.withStore(limits: limits) { store in
      _ = try await store.create(.demo)
      await expect(.limit) { () async throws(StoreError) in
        try await store.name(named(1, at: 0), snapshot: snapshot(0, byteCount: 1001), of: .demo)
      }
      try await store.name(named(1, at: 0), snapshot: snapshot(0, byteCount: 500), of: .demo)
      try await store.name(named(2, at: 0), snapshot: snapshot(0, byteCount: 500), of: .demo)
      await expect(.limit) { () async throws(StoreError) in
        try await store.name(named(3, at: 0), snapshot: snapshot(0, byteCount: 0), of: .demo)
      }
      try await store.append([.version(.dropped(id: named(1, at: 0).id))], to: .demo)
      try await store.name(named(3, at: 0), snapshot: snapshot(0, byteCount: 400), of: .demo)
      #expect(try await store.versions(of: .demo).map(\.id) == [named(2, at: 0).id, named(3, at: 0).id])
      try await store.append(changes(1...1), to: .demo)
      _ = try await store.load(.demo)
    }
  }

  @Test("[ST7] of a version that is refused nothing stays in the file, be it refused before its first part or with its last")
  func refusedVersions() async throws {
    try await TemporaryFolder.with { folder in
      let path = folder.file("store.sqlite")
      var options = SQLiteOptions.withoutHistory
      options.limits.versionBytesMax = 9_000_000
      let store = try SQLiteStore(path: path, options: options)
      _ = try await store.create(.demo)
      await expect(.limit) { () async throws(StoreError) in
        try await store.name(named(1, at: 0), snapshot: snapshot(0, byteCount: 9_000_001), of: .demo)
      }
      #expect(try await Self.bytesOfParts(path) == 0)
      // Each has a place when it begins; their slices alternate, and one of them finds the place taken at the end.
      let big = snapshot(0, byteCount: 8_000_000)
      let outcomes = await withTaskGroup(of: Bool.self) { group in
        for number in [2, 3] as [UInt64] {
          group.addTask {
            do { _ = try await store.name(named(number, at: 0), snapshot: big, of: .demo) } catch { return false }
            return true
          }
        }
        return await group.reduce(into: []) { $0.append($1) }
      }
      #expect(outcomes.filter { $0 }.count == 1)
      // What is to be dropped is queued behind the answer: the second of these comes after it for certain.
      for number in [4, 5] as [UInt64] { _ = try await store.name(named(number, at: 0), snapshot: snapshot(0, byteCount: 0), of: .demo) }
      #expect(try await Self.bytesOfParts(path) == big.data.count)
      await store.close()
      #expect(try await SQLiteStore.check(path).faults == [])
    }
  }

  private static func bytesOfParts(_ path: String) async throws -> Int {
    let queue = try DatabaseQueue(path: path)
    defer { try? queue.close() }  // Only read from.
    return try await queue.read { try Int.fetchOne($0, sql: "SELECT coalesce(sum(length(data)), 0) FROM snapshot_parts") ?? 0 }
  }

  @Test("[ST6, ST7] a file of format 1 is brought to the format of now with all that it holds, and then takes versions")
  func migration() async throws {
    try await TemporaryFolder.with { folder in
      let path = folder.file("store.sqlite")
      let before = try SQLiteStore(path: path, options: .withoutHistory)
      _ = try await before.create(.demo)
      try await before.append(changes(1...9) + [.lease(lease(1))], to: .demo)
      for position in [3, 6, 8] as [UInt64] { try await before.save(snapshot(position), of: .demo) }
      await before.close()
      // What format 1 was, before there were named versions.
      let queue = try DatabaseQueue(path: path)
      try await queue.writeWithoutTransaction {
        try $0.execute(
          sql: """
            DROP TABLE versions; DROP TABLE members; DROP TABLE links; DROP TABLE keys; DROP TABLE answers;
            DROP TABLE webhooks; DROP TABLE deliveries;
            ALTER TABLE workflows DROP COLUMN version_count; PRAGMA user_version = 1
            """)
      }
      try queue.close()
      #expect(try await SQLiteStore.check(path).faults == [], "an older file is read as it is")

      let store = try SQLiteStore(path: path)
      let found = try #require(try await store.load(.demo))
      #expect(found.log == (7...9).map { logged($0) } && found.snapshots.map(\.position) == [8, 6] && found.leases == [lease(1)])
      #expect(try await store.history(of: .demo, before: 0, limit: 9, bytesMax: 1000).floor == 6)
      _ = try await store.name(named(1, at: 7), snapshot: snapshot(7), of: .demo)
      await store.close()
      let report = try await SQLiteStore.check(path)
      #expect(report.format == SQLiteStore.format && report.faults == [])
    }
  }

  @Test("[ST4, ST7] a damaged snapshot is passed over for the one before when a state is made, and a damaged version is reported")
  func damage() async throws {
    try await TemporaryFolder.with { folder in
      let path = folder.file("store.sqlite")
      let store = try SQLiteStore(path: path)
      _ = try await store.create(.demo)
      try await store.append(changes(1...9), to: .demo)
      try await store.save(snapshot(4), of: .demo)
      _ = try await store.name(named(1, at: 6), snapshot: snapshot(6), of: .demo)
      await store.close()
      let queue = try DatabaseQueue(path: path)
      try await queue.writeWithoutTransaction {
        try $0.execute(
          sql: "UPDATE snapshot_parts SET data = zeroblob(100) WHERE snapshot IN (SELECT id FROM snapshots WHERE position = 6)")
      }
      try queue.close()
      #expect(try await SQLiteStore.check(path).faults == ["demo: the version “v” is damaged"])
      let again = try SQLiteStore(path: path)
      #expect(
        try await again.state(of: .demo, at: 7) == StoredState(snapshot: snapshot(4), log: (5...7).map { logged($0) }))
      await again.close()
    }
  }
}
