import CRDT
import CollabClient
import CollabProtocol
import Compression
import NIOCore
import WorkflowDocument
import WorkflowGraph

/// The core and the codecs alone, on one thread.
enum DocumentBench {
  static func run(_ table: inout Table) {
    let history = mixedHistory(replicas: 4, count: 40_000)
    applying(history, &table)
    largeGraph(&table)
    FingerprintBench.run(&table)
    codecs(&table)
  }

  /// What four people do in turn, each seeing everything.
  private static func mixedHistory(replicas: Int, count: Int) -> [Change] {
    var document = WorkflowDocument()
    var clock = HybridClock()
    var mixes = (0..<replicas).map { index in
      var mix = EditMix(seed: UInt64(index), prefix: "r\(index)-")
      mix.withPresence = false
      mix.nodesAim = 500
      return mix
    }
    var changes: [Change] = []
    while changes.count < count {
      let at = changes.count % replicas
      let replica = ReplicaID(UInt32(at + 1))
      guard case .edit(let ops) = mixes[at].nextEdit(document) else { continue }
      let time = clock.tick(nowMilliseconds: 1_800_000_000_000 + UInt64(changes.count))
      let change = Change(replica: replica, seq: document.version[replica] + 1, hlc: time, ops: ops)
      _ = try? document.apply(change)
      changes.append(change)
    }
    return changes
  }

  private static func applying(_ history: [Change], _ table: inout Table) {
    let opCount = history.reduce(0) { $0 + $1.ops.count }
    var document = WorkflowDocument()
    let apply = Stopwatch.best(repetitions: opCount) {
      document = WorkflowDocument()
      for change in history { _ = try? document.apply(change) }
    }
    table.add(
      "Document", "apply an op of the realistic mix (\(history.count) changes, \(document.nodeCount) nodes at the end)",
      "\(short(apply)) ns")
    let checked = Stopwatch.best(repetitions: opCount) {
      document = WorkflowDocument()
      for change in history where document.check(change) == nil { _ = try? document.apply(change) }
    }
    table.add("Document", "check it against all limits and apply it, as a server does", "\(short(checked)) ns")

    var first = WorkflowDocument()
    for change in history where change.replica.rawValue <= 2 { _ = try? first.apply(change) }
    var second = WorkflowDocument()
    for change in history where change.replica.rawValue > 2 { _ = try? second.apply(change) }
    let merge = Stopwatch.best {
      var merged = first
      merged.merge(second)
    }
    table.add("Document", "merge two halves of it, \(first.nodeCount) and \(second.nodeCount) nodes", "\(short(merge / 1e6)) ms")

    var raw: [UInt8] = []
    let encode = Stopwatch.best { raw = document.encodeSnapshot() }
    let packed = Zlib.compress(raw)
    let decode = Stopwatch.best { _ = try? WorkflowDocument(snapshot: raw) }
    table.add("Document", "snapshot of it: \(raw.count) bytes, \(packed.count) packed; encode", "\(short(encode / 1e6)) ms")
    table.add("Document", "decode that snapshot", "\(short(decode / 1e6)) ms")
    var hashed = document
    _ = hashed.documentHash()
    var seq = hashed.version[ReplicaID(9)]
    let hash = Stopwatch.best(rounds: 5, repetitions: 100) {
      for _ in 0..<100 {
        seq += 1
        let node = NodeID("r0-1")
        let time = HybridTime(rawValue: hashed.highestTime.rawValue + 1)
        _ = try? hashed.apply(
          Change(
            replica: ReplicaID(9), seq: seq, hlc: time,
            ops: [.setNodeField(node: node, field: .data("v"), value: JSONText(unchecked: "\(seq)"))]))
        _ = hashed.documentHash()
      }
    }
    table.add("Document", "document hash after one edit", "\(short(hash / 1000)) µs")
  }

  private static func largeGraph(_ table: inout Table) {
    let count = 10_000
    var document = WorkflowDocument()
    var ops: [Op] = []
    for index in 0..<count {
      let node = NodeID("n\(index)")
      ops.append(.setNodeLife(node: node, alive: true))
      ops.append(.setNodeField(node: node, field: .type, value: JSONText(unchecked: "\"opNode\"")))
      if index > 0 { ops.append(.addEdge(EdgeKey(source: NodeID("n\(index * 7 / 10)"), target: node))) }
    }
    let replica = ReplicaID(1)
    var time = HybridTime(milliseconds: 1_800_000_000_000)
    func next() -> HybridTime {
      time = HybridTime(rawValue: time.rawValue + 1)
      return time
    }
    _ = try? document.apply(Change(replica: replica, seq: 1, hlc: next(), ops: ops))
    var seq: UInt64 = 1
    var random = SeededRandom(seed: 1)
    let edits = 2000
    let apply = Stopwatch.best(repetitions: edits) {
      for _ in 0..<edits {
        seq += 1
        let from = Int.random(in: 0..<count - 1, using: &random)
        let edge = EdgeKey(
          source: NodeID("n\(from)"), sourceHandle: "\(seq)", target: NodeID("n\(Int.random(in: from + 1..<count, using: &random))"))
        _ = try? document.apply(Change(replica: replica, seq: seq, hlc: next(), ops: [.addEdge(edge)]))
      }
    }
    table.add("Document", "connect two of 10 000 nodes", "\(short(apply / 1000)) µs", target: "O(log n + affected region) (GV6)")
  }

  private static func codecs(_ table: inout Table) {
    let ops: [Op] = [
      .setNodeField(node: NodeID("node-17"), field: .position, value: JSONText(unchecked: "{\"x\":1040,\"y\":280}")),
      .setNodeField(node: NodeID("node-17"), field: .data("label"), value: JSONText(unchecked: "\"Total of the month\"")),
      .addEdge(EdgeKey(source: NodeID("node-17"), sourceHandle: "true", target: NodeID("node-18"))),
    ]
    let change = Change(replica: ReplicaID(12), seq: 3456, hlc: HybridTime(milliseconds: 1_800_000_000_000), ops: ops)
    let batch = ClientMessage.change(ChangeBatch(batch: 77, changes: [change], seen: 9999))
    let repetitions = 20_000
    for encoding in WireEncoding.allCases {
      var buffer = ByteBuffer()
      let encode = Stopwatch.best(repetitions: repetitions) {
        for _ in 0..<repetitions {
          buffer.clear()
          MessageCodec.encode(batch, as: encoding, into: &buffer)
        }
      }
      let bytes = buffer.readableBytes
      let decode = Stopwatch.best(repetitions: repetitions) {
        for _ in 0..<repetitions { _ = try? MessageCodec.decodeClient(buffer, as: encoding) }
      }
      table.add("Codecs", "a change of 3 ops in \(encoding), \(bytes) bytes: encode / decode", "\(short(encode)) / \(short(decode)) ns")
    }
  }
}
