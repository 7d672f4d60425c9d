public import CRDT
import WorkflowGraph

extension WorkflowDocument {
  /// Drops what nobody can need any more: unset fields, dead nodes and comments with their fields, attributes of removed edges.
  ///
  /// What is visible does not change, so replicas that have and have not collected agree, as long as nobody brings a dead node back
  /// without its fields (`UndoStack` sends them along once the removal is old).
  /// - Parameters:
  ///   - stable: what every replica that may still write had seen when it made the last of its changes that are in here. Nothing later is
  ///     dropped. (A replica's word that it has seen something counts only once all it wrote before saying so has arrived.)
  ///   - before: only writes stamped earlier are dropped.
  /// - Returns: how many registers were dropped. O(n log n) if any, else O(n). Spec: ME5.
  public mutating func collect(stable: Version, before: HybridTime) -> Int {
    var collector = Collector(stable: stable, before: before)
    let collected = collector.collect(state)
    if collector.dropped > 0 { adopt(collected) }
    return collector.dropped
  }
}

private struct Collector {
  let stable: Version
  let before: HybridTime
  var dropped = 0

  init(stable: Version, before: HybridTime) {
    self.stable = stable
    self.before = before
  }

  mutating func collect(_ state: DocumentState) -> DocumentState {
    var result = DocumentState()
    // Names in use come again one by one; those that only dropped registers had are gone with them.
    result.version = state.version
    result.highestTime = state.highestTime
    result.pendingRemovals = state.pendingRemovals
    result.reserve(nodes: state.nodes.count, edges: state.edges.count)
    result.put(meta: kept(state.meta, state, &result))
    for slot in state.nodeSlotsInUse.sorted() {
      let node = state.nodes[Int(slot)]
      let life = kept(node.life)
      result.put(node: node.id, life: life, fields: kept(node.fields, isDead: life == nil, state, &result))
    }
    for slot in state.edgeSlotsInUse.sorted() {
      let edge = state.edges[Int(slot)]
      let fields = kept(edge.fields, isDead: edge.tags.isEmpty, state, &result)
      result.put(edge: state.key(of: slot), tags: edge.tags, fields: fields)
    }
    for (id, comment) in state.comments.sorted(by: { $0.key < $1.key }) {
      let life = kept(comment.life)
      let fields = kept(comment.fields, isDead: life == nil, state, &result)
      result.put(comment: id, CommentRecord(life: life, fields: fields))
    }
    return result
  }

  private func isOld(_ stamp: Stamp) -> Bool { stamp.hlc < before && stable.covers(stamp.id) }

  private mutating func kept(_ life: LWWRegister<Bool>?) -> LWWRegister<Bool>? {
    guard let life, !life.value, isOld(life.stamp) else { return life }
    dropped += 1
    return nil
  }

  private mutating func kept(
    _ fields: FieldMap, isDead: Bool = false, _ state: DocumentState, _ result: inout DocumentState
  ) -> FieldMap {
    var left = FieldMap()
    for entry in fields.entries {
      if (isDead || entry.register.value == nil) && isOld(entry.register.stamp) {
        dropped += 1
      } else {
        _ = left.write(result.intern(state.names[entry.key]), entry.register.value, stamp: entry.register.stamp)
      }
    }
    return left
  }
}
