import Storage
import Testing
import WorkflowDocument
import WorkflowGraph

/// The faults that tests of rooms order from the in-memory store.
@Suite struct MemoryFaultTests {
  @Test("a failed append leaves nothing behind; the workflow must reload, the others need not")
  func failing() async throws {
    let store = InMemoryWorkflowStore()
    _ = try await store.create(.demo)
    _ = try await store.create(.other)
    store.failAppends(1, of: .demo)
    try await store.append(changes(1...1), to: .other)
    await expect(.unavailable) { () async throws(StoreError) in try await store.append(changes(1...1), to: .demo) }
    await expect(.mustReload) { () async throws(StoreError) in try await store.append(changes(1...1), to: .demo) }
    #expect(try await store.load(.demo)?.log == [])
    try await store.append(changes(1...1), to: .demo)
  }

  @Test("a torn append is durable and reported as failed")
  func torn() async throws {
    let store = InMemoryWorkflowStore()
    _ = try await store.create(.demo)
    store.tearAppend()
    await expect(.unavailable) { () async throws(StoreError) in try await store.append(changes(1...1), to: .demo) }
    #expect(try await store.load(.demo)?.log == [logged(1)])
  }

  @Test("a stalled store answers nothing until it goes on, and then in order")
  func stalled() async throws {
    let store = InMemoryWorkflowStore()
    _ = try await store.create(.demo)
    store.stall()
    let answers = Answers()
    for number in 1...3 { store.append(changes(UInt64(number)...UInt64(number)), to: .demo, completion: answers.note(number)) }
    #expect(store.queuedCount == 3 && answers.labels == [])
    store.commitQueued()
    #expect(store.queuedCount == 0 && answers.labels == [1, 2, 3])
    store.append(changes(4...4), to: .demo, completion: answers.note(4))
    store.resume()
    _ = try await store.load(.demo)
    #expect(answers.labels == [1, 2, 3, 4])
    store.stall()
    store.append(changes(5...5), to: .demo, completion: answers.note(5))
    await store.close()
    #expect(answers.labels.last == 5)
  }

  @Test("[ST1] a crash keeps what was durable and nothing else; waiting calls end")
  func crash() async throws {
    let store = InMemoryWorkflowStore()
    _ = try await store.create(.demo)
    try await store.append(changes(1...2), to: .demo)
    store.stall()
    let answers = Answers()
    store.append(changes(3...3), to: .demo, completion: answers.note(3))
    let waiting = Task { () async -> Result<Bool, StoreError> in
      do throws(StoreError) { return .success(try await store.create(.other)) } catch { return .failure(error) }
    }
    while store.queuedCount < 2 { await Task.yield() }
    let next = store.crash()
    #expect(await waiting.value == .failure(.closed))
    #expect(answers.labels == [])
    #expect(try await next.load(.demo)?.log == [logged(1), logged(2)])
    #expect(try await next.load(.other) == nil)
    try await next.append(changes(3...3), to: .demo)
    await store.close()
  }

  @Test("[ST4] damaged snapshots, failing loads and saves")
  func damage() async throws {
    let store = InMemoryWorkflowStore(limits: .withoutHistory)
    _ = try await store.create(.demo)
    try await store.append(changes(1...10), to: .demo)
    try await store.save(snapshot(4), of: .demo)
    try await store.save(snapshot(8), of: .demo)
    #expect(store.damageSnapshot(of: .demo))
    let found = try #require(try await store.load(.demo))
    #expect(found.snapshots == [snapshot(4)] && found.log.count == 6 && found.damage.count == 1)
    #expect(store.damageSnapshot(of: .demo, age: 1))
    await expect(.corrupt) { () async throws(StoreError) in try await store.load(.demo) }
    #expect(!store.damageSnapshot(of: .other))
    store.failLoads()
    await expect(.unavailable) { () async throws(StoreError) in try await store.load(.demo) }
    store.failSaves(1, of: .demo)
    await expect(.unavailable) { () async throws(StoreError) in try await store.save(snapshot(9), of: .demo) }
  }
}
