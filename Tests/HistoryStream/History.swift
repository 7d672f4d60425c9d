import CRDT
import CollabProtocol
import DocumentHistories
import Hashing
import NIOCore
import WorkflowDocument
import WorkflowGraph

/// What several writers did, in several orders of arrival, and what the document here shows of each.
struct History {
  private let seed: UInt64
  private let changes: [Change]
  private var random: SeededRandom

  init(seed: UInt64) {
    self.seed = seed
    var replicas = SimulatedReplicas(seed: seed)
    _ = replicas.run(steps: 14 + Int(seed % 6) * 4) { _, _ in nil }
    changes = replicas.log.flatMap { $0 }
    random = SeededRandom(seed: seed ^ 0x5eed)
  }

  var line: String {
    var copy = self
    let orders = (0..<2).map { _ in copy.order() }
    let wires = changes.map(WireText.change).joined(separator: ",")
    return "{\"seed\":\(seed),\"changes\":[\(wires)],\"orders\":[\(orders.joined(separator: ","))]}"
  }

  /// One way in which the changes arrive: writers mixed, each in its order but for repetitions and changes that come too soon.
  private mutating func order() -> String {
    var document = WorkflowDocument()
    var arrivals: [Int] = []
    var outcomes = ""
    var checks: [String] = []
    var applied = 0
    while applied < changes.count {
      let at = nextArrival(document)
      arrivals.append(at)
      let outcome = Result { () throws(ApplyError) in try document.apply(changes[at]) }
      switch outcome {
      case .success(.applied):
        applied += 1
        outcomes += "a"
      case .success(.duplicate): outcomes += "d"
      case .failure: outcomes += "g"
      }
      if random.chance(12) || applied == changes.count {
        checks.append(ViewText.check(&document, at: arrivals.count))
      }
    }
    let end = ViewText.whole(&document)
    let list = arrivals.map { "\($0)" }.joined(separator: ",")
    return "{\"arrivals\":[\(list)],\"outcomes\":\"\(outcomes)\",\"checks\":[\(checks.joined(separator: ","))],\"end\":\(end)}"
  }

  private mutating func nextArrival(_ document: WorkflowDocument) -> Int {
    let any = Int.random(in: 0..<changes.count, using: &random)
    if random.chance(12) { return any }
    // The first change of some writer that is missing here; there is one.
    let due = changes.indices.filter { document.version[changes[$0].replica] + 1 == changes[$0].seq }
    return due.randomElement(using: &random) ?? any
  }
}

/// Changes as they stand on the wire.
enum WireText {
  static func change(_ change: Change) -> String {
    var buffer = ByteBuffer()
    MessageCodec.encode(ClientMessage.change(ChangeBatch(batch: 0, changes: [change], seen: 0)), as: .json, into: &buffer)
    let text = String(buffer: buffer)
    return String(text.dropFirst(#"{"change":{"changes":["#.count).dropLast("]}}".count))
  }
}

/// A document's view as JSON, the same from every implementation.
enum ViewText {
  static func check(_ document: inout WorkflowDocument, at count: Int) -> String {
    let (graph, whole) = (Hex.encode(document.graphHash()), Hex.encode(document.documentHash()))
    let fingerprints = fingerprints(&document)
    return
      "{\"at\":\(count),\"graphHash\":\"\(graph)\",\"documentHash\":\"\(whole)\",\"parked\":\(parked(document)),\"fingerprints\":\(fingerprints)}"
  }

  static func whole(_ document: inout WorkflowDocument) -> String {
    let graph = document.graph()
    let snapshot = document.encodeSnapshot()
    let parts = [
      ("nodes", list(graph.nodes.map { "[\(text($0.id.rawValue)),\(fields($0.fields))]" })),
      ("edges", list(graph.edges.map { "[\(key($0.key)),\(fields($0.fields))]" })),
      ("parked", parked(document)),
      ("meta", fields(document.meta)),
      ("comments", list(document.comments.map { text($0.rawValue) })),
      ("issues", list(document.issues.map(issue))),
      ("bytes", "\(document.byteCount)"),
      ("counts", "[\(document.nodeCount),\(document.edgeCount)]"),
      ("snapshot", text(Hex.encode(SHA256.digest(snapshot)))),
    ]
    return "{" + parts.map { "\"\($0)\":\($1)" }.joined(separator: ",") + "}"
  }

  private static func parked(_ document: WorkflowDocument) -> String {
    list(document.parkedEdges.map { "[\(key($0.key)),\"\($0.reason.rawValue)\"]" })
  }

  /// Of the visible nodes in id order, as numbers in hexadecimal.
  private static func fingerprints(_ document: inout WorkflowDocument) -> String {
    list(document.allFingerprints().sorted { $0.key < $1.key }.map { text(String($0.value, radix: 16)) })
  }

  private static func issue(_ issue: Issue) -> String {
    list([
      text(issue.code), text(issue.severity.rawValue), issue.node.map { text($0.rawValue) } ?? "null", issue.edge.map(key) ?? "null",
      issue.field.map { text($0.rawValue) } ?? "null", text(issue.text),
    ])
  }

  private static func key(_ key: EdgeKey) -> String {
    list([
      text(key.source.rawValue), key.sourceHandle.map(text) ?? "null", text(key.target.rawValue), key.targetHandle.map(text) ?? "null",
    ])
  }

  private static func fields(_ fields: [FieldKey: JSONText]) -> String {
    let sorted = fields.sorted { CanonicalJSON.nameOrder($0.key.rawValue, $1.key.rawValue) }
    return "{" + sorted.map { "\(text($0.key.rawValue)):\(text($0.value.text))" }.joined(separator: ",") + "}"
  }

  private static func list(_ items: [String]) -> String { "[" + items.joined(separator: ",") + "]" }

  private static func text(_ text: String) -> String { JSONText.string(text).text }
}
