import CRDT
import SQLiteStorage
import Storage
import Testing
import WorkflowDocument
import WorkflowGraph

/// Two implementations, one random history: they must say the same at every step. What one of them gets wrong, the other shows.
@Suite struct DifferentialTests {
  static let seeds = 6
  static let steps = 250

  @Test("[ST1, ST2, ST3, ST4, ST5] SQLite and memory agree on random histories, with restarts in between")
  func agree() async throws {
    var seeds = SeededNumbers.fresh()
    for _ in 0..<Self.seeds {
      let seed = seeds.next()
      try await TemporaryFolder.with { folder in
        var history = try History(seed: seed, path: folder.file("store.sqlite"))
        for step in 0..<Self.steps {
          let (what, isEqual) = try await history.step()
          #expect(isEqual, "seed \(seed), step \(step): \(what)")
          if !isEqual { break }
        }
        await history.finish()
      }
    }
  }
}

private struct History {
  private var random: SeededNumbers
  private let path: String
  private let options: SQLiteOptions
  private let memory: InMemoryWorkflowStore
  private var sqlite: SQLiteStore
  private let workflows = ["a", "b", "c"].map { WorkflowID($0)! }
  /// What the test believes to be the last position: right unless an append failed.
  private var last: [WorkflowID: UInt64] = [:]
  private var clock: UInt64 = 0

  init(seed: UInt64, path: String) throws {
    random = SeededNumbers(seed: seed)
    self.path = path
    var options = SQLiteOptions()
    options.limits.endedLeaseCountMax = 3
    options.limits.runCountMax = 4
    options.limits.historyChangeCountMax = 12
    options.limits.historyBytesMax = 700
    options.limits.versionCountMax = 5
    self.options = options
    memory = InMemoryWorkflowStore(limits: options.limits)
    sqlite = try SQLiteStore(path: path, options: options)
  }

  func finish() async {
    await sqlite.close()
    await memory.close()
  }

  /// Whoever makes a snapshot of a position makes the same one: which of two a store hands out is its own affair.
  private static func byteCount(at position: UInt64) -> Int { Int(position * 977 % 3001) }

  /// One random call on both. - Returns: what it was, and whether both said the same.
  mutating func step() async throws -> (what: String, isEqual: Bool) {
    let workflow = workflows.randomElement(using: &random)!
    switch Int.random(in: 0..<100, using: &random) {
    case ..<45: return await append(to: workflow)
    case ..<60:
      let position = UInt64.random(in: 0...(last[workflow, default: 0] + 1), using: &random)
      let snapshot = snapshot(position, byteCount: Self.byteCount(at: position))
      return await both("save \(position) of \(workflow)") { store throws(StoreError) in
        try await store.save(snapshot, of: workflow)
        return true
      }
    case ..<75: return await load(workflow)
    case ..<82:
      let position = UInt64.random(in: 0...(last[workflow, default: 0] + 2), using: &random)
      return await both("changes of \(workflow) after \(position)") { store throws(StoreError) in
        try await store.changes(of: workflow, after: position, limit: 7)
      }
    case ..<84:
      let position = UInt64.random(in: 0...(last[workflow, default: 0] + 2), using: &random)
      let bytes = Int.random(in: 1...300, using: &random)
      return await both("history of \(workflow) before \(position)") { store throws(StoreError) in
        try await store.history(of: workflow, before: position, limit: 7, bytesMax: bytes)
      }
    case ..<86:
      let position = UInt64.random(in: 0...(last[workflow, default: 0] + 1), using: &random)
      return await both("state of \(workflow) at \(position)") { store throws(StoreError) in
        try await store.state(of: workflow, at: position)
      }
    case ..<87:
      let before = Bool.random(using: &random) ? nil : "r\(Int.random(in: 0...3, using: &random))"
      let bytesMax = Int.random(in: 1...400, using: &random)
      return await both("runs of \(workflow) before \(before ?? "none"), \(bytesMax) bytes") { store throws(StoreError) in
        try await store.runs(of: workflow, before: before, limit: 3, bytesMax: bytesMax)
      }
    case ..<89:
      let version = named(
        UInt64.random(in: 0...9, using: &random), at: UInt64.random(in: 0...(last[workflow, default: 0] + 1), using: &random))
      let snapshot = snapshot(version.position, byteCount: Self.byteCount(at: version.position))
      return await both("name \(version.id) at \(version.position) of \(workflow)") { store throws(StoreError) in
        try await store.name(version, snapshot: snapshot, of: workflow)
        return try await store.versions(of: workflow)
      }
    case ..<90:
      return await both("events of \(workflow)") { store throws(StoreError) in try await store.runEvents(of: workflow, run: "r1") }
    case ..<95: return await both("create \(workflow)") { store throws(StoreError) in try await store.create(workflow) }
    case ..<97:
      last[workflow] = 0
      return await both("delete \(workflow)") { store throws(StoreError) in try await store.delete(workflow) }
    case ..<98: return await both("list") { store throws(StoreError) in try await store.workflows(after: nil, limit: 2) }
    default: return try await restart()
    }
  }

