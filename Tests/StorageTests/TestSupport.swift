import CRDT
import Foundation
import SQLiteStorage
import Storage
import Synchronization
import Testing
import WorkflowDocument
import WorkflowGraph

/// The implementations that the contract suite runs against.
enum StoreKind: String, CaseIterable, Sendable, CustomTestStringConvertible {
  case memory, sqlite
  var testDescription: String { rawValue }

  /// Runs `body` with a new, empty store, and closes it whatever happens.
  func withStore(
    limits: StoreLimits = .withoutHistory, _ body: (any WorkflowStore) async throws -> Void
  ) async throws {
    switch self {
    case .memory:
      let store = InMemoryWorkflowStore(limits: limits)
      try await finish(store, body)
    case .sqlite:
      try await TemporaryFolder.with { folder in
        var options = SQLiteOptions()
        options.limits = limits
        try await finish(try SQLiteStore(path: folder.file("store.sqlite"), options: options), body)
      }
    }
  }

  private func finish(_ store: any WorkflowStore, _ body: (any WorkflowStore) async throws -> Void) async throws {
    do {
      try await body(store)
    } catch {
      await store.close()
      throw error
    }
    await store.close()
  }
}

extension StoreLimits {
  /// The log ends at the older snapshot: what tests of trimming count on.
  static var withoutHistory: StoreLimits {
    var limits = StoreLimits()
    limits.historyChangeCountMax = 0
    return limits
  }
}

extension SQLiteOptions {
  static var withoutHistory: SQLiteOptions {
    var options = SQLiteOptions()
    options.limits = .withoutHistory
    return options
  }
}

/// A folder of its own for one test.
struct TemporaryFolder {
  let path: String

  func file(_ name: String) -> String { path + "/" + name }

  static func with<T>(_ body: (TemporaryFolder) async throws -> T) async throws -> T {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("thaiyyal-storage-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: url) }
    return try await body(TemporaryFolder(path: url.path))
  }
}

extension WorkflowID {
  static let demo = WorkflowID("demo")!
  static let other = WorkflowID("other")!
}

/// The change at `position`: what it writes says which one it is.
func logged(_ position: UInt64, replica: UInt32 = 1, text: String? = nil) -> LoggedChange {
  LoggedChange(
    position: position, author: Author(subject: "u-\(position % 3)", name: "Ada “\(position)”", kind: .person),
    takenAtMilliseconds: 1_700_000_000_000 + position,
    change: Change(
      replica: ReplicaID(replica), seq: position, hlc: HybridTime(milliseconds: 1_700_000_000_000 + position),
      ops: [.setNodeField(node: NodeID("n\(position)"), field: .data("value"), value: JSONText(unchecked: text ?? "\(position)"))]))
}

func changes(_ positions: ClosedRange<UInt64>) -> [StoreWrite] { positions.map { .change(logged($0)) } }

func lease(_ number: UInt8, replica: UInt32 = 1, before: UInt64 = 0, end: UInt64? = nil, touched: UInt64 = 0) -> LeaseRecord {
  LeaseRecord(
    replica: ReplicaID(replica), secretDigest: Array(repeating: number, count: 32), seqBefore: before, seqAtEnd: end,
    touchedAtMilliseconds: touched)
}

func event(_ run: String, _ seq: UInt64, last: Bool = false) -> StoredRunEvent {
  StoredRunEvent(run: run, seq: seq, isLast: last, body: [UInt8(seq), 0xFF])
}

func snapshot(_ position: UInt64, byteCount: Int = 100) -> StoredSnapshot {
  StoredSnapshot(position: position, data: (0..<byteCount).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ Int(position)) })
}

/// Expects `body` to fail with `code`.
func expect(_ code: StoreError.Code, sourceLocation: SourceLocation = #_sourceLocation, _ body: () async throws(StoreError) -> some Any)
  async
{
  do throws(StoreError) {
    let value = try await body()
    Issue.record("no error, but \(value)", sourceLocation: sourceLocation)
  } catch {
    #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
  }
}

/// Notes in which order completions came, and what they said.
final class Answers: Sendable {
  private let received = Mutex<[(label: Int, result: Result<Void, StoreError>)]>([])

  func note(_ label: Int) -> @Sendable (Result<Void, StoreError>) -> Void {
    { result in self.received.withLock { $0.append((label, result)) } }
  }
  var labels: [Int] { received.withLock { $0.map(\.label) } }
  var codes: [StoreError.Code?] {
    received.withLock { entries in
      entries.map { entry -> StoreError.Code? in
        if case .failure(let error) = entry.result { return error.code }
        return nil
      }
    }
  }
}
