import Glibc
import Storage
import Synchronization
import Testing
import WorkflowDocument
import WorkflowGraph

/// What every store must do. One suite, every implementation.
@Suite struct ContractTests {
  @Test("[ST1] what was answered is there: changes, leases and runs come back as they were written", arguments: StoreKind.allCases)
  func roundTrip(kind: StoreKind) async throws {
    try await kind.withStore { store in
      #expect(try await store.load(.demo) == nil)
      #expect(try await store.create(.demo))
      #expect(try await !store.create(.demo))
      let empty = try #require(try await store.load(.demo))
      #expect(empty.log.isEmpty && empty.snapshots.isEmpty && empty.leases.isEmpty && empty.damage.isEmpty)

      try await store.append(changes(1...3) + [.lease(lease(7)), .runEvent(event("r1", 1))], to: .demo)
      try await store.append([.change(logged(4))], to: .demo)
      let found = try #require(try await store.load(.demo))
      #expect(found.log == (1...4).map { logged($0) })
      #expect(found.leases == [lease(7)])
      #expect(found.interruptedRuns == [StoredRun(run: "r1", first: event("r1", 1), last: nil)])
    }
  }

  @Test("[ST1] every field of a change survives: empty and foreign texts, zero and huge numbers", arguments: StoreKind.allCases)
  func extremes(kind: StoreKind) async throws {
    try await kind.withStore { store in
      _ = try await store.create(.demo)
      var odd = logged(1, replica: .max, text: "\"\u{1F600}\u{0}é\"")
      odd.author = Author(subject: "", name: "\u{0}a\u{0}", kind: .agent)
      odd.takenAtMilliseconds = 0
      odd.change.seq = .max
      var huge = logged(2, text: "\"" + String(repeating: "x", count: 300_000) + "\"")
      huge.takenAtMilliseconds = .max
      let ended = lease(1, replica: .max, before: .max, end: .max, touched: .max)
      try await store.append([.change(odd), .change(huge), .lease(ended)], to: .demo)
      let found = try #require(try await store.load(.demo))
      #expect(found.log == [odd, huge])
      #expect(found.leases == [ended])
    }
  }

  @Test("[ST1] completions of a workflow come in the order of the calls, never inside append", arguments: StoreKind.allCases)
  func completionOrder(kind: StoreKind) async throws {
    try await kind.withStore { store in
      _ = try await store.create(.demo)
      let answers = Answers()
      let caller = Mutex<pthread_t?>(nil)
      let wasInside = Mutex(false)
      for number in 1...500 {
        caller.withLock { $0 = pthread_self() }
        let note = answers.note(number)
        store.append([.change(logged(UInt64(number)))], to: .demo) { result in
          if caller.withLock({ $0 == pthread_self() }) { wasInside.withLock { $0 = true } }
          note(result)
        }
        caller.withLock { $0 = nil }
      }
      _ = try await store.load(.demo)
      #expect(answers.labels == Array(1...500))
      #expect(answers.codes.allSatisfy { $0 == nil })
      #expect(wasInside.withLock { !$0 })
    }
  }

  @Test(
    "[ST2] a log has no gaps: a wrong position is refused whole, and stops the workflow until it is loaded", arguments: StoreKind.allCases)
  func order(kind: StoreKind) async throws {
    try await kind.withStore { store in
      _ = try await store.create(.demo)
      _ = try await store.create(.other)
      try await store.append(changes(1...2), to: .demo)
      await expect(.outOfOrder) { () async throws(StoreError) in try await store.append(changes(3...3) + changes(5...5), to: .demo) }
      await expect(.mustReload) { () async throws(StoreError) in try await store.append(changes(3...3), to: .demo) }
      await expect(.mustReload) { () async throws(StoreError) in try await store.append([.lease(lease(1))], to: .demo) }
      try await store.append(changes(1...1), to: .other)
      #expect(try await store.load(.demo)?.log == [logged(1), logged(2)])
      try await store.append(changes(3...3), to: .demo)
      _ = try await store.load(.demo)
      await expect(.outOfOrder) { () async throws(StoreError) in try await store.append(changes(3...3), to: .demo) }
      #expect(try await store.load(.demo)?.log.count == 3)
    }
  }

