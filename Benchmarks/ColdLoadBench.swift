import CRDT
import Compression
import Foundation
import RoomCore
import SQLiteStorage
import Storage
import WorkflowDocument
import WorkflowGraph

/// From a database file to a room that can welcome somebody: 10 000 nodes with four fields each, as many edges, and a tail of the log.
enum ColdLoadBench {
  private static let nodeCount = 10_000
  private static let tailCount = 1000

  static func run(_ table: inout Table) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("thaiyyal-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }  // What is left over lies among temporary files.
    let store = try SQLiteStore(path: folder.appendingPathComponent("store.db").path)
    let workflow = WorkflowID("cold")!
    _ = try await store.create(workflow)
    var canvas = GrownCanvas()
    for index in 0..<nodeCount { canvas.addNode(index) }
    try await append(canvas.takeLog(), to: workflow, store)
    let raw = canvas.document.encodeSnapshot()
    try await store.save(StoredSnapshot(position: UInt64(nodeCount), data: Zlib.compress(raw)), of: workflow)
    for index in 0..<tailCount { canvas.moveNode(index) }
    try await append(canvas.takeLog(), to: workflow, store)

    var best = Parts()
    for _ in 0..<5 { best.takeBest(try await load(workflow, from: store)) }
    await store.close()
    let group = "Cold load of \(nodeCount) nodes"
    table.add(group, "from the file: two snapshots at most, the log behind them", best.milliseconds(\.read))
    table.add(group, "inflate the snapshot, \(raw.count) bytes", best.milliseconds(\.inflate))
    table.add(group, "decode it and derive the graph", best.milliseconds(\.decode))
    table.add(group, "apply \(tailCount) changes of the log", best.milliseconds(\.replay))
    table.add(group, "make the room, which looks for findings in every node", best.milliseconds(\.room))
    table.add(group, "first hashes of graph and document", best.milliseconds(\.hash))
    table.add(group, "store → room, all of it", best.milliseconds(\.total))
    let encode = Stopwatch.best { _ = canvas.document.encodeSnapshot() }
    table.add(group, "encode the snapshot", "\(short(encode / 1e6)) ms")
  }

  private struct Parts {
    var read = Double.infinity
    var inflate = Double.infinity
    var decode = Double.infinity
    var replay = Double.infinity
    var room = Double.infinity
    var hash = Double.infinity
    var total = Double.infinity

    mutating func takeBest(_ other: Self) {
      for path in [\Self.read, \.inflate, \.decode, \.replay, \.room, \.hash, \.total] {
        self[keyPath: path] = min(self[keyPath: path], other[keyPath: path])
      }
    }

    func milliseconds(_ path: KeyPath<Self, Double>) -> String { "\(short(self[keyPath: path] / 1e6)) ms" }
  }

  private static func load(_ workflow: WorkflowID, from store: SQLiteStore) async throws -> Parts {
    var parts = Parts()
    let start = Stopwatch.nanoseconds
    var last = start
    func lap() -> Double {
      let now = Stopwatch.nanoseconds
      defer { last = now }
      return Double(now - last)
    }
    guard let stored = try await store.load(workflow), let snapshot = stored.snapshots.first else { return parts }
    parts.read = lap()
    let raw = try Zlib.decompress(snapshot.data, bytesMax: 1 << 30)
    parts.inflate = lap()
    var document = try WorkflowDocument(snapshot: raw)
    parts.decode = lap()
    for entry in stored.log where entry.position > snapshot.position { _ = try document.apply(entry.change) }
    parts.replay = lap()
    let seed = RoomSeed(document: document, position: UInt64(nodeCount + tailCount), snapshotPosition: snapshot.position)
    let now = RoomTime(wallMilliseconds: 1_800_000_000_000, monotonicMilliseconds: 0)
    _ = Room(seed, limits: RoomLimits(), server: "bench", randomSeed: 1, now: now)
    parts.room = lap()
    parts.total = Double(last - start)
    _ = document.graphHash()
    _ = document.documentHash()
    parts.hash = lap()
    return parts
  }

  private static func append(_ changes: [LoggedChange], to workflow: WorkflowID, _ store: SQLiteStore) async throws {
    let result: Result<Void, StoreError> = await withCheckedContinuation { continuation in
      store.append(changes.map { .change($0) }, to: workflow) { continuation.resume(returning: $0) }
    }
    try result.get()
  }
}

/// A canvas with its log.
struct GrownCanvas {
  private(set) var document = WorkflowDocument()
  private var log: [LoggedChange] = []
  private var count: UInt64 = 0

  static func node(_ index: Int) -> NodeID { NodeID("node-\(index)-\(index * 7919)") }

  mutating func addNode(_ index: Int) {
    let node = Self.node(index)
    var ops: [Op] = [
      .setNodeLife(node: node, alive: true),
      .setNodeField(node: node, field: .type, value: JSONText(unchecked: "\"opNode\"")),
      .setNodeField(node: node, field: .position, value: Self.position(index)),
      .setNodeField(node: node, field: .label, value: JSONText(unchecked: "\"Step number \(index)\"")),
      .setNodeField(node: node, field: .data("op"), value: JSONText(unchecked: "\"add\"")),
    ]
    if index > 0 { ops.append(.addEdge(EdgeKey(source: Self.node(index * 7 / 10), target: node))) }
    write(ops)
  }

  mutating func moveNode(_ index: Int) {
    write([.setNodeField(node: Self.node(index), field: .position, value: Self.position(index + 1))])
  }

  private static func position(_ index: Int) -> JSONText {
    JSONText(unchecked: "{\"x\":\(index * 13 % 4000),\"y\":\(index * 17 % 4000)}")
  }

  private mutating func write(_ ops: [Op]) {
    count += 1
    let change = Change(replica: ReplicaID(1), seq: count, hlc: HybridTime(milliseconds: 1_800_000_000_000 + count), ops: ops)
    do { _ = try document.apply(change) } catch { preconditionFailure("an own change does not fit: \(error)") }
    log.append(
      LoggedChange(
        position: count, author: Author(name: "bench", kind: .bot), takenAtMilliseconds: 1_800_000_000_000 + count, change: change))
  }

  mutating func takeLog() -> [LoggedChange] {
    defer { log = [] }
    return log
  }
}
