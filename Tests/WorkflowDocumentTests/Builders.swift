import CRDT
import WorkflowDocument
import WorkflowGraph

/// One replica that writes to its own document, in as few words as a test needs.
struct Writer {
  let replica: ReplicaID
  var document = WorkflowDocument()
  var clock = HybridClock()
  private(set) var changes: [Change] = []

  init(_ replica: UInt32) { self.replica = ReplicaID(replica) }

  /// - Parameter time: milliseconds; `nil`: one later than everything seen.
  @discardableResult mutating func write(_ ops: Op..., at time: UInt64? = nil) throws -> Change { try write(ops, at: time) }

  @discardableResult mutating func write(_ ops: [Op], at time: UInt64? = nil) throws -> Change {
    clock.observe(document.highestTime)
    let hlc = time.map { HybridTime(milliseconds: $0) } ?? clock.tick(nowMilliseconds: 0)
    let change = Change(replica: replica, seq: document.version[replica] + 1, hlc: hlc, ops: ops)
    _ = try document.apply(change)
    changes.append(change)
    return change
  }

  mutating func hear(_ other: Writer) throws { for change in other.changes { _ = try document.apply(change) } }
}

func node(_ id: String) -> NodeID { NodeID(id) }
func edge(_ source: String, _ target: String) -> EdgeKey { EdgeKey(source: NodeID(source), target: NodeID(target)) }
func make(_ id: String, _ type: String = "number") -> [Op] {
  [.setNodeLife(node: NodeID(id), alive: true), .setNodeField(node: NodeID(id), field: .type, value: .string(type))]
}
func set(_ id: String, _ field: FieldKey, _ value: String?) -> Op {
  .setNodeField(node: NodeID(id), field: field, value: value.map(JSONText.init(unchecked:)))
}

extension WorkflowDocument {
  var visible: [EdgeKey] { graph().edges.map(\.key) }
  var cyclic: [EdgeKey] { parkedEdges.filter { $0.reason == .cycle }.map(\.key) }
  var orphans: [EdgeKey] { parkedEdges.filter { $0.reason == .orphan }.map(\.key) }
}
