import Foundation
import GRDB
import SQLiteStorage
import Storage
import Synchronization
import Testing
import WorkflowDocument
import WorkflowGraph

@Suite struct MaintenanceTests {
  @Test("[ST6] a backup taken while writing goes on is whole and opens as a store")
  func backup() async throws {
    try await TemporaryFolder.with { folder in
      let path = folder.file("store.sqlite")
      let copy = folder.file("copy.sqlite")
      let store = try SQLiteStore(path: path, options: .withoutHistory)
      _ = try await store.create(.demo)
      try await store.append(changes(1...100) + [.lease(lease(1)), .runEvent(event("r", 1))], to: .demo)
      try await store.save(snapshot(50, byteCount: 1_000_000), of: .demo)
      async let writing: Void = {
        for position in UInt64(101)...150 { try await store.append(changes(position...position), to: .demo) }
      }()
      try await SQLiteStore.backUp(path, to: copy)
      try await writing
      await expect(.unavailable) { () async throws(StoreError) in try await SQLiteStore.backUp(path, to: copy) }
      for name in [path, path + "-wal", path + "-lock", copy] {
        let rights = try FileManager.default.attributesOfItem(atPath: name)[.posixPermissions] as? Int
        #expect(rights == 0o600, "\(name) can be read by others")
      }
      await store.close()

      #expect(try await SQLiteStore.check(copy).faults == [])
      let restored = try SQLiteStore(path: copy, options: .withoutHistory)
      let found = try #require(try await restored.load(.demo))
      #expect(found.snapshots == [snapshot(50, byteCount: 1_000_000)])
      #expect(found.log.count >= 50 && found.log == found.log.map { logged($0.position) })
      #expect(found.leases == [lease(1)] && found.interruptedRuns.count == 1)
      let next = (found.log.last?.position ?? 0) + 1
      try await restored.append(changes(next...next), to: .demo)
      await restored.close()
    }
  }

  @Test("[ST6] backing up or checking a file that is not there fails and makes none")
  func nothingThere() async throws {
    try await TemporaryFolder.with { folder in
      let path = folder.file("none.sqlite")
      await expect(.unavailable) { () async throws(StoreError) in try await SQLiteStore.check(path) }
      await expect(.unavailable) { () async throws(StoreError) in try await SQLiteStore.backUp(path, to: folder.file("copy")) }
      let foreign = folder.file("foreign.sqlite")
      try await DatabaseQueue(path: foreign).write { try $0.execute(sql: "CREATE TABLE t(x)") }
      await expect(.corrupt) { () async throws(StoreError) in try await SQLiteStore.check(foreign) }
      try FileManager.default.removeItem(atPath: foreign)
      let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(left == [])
    }
  }

  @Test("[ST6] the report counts what is there")
  func report() async throws {
    try await TemporaryFolder.with { folder in
      let path = try await DamageTests.store(in: folder, changes: 10, snapshots: [4, 8])
      let report = try await SQLiteStore.check(path)
      #expect(report.format == SQLiteStore.format)
      #expect(SQLiteStore.libraryVersion.hasPrefix("3."))
      #expect(report.workflowCount == 2 && report.changeCount == 8 && report.snapshotCount == 2)
      #expect(report.fileBytes > 3_000_000 && report.faults.isEmpty)
    }
  }

  /// What a store tells whoever counts.
  private final class Tally: StoreMetrics {
    struct Counts: Equatable {
      var calls = 0
      var logBytes = 0
      var failures = 0
      var snapshots: [Int] = []
    }
    let counts = Mutex(Counts())
    func committed(calls: Int, bytes: Int, duration: Duration) {
      counts.withLock {
        $0.calls += calls
        $0.logBytes += bytes
      }
    }
    func commitFailed() { counts.withLock { $0.failures += 1 } }
    func snapshotSaved(bytes: Int) { counts.withLock { $0.snapshots.append(bytes) } }
  }

  @Test("[ST6] a store counts what it commits, and the snapshots that it writes, those of versions too")
  func counts() async throws {
    try await TemporaryFolder.with { folder in
      let tally = Tally()
      let store = try SQLiteStore(path: folder.file("store.sqlite"), metrics: tally)
      _ = try await store.create(.demo)
      let write = StoreWrite.lease(lease(1))
      let made = tally.counts.withLock { $0 }
      try await store.append([write], to: .demo)
      #expect(tally.counts.withLock(\.calls) == made.calls + 1)
      #expect(tally.counts.withLock(\.logBytes) == made.logBytes + write.byteCount)
      try await store.save(snapshot(0, byteCount: 700), of: .demo)
      let version = named(1, at: 0)
      for _ in 1...2 { _ = try await store.name(version, snapshot: snapshot(0, byteCount: 500), of: .demo) }
      let none = try #require(WorkflowID("none"))
      await expect(.unknownWorkflow) { () async throws(StoreError) in try await store.save(snapshot(0), of: none) }
      #expect(tally.counts.withLock(\.snapshots) == [700, 500], "the version that was there is not written again")
      #expect(tally.counts.withLock(\.failures) == 0)
      await store.close()
    }
  }

  @Test("[ST3] what a deleted workflow leaves is swept away, by the next process if need be")
  func sweep() async throws {
    try await TemporaryFolder.with { folder in
      let path = try await DamageTests.store(in: folder, changes: 5000, snapshots: [4, 8])
      let store = try SQLiteStore(path: path, options: .withoutHistory)
      try await store.append((0..<100).map { .runEvent(event("r\($0)", 1, last: true)) } + [.lease(lease(1))], to: .demo)
      #expect(try await store.delete(.demo))
      await store.close()

      let next = try SQLiteStore(path: path, options: .withoutHistory)
      let reader = try DatabaseQueue(path: path)
      var rows = Int.max
      for position in UInt64(3)...60 where rows > 0 {
        try await next.append(changes(position...position), to: .other)
        rows = try await reader.read { db in
          try Int.fetchOne(
            db,
            sql: """
              SELECT (SELECT count(*) FROM log WHERE workflow = 1) + (SELECT count(*) FROM snapshots) + (SELECT count(*) FROM snapshot_parts)
                + (SELECT count(*) FROM leases) + (SELECT count(*) FROM runs) + (SELECT count(*) FROM run_events) + (SELECT count(*) FROM deleted)
              """) ?? 0
        }
      }
      #expect(rows == 0)
      try reader.close()
      await next.close()
    }
  }

  @Test("[ST6] a file of format 0 is brought to the present format")
  func migration() async throws {
    try await TemporaryFolder.with { folder in
      let path = folder.file("store.sqlite")
      let queue = try DatabaseQueue(path: path)
      try await queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA application_id = \(0x5448_4C56)") }
      try queue.close()
      // An application id alone is in the header only once a page was written.
      let store = try SQLiteStore(path: path, options: .withoutHistory)
      #expect(try await store.create(.demo))
      await store.close()
      #expect(try await SQLiteStore.check(path).workflowCount == 1)
    }
  }
}
