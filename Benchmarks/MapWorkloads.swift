import CMalloc
import CRDT
import CollabClient
import CollabProtocol
import Compression
import NIOCore
import WorkflowDocument
import WorkflowGraph

/// What a library made of one workload. Times are CPU time in nanoseconds; `nil` where the workload has no such step.
struct MapFigures: Codable {
  /// Keys set, or clients.
  var count: Double?
  /// Making the changes, applying them at home and encoding each.
  var write: Double?
  /// Decoding and applying what the others sent.
  var apply: Double?
  /// As `apply`, where it makes a difference, update by update.
  var applyEach: Double?
  /// Calls into the library in `write` and `apply`, for the binding of a peer.
  var updates: Double?
  var steps: Double?
  var updateBytes: Double?
  var encode: Double?
  var docBytes: Double?
  var packedBytes: Double?
  var load: Double?
  /// Bytes on the heap for one loaded document.
  var memory: Double?
  /// Before the deletions; after them; after what nobody needs any more was collected.
  var fullBytes: Double?
  var trimmedBytes: Double?
  /// Nanoseconds of a call that does nothing, of a transaction with nothing in it, and of the Python around a step.
  var call: Double?
  var transaction: Double?
  var step: Double?

  /// The better of two runs of the same work, step by step.
  mutating func takeBest(_ other: Self) {
    for path in Self.times {
      if let mine = self[keyPath: path], let theirs = other[keyPath: path] { self[keyPath: path] = min(mine, theirs) }
    }
  }

  private static var times: [WritableKeyPath<Self, Double?>] {
    [\.write, \.apply, \.applyEach, \.encode, \.load, \.call, \.transaction, \.step]
  }
}

/// The map workloads of the public crdt-benchmarks, done by our document through its wire form.
///
/// A map is the nodes of a canvas and their fields: setting a key sets the field `data.v` of the node of that name. Each update is one message
/// of a client in the binary form, made, checked and decoded as a client and a server do. The peers' half is `peers/maps.py`; keys and values are
/// the same. Source: github.com/dmonad/crdt-benchmarks, B1 and B3.
struct MapWorkloads {
  let count: Int
  let clients: Int
  let nodes: Int

  func run() -> [String: MapFigures] {
    var random = SeededRandom(seed: 1)
    let values = (0..<count).map { _ in random.plain(0x7fff_ffff) }
    var places = SeededRandom(seed: 2)
    let rising = values.enumerated().map { Self.set("k\($0.offset)", "\($0.element)") }
    let falling = values.enumerated().map { Self.set("k\(count - 1 - $0.offset)", "\($0.element)") }
    let anywhere = values.map { Self.set("k\(places.plain(count))", "\($0)") }
    return [
      "B1.8": oneWriter(rising),
      "B1.9": oneWriter(rising, atOnce: true),
      "B1.10": oneWriter(falling),
      "B1.11": oneWriter(anywhere),
      "B3.1": manyWriters { Self.set("v", "\($0)") },
      "B3.2": manyWriters { Self.set("v", "{\"name\":\"\($0)\",\"address\":\"here\"}") },
      "B3.3": manyWriters { Self.set("v", "\"" + String(repeating: "\($0)", count: clients) + "\"") },
      "B3.4": manyWriters { Self.set("k\($0)", "\"\($0)\"") },
      "canvas": canvas(),
    ]
  }

  private static func set(_ key: String, _ value: String) -> Op {
    .setNodeField(node: NodeID(key), field: .data("v"), value: JSONText(unchecked: value))
  }

  /// B1: one client writes, the other gets every update.
  private func oneWriter(_ ops: [Op], atOnce: Bool = false) -> MapFigures {
    var figures = MapFigures(count: Double(ops.count))
    var first = Peer(replica: 1)
    // A change has at most 4096 ops, so all at once are two changes in one message.
    let batches = atOnce ? [[Array(ops[..<(ops.count / 2)]), Array(ops[(ops.count / 2)...])]] : ops.map { [[$0]] }
    figures.write = nanoseconds { for batch in batches { first.write(batch) } }
    var second = Peer(replica: 2)
    figures.apply = nanoseconds { for update in first.updates { second.apply(update) } }
    figures.updateBytes = Double(first.updates.reduce(0) { $0 + $1.readableBytes })
    precondition(second.document.encodeSnapshot() == first.document.encodeSnapshot(), "the two replicas differ")
    measureDocument(&first.document, &figures)
    return figures
  }

  /// B3: every client sets at once without having seen the others; one of them then takes all updates in.
  private func manyWriters(_ op: (Int) -> Op) -> MapFigures {
    var figures = MapFigures(count: Double(clients))
    var updates: [ByteBuffer] = []
    for index in 0..<clients {
      var peer = Peer(replica: UInt32(index + 1))
      peer.write([[op(index)]])
      updates += peer.updates
    }
    var reader = Peer(replica: UInt32(clients + 1))
    figures.apply = nanoseconds { for update in updates { reader.apply(update) } }
    figures.updateBytes = Double(updates.reduce(0) { $0 + $1.readableBytes })
    measureDocument(&reader.document, &figures)
    return figures
  }

