public import CRDT
import WorkflowGraph

/// What one person can take back: the steps of one replica, newest last.
///
/// Undo and redo are ordinary changes: this only says which ops they should have against the present document; the caller makes a change of
/// them, applies it, and records it `as: .undo` or `.redo`. Spec: UN1, UN2.
public struct UndoStack: Sendable {
  public enum Origin: Hashable, Sendable {
    /// A new edit; what was undone before it cannot be redone any more.
    case edit
    /// Made of what `undo` gave.
    case undo
    /// Made of what `redo` gave.
    case redo
  }

  /// A dead node that is brought back this long after its removal takes its fields along: they may have been collected elsewhere. Spec: ME5.
  static let collectionAgeMilliseconds: UInt64 = 3_600_000

  /// The oldest steps beyond it are forgotten.
  public let depthMax: Int
  private var undoable: [UndoStep] = []
  private var redoable: [UndoStep] = []
  /// The step whose taking back is on its way.
  private var underWay: UndoStep?
  /// Whether the next edit may join the last step.
  private var isOpen = false

  public init(depthMax: Int = 256) { self.depthMax = max(1, depthMax) }

  public var undoDepth: Int { undoable.count }
  public var redoDepth: Int { redoable.count }

  /// Keeps how to take a change back.
  ///
  /// - Parameters:
  ///   - document: as it was right before the change was applied.
  ///   - group: edits that follow each other with the same group are one step: a drag, an agent's change set.
  public mutating func record(_ change: Change, before document: WorkflowDocument, group: String? = nil, as origin: Origin = .edit) {
    switch origin {
    case .edit:
      redoable.removeAll()
      if isOpen, let group, undoable.last?.group == group {
        undoable[undoable.count - 1].record(change, before: document)
        return
      }
      push(change, document, group, onto: \.undoable)
    case .undo, .redo:
      if let underWay { follow(change, takingBack: underWay, document) }
      push(change, document, group, onto: origin == .undo ? \.redoable : \.undoable)
    }
    underWay = nil
    isOpen = origin == .edit
  }

  /// The ops that take the last step back, and the step goes; steps of which nothing is left to take back go with it.
  ///
  /// - Returns: `nil` when there is nothing to undo.
  public mutating func undo(_ document: WorkflowDocument) -> [Op]? { pop(\.undoable, document) }

  /// The ops that take back the last step recorded `as: .undo`.
  public mutating func redo(_ document: WorkflowDocument) -> [Op]? { pop(\.redoable, document) }

  /// The ops that take back the latest step of this group, wherever it is in the stack: an agent's change set by its id.
  public mutating func undo(group: String, _ document: WorkflowDocument) -> [Op]? {
    guard let index = undoable.lastIndex(where: { $0.group == group }) else { return nil }
    isOpen = false
    let step = undoable.remove(at: index)
    underWay = step
    let ops = InverseStep(step, document).ops
    return ops.isEmpty ? nil : ops
  }

  /// Follows changes that were given other stamps: what `Restamp.trace` says.
  public mutating func rename(_ stamps: [Stamp: Stamp]) {
    for index in undoable.indices { undoable[index].rename(stamps) }
    for index in redoable.indices { redoable[index].rename(stamps) }
  }

  /// What an older step wrote and a younger one replaced is back under the stamp of the taking back; the older step must know it again.
  private mutating func follow(_ change: Change, takingBack step: UndoStep, _ document: WorkflowDocument) {
    for (index, op) in change.ops.enumerated() {
      let stamp = change.stamp(index)
      if case .addEdge(let edge) = op, let removal = step.removed[edge] {
        for index in undoable.indices { undoable[index].follow(edge, from: removal.tags, to: stamp) }
        for index in redoable.indices { redoable[index].follow(edge, from: removal.tags, to: stamp) }
      } else if let (register, _) = UndoStep.Register.write(of: op) {
        guard let old = step.stampRestored(register, present: document.stamp(of: register)) else { continue }
        for index in undoable.indices { undoable[index].follow(register, from: old, to: stamp) }
        for index in redoable.indices { redoable[index].follow(register, from: old, to: stamp) }
      }
    }
  }

  private mutating func push(
    _ change: Change, _ document: WorkflowDocument, _ group: String?, onto steps: WritableKeyPath<UndoStack, [UndoStep]>
  ) {
    var step = UndoStep(group: group)
    step.record(change, before: document)
    self[keyPath: steps].append(step)
    let surplus = self[keyPath: steps].count - depthMax
    if surplus > 0 { self[keyPath: steps].removeFirst(surplus) }
  }

  private mutating func pop(_ steps: WritableKeyPath<UndoStack, [UndoStep]>, _ document: WorkflowDocument) -> [Op]? {
    isOpen = false
    while let step = self[keyPath: steps].popLast() {
      let ops = InverseStep(step, document).ops
      underWay = step
      if !ops.isEmpty { return ops }
    }
    return nil
  }
}

/// The ops that take a step back against the present document.
private struct InverseStep {
  private let step: UndoStep
  private let document: WorkflowDocument
  private(set) var ops: [Op] = []

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
    for edge in step.edges {
      guard let removal = step.removed[edge], !staysLive(edge), comesBack(edge.source), comesBack(edge.target) else {
        continue
      }
      ops.append(.addEdge(edge))
      for field in removal.fields { ops.append(.setEdgeField(edge: edge, field: field.field, value: field.value)) }
    }
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