  @Test("[ST2] what is queued behind a failed append fails too, in order", arguments: StoreKind.allCases)
  func queuedBehindFailure(kind: StoreKind) async throws {
    try await kind.withStore { store in
      _ = try await store.create(.demo)
      let answers = Answers()
      store.append(changes(1...1), to: .demo, completion: answers.note(1))
      store.append(changes(9...9), to: .demo, completion: answers.note(2))
      store.append(changes(2...2), to: .demo, completion: answers.note(3))
      let found = try await store.load(.demo)
      store.append(changes(2...2), to: .demo, completion: answers.note(4))
      _ = try await store.load(.demo)
      #expect(answers.labels == [1, 2, 3, 4])
      #expect(answers.codes == [nil, .outOfOrder, .mustReload, nil])
      #expect(found?.log == [logged(1)])
    }
  }

  @Test("[ST3] nothing by that name: append, save, changes and runs say so", arguments: StoreKind.allCases)
  func unknown(kind: StoreKind) async throws {
    try await kind.withStore { store in
      await expect(.unknownWorkflow) { () async throws(StoreError) in try await store.append(changes(1...1), to: .demo) }
      await expect(.unknownWorkflow) { () async throws(StoreError) in try await store.save(snapshot(0), of: .demo) }
      await expect(.unknownWorkflow) { () async throws(StoreError) in try await store.changes(of: .demo, after: 0, limit: 1) }
      await expect(.unknownWorkflow) { () async throws(StoreError) in try await store.runs(of: .demo, limit: 1) }
      await expect(.unknownWorkflow) { () async throws(StoreError) in try await store.runEvents(of: .demo, run: "r") }
      #expect(try await store.create(.demo))
      try await store.append(changes(1...1), to: .demo)
    }
  }

  @Test("[ST4] two snapshots are kept, the log reaches back to the older one", arguments: StoreKind.allCases)
  func snapshots(kind: StoreKind) async throws {
    try await kind.withStore { store in
      _ = try await store.create(.demo)
      try await store.append(changes(1...10), to: .demo)
      await expect(.outOfOrder) { () async throws(StoreError) in try await store.save(snapshot(11), of: .demo) }
      try await store.save(snapshot(4), of: .demo)
      #expect(try await store.load(.demo)?.log == (5...10).map { logged($0) })
      #expect(try await store.changes(of: .demo, after: 0, limit: 100)?.count == 10)

      try await store.save(snapshot(7), of: .demo)
      let two = try #require(try await store.load(.demo))
      #expect(two.snapshots == [snapshot(7), snapshot(4)])
      #expect(two.log == (5...10).map { logged($0) })
      #expect(try await store.changes(of: .demo, after: 3, limit: 100) == nil)
      #expect(try await store.changes(of: .demo, after: 4, limit: 2) == [logged(5), logged(6)])

      try await store.save(snapshot(10, byteCount: 3_000_000), of: .demo)
      let three = try #require(try await store.load(.demo))
      #expect(three.snapshots == [snapshot(10, byteCount: 3_000_000), snapshot(7)])
      #expect(three.log == (8...10).map { logged($0) })
      try await store.append(changes(11...11), to: .demo)
      #expect(try await store.changes(of: .demo, after: 10, limit: 5) == [logged(11)])
    }
  }

  @Test("[ST4] a snapshot saved again at its position replaces itself; an empty one is one too", arguments: StoreKind.allCases)
  func sameSnapshot(kind: StoreKind) async throws {
    try await kind.withStore { store in
      _ = try await store.create(.demo)
      try await store.save(snapshot(0, byteCount: 0), of: .demo)
      #expect(try await store.load(.demo)?.snapshots == [snapshot(0, byteCount: 0)])
      try await store.append(changes(1...2), to: .demo)
      try await store.save(snapshot(2, byteCount: 5), of: .demo)
      try await store.save(snapshot(2, byteCount: 6), of: .demo)
      #expect(try await store.load(.demo)?.snapshots == [snapshot(2, byteCount: 6), snapshot(0, byteCount: 0)])
      try await store.save(snapshot(1, byteCount: 7), of: .demo)
      let found = try #require(try await store.load(.demo))
      #expect(found.snapshots == [snapshot(2, byteCount: 6), snapshot(1, byteCount: 7)])
      #expect(found.log == [logged(2)])
      try await store.append(changes(3...3), to: .demo)
    }
  }

