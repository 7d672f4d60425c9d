import CRDT
import WorkflowGraph

/// What one step wrote and what was there before: enough to take it back as far as nobody wrote over it.
struct UndoStep: Sendable {
  enum Register: Hashable, Sendable {
    case meta(FieldKey)
    case nodeLife(NodeID)
    case nodeField(NodeID, FieldKey)
    case edgeField(EdgeKey, FieldKey)
    case commentLife(CommentID)
    case commentField(CommentID, FieldKey)
  }

  struct Write: Sendable {
    /// The stamp that the step left in the register.
    var stamp: Stamp
    /// For a life: `true` or `false`.
    var before: JSONText?
    var after: JSONText?
  }

  /// Steps with the same group follow each other into one.
  let group: String?
  /// In the order of their first write.
  private(set) var order: [Register] = []
  private(set) var writes: [Register: Write] = [:]
  /// Edges the step added or removed, in that order.
  private(set) var edges: [EdgeKey] = []
  private var noted: Set<EdgeKey> = []
  /// The tags of the step's adds that it did not remove again.
  private(set) var added: [EdgeKey: [Stamp]] = [:]
  /// Edges that were there before the step and that it removed, with their attributes then.
  private(set) var removed: [EdgeKey: [(FieldKey, JSONText)]] = [:]

  init(group: String?) { self.group = group }

  /// - Parameter document: as it was right before the change.
  mutating func record(_ change: Change, before document: WorkflowDocument) {
    for (index, op) in change.ops.enumerated() {
      let stamp = change.stamp(index)
      switch op {
      case .setMeta(let field, let value): write(.meta(field), value, stamp, document)
      case .setNodeLife(let node, let alive): write(.nodeLife(node), .bool(alive), stamp, document)
      case .setNodeField(let node, let field, let value): write(.nodeField(node, field), value, stamp, document)
      case .setEdgeField(let edge, let field, let value): write(.edgeField(edge, field), value, stamp, document)
      case .setCommentLife(let comment, let alive): write(.commentLife(comment), .bool(alive), stamp, document)
      case .setCommentField(let comment, let field, let value): write(.commentField(comment, field), value, stamp, document)
      case .addEdge(let edge): add(edge, stamp)
      case .removeEdge(let edge, let tags): remove(edge, tags, document)
      }
    }
  }

  /// The stamps under which changes of this step are known now.
  mutating func rename(_ stamps: [Stamp: Stamp]) {
    for (register, write) in writes { if let stamp = stamps[write.stamp] { writes[register]?.stamp = stamp } }
    for (edge, tags) in added { added[edge] = tags.map { stamps[$0] ?? $0 } }
  }

  private mutating func write(_ register: Register, _ value: JSONText?, _ stamp: Stamp, _ document: WorkflowDocument) {
    guard let earlier = writes[register] else {
      order.append(register)
      writes[register] = Write(stamp: stamp, before: document.value(of: register), after: value)
      return
    }
    // What somebody else wrote between two writes of the step is what undoing goes back to.
    let present = document.stamp(of: register)
    let isOwn = present == earlier.stamp || stamp.replica == earlier.stamp.replica && stamp.seq == earlier.stamp.seq
    writes[register] = Write(stamp: stamp, before: isOwn ? earlier.before : document.value(of: register), after: value)
  }

  private mutating func add(_ edge: EdgeKey, _ tag: Stamp) {
    note(edge)
    added[edge, default: []].append(tag)
  }

  private mutating func remove(_ edge: EdgeKey, _ tags: [Stamp], _ document: WorkflowDocument) {
    note(edge)
    let own = added[edge] ?? []
    let left = own.filter { !tags.contains($0) }
    added[edge] = left.isEmpty ? nil : left
    let wasThere = document.liveTags(edge).contains { tags.contains($0) && !own.contains($0) }
    if wasThere, removed[edge] == nil { removed[edge] = document.fields(of: edge) }
  }

  private mutating func note(_ edge: EdgeKey) {
    if noted.insert(edge).inserted { edges.append(edge) }
  }
}

extension WorkflowDocument {
  func value(of register: UndoStep.Register) -> JSONText? {
    switch register {
    case .meta(let field): meta(field)
    case .nodeLife(let node): .bool(isAlive(node))
    case .nodeField(let node, let field): value(node: node, field: field)
    case .edgeField(let edge, let field): edgeValue(edge, field)
    case .commentLife(let comment): .bool(isAlive(comment))
    case .commentField(let comment, let field): commentValue(comment, field)
    }
  }

  func stamp(of register: UndoStep.Register) -> Stamp? {
    func stamp(_ fields: FieldMap?, _ field: FieldKey) -> Stamp? {
      guard let fields, let symbol = state.names.find(field) else { return nil }
      return fields[symbol]?.stamp
    }
    func record(_ node: NodeID) -> NodeRecord? { state.slot(of: node).map { state.nodes[Int($0)] } }
    switch register {
    case .meta(let field): return stamp(state.meta, field)
    case .nodeLife(let node): return record(node)?.life?.stamp
    case .nodeField(let node, let field): return stamp(record(node)?.fields, field)
    case .edgeField(let edge, let field): return stamp(state.slot(of: edge).map { state.edges[Int($0)].fields }, field)
    case .commentLife(let comment): return state.comments[comment]?.life?.stamp
    case .commentField(let comment, let field): return stamp(state.comments[comment]?.fields, field)
    }
  }

  /// The edge's attributes that count, sorted.
  func fields(of edge: EdgeKey) -> [(FieldKey, JSONText)] {
    guard let slot = state.slot(of: edge) else { return [] }
    return sorted(state.edges[Int(slot)].presentFields)
  }

  /// The node's fields that are set, sorted, also when it is dead.
  func fields(of node: NodeID) -> [(FieldKey, JSONText)] {
    guard let slot = state.slot(of: node) else { return [] }
    return sorted(state.nodes[Int(slot)].fields.entries)
  }

  private func sorted(_ entries: [FieldMap.Entry]) -> [(FieldKey, JSONText)] {
    entries.compactMap { entry in entry.register.value.map { (state.names[entry.key], $0) } }.sorted { $0.0 < $1.0 }
  }
}
