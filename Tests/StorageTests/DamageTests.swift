import Foundation
import GRDB
import SQLiteStorage
import Storage
import Testing
import WorkflowDocument
import WorkflowGraph

/// Files that a bad day left behind.
@Suite struct DamageTests {
  /// Makes a store with `count` changes and snapshots where asked, closes it, and lets `change` at its tables.
  static func store(
    in folder: TemporaryFolder, changes count: UInt64, snapshots: [UInt64] = [], byteCount: Int = 1_500_000,
    _ change: (Database) throws -> Void = { _ in }
  ) async throws -> String {
    let path = folder.file("store.sqlite")
    let store = try SQLiteStore(path: path, options: .withoutHistory)
    _ = try await store.create(.demo)
    _ = try await store.create(.other)
    try await store.append(changes(1...count), to: .demo)
    try await store.append(changes(1...2), to: .other)
    for position in snapshots { try await store.save(snapshot(position, byteCount: byteCount), of: .demo) }
    await store.close()
    try DatabaseQueue(path: path).writeWithoutTransaction(change)
    return path
  }

  @Test("[ST4] a damaged snapshot is passed over for the one before, reported, and replaced by the next")
  func damagedSnapshot() async throws {
    try await TemporaryFolder.with { folder in
      let path = try await Self.store(in: folder, changes: 10, snapshots: [4, 8]) { db in
        try db.execute(
          sql: """
            UPDATE snapshot_parts SET data = CAST(substr(data, 1, 1000) || x'00' || substr(data, 1002) AS BLOB)
            WHERE part = 1 AND snapshot = (SELECT max(id) FROM snapshots)
            """)
        #expect(db.changesCount == 1)
      }
      #expect(try await SQLiteStore.check(path).faults.count == 1)
      let store = try SQLiteStore(path: path, options: .withoutHistory)
      let found = try #require(try await store.load(.demo))
      #expect(found.snapshots.map(\.position) == [4])
      #expect(found.log == (5...10).map { logged($0) })
      #expect(found.damage.count == 1 && found.damage[0].contains("position 8"))
      #expect(try await store.load(.demo)?.damage == found.damage, "reported as long as it is there")

      try await store.save(snapshot(8), of: .demo)
      let mended = try #require(try await store.load(.demo))
      #expect(mended.snapshots == [snapshot(8), snapshot(4, byteCount: 1_500_000)])
      #expect(mended.damage.isEmpty)
      await store.close()
    }
  }

  @Test("[ST4] both snapshots damaged: the whole log helps when it is there; else the workflow is corrupt and the others are not")
  func allSnapshotsDamaged() async throws {
    try await TemporaryFolder.with { folder in
      let path = try await Self.store(in: folder, changes: 10, snapshots: [4]) { try $0.execute(sql: "DELETE FROM snapshot_parts") }
      let store = try SQLiteStore(path: path, options: .withoutHistory)
      let found = try #require(try await store.load(.demo))
      #expect(found.snapshots.isEmpty && found.log.count == 10 && found.damage.count == 1)
      await store.close()
    }
    try await TemporaryFolder.with { folder in
      let path = try await Self.store(in: folder, changes: 10, snapshots: [4, 8]) { try $0.execute(sql: "DELETE FROM snapshot_parts") }
      let store = try SQLiteStore(path: path, options: .withoutHistory)
      await expect(.corrupt) { () async throws(StoreError) in try await store.load(.demo) }
      #expect(try await store.load(.other)?.log.count == 2)
      await store.close()
      #expect(try await SQLiteStore.check(path).faults.count == 3)
    }
  }

  @Test(
    "[ST2] a damaged change is never passed over in silence", arguments: ["body = zeroblob(length(body))", "taken_at = 5", "name = 'Eve'"])
  func damagedChange(_ damage: String) async throws {
    try await TemporaryFolder.with { folder in
      let path = try await Self.store(in: folder, changes: 10) {
        try $0.execute(sql: "UPDATE log SET \(damage) WHERE workflow = 1 AND position = 7")
      }
      let report = try await SQLiteStore.check(path)
      #expect(report.faults == ["demo: change 7 is damaged or missing"])
      let store = try SQLiteStore(path: path, options: .withoutHistory)
      do {
        _ = try await store.load(.demo)
        Issue.record("a broken log was loaded")
      } catch let error as StoreError {
        #expect(error.code == .corrupt && error.text.contains("change 7 of demo") && error.text.contains("4 from there"), "\(error)")
      }
      await expect(.corrupt) { () async throws(StoreError) in try await store.changes(of: .demo, after: 0, limit: 100) }
      #expect(try await store.changes(of: .demo, after: 0, limit: 6)?.count == 6)
      #expect(try await store.load(.other)?.log.count == 2)

      #expect(try await store.cutLog(of: .demo, from: 7) == 4)
      #expect(try await store.load(.demo)?.log == (1...6).map { logged($0) })
      try await store.append(changes(7...7), to: .demo)
      await store.close()
      #expect(try await SQLiteStore.check(path).faults == [])
    }
  }

