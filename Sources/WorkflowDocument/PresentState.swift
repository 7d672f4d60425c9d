import CRDT
import WorkflowGraph

extension WorkflowDocument {
  /// What the registers that these ops write hold now, as ops: for whoever must take a refused change back.
  ///
  /// An edge that is there comes as `addEdge`, one that is not as `removeEdge` without tags. Each register once, in the order of
  /// the ops. O(ops).
  public func presentState(of ops: [Op]) -> [Op] {
    var seen: Set<Op> = []
    return ops.compactMap { op in
      let present = presentState(of: op)
      return seen.insert(present).inserted ? present : nil
    }
  }

  private func presentState(of op: Op) -> Op {
    switch op {
    case .setMeta(let field, _): .setMeta(field: field, value: meta(field))
    case .setNodeLife(let node, _): .setNodeLife(node: node, alive: isAlive(node))
    case .setNodeField(let node, let field, _): .setNodeField(node: node, field: field, value: value(node: node, field: field))
    case .addEdge(let edge), .removeEdge(let edge, _): liveTags(edge).isEmpty ? .removeEdge(edge, tags: []) : .addEdge(edge)
    case .setEdgeField(let edge, let field, _): .setEdgeField(edge: edge, field: field, value: edgeValue(edge, field))
    case .setCommentLife(let comment, _): .setCommentLife(comment: comment, alive: isAlive(comment))
    case .setCommentField(let comment, let field, _):
      .setCommentField(comment: comment, field: field, value: commentValue(comment, field))
    }
  }
}
