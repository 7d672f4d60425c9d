import CRDT
import CollabClient
import RoomCore
import WorkflowDocument
import WorkflowGraph

/// What is left of a great many edits: a document must grow with what is on its canvas, not with what was done to it. Spec: ME5.
enum EnduranceBench {
  /// Virtual: an edit a second for eleven days, collected as often and as late as a room does.
  private static let millisecondsPerEdit: UInt64 = 1000
  private static let milestones = [100_000, 250_000, 500_000, 1_000_000]

  static func run(_ table: inout Table) {
    let limits = RoomLimits()
    let editsPerCollection = Int(limits.collectionIntervalMilliseconds / millisecondsPerEdit)
    var room = BusyRoom(nodesAim: 500)
    var sizes: [String] = []
    var collecting: UInt64 = 0
    for milestone in milestones {
      while room.editCount < milestone {
        room.edit(after: millisecondsPerEdit)
        if room.editCount % 100 == 0 { _ = room.document.takeIssueChanges() }
        guard room.editCount % editsPerCollection == 0 else { continue }
        let start = Stopwatch.nanoseconds
        room.collect(before: room.milliseconds - limits.collectionHorizonMilliseconds)
        collecting += Stopwatch.nanoseconds - start
      }
      sizes.append("\(milestone / 1000)k: \(kibibytes(room.document.encodeSnapshot().count))")
    }
    let group = "After \(room.editCount) edits of one document"
    table.add(group, "snapshot with all that a day's horizon keeps, KiB after so many edits", sizes.joined(separator: ", "), target: "flat")
    table.add(group, "collecting, for each edit", "\(short(Double(collecting) / Double(room.editCount))) ns")

    room.collect(before: room.milliseconds + 1)
    _ = room.document.takeIssueChanges()
    let snapshot = room.document.encodeSnapshot()
    let fresh = room.document.copiedWithoutHistory().encodeSnapshot().count
    table.add(
      group, "snapshot once all is collected: \(room.document.nodeCount) nodes, \(room.document.edgeCount) edges",
      "\(kibibytes(snapshot.count)) KiB, \(ratio(snapshot.count, fresh)) × a new document of the same canvas", target: "flat")
    let grown = room.releaseDocument()
    var loaded = try? WorkflowDocument(snapshot: snapshot)
    _ = loaded?.takeIssueChanges()
    let before = Heap.bytesInUse
    loaded = nil
    table.add(
      group, "memory once all is collected",
      "\(kibibytes(grown)) KiB, \(ratio(grown, before - Heap.bytesInUse)) × the same document just loaded", target: "flat")
  }

  private static func kibibytes(_ bytes: Int) -> String { short(Double(bytes) / 1024) }
  private static func ratio(_ a: Int, _ b: Int) -> String { short(Double(a) / Double(max(1, b))) }
}

/// Four people at one document, in turn, each seeing everything.
private struct BusyRoom {
  private(set) var editCount = 0
  private(set) var milliseconds: UInt64 = 1_800_000_000_000
  var document = WorkflowDocument()
  private var mixes: [EditMix]

  init(nodesAim: Int) {
    mixes = (0..<4).map { index in
      var mix = EditMix(seed: UInt64(index), prefix: "r\(index)-")
      mix.withPresence = false
      mix.nodesAim = nodesAim
      // The mix never takes a comment away, so they would pile up on the canvas itself.
      mix.weights.comment = 0
      return mix
    }
  }

  mutating func edit(after pause: UInt64) {
    let at = editCount % mixes.count
    guard case .edit(let ops) = mixes[at].nextEdit(document) else { return }
    milliseconds += pause
    let replica = ReplicaID(UInt32(at + 1))
    let change = Change(replica: replica, seq: document.version[replica] + 1, hlc: HybridTime(milliseconds: milliseconds), ops: ops)
    do { _ = try document.apply(change) } catch { preconditionFailure("an own change does not fit: \(error)") }
    editCount += 1
  }

  mutating func collect(before milliseconds: UInt64) {
    _ = document.collect(stable: document.version, before: HybridTime(milliseconds: milliseconds))
  }

  /// - Returns: bytes that go back to the heap.
  mutating func releaseDocument() -> Int {
    let before = Heap.bytesInUse
    document = WorkflowDocument()
    return before - Heap.bytesInUse
  }
}

extension WorkflowDocument {
  /// What is on the canvas, as one change of a new document.
  fileprivate func copiedWithoutHistory() -> WorkflowDocument {
    var ops = meta.map { Op.setMeta(field: $0.key, value: $0.value) }
    let graph = graph()
    for node in graph.nodes {
      ops.append(.setNodeLife(node: node.id, alive: true))
      ops += node.fields.map { .setNodeField(node: node.id, field: $0.key, value: $0.value) }
    }
    for key in graph.edges.map(\.key) + parkedEdges.map(\.key) {
      ops.append(.addEdge(key))
    }
    var copy = WorkflowDocument()
    _ = try? copy.apply(Change(replica: ReplicaID(1), seq: 1, hlc: HybridTime(milliseconds: 1_800_000_000_000), ops: ops))
    return copy
  }
}
