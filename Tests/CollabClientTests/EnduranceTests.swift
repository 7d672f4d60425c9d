import CRDT
import Testing
import WorkflowDocument
import WorkflowGraph

@testable import CollabClient

/// A small form of the benchmark's million edits.
@Suite struct EnduranceTests {
  private static let editsPerCollection = 500
  private static let horizonMilliseconds: UInt64 = 1_000_000

  /// Four people in turn, an edit a second, collected with a horizon as a room does it.
  private struct Canvas {
    var document = WorkflowDocument()
    var editCount = 0
    var milliseconds: UInt64 = 1_800_000_000_000
    var mixes: [EditMix] = (0..<4).map { index in
      var mix = EditMix(seed: UInt64(index + 1), prefix: "r\(index)-")
      mix.withPresence = false
      mix.nodesAim = 60
      mix.weights.comment = 0  // Nobody takes them away again.
      return mix
    }

    mutating func edit(upTo count: Int, horizonMilliseconds: UInt64) throws {
      while editCount < count {
        guard case .edit(let ops) = mixes[editCount % 4].nextEdit(document) else { continue }
        milliseconds += 1000
        let replica = ReplicaID(UInt32(editCount % 4 + 1))
        let change = Change(replica: replica, seq: document.version[replica] + 1, hlc: HybridTime(milliseconds: milliseconds), ops: ops)
        #expect(try document.apply(change) == .applied)
        editCount += 1
        if editCount % EnduranceTests.editsPerCollection == 0 { collect(before: milliseconds - horizonMilliseconds) }
      }
    }

    mutating func collect(before milliseconds: UInt64) {
      _ = document.collect(stable: document.version, before: HybridTime(milliseconds: milliseconds))
    }
  }

  /// The bytes of a document that never was anything but what is on this one's canvas.
  private func freshBytes(_ document: WorkflowDocument) throws -> (snapshot: Int, counted: Int) {
    var ops = document.meta.map { Op.setMeta(field: $0.key, value: $0.value) }
    for node in document.graph().nodes {
      ops.append(.setNodeLife(node: node.id, alive: true))
      ops += node.fields.map { .setNodeField(node: node.id, field: $0.key, value: $0.value) }
    }
    ops += (document.graph().edges.map(\.key) + document.parkedEdges.map(\.key)).map { .addEdge($0) }
    var copy = WorkflowDocument()
    _ = try copy.apply(Change(replica: ReplicaID(1), seq: 1, hlc: HybridTime(milliseconds: 1), ops: ops))
    return (copy.encodeSnapshot().count, copy.byteCount)
  }

  @Test("[ME5] a document is as large as its canvas and the horizon, however many edits went over it")
  func flat() throws {
    var canvas = Canvas()
    try canvas.edit(upTo: 4000, horizonMilliseconds: Self.horizonMilliseconds)
    let early = canvas.document.encodeSnapshot().count
    try canvas.edit(upTo: 16_000, horizonMilliseconds: Self.horizonMilliseconds)
    let late = canvas.document.encodeSnapshot().count
    #expect(late < 2 * early, "after four times the edits")

    let uncollected = canvas.document.byteCount
    canvas.collect(before: canvas.milliseconds + 1)
    let fresh = try freshBytes(canvas.document)
    #expect(canvas.document.byteCount < uncollected, "there was something to collect")
    // Stamps of different changes take some bytes more than those of a single one.
    #expect(canvas.document.encodeSnapshot().count < 2 * fresh.snapshot)
    #expect(canvas.document.byteCount <= fresh.counted + fresh.counted / 10)
  }
}
