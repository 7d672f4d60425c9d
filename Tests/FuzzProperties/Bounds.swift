import CRDT
import CollabProtocol
import WorkflowDocument
import WorkflowGraph

/// Looks again, without the decoder's code, whether a message is within the limits it was read under. Spec: LM1, LM2, RF2.
enum Bounds {
  /// - Returns: what is beyond its bound.
  static func of(_ version: Version, _ limits: DecodeLimits) -> String? {
    if version.entries.count > limits.elementsMax { return "a version of \(version.entries.count) replicas" }
    if version.entries.contains(where: { $0.replica == .none || $0.seq == 0 }) { return "a version that names nothing" }
    let isAscending = zip(version.entries, version.entries.dropFirst()).allSatisfy { $0.replica < $1.replica }
    return isAscending ? nil : "a version out of order"
  }

  static func of(_ batch: ChangeBatch, _ limits: DecodeLimits) -> String? {
    if batch.changes.count > limits.changesPerBatchMax { return "\(batch.changes.count) changes" }
    let places = batch.faults.map(\.index)
    if zip(places, places.dropFirst()).contains(where: { $0 >= $1 }) { return "faults out of order" }
    for fault in batch.faults {
      guard batch.changes.indices.contains(fault.index), batch.changes[fault.index].ops.isEmpty else { return "a fault of nothing" }
      guard fault.code == .invalid || fault.code == .tooLarge, !fault.text.isEmpty else { return "a fault of a strange kind" }
    }
    let faulty = Set(places)
    for (index, change) in batch.changes.enumerated() where !faulty.contains(index) {
      if let text = of(change, limits) { return text }
    }
    return nil
  }

  static func of(_ change: Change, _ limits: DecodeLimits) -> String? {
    if change.seq == 0 { return "a change without seq" }
    guard (1...limits.opsPerChangeMax).contains(change.ops.count) else { return "a change of \(change.ops.count) ops" }
    return change.ops.lazy.compactMap { of($0, limits) }.first
  }

  private static func of(_ op: Op, _ limits: DecodeLimits) -> String? {
    switch op {
    case .setMeta(let field, let value): of(field) ?? of(value, limits)
    case .setNodeLife(let node, _): of(id: node.rawValue)
    case .setNodeField(let node, let field, let value): of(id: node.rawValue) ?? of(field) ?? of(value, limits)
    case .addEdge(let edge): of(edge)
    case .removeEdge(let edge, let tags): of(edge) ?? ((1...limits.tagsPerOpMax).contains(tags.count) ? nil : "\(tags.count) tags")
    case .setEdgeField(let edge, let field, let value): of(edge) ?? of(field) ?? of(value, limits)
    case .setCommentLife(let comment, _): of(id: comment.rawValue)
    case .setCommentField(let comment, let field, let value): of(id: comment.rawValue) ?? of(field) ?? of(value, limits)
    }
  }

  static func of(_ state: PresenceState, _ limits: DecodeLimits) -> String? {
    if max(state.selectedNodes.count, state.selectedEdges.count, state.dragging.count) > limits.elementsMax { return "a list too long" }
    if state.extra.utf8.count > limits.presenceBytesMax || state.editing.utf8.count > 513 { return "a text too long" }
    if !state.extra.isEmpty, (try? JSONText(validating: state.extra)) == nil { return "an extra that is no JSON" }
    let numbers = [state.cursor?.x, state.cursor?.y, state.viewport?.x, state.viewport?.y, state.viewport?.zoom].compactMap { $0 }
    if !(numbers + state.dragging.flatMap { [$0.position.x, $0.position.y] }).allSatisfy(\.isFinite) { return "a number that is none" }
    return state.selectedEdges.lazy.compactMap { of($0) }.first
  }

  private static func of(_ field: FieldKey) -> String? { (1...256).contains(field.rawValue.utf8.count) ? nil : "a field's name" }
  private static func of(id: String) -> String? { (1...256).contains(id.utf8.count) ? nil : "an id of \(id.utf8.count) bytes" }

  private static func of(_ edge: EdgeKey) -> String? {
    if max(edge.sourceHandle?.utf8.count ?? 0, edge.targetHandle?.utf8.count ?? 0) > 256 { return "a handle too long" }
    return of(id: edge.source.rawValue) ?? of(id: edge.target.rawValue)
  }

  private static func of(_ value: JSONText?, _ limits: DecodeLimits) -> String? {
    guard let value else { return nil }
    if value.text.utf8.count > limits.valueBytesMax { return "a value too long" }
    return (try? JSONText(validating: value.text)) == nil ? "a value that is no JSON" : nil
  }
}
