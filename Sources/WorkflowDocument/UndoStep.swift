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

    /// The register an op writes to, and what; `nil` for an edge's coming and going.
    static func write(of op: Op) -> (Register, JSONText?)? {
      switch op {
      case .setMeta(let field, let value): (.meta(field), value)
      case .setNodeLife(let node, let alive): (.nodeLife(node), .bool(alive))
      case .setNodeField(let node, let field, let value): (.nodeField(node, field), value)
      case .setEdgeField(let edge, let field, let value): (.edgeField(edge, field), value)
      case .setCommentLife(let comment, let alive): (.commentLife(comment), .bool(alive))
      case .setCommentField(let comment, let field, let value): (.commentField(comment, field), value)
      case .addEdge, .removeEdge: nil
      }
    }
  }

  struct Write: Sendable {
    /// The stamp that the step left in the register.
    var stamp: Stamp
    /// Whose value it replaced.
    var stampBefore: Stamp?
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
  struct Field: Sendable {
    let field: FieldKey
    let value: JSONText
    var stamp: Stamp
  }

  struct Removal: Sendable {
    var tags: [Stamp]
    var fields: [Field]
  }

  /// Edges that were there before the step and that it removed, as they were then.
  private(set) var removed: [EdgeKey: Removal] = [:]

  init(group: String?) { self.group = group }

  /// - Parameter document: as it was right before the change.
  mutating func record(_ change: Change, before document: WorkflowDocument) {
    for (index, op) in change.ops.enumerated() {
      let stamp = change.stamp(index)
      switch op {
      case .addEdge(let edge): add(edge, stamp)
      case .removeEdge(let edge, let tags): remove(edge, tags, document)
      default: if let (register, value) = Register.write(of: op) { write(register, value, stamp, document) }
      }
    }
  }

  /// The stamps under which changes of this step are known now.
  mutating func rename(_ stamps: [Stamp: Stamp]) {
    for (register, write) in writes {
      if let stamp = stamps[write.stamp] { writes[register]?.stamp = stamp }
      if let before = write.stampBefore, let stamp = stamps[before] { writes[register]?.stampBefore = stamp }
    }
    for (edge, tags) in added { added[edge] = tags.map { stamps[$0] ?? $0 } }
    for (edge, removal) in removed {
      removed[edge]?.tags = removal.tags.map { stamps[$0] ?? $0 }
      for (index, field) in removal.fields.enumerated() {
        if let stamp = stamps[field.stamp] { removed[edge]?.fields[index].stamp = stamp }
      }
    }
  }

  /// Whose value taking the step back puts into the register again.
  ///
  /// - Parameter present: the register's stamp now: its value is written anew when the step did not touch it.
  func stampRestored(_ register: Register, present: Stamp?) -> Stamp? {
    if case .edgeField(let edge, let field) = register, let removal = removed[edge] {
      return removal.fields.first { $0.field == field }?.stamp
    }
    return writes[register].map(\.stampBefore) ?? present
  }

  /// Whether nobody wrote over what this step left in the register.
  func isIntact(_ register: Register, in document: WorkflowDocument) -> Bool {
    guard let write = writes[register] else { return false }
    let present = document.stamp(of: register)
    if case .edgeField = register, present == nil { return write.after == nil }
    return present == write.stamp
  }

  /// The register holds what this step left there, if it left that under one of these stamps, under a new stamp now.
  mutating func follow(_ register: Register, from old: Stamp, to new: Stamp) {
    if writes[register]?.stamp == old { writes[register]?.stamp = new }
    if writes[register]?.stampBefore == old { writes[register]?.stampBefore = new }
    if case .edgeField(let edge, let field) = register, let index = removed[edge]?.fields.firstIndex(where: { $0.field == field }),
      removed[edge]?.fields[index].stamp == old
    {
      removed[edge]?.fields[index].stamp = new
    }
  }

  /// As above for an edge that was added again in the place of these adds.
  mutating func follow(_ edge: EdgeKey, from old: [Stamp], to new: Stamp) {
    if let tags = added[edge], tags.contains(where: { old.contains($0) }) { added[edge] = tags.filter { !old.contains($0) } + [new] }
    if let tags = removed[edge]?.tags, tags.contains(where: { old.contains($0) }) {
      removed[edge]?.tags = tags.filter { !old.contains($0) } + [new]
    }
  }

  private mutating func write(_ register: Register, _ value: JSONText?, _ stamp: Stamp, _ document: WorkflowDocument) {
    guard let earlier = writes[register] else {
      order.append(register)
      writes[register] = Write(
        stamp: stamp, stampBefore: document.stamp(of: register), before: document.value(of: register), after: value)
      return
    }
    // What somebody else wrote between two writes of the step is what undoing goes back to.
    let present = document.stamp(of: register)
    let isOwn = present == earlier.stamp || stamp.replica == earlier.stamp.replica && stamp.seq == earlier.stamp.seq
    writes[register] = Write(
      stamp: stamp, stampBefore: isOwn ? earlier.stampBefore : present, before: isOwn ? earlier.before : document.value(of: register),
      after: value)
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
    if wasThere, removed[edge] == nil { removed[edge] = Removal(tags: document.liveTags(edge), fields: document.fields(of: edge)) }
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

  /// Who wrote what the register holds; `nil` when it holds nothing, as that of an edge drawn anew.
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
    case .edgeField(let edge, let field):
      guard let slot = state.slot(of: edge), let symbol = state.names.find(field) else { return nil }
      return state.edges[Int(slot)].presentFields.first { $0.key == symbol }?.register.stamp
    case .commentLife(let comment): return state.comments[comment]?.life?.stamp
    case .commentField(let comment, let field): return stamp(state.comments[comment]?.fields, field)
    }
  }

  /// The edge's attributes that count, sorted.
  func fields(of edge: EdgeKey) -> [UndoStep.Field] {
    guard let slot = state.slot(of: edge) else { return [] }
    return sorted(state.edges[Int(slot)].presentFields)
  }

  /// The node's fields that are set, sorted, also when it is dead.
  func fields(of node: NodeID) -> [UndoStep.Field] {
    guard let slot = state.slot(of: node) else { return [] }
    return sorted(state.nodes[Int(slot)].fields.entries)
  }

  private func sorted(_ entries: [FieldMap.Entry]) -> [UndoStep.Field] {
    let set = entries.compactMap { entry in
      entry.register.value.map { UndoStep.Field(field: state.names[entry.key], value: $0, stamp: entry.register.stamp) }
    }
    return set.sorted { $0.field < $1.field }
  }
}