  @Test("[ST2] a missing change is found; a damaged one behind the newest snapshot is covered by it")
  func damagedButCovered() async throws {
    try await TemporaryFolder.with { folder in
      let path = try await Self.store(in: folder, changes: 10, snapshots: [4, 8]) {
        try $0.execute(sql: "DELETE FROM log WHERE workflow = 1 AND position = 6")
      }
      let store = try SQLiteStore(path: path, options: .withoutHistory)
      let found = try #require(try await store.load(.demo))
      #expect(found.snapshots.map(\.position) == [8])
      #expect(found.log == [logged(9), logged(10)])
      #expect(found.damage.count == 1 && found.damage[0].contains("change 6"))
      await store.close()
    }
  }

  @Test("[ST6] what is no store of ours is refused in clear words and left as it was", arguments: ["text", "foreign", "newer", "short"])
  func foreignFile(kind: String) async throws {
    try await TemporaryFolder.with { folder in
      let path = folder.file("store.sqlite")
      switch kind {
      case "text": try Data("workflows: none\n".utf8 + [UInt8](repeating: 10, count: 5000)).write(to: URL(fileURLWithPath: path))
      case "short": try Data("SQLite format 3\0".utf8).write(to: URL(fileURLWithPath: path))
      case "foreign":
        let queue = try DatabaseQueue(path: path)
        try await queue.write { try $0.execute(sql: "CREATE TABLE t(x); PRAGMA user_version = 1") }
        try queue.close()
      default:
        await (try SQLiteStore(path: path, options: .withoutHistory)).close()
        let queue = try DatabaseQueue(path: path)
        try await queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA user_version = 99") }
        try queue.close()
      }
      let before = try Data(contentsOf: URL(fileURLWithPath: path))
      do throws(StoreError) {
        _ = try SQLiteStore(path: path, options: .withoutHistory)
        Issue.record("opened \(kind)")
      } catch {
        #expect(error.code == .corrupt, "\(error)")
        #expect(
          error.text.contains(kind == "newer" ? "format 99" : kind == "foreign" ? "another program" : "no SQLite database"), "\(error)")
      }
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    }
  }

  @Test("[ST6] bytes flipped anywhere in the file: an error or the truth, never a crash, never a changed change")
  func flippedBytes() async throws {
    var random = SeededNumbers.fresh()
    try await TemporaryFolder.with { folder in
      let path = try await Self.store(in: folder, changes: 300, snapshots: [100, 200], byteCount: 30_000)
      let sound = try Data(contentsOf: URL(fileURLWithPath: path))
      var refused = 0
      for round in 0..<60 {
        var bytes = sound
        // Half of them into the first pages, where the structure is.
        let end = round % 2 == 0 ? 40_000 : bytes.count
        for _ in 0..<(1 + round % 8) { bytes[Int.random(in: 100..<end, using: &random)] ^= UInt8.random(in: 1...255, using: &random) }
        let copy = folder.file("flipped-\(round).sqlite")
        try bytes.write(to: URL(fileURLWithPath: copy))
        do {
          let store = try SQLiteStore(path: copy, options: .withoutHistory)
          do {
            if let found = try await store.load(.demo) {
              for entry in found.log { #expect(entry == logged(entry.position), "round \(round)") }
              for found in found.snapshots { #expect(found == snapshot(found.position, byteCount: 30_000), "round \(round)") }
            }
            _ = try await store.create(WorkflowID("new")!)
            try await store.append(changes(301...301), to: .demo)
          } catch { refused += 1 }
          await store.close()
        } catch { refused += 1 }
        _ = try? await SQLiteStore.check(copy)
        try FileManager.default.removeItem(atPath: copy)
      }
      #expect(refused > 0, "damage that nobody noticed would make this test worthless")
    }
  }

  @Test("[ST1] a write-ahead log torn anywhere: whole commits up to there, nothing half")
  func tornLog() async throws {
    try await TemporaryFolder.with { folder in
      let path = folder.file("store.sqlite")
      let store = try SQLiteStore(path: path, options: .withoutHistory)
      _ = try await store.create(.demo)
      for start in stride(from: UInt64(1), to: 60, by: 3) { try await store.append(changes(start...start + 2), to: .demo) }
      let file = try Data(contentsOf: URL(fileURLWithPath: path))
      let log = try Data(contentsOf: URL(fileURLWithPath: path + "-wal"))
      await store.close()

      var lengths: Set<Int> = []
      for length in stride(from: log.count, through: 0, by: -1999) {
        let copy = folder.file("torn.sqlite")
        for suffix in ["-shm", "-wal", "-lock"] { try? FileManager.default.removeItem(atPath: copy + suffix) }
        try file.write(to: URL(fileURLWithPath: copy))
        try log.prefix(length).write(to: URL(fileURLWithPath: copy + "-wal"))
        let torn = try SQLiteStore(path: copy, options: .withoutHistory)
        let found = try await torn.load(.demo)?.log ?? []
        #expect(found == (0..<UInt64(found.count)).map { logged($0 + 1) })
        #expect(found.count % 3 == 0, "\(found.count) changes: a commit was cut in two")
        lengths.insert(found.count)
        if !found.isEmpty { try await torn.append(changes(UInt64(found.count) + 1...UInt64(found.count) + 1), to: .demo) }
        await torn.close()
      }
      #expect(lengths.contains(60) && lengths.count > 5, "\(lengths)")
    }
  }
}
