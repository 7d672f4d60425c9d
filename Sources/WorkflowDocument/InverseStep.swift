import CRDT
import WorkflowGraph

/// The ops that take a step back against the present document.
struct InverseStep {
  private let step: UndoStep
  private let document: WorkflowDocument
  private(set) var ops: [Op] = []
  /// Edges that the step did not remove, and that are drawn anew to stand behind one that comes back.
  private(set) var redrawn: Set<EdgeKey> = []
  /// What was written back to attributes of edges.
  private var written: [EdgeKey: [FieldKey: JSONText?]] = [:]

  init(_ step: UndoStep, _ document: WorkflowDocument) {
    self.step = step
    self.document = document
    removeAddedEdges()
    writeBack()
    addRemovedEdges()
  }

  private mutating func removeAddedEdges() {
    for edge in step.edges {
      guard let tags = step.added[edge] else { continue }
      let live = document.liveTags(edge).filter { tags.contains($0) }
      if !live.isEmpty { ops.append(.removeEdge(edge, tags: live)) }
    }
  }

  /// Only registers that still hold what the step left there.
  private mutating func writeBack() {
    for register in step.order {
      guard let write = step.writes[register], write.before != write.after, step.isIntact(register, in: document) else { continue }
      switch register {
      case .meta(let field): ops.append(.setMeta(field: field, value: write.before))
      case .nodeLife(let node): setLife(of: node, write.before == .bool(true), diedAt: write.stamp)
      case .nodeField(let node, let field):
        // A node that goes takes its fields along, and they come back with it.
        if !goes(.nodeLife(node)) { ops.append(.setNodeField(node: node, field: field, value: write.before)) }
      case .edgeField(let edge, let field):
        if !document.liveTags(edge).isEmpty, step.added[edge] == nil {
          written[edge, default: [:]].updateValue(write.before, forKey: field)
          ops.append(.setEdgeField(edge: edge, field: field, value: write.before))
        }
      case .commentLife(let comment): ops.append(.setCommentLife(comment: comment, alive: write.before == .bool(true)))
      case .commentField(let comment, let field):
        if !goes(.commentLife(comment)) { ops.append(.setCommentField(comment: comment, field: field, value: write.before)) }
      }
    }
  }

  private mutating func setLife(of node: NodeID, _ alive: Bool, diedAt stamp: Stamp) {
    ops.append(.setNodeLife(node: node, alive: alive))
    let age = document.highestTime.milliseconds - min(stamp.hlc.milliseconds, document.highestTime.milliseconds)
    guard alive, age >= UndoStack.collectionAgeMilliseconds else { return }
    for field in document.fields(of: node) where step.writes[.nodeField(node, field.field)] == nil {
      ops.append(.setNodeField(node: node, field: field.field, value: field.value))
    }
  }

  /// Whether taking the step back ends this life.
  private func goes(_ life: UndoStep.Register) -> Bool {
    guard let write = step.writes[life], step.isIntact(life, in: document) else { return false }
    return write.before == .bool(false) && write.after == .bool(true)
  }

  private mutating func addRemovedEdges() {
    let left = step.edges.filter { edge in
      step.removed[edge] != nil && !staysLive(edge) && comesBack(edge.source) && comesBack(edge.target)
    }
    var returning = Set(left)
    for scope in step.scopes {
      guard let order = step.orders[scope], order.edges.contains(where: { returning.contains($0) }) else { continue }
      arrange(scope, order, &returning)
    }
    for edge in left where returning.contains(edge) { add(edge, step.removed[edge]?.fields ?? []) }
  }

  /// The edges of one order that come back, each in its place: what stood behind the first of them, and was not drawn anew since, goes behind it
  /// again. What is newer stays behind all of it.
  private mutating func arrange(_ scope: UndoStep.EdgeOrder.Scope, _ order: UndoStep.EdgeOrder, _ returning: inout Set<EdgeKey>) {
    let present = document.edges(scope).filter { !returning.contains($0) && staysLive($0) }
    let places = Dictionary(uniqueKeysWithValues: present.enumerated().map { ($0.element, $0.offset) })
    let known = order.edges.filter { edge in
      returning.contains(edge) || places[edge] != nil && document.liveTags(edge).first == order.tags[edge]
    }
    let isKnown = Set(known)
    let wanted = known + present.filter { !isKnown.contains($0) }
    var last = -1
    let kept = wanted.prefix { edge in
      guard let place = places[edge], place > last else { return false }
      last = place
      return true
    }
    for edge in wanted.dropFirst(kept.count) {
      if returning.remove(edge) != nil {
        add(edge, step.removed[edge]?.fields ?? [])
      } else {
        redrawn.insert(edge)
        ops.append(.removeEdge(edge, tags: document.liveTags(edge)))
        add(edge, document.fields(of: edge))
      }
    }
  }

  /// An edge that is drawn anew has none of its attributes, nor what was written back to them above.
  private mutating func add(_ edge: EdgeKey, _ fields: [UndoStep.Field]) {
    ops.append(.addEdge(edge))
    var values = Dictionary(uniqueKeysWithValues: fields.map { ($0.field, $0.value) })
    if redrawn.contains(edge) {
      for (field, value) in written[edge] ?? [:] { values[field] = value }
    }
    for (field, value) in values.sorted(by: { $0.key < $1.key }) { ops.append(.setEdgeField(edge: edge, field: field, value: value)) }
  }

  /// Whether somebody else's add holds the edge.
  private func staysLive(_ edge: EdgeKey) -> Bool {
    let own = step.added[edge] ?? []
    return document.liveTags(edge).contains { !own.contains($0) }
  }

  /// Whether the node will be alive once the ops so far are applied.
  private func comesBack(_ node: NodeID) -> Bool {
    let register = UndoStep.Register.nodeLife(node)
    if let write = step.writes[register], step.isIntact(register, in: document) { return write.before == .bool(true) }
    return document.isAlive(node)
  }
}
