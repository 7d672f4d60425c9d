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

  /// Edges in edge order as they stood before the step: a place in it is the edge's lowest tag.
  struct EdgeOrder: Sendable {
    enum Scope: Hashable, Sendable {
      case all
      /// A node's inputs: there the order is meaning. Spec: GV2.
      case inputs(of: NodeID)
    }

    let edges: [EdgeKey]
    var tags: [EdgeKey: Stamp]

    init(_ scope: Scope, of document: WorkflowDocument) {
      edges = document.edges(scope)
      tags = Dictionary(uniqueKeysWithValues: edges.map { ($0, document.liveTags($0).first ?? .zero) })
    }
  }

  /// Where more edges end, their order does not come back: undoing one removal would draw them all anew. Spec: UN2.
  static var inputCountMax: Int { 256 }

  /// Of all edges, or of the inputs of each node that the step removed one of, in the order of the first removals.
  private(set) var scopes: [EdgeOrder.Scope] = []
  private(set) var orders: [EdgeOrder.Scope: EdgeOrder] = [:]
  let keepsEdgeOrder: Bool

  /// - Parameter document: of whose edges the order is kept as a whole.
  init(group: String?, orderOf document: WorkflowDocument? = nil) {
    self.group = group
    keepsEdgeOrder = document != nil
    if let document { note(.all, document) }
  }

  /// Whether somebody else wrote over some of it.
  func isOverwritten(in document: WorkflowDocument) -> Bool {
    for (register, write) in writes where write.before != write.after {
      if let present = document.stamp(of: register), present.replica != write.stamp.replica { return true }
    }
    return added.contains { edge, tags in !document.liveTags(edge).contains { tags.contains($0) } }
  }

  /// - Parameters:
  ///   - document: as it was right before the change.
  ///   - redrawn: edges whose coming and going is no affair of the step: they only go behind others.
  mutating func record(_ change: Change, before document: WorkflowDocument, passingOver redrawn: Set<EdgeKey> = []) {
    for (index, op) in change.ops.enumerated() {
      let stamp = change.stamp(index)
      switch op {
      case .addEdge(let edge): if !redrawn.contains(edge) { add(edge, stamp) }
      case .removeEdge(let edge, let tags): if !redrawn.contains(edge) { remove(edge, tags, document) }
      default: if let (register, value) = Register.write(of: op) { write(register, value, stamp, document) }
      }
    }
  }

  mutating func forget(_ change: Change) {
    for (index, op) in change.ops.enumerated() {
      let stamp = change.stamp(index)
      switch op {
      case .addEdge(let edge):
        let tags = (added[edge] ?? []).filter { $0 != stamp }
        added[edge] = tags.isEmpty ? nil : tags
      case .removeEdge(let edge, let tags):
        if let removal = removed[edge], removal.tags.contains(where: { tags.contains($0) }) { removed[edge] = nil }
      default:
        guard let (register, _) = Register.write(of: op), writes[register]?.stamp == stamp else { continue }
        writes[register] = nil
        order.removeAll { $0 == register }
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
    for (scope, order) in orders { orders[scope]?.tags = order.tags.mapValues { stamps[$0] ?? $0 } }
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
    for scope in [EdgeOrder.Scope.all, .inputs(of: edge.target)] {
      if let tag = orders[scope]?.tags[edge], old.contains(tag) { orders[scope]?.tags[edge] = new }
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
    guard wasThere, removed[edge] == nil else { return }
    removed[edge] = Removal(tags: document.liveTags(edge), fields: document.fields(of: edge))
    let scope = EdgeOrder.Scope.inputs(of: edge.target)
    if !keepsEdgeOrder, orders[scope] == nil, document.inputCount(of: edge.target) <= Self.inputCountMax { note(scope, document) }
  }

  private mutating func note(_ scope: EdgeOrder.Scope, _ document: WorkflowDocument) {
    scopes.append(scope)
    orders[scope] = EdgeOrder(scope, of: document)
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

  /// The edges of a scope, parked ones among them, in edge order.
  func edges(_ scope: UndoStep.EdgeOrder.Scope) -> [EdgeKey] {
    var found: [(tag: Stamp, edge: EdgeKey)] = []
    func note(_ slot: Slot) { found.append((state.edges[Int(slot)].tags.lowest ?? .zero, state.key(of: slot))) }
    switch scope {
    case .all: projection.live.visit(note)
    case .inputs(of: let node):
      if let slot = state.slot(of: node) { projection.forEachLiveEdge(into: slot, note) }
      found.sort { $0 < $1 }
    }
    return found.map(\.edge)
  }

  /// How many edges end at the node, parked ones included.
  func inputCount(of node: NodeID) -> Int {
    var count = 0
    if let slot = state.slot(of: node) { projection.forEachLiveEdge(into: slot) { _ in count += 1 } }
    return count
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
