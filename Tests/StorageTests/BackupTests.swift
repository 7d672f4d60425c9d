import Access
import CollabProtocol
import Foundation
import Storage
import Testing
import Webhooks
import WorkflowDocument
import WorkflowGraph

@testable import SQLiteStorage

@Suite struct BackupTests {
  /// A store with so many changes in the first workflow, closed.
  private static func make(_ path: String, changes count: UInt64) async throws {
    let store = try SQLiteStore(path: path, options: .withoutHistory)
    _ = try await store.create(.demo)
    try await store.append(changes(1...count), to: .demo)
    await store.close()
  }

  private static func lastPosition(_ path: String) async throws -> UInt64? {
    try await SQLiteStore.inspect(.demo, in: path)?.position
  }

  @Test("[ST6] a restore puts the backup in the place of the file and keeps what was there, write-ahead log included")
  func restore() async throws {
    try await TemporaryFolder.with { folder in
      let (path, copy) = (folder.file("store.sqlite"), folder.file("copy.sqlite"))
      try await Self.make(path, changes: 10)
      #expect(try await SQLiteStore.backUp(path, to: copy).changeCount == 10)

      // Later changes, and a death that leaves them in the write-ahead log.
      let store = try SQLiteStore(path: path, options: .withoutHistory)
      try await store.append(changes(11...20), to: .demo)
      for suffix in ["", "-wal"] { try FileManager.default.copyItem(atPath: path + suffix, toPath: folder.file("dead.sqlite") + suffix) }
      let dead = folder.file("dead.sqlite")
      await expect(.unavailable) { () async throws(StoreError) in
        _ = try await SQLiteStore.restore(from: copy, to: path, replacing: true)
      }
      await store.close()

      await expect(.unavailable) { () async throws(StoreError) in
        _ = try await SQLiteStore.restore(from: copy, to: dead, replacing: false)
      }
      #expect(try await Self.lastPosition(dead) == 20)
      let restored = try await SQLiteStore.restore(from: copy, to: dead, replacing: true)
      #expect(restored.report.changeCount == 10 && restored.kept == dead + ".before-restore")
      #expect(try await Self.lastPosition(dead) == 10)
      #expect(try await Self.lastPosition(try #require(restored.kept)) == 20)
      #expect(!FileManager.default.fileExists(atPath: dead + "-wal"))
      // Once more: the first one kept stays.
      let second = try await SQLiteStore.restore(from: copy, to: dead, replacing: true)
      #expect(second.kept == dead + ".before-restore-2")
      #expect(try await Self.lastPosition(try #require(restored.kept)) == 20)
      // A server opens it and goes on where the backup ends.
      let next = try SQLiteStore(path: dead, options: .withoutHistory)
      try await next.append(changes(11...11), to: .demo)
      await next.close()
      let rights = try FileManager.default.attributesOfItem(atPath: dead)[.posixPermissions] as? Int
      #expect(rights == 0o600)
    }
  }

