import Foundation
import GRDB
import SQLiteStorage
import Storage
import Synchronization
import Testing
import WorkflowDocument
import WorkflowGraph

/// A disk without room, folders without rights, and slow big work.
@Suite struct FullDiskTests {
  @Test("[ST2] disk full: unavailable, the workflow must reload, nothing answered is lost, and it goes on when there is room")
  func fullDisk() async throws {
    try await TemporaryFolder.with { folder in
      let path = folder.file("store.sqlite")
      var options = SQLiteOptions()
      options.fileBytesMax = 400 << 10
      let store = try SQLiteStore(path: path, options: options)
      _ = try await store.create(.demo)
      _ = try await store.create(.other)
      let (text, position, failure) = await Filling.fill(store)
      #expect(failure?.code == .unavailable && failure?.text.contains("full") == true, "\(String(describing: failure))")
      #expect(position > 20)
      await expect(.mustReload) { () async throws(StoreError) in try await store.append([.lease(lease(1))], to: .demo) }
      await expect(.unavailable) { () async throws(StoreError) in try await store.save(snapshot(1, byteCount: 2 << 20), of: .demo) }
      #expect(try await store.load(.demo)?.log.count == Int(position))
      await expect(.unavailable) { () async throws(StoreError) in
        try await store.append([.change(logged(position + 1, text: text))], to: .demo)
      }
      await store.close()

      let roomy = try SQLiteStore(path: path)
      let found = try #require(try await roomy.load(.demo))
      #expect(found.log == (1...position).map { logged($0, text: text) })
      #expect(found.snapshots.isEmpty)
      try await roomy.append([.change(logged(position + 1, text: text))], to: .demo)
      await roomy.close()
      #expect(try await SQLiteStore.check(path).faults == [])
    }
  }

  @Test("[ST2] a lock held by another program: unavailable after the wait, and on it goes when the lock is gone")
  func locked() async throws {
    try await TemporaryFolder.with { folder in
      let path = folder.file("store.sqlite")
      var options = SQLiteOptions()
      options.busyTimeout = .milliseconds(20)
      let store = try SQLiteStore(path: path, options: options)
      _ = try await store.create(.demo)
      try await store.append(changes(1...1), to: .demo)
      var rude = Configuration()
      rude.allowsUnsafeTransactions = true
      let other = try DatabaseQueue(path: path, configuration: rude)
      try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
      await expect(.unavailable) { () async throws(StoreError) in try await store.append(changes(2...2), to: .demo) }
      #expect(try await store.load(.demo)?.log == [logged(1)], "reading goes on")
      try await other.writeWithoutTransaction { try $0.execute(sql: "ROLLBACK") }
      try await store.append(changes(2...2), to: .demo)
      try other.close()
      await store.close()
    }
  }

  @Test("[ST2] one workflow whose rows are not as they were left does not make others fail, though one transaction had them all")
  func isolation() async throws {
    try await TemporaryFolder.with { folder in
      let path = folder.file("store.sqlite")
      let store = try SQLiteStore(path: path)
      _ = try await store.create(.demo)
      _ = try await store.create(.other)
      try await store.append(changes(1...1), to: .demo)
      let other = try DatabaseQueue(path: path)
      try await other.writeWithoutTransaction {
        try $0.execute(sql: "INSERT INTO log SELECT workflow, 2, taken_at, kind, subject, name, body, checksum FROM log")
      }
      let answers = Answers()
      for number in 1...20 {
        store.append(changes(UInt64(number)...UInt64(number)), to: .other, completion: answers.note(number))
        if number == 10 { store.append(changes(2...2), to: .demo, completion: answers.note(0)) }
      }
      _ = try await store.load(.other)
      #expect(answers.labels == Array(1...10) + [0] + Array(11...20))
      #expect(answers.codes.enumerated().allSatisfy { ($0.element != nil) == ($0.offset == 10) }, "\(answers.codes)")
      #expect(try await store.load(.other)?.log.count == 20)
      try other.close()
      await store.close()
    }
  }