  private mutating func append(to workflow: WorkflowID) async -> (what: String, isEqual: Bool) {
    var writes: [StoreWrite] = []
    var position = last[workflow, default: 0]
    for _ in 0..<Int.random(in: 1...6, using: &random) {
      clock += 1
      switch Int.random(in: 0..<20, using: &random) {
      case 0: position += 1  // A gap: refused by both.
      case 1..<5:
        let end: UInt64? = Bool.random(using: &random) ? clock : nil
        writes.append(.lease(lease(UInt8.random(in: 0...9, using: &random), replica: 3, before: clock, end: end, touched: clock)))
      case 5:
        let id = named(UInt64.random(in: 0...9, using: &random), at: 0).id
        writes.append(.version(Bool.random(using: &random) ? .dropped(id: id) : .renamed(id: id, name: "n\(clock)", note: "")))
      case 6..<9:
        let run = "r\(Int.random(in: 0...6, using: &random))"
        writes.append(.runEvent(event(run, UInt64.random(in: 1...4, using: &random), last: Int.random(in: 0...3, using: &random) == 0)))
      default:
        position += 1
        writes.append(.change(logged(position, text: "\(clock)")))
      }
    }
    let batch = writes
    let answer = await both("append \(batch.count) writes to \(workflow)") { store throws(StoreError) in
      try await store.append(batch, to: workflow)
      return true
    }
    guard let found = try? await memory.changes(of: workflow, after: 0, limit: .max) else {
      // Trimmed or unknown: the load says where the log ends.
      let loaded = try? await memory.load(workflow)
      _ = try? await sqlite.load(workflow)
      last[workflow] = loaded?.log.last?.position ?? loaded?.snapshots.first?.position ?? 0
      return answer
    }
    last[workflow] = found.last?.position ?? 0
    return answer
  }

  private mutating func load(_ workflow: WorkflowID) async -> (what: String, isEqual: Bool) {
    await both("load \(workflow)") { store throws(StoreError) in
      try await store.load(workflow).map { found in
        let snapshots = found.snapshots.map { "\($0.position)/\($0.data.count)/\($0.data.reduce(0) { $0 &* 31 &+ Int($1) })" }
        let log = found.log.map { "\($0.position):\($0.change.ops)" }
        let leases = found.leases.map { "\($0.secretDigest[0]) \($0.seqBefore) \($0.seqAtEnd ?? 0) \($0.touchedAtMilliseconds)" }
        let runs = found.interruptedRuns.map { "\($0.run) \($0.first.seq)" }
        return "snapshots \(snapshots) log \(log) leases \(leases) runs \(runs) damage \(found.damage) versions \(found.versions)"
      }
    }
  }

  /// SQLite comes up from its file; memory goes on. After it, both have forgotten what must be reloaded.
  private mutating func restart() async throws -> (what: String, isEqual: Bool) {
    await sqlite.close()
    sqlite = try SQLiteStore(path: path, options: options)
    for workflow in workflows {
      let answer = await load(workflow)
      guard answer.isEqual else { return ("restart, \(answer.what)", false) }
    }
    return ("restart", true)
  }

  private func both<T: Equatable>(
    _ what: String, _ call: (any WorkflowStore) async throws(StoreError) -> T
  ) async -> (what: String, isEqual: Bool) {
    let one = await outcome(of: call, memory)
    let other = await outcome(of: call, sqlite)
    return ("\(what): memory says \(one), SQLite says \(other)", one == other)
  }

  private func outcome<T: Equatable>(
    of call: (any WorkflowStore) async throws(StoreError) -> T, _ store: any WorkflowStore
  ) async -> Outcome<T> {
    do throws(StoreError) { return .value(try await call(store)) } catch { return .failure(error.code) }
  }

  private enum Outcome<T: Equatable>: Equatable {
    case value(T)
    case failure(StoreError.Code)
  }
}
