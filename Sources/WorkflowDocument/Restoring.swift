import CRDT
import WorkflowGraph

/// The way back to an earlier state: an ordinary edit, which others see and merge, and which can be undone.
extension WorkflowDocument {
  /// The ops that give this document the content of `old`: its nodes, its edges in their order, its own fields. Only what differs.
  ///
  /// Applied at once, both have the same graph hash and park the same edges. Comments stay as they are: they are about the work, not part of
  /// it. What is in the wrong place of the edge order is drawn anew, for an edge's place is the stamp of the op that drew it (GV2).
  /// - Returns: in this order: fields of the workflow, nodes in id order, edges that go, edges in the order of `old`. Empty when nothing differs.
  /// - Complexity: O(n log n) for n registers and edges. Spec: HI6.
  public func ops(restoring old: WorkflowDocument) -> [Op] {
    var ops: [Op] = []
    for change in GraphDiff.fieldChanges(from: meta, to: old.meta) { ops.append(.setMeta(field: change.field, value: change.after)) }
    restoreNodes(of: old, into: &ops)
    restoreEdges(of: old, into: &ops)
    return ops
  }

  private func restoreNodes(of old: WorkflowDocument, into ops: inout [Op]) {
    for node in Set(aliveNodes).union(old.aliveNodes).sorted() {
      guard old.isAlive(node) else {
        ops.append(.setNodeLife(node: node, alive: false))
        continue
      }
      if !isAlive(node) { ops.append(.setNodeLife(node: node, alive: true)) }
      // A removed node keeps its registers for a while, so what it has still need not be said again.
      for change in GraphDiff.fieldChanges(from: registers(of: node), to: old.registers(of: node)) {
        ops.append(.setNodeField(node: node, field: change.field, value: change.after))
      }
    }
  }

  private func restoreEdges(of old: WorkflowDocument, into ops: inout [Op]) {
    let present = liveEdges
    let wanted = old.liveEdges
    let wantedKeys = Set(wanted)
    for edge in present where !wantedKeys.contains(edge) { ops.append(.removeEdge(edge, tags: liveTags(edge))) }

    let places = Dictionary(uniqueKeysWithValues: present.enumerated().map { ($0.element, $0.offset) })
    // The longest beginning of the old order that stands in this order now; what is drawn anew comes behind it.
    var last = -1
    let kept = wanted.prefix { edge in
      guard let place = places[edge], place > last else { return false }
      last = place
      return true
    }
    for edge in kept {
      for change in GraphDiff.fieldChanges(from: attributes(of: edge), to: old.attributes(of: edge)) {
        ops.append(.setEdgeField(edge: edge, field: change.field, value: change.after))
      }
    }
    for edge in wanted.dropFirst(kept.count) {
      if places[edge] != nil { ops.append(.removeEdge(edge, tags: liveTags(edge))) }
      ops.append(.addEdge(edge))
      for (field, value) in old.attributes(of: edge).sorted(by: { $0.key < $1.key }) {
        ops.append(.setEdgeField(edge: edge, field: field, value: value))
      }
    }
  }

  private var aliveNodes: [NodeID] {
    state.nodeSlotsInUse.compactMap { slot in state.nodes[Int(slot)].isAlive ? state.nodes[Int(slot)].id : nil }
  }

  /// In edge order, parked ones among them.
  var liveEdges: [EdgeKey] {
    var keys: [EdgeKey] = []
    projection.live.visit { keys.append(state.key(of: $0)) }
    return keys
  }

  func registers(of node: NodeID) -> [FieldKey: JSONText] {
    state.slot(of: node).map { values(state.nodes[Int($0)].fields.entries) } ?? [:]
  }

  func attributes(of edge: EdgeKey) -> [FieldKey: JSONText] {
    state.slot(of: edge).map { values(state.edges[Int($0)].presentFields) } ?? [:]
  }
}