  @Test("[ST1] what queues up during a commit goes into one transaction")
  func groupCommit() async throws {
    try await TemporaryFolder.with { folder in
      let path = folder.file("store.sqlite")
      let store = try SQLiteStore(path: path)
      let ids = (0..<20).map { WorkflowID("w\($0)")! }
      for id in ids { _ = try await store.create(id) }
      for position in UInt64(1)...50 { for id in ids { store.append(changes(position...position), to: id) { _ in } } }
      for id in ids { #expect(try await store.load(id)?.log.count == 50) }
      // A commit of its own writes at least one page of 4 KiB: a thousand of them would be 4 MB.
      let bytes = try FileManager.default.attributesOfItem(atPath: path + "-wal")[.size] as? Int
      #expect(try #require(bytes) < 2_000_000)
      await store.close()
    }
  }

  @Test("[ST6] a folder that is not there, or cannot be written, is said to be so")
  func noFolder() async throws {
    try await TemporaryFolder.with { folder in
      await expect(.unavailable) { () async throws(StoreError) in try SQLiteStore(path: folder.file("no/such/store.sqlite")) }
      _ = FileManager.default.createFile(atPath: folder.file("file"), contents: nil)
      await expect(.unavailable) { () async throws(StoreError) in try SQLiteStore(path: folder.file("file/store.sqlite")) }
      await expect(.unavailable) { () async throws(StoreError) in try SQLiteStore(path: "/proc/thaiyyal.sqlite") }
      try FileManager.default.createDirectory(atPath: folder.file("folder"), withIntermediateDirectories: false)
      await expect(.unavailable) { () async throws(StoreError) in try SQLiteStore(path: folder.file("folder")) }
    }
  }

  @Test("[ST4] a snapshot of 20 MB does not hold up other workflows' commits")
  func bigSnapshot() async throws {
    try await TemporaryFolder.with { folder in
      let store = try SQLiteStore(path: folder.file("store.sqlite"))
      _ = try await store.create(.demo)
      _ = try await store.create(.other)
      try await store.append(changes(1...3), to: .demo)
      let big = snapshot(3, byteCount: 20 << 20)
      let chain = AppendChain(store, .other)
      chain.start()
      try await store.save(big, of: .demo)
      let commits = await chain.stop()
      // 20 slices of 1 MiB, a commit after each.
      #expect(commits >= 10, "only \(commits) commits while the snapshot was written")
      #expect(try await store.load(.demo)?.snapshots == [big])
      await store.close()
    }
  }

  @Test("[ST5] a log of a million rows is trimmed bit by bit while others write")
  func trimMillion() async throws {
    try await TemporaryFolder.with { folder in
      let path = folder.file("store.sqlite")
      let first = try SQLiteStore(path: path)
      _ = try await first.create(.demo)
      _ = try await first.create(.other)
      await first.close()
      try await DatabaseQueue(path: path).writeWithoutTransaction { db in
        try db.execute(
          sql: """
            PRAGMA synchronous = OFF;
            WITH RECURSIVE counter(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counter WHERE n < 1000000)
            INSERT INTO log SELECT 1, n, 0, 1, '', '', x'00', 0 FROM counter;
            """)
      }
      let store = try SQLiteStore(path: path, options: .withoutHistory)
      try await store.save(snapshot(1_000_000, byteCount: 10), of: .demo)
      try await store.append(changes(1_000_001...1_000_001), to: .demo)
      let chain = AppendChain(store, .other)
      chain.start()
      try await store.save(snapshot(999_999, byteCount: 10), of: .demo)
      #expect(try await store.changes(of: .demo, after: 5, limit: 1) == nil, "trimmed at once for readers")

      let reader = try DatabaseQueue(path: path)
      var oldest: Int64 = 0
      for _ in 0..<100_000 where oldest < 1_000_000 {
        oldest = try await reader.read { try Int64.fetchOne($0, sql: "SELECT position FROM log WHERE workflow = 1 LIMIT 1") } ?? 0
      }
      let commits = await chain.stop()
      #expect(oldest == 1_000_000)
      // 500 slices of 2 000 rows.
      #expect(commits >= 100, "only \(commits) commits while the log was trimmed")
      try reader.close()
      await store.close()
    }
  }
}

/// Appends one change after the other, each as soon as the one before is answered, on the store's own thread: as fast as commits come.
private final class AppendChain: Sendable {
  private let store: SQLiteStore
  private let workflow: WorkflowID
  private let state = Mutex<State>(.running(0))
  private enum State {
    case running(UInt64)
    case stopping(CheckedContinuation<UInt64, Never>)
    case ended(UInt64)
  }

  init(_ store: SQLiteStore, _ workflow: WorkflowID) {
    self.store = store
    self.workflow = workflow
  }

  func start() { next(after: 0) }

  private func next(after last: UInt64) {
    store.append(changes(last + 1...last + 1), to: workflow) { result in
      let goesOn = self.state.withLock { state -> Bool in
        switch (state, result) {
        case (.running, .success):
          state = .running(last + 1)
          return true
        case (.stopping(let waiting), _):
          waiting.resume(returning: last + 1)
          return false
        case (.running, .failure), (.ended, _):
          state = .ended(last)
          return false
        }
      }
      if goesOn { self.next(after: last + 1) }
    }
  }

  /// - Returns: how many were answered.
  func stop() async -> UInt64 {
    await withCheckedContinuation { continuation in
      state.withLock { state in
        if case .ended(let last) = state { continuation.resume(returning: last) } else { state = .stopping(continuation) }
      }
    }
  }
}

/// Changes of one workflow until the store takes no more.
enum Filling {
  /// - Returns: the value in each change, how many the store has, and why it does not have the next; `nil` when it took a thousand.
  static func fill(_ store: SQLiteStore) async -> (text: String, count: UInt64, failure: StoreError?) {
    let text = "\"" + String(repeating: "x", count: 3000) + "\""
    for position: UInt64 in 1...1000 {
      do throws(StoreError) { try await store.append([.change(logged(position, text: text))], to: .demo) } catch {
        return (text, position - 1, error)
      }
    }
    return (text, 1000, nil)
  }
}