  @Test("[ST6] a damaged backup is refused and changes nothing; a damaged file can be replaced and is kept as it was")
  func damaged() async throws {
    try await TemporaryFolder.with { folder in
      let (path, copy) = (folder.file("store.sqlite"), folder.file("copy.sqlite"))
      try await Self.make(path, changes: 500)
      try await SQLiteStore.backUp(path, to: copy)
      let bad = folder.file("bad.sqlite")
      try FileManager.default.copyItem(atPath: copy, toPath: bad)
      let file = try FileHandle(forUpdating: URL(filePath: bad))
      let size = try file.seekToEnd()
      try file.seek(toOffset: size / 2)
      try file.write(contentsOf: Data(repeating: 0x5A, count: 20_000))
      try file.close()
      await expect(.corrupt) { () async throws(StoreError) in _ = try await SQLiteStore.restore(from: bad, to: path, replacing: true) }
      #expect(try await SQLiteStore.check(path).changeCount == 500)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).allSatisfy { !$0.contains("restor") })

      let before = try Data(contentsOf: URL(filePath: bad))
      let restored = try await SQLiteStore.restore(from: copy, to: bad, replacing: true)
      #expect(try Data(contentsOf: URL(filePath: try #require(restored.kept))) == before)
      #expect(try await SQLiteStore.check(bad).faults == [])
      // A backup of a damaged file holds what is whole, and says what is not.
      let report = try? await SQLiteStore.backUp(try #require(restored.kept), to: folder.file("again.sqlite"))
      #expect(report?.faults.isEmpty != true)
    }
  }

  @Test("what the file holds of a workflow, beside the store that writes it")
  func inspection() async throws {
    try await TemporaryFolder.with { folder in
      let path = folder.file("store.sqlite")
      let store = try SQLiteStore(path: path, options: .withoutHistory)
      _ = try await store.create(.demo)
      try await store.append(
        changes(1...30) + [.lease(lease(1)), .runEvent(event("r", 1)), .runEvent(event("s", 1, last: true))], to: .demo)
      try await store.save(snapshot(10, byteCount: 1000), of: .demo)
      try await store.save(snapshot(20, byteCount: 2000), of: .demo)
      for (subject, role) in [("ada", Role.owner), ("bo", .editor), ("cy", .editor)] {
        let member = Member(subject: subject, role: role, addedAtMilliseconds: 1, addedBy: "ada")
        #expect(try await store.setMember(member, of: .demo, countMax: 10) == .done)
      }
      for (id, workflow) in [("h1", WorkflowID.demo), ("h2", .demo), ("h3", .other)] {
        _ = try await store.create(workflow)
        #expect(try await store.addWebhook(WebhookContractTests.hook(id, of: workflow)) == .done)
      }
      for id in ["a", "b", "c"] { _ = try await store.queue(WebhookContractTests.delivery(id), told: nil) }
      try await store.finish(WebhookContractTests.record("a", .failed, failures: 1))
      try await store.finish(WebhookContractTests.record("b", .failed, failures: 2, off: "it is gone"))
      var off = WebhookChange()
      off.activity = .off(reason: Webhook.Activity.ownersReason, atMilliseconds: 1)
      _ = try await store.changeWebhook("h2", of: .demo, off)
      let found = try #require(try await SQLiteStore.inspect(.demo, in: path))
      let url = WebhookContractTests.hook().url
      #expect(
        found.webhooks == [
          .init(id: "h1", url: url, offReason: "it is gone", pendingCount: 1, deadLetterCount: 2, failingSinceMilliseconds: 40),
          .init(id: "h2", url: url, offReason: Webhook.Activity.ownersReason, pendingCount: 0, deadLetterCount: 0),
        ])
      let report = try await SQLiteStore.check(path)
      #expect(report.webhookCount == 3 && report.webhooksSwitchedOffCount == 1 && report.deadLetterCount == 2, "an owner knows what he did")
      #expect(try await store.delete(.other))
      #expect(found.position == 30 && found.floor == 10)
      #expect(found.snapshots.map(\.position) == [20, 10] && found.snapshots.map(\.byteCount) == [2000, 1000])
      #expect(found.leaseCount == 1 && found.endedLeaseCount == 0 && found.runCount == 2 && found.openRunCount == 1)
      #expect(found.memberCounts == [.owner: 1, .editor: 2] && found.linkCount == 0)
      #expect(found.changeBytes > 0 && found.takenAtMilliseconds != nil)
      #expect(try await SQLiteStore.inspect(.other, in: path) == nil)
      await store.close()
    }
  }

  @Test("[OP1] a probe leaves nothing behind, and fails when the file cannot grow")
  func probe() async throws {
    try await TemporaryFolder.with { folder in
      let path = folder.file("store.sqlite")
      var options = SQLiteOptions()
      options.fileBytesMax = 400 << 10
      let store = try SQLiteStore(path: path, options: options)
      _ = try await store.create(.demo)
      try await store.probe()
      _ = await Filling.fill(store)
      await expect(.unavailable) { () async throws(StoreError) in try await store.probe() }
      #expect(try await store.delete(.demo))
      while (try? await store.probe()) == nil { await Task.yield() }
      await store.close()
      await expect(.closed) { () async throws(StoreError) in try await store.probe() }
      let report = try await SQLiteStore.check(path)
      #expect(report.faults == [] && report.snapshotCount == 0)
    }
  }

  @Test("[ST6] who may wait gets the file when the other process lets go of it, and is told once whom it waits for")
  func takeover() async throws {
    try await TemporaryFolder.with { folder in
      let path = folder.file("store.sqlite")
      try await Self.make(path, changes: 3)
      let first = try SQLiteStore(path: path)
      var options = SQLiteOptions()
      options.takeover = .milliseconds(50)
      await expect(.unavailable) { () async throws(StoreError) in _ = try SQLiteStore(path: path, options: options) }
      options.takeover = .seconds(20)
      let (told, holder) = AsyncStream<String>.makeStream()
      let second = Task.detached { [options] in
        try SQLiteStore(path: path, options: options) { name in
          holder.yield(name)
          holder.finish()
        }
      }
      var names: [String] = []
      for await name in told { names.append(name) }
      #expect(names == ["pid \(getpid())"])
      try await first.append(changes(4...4), to: .demo)
      await first.close()
      let next = try await second.value
      #expect(try await next.load(.demo)?.log.count == 4)
      await next.close()
    }
  }
}