  /// Four people build a canvas, drag everything four times, and delete nine nodes of ten.
  private func canvas() -> MapFigures {
    var figures = MapFigures(count: Double(nodes), write: 0, apply: 0)
    var random = SeededRandom(seed: 7)
    func position() -> JSONText { JSONText(unchecked: "{\"x\":\(random.plain(4000)),\"y\":\(random.plain(4000))}") }
    var steps: [[Op]] = []
    for index in 0..<nodes {
      let node = NodeID("node-\(index)")
      steps.append([
        .setNodeLife(node: node, alive: true),
        .setNodeField(node: node, field: .type, value: JSONText(unchecked: "\"number\"")),
        .setNodeField(node: node, field: .position, value: position()),
        .setNodeField(node: node, field: .label, value: JSONText(unchecked: "\"Step \(index)\"")),
      ])
    }
    for _ in 0..<(4 * nodes) {
      let node = NodeID("node-\(random.plain(nodes))")
      steps.append([.setNodeField(node: node, field: .position, value: position())])
    }
    let deletions = (0..<nodes).filter { $0 % 10 != 0 }.map { [Op.setNodeLife(node: NodeID("node-\($0)"), alive: false)] }

    var peers = (1...4).map { Peer(replica: UInt32($0)) }
    func perform(_ steps: [[Op]]) {
      for (at, ops) in steps.enumerated() {
        figures.write! += nanoseconds { peers[at % peers.count].write([ops]) }
        let update = peers[at % peers.count].takeUpdate()
        figures.apply! += nanoseconds { for other in peers.indices where other != at % peers.count { peers[other].apply(update) } }
      }
    }
    perform(steps)
    figures.fullBytes = Double(peers[0].document.encodeSnapshot().count)
    perform(deletions)
    figures.steps = Double(steps.count + deletions.count)
    precondition(peers[0].document.documentHash() == peers[1].document.documentHash(), "the replicas differ")
    let uncollected = peers[0].document.encodeSnapshot().count
    // Everybody has seen everything, and nobody is away.
    _ = peers[0].document.collect(stable: peers[0].document.version, before: HybridTime(rawValue: .max))
    measureDocument(&peers[0].document, &figures)
    figures.trimmedBytes = figures.docBytes
    figures.docBytes = Double(uncollected)
    return figures
  }

  private func measureDocument(_ document: inout WorkflowDocument, _ figures: inout MapFigures) {
    var bytes: [UInt8] = []
    figures.encode = nanoseconds { bytes = document.encodeSnapshot() }
    figures.docBytes = Double(bytes.count)
    figures.packedBytes = Double(Zlib.compress(bytes).count)
    let copies = 10
    var held: [WorkflowDocument] = []
    held.reserveCapacity(copies + 1)
    func load() { if let document = try? WorkflowDocument(snapshot: bytes) { held.append(document) } }
    load()
    let before = Heap.bytesInUse
    figures.load = (0..<copies).map { _ in nanoseconds { load() } }.min()
    figures.memory = Double(Heap.bytesInUse - before) / Double(copies)
    precondition(held.count == copies + 1 && held[copies].encodeSnapshot() == bytes, "what was loaded is something else")
  }

  private func nanoseconds(_ body: () -> Void) -> Double {
    let start = Stopwatch.cpuNanoseconds
    body()
    return Double(Stopwatch.cpuNanoseconds - start)
  }
}

/// A replica with its clock and the updates it made.
private struct Peer {
  var document = WorkflowDocument()
  let replica: ReplicaID
  private(set) var updates: [ByteBuffer] = []
  private var milliseconds: UInt64 = 1_800_000_000_000

  init(replica: UInt32) { self.replica = ReplicaID(replica) }

  mutating func write(_ changes: [[Op]]) {
    var batch = ChangeBatch(batch: UInt64(updates.count + 1), changes: [], seen: 0)
    for ops in changes {
      milliseconds = max(milliseconds, document.highestTime.milliseconds) + 1
      let change = Change(
        replica: replica, seq: document.version[replica] + 1, hlc: HybridTime(milliseconds: milliseconds), ops: ops)
      do { _ = try document.apply(change) } catch { preconditionFailure("an own change does not fit: \(error)") }
      batch.changes.append(change)
    }
    var buffer = ByteBuffer()
    MessageCodec.encode(.change(batch), as: .proto, into: &buffer)
    updates.append(buffer)
  }

  mutating func takeUpdate() -> ByteBuffer { updates.removeLast() }

  /// As a server does: decoded with all checks, looked at as a change of somebody not trusted, applied.
  mutating func apply(_ update: ByteBuffer) {
    do {
      guard case .change(let batch) = try MessageCodec.decodeClient(update, as: .proto), batch.faults.isEmpty else { return }
      for change in batch.changes {
        precondition(document.check(change) == nil, "a change that a server would refuse")
        _ = try document.apply(change)
      }
    } catch { preconditionFailure("an update does not fit: \(error)") }
  }
}

/// What malloc has given out.
enum Heap {
  static var bytesInUse: Int {
    let info = mallinfo2()
    return Int(info.uordblks + info.hblkhd)
  }
}

extension SeededRandom {
  fileprivate mutating func plain(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}
