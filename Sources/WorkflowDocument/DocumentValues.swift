public import CRDT
public import WorkflowGraph

extension WorkflowDocument {
  /// What the node's register holds; `nil` when it was never set or is unset. Also for a removed node.
  public func value(node: NodeID, field: FieldKey) -> JSONText? {
    guard let slot = state.slot(of: node) else { return nil }
    return value(state.nodes[Int(slot)].fields, field)
  }

  public func isAlive(_ node: NodeID) -> Bool { state.slot(of: node).map { state.nodes[Int($0)].isAlive } ?? false }

  public func meta(_ field: FieldKey) -> JSONText? { value(state.meta, field) }

  /// `nil` also for an edge that is not there, and for what was set before the add that holds it.
  public func edgeValue(_ edge: EdgeKey, _ field: FieldKey) -> JSONText? {
    guard let slot = state.slot(of: edge), let symbol = state.names.find(field) else { return nil }
    return state.edges[Int(slot)].presentFields.first { $0.key == symbol }?.register.value
  }

  public func isAlive(_ comment: CommentID) -> Bool { state.comments[comment]?.isAlive ?? false }

  public func commentValue(_ comment: CommentID, _ field: FieldKey) -> JSONText? {
    state.comments[comment].flatMap { value($0.fields, field) }
  }

  /// Living comments in id order.
  public var comments: [CommentID] { state.comments.filter { $0.value.isAlive }.keys.sorted() }

  /// The adds that hold the edge, ascending: what a removal made now must name. Empty when the edge is not there.
  public func liveTags(_ edge: EdgeKey) -> [Stamp] {
    guard let slot = state.slot(of: edge) else { return [] }
    return state.edges[Int(slot)].tags.tags
  }

  /// The edges that start or end at the node, parked ones included, in edge order. O(m log m) for m of them.
  public func edges(at node: NodeID) -> [EdgeKey] {
    guard let slot = state.slot(of: node) else { return [] }
    var found: [Slot] = []
    projection.forEachLiveEdge(at: slot) { found.append($0) }
    return found.sorted { (state.edges[Int($0)].tags.lowest ?? .zero) < (state.edges[Int($1)].tags.lowest ?? .zero) }.map {
      state.key(of: $0)
    }
  }

  func value(_ fields: FieldMap, _ field: FieldKey) -> JSONText? {
    guard let symbol = state.names.find(field) else { return nil }
    return fields[symbol]?.value
  }
}