  @Test("[ME3] changes since a position: a page, the end, beyond the end", arguments: StoreKind.allCases)
  func changesSince(kind: StoreKind) async throws {
    try await kind.withStore { store in
      _ = try await store.create(.demo)
      #expect(try await store.changes(of: .demo, after: 0, limit: 10) == [])
      try await store.append(changes(1...20), to: .demo)
      #expect(try await store.changes(of: .demo, after: 0, limit: 7) == (1...7).map { logged($0) })
      #expect(try await store.changes(of: .demo, after: 18, limit: 7) == [logged(19), logged(20)])
      #expect(try await store.changes(of: .demo, after: 20, limit: 7) == [])
      #expect(try await store.changes(of: .demo, after: .max, limit: 7) == [])
      #expect(try await store.changes(of: .demo, after: 3, limit: 0) == [])
      #expect(try await store.changes(of: .demo, after: 3, limit: -1) == [])
    }
  }

  @Test("[CR5] the newest record of a lease counts; ended ones are remembered up to the limit", arguments: StoreKind.allCases)
  func leases(kind: StoreKind) async throws {
    var limits = StoreLimits.withoutHistory
    limits.endedLeaseCountMax = 2
    try await kind.withStore(limits: limits) { store in
      _ = try await store.create(.demo)
      try await store.append([.lease(lease(1, replica: 1)), .lease(lease(2, replica: 2)), .lease(lease(3, replica: 3))], to: .demo)
      try await store.append([.lease(lease(1, replica: 1, before: 0, end: 5, touched: 30))], to: .demo)
      #expect(
        try await store.load(.demo)?.leases == [lease(1, replica: 1, end: 5, touched: 30), lease(2, replica: 2), lease(3, replica: 3)])
      try await store.append([.lease(lease(4, replica: 1, before: 5, end: 6, touched: 10))], to: .demo)
      try await store.append([.lease(lease(5, replica: 1, before: 6, end: 7, touched: 20))], to: .demo)
      try await store.save(snapshot(0), of: .demo)
      let kept = try #require(try await store.load(.demo)).leases.map { $0.secretDigest[0] }
      #expect(Set(kept) == [1, 2, 3, 5])
    }
  }

  @Test("[ST5] runs: events in order, newest first, interrupted ones found, old ones forgotten", arguments: StoreKind.allCases)
  func runs(kind: StoreKind) async throws {
    var limits = StoreLimits.withoutHistory
    limits.runCountMax = 2
    try await kind.withStore(limits: limits) { store in
      _ = try await store.create(.demo)
      try await store.append((1...3).map { .runEvent(event("a", $0, last: $0 == 3)) }, to: .demo)
      try await store.append([.runEvent(event("b", 2)), .runEvent(event("b", 1))], to: .demo)
      try await store.append([.runEvent(event("c", 1, last: true))], to: .demo)
      #expect(try await store.runEvents(of: .demo, run: "a") == [event("a", 1), event("a", 2), event("a", 3, last: true)])
      #expect(try await store.runEvents(of: .demo, run: "b") == [event("b", 1), event("b", 2)])
      #expect(try await store.runEvents(of: .demo, run: "x") == [])
      try await store.append([.runEvent(event("b", 1, last: true)), .runEvent(event("a", 3))], to: .demo)
      #expect(try await store.runEvents(of: .demo, run: "b") == [event("b", 1), event("b", 2)], "what is written stays")
      let all = try await store.runs(of: .demo, limit: 10)
      #expect(all.map(\.run) == ["c", "b", "a"])
      #expect(all.first == StoredRun(run: "c", first: event("c", 1, last: true), last: event("c", 1, last: true)))
      #expect(try await store.runs(of: .demo, limit: 1).map(\.run) == ["c"])
      #expect(try await store.runEvents(of: .demo, run: "a", after: 2) == [event("a", 3, last: true)])
      #expect(try await store.runEvents(of: .demo, run: "a", after: .max) == [])
      func page(before run: String?, limit: Int = 10, bytesMax: Int = .max) async throws -> [String] {
        try await store.runs(of: .demo, before: run, limit: limit, bytesMax: bytesMax).map(\.run)
      }
      #expect(try await page(before: "c") == ["b", "a"])
      #expect(try await page(before: "c", limit: 1) == ["b"])
      #expect(try await page(before: "a") == [])
      #expect(try await page(before: "x") == [], "nobody knows where that was")
      let size = all[0].byteCount
      #expect(size > 0)
      #expect(try await page(before: nil, bytesMax: size) == ["c"])
      #expect(try await page(before: nil, bytesMax: size + 1) == ["c", "b"], "the one that goes beyond is the last")
      #expect(try await page(before: nil, bytesMax: 1) == ["c"], "one at least")
      #expect(try await store.load(.demo)?.interruptedRuns.map(\.run) == ["b"])
      try await store.save(snapshot(0), of: .demo)
      #expect(try await store.runs(of: .demo, limit: 10).map(\.run) == ["c", "b"])
      #expect(try await store.runEvents(of: .demo, run: "a") == [])
      try await store.append([.runEvent(event("b", 3, last: true))], to: .demo)
      #expect(try await store.load(.demo)?.interruptedRuns == [])
    }
  }

  @Test("[ST3] workflows are listed in order, page by page; a deleted one is gone with all it had", arguments: StoreKind.allCases)
  func listAndDelete(kind: StoreKind) async throws {
    try await kind.withStore { store in
      let names = ["B", "a", "a-1", "b", "Z9"]
      for name in names { _ = try await store.create(WorkflowID(name)!) }
      let sorted = names.map { WorkflowID($0)! }.sorted()
      #expect(try await store.workflows(after: nil, limit: 10) == sorted)
      #expect(try await store.workflows(after: sorted[1], limit: 2) == Array(sorted[2...3]))
      #expect(try await store.workflows(after: sorted[4], limit: 2) == [])

      let id = WorkflowID("a")!
      try await store.append(changes(1...5) + [.lease(lease(1)), .runEvent(event("r", 1))], to: id)
      try await store.save(snapshot(3), of: id)
      #expect(try await store.delete(id))
      #expect(try await !store.delete(id))
      #expect(try await store.load(id) == nil)
      await expect(.unknownWorkflow) { () async throws(StoreError) in try await store.append(changes(6...6), to: id) }
      #expect(try await store.create(id))
      let anew = try #require(try await store.load(id))
      #expect(anew.log.isEmpty && anew.snapshots.isEmpty && anew.leases.isEmpty && anew.interruptedRuns.isEmpty)
      try await store.append(changes(1...1), to: id)
    }
  }

  @Test("[ST6] the queue is bounded: beyond it appends fail, in order, and the rest goes on after a load", arguments: StoreKind.allCases)
  func boundedQueue(kind: StoreKind) async throws {
    var limits = StoreLimits.withoutHistory
    limits.queueBytesMax = 1000
    try await kind.withStore(limits: limits) { store in
      _ = try await store.create(.demo)
      let answers = Answers()
      store.append([.change(logged(1, text: String(repeating: "1", count: 2000)))], to: .demo, completion: answers.note(1))
      store.append(changes(1...1), to: .demo, completion: answers.note(2))
      _ = try await store.load(.demo)
      #expect(answers.labels == [1, 2])
      #expect(answers.codes == [.unavailable, .mustReload])
      try await store.append(changes(1...1), to: .demo)
    }
  }

  @Test("[ST1] close waits for what is queued; afterwards everything says closed", arguments: StoreKind.allCases)
  func close(kind: StoreKind) async throws {
    try await kind.withStore { store in
      _ = try await store.create(.demo)
      let answers = Answers()
      for number in 1...50 { store.append([.change(logged(UInt64(number)))], to: .demo, completion: answers.note(number)) }
      await store.close()
      #expect(answers.labels == Array(1...50))
      #expect(answers.codes.allSatisfy { $0 == nil })
      await expect(.closed) { () async throws(StoreError) in try await store.append(changes(51...51), to: .demo) }
      await expect(.closed) { () async throws(StoreError) in try await store.load(.demo) }
      await expect(.closed) { () async throws(StoreError) in try await store.create(.other) }
      await expect(.closed) { () async throws(StoreError) in try await store.save(snapshot(1), of: .demo) }
      await expect(.closed) { () async throws(StoreError) in try await store.changes(of: .demo, after: 0, limit: 1) }
      await expect(.closed) { () async throws(StoreError) in try await store.workflows(after: nil, limit: 1) }
      await expect(.closed) { () async throws(StoreError) in try await store.runs(of: .demo, limit: 1) }
      await expect(.closed) { () async throws(StoreError) in try await store.delete(.demo) }
      await store.close()
    }
  }

  @Test("[ST1] many workflows at once, each with its own order", arguments: StoreKind.allCases)
  func manyWriters(kind: StoreKind) async throws {
    try await kind.withStore { store in
      let ids = (0..<40).map { WorkflowID("w\($0)")! }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for id in ids {
          group.addTask {
            _ = try await store.create(id)
            for start in stride(from: UInt64(1), to: 60, by: 3) { try await store.append(changes(start...start + 2), to: id) }
          }
        }
        try await group.waitForAll()
      }
      for id in ids { #expect(try await store.load(id)?.log == (1...60).map { logged($0) }) }
    }
  }
}
