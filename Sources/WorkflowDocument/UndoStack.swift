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
  /// Whether a change of that was recorded already.
  private var isUnderWay = false
  /// Edges that its taking back draws anew, though it did not remove them, and the tags that they lose by that.
  private var redrawn: Set<EdgeKey> = []
  private var redrawnTags: [EdgeKey: [Stamp]] = [:]
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
  ///   - keepsEdgeOrder: whether taking it back brings back the order of all edges, not only that of the inputs of the nodes concerned. Costs
  ///     O(edges) of memory: for a restore. Spec: UN2.
  public mutating func record(
    _ change: Change, before document: WorkflowDocument, group: String? = nil, keepsEdgeOrder: Bool = false, as origin: Origin = .edit
  ) {
    switch origin {
    case .edit:
      redoable.removeAll()
      underWay = nil
      redrawn = []
      let joins = isOpen && group != nil && undoable.last?.group == group
      keepKnown(change, document, undoable.indices.dropLast(joins ? 1 : 0))
      if joins {
        undoable[undoable.count - 1].record(change, before: document)
        return
      }
      push(UndoStep(group: group, orderOf: keepsEdgeOrder ? document : nil), change, document, onto: \.undoable)
    case .undo, .redo:
      let steps = origin == .undo ? \UndoStack.redoable : \.undoable
      if let underWay { follow(change, takingBack: underWay, document) }
      if isUnderWay {
        self[keyPath: steps][self[keyPath: steps].count - 1].record(change, before: document, passingOver: redrawn)
      } else {
        let keepsOrder = underWay?.keepsEdgeOrder ?? false
        push(UndoStep(group: group, orderOf: keepsOrder ? document : nil), change, document, onto: steps)
        isUnderWay = underWay != nil
      }
      // The order that the new step keeps is that of before; what is drawn anew for it has its place in there under the new stamp.
      let last = self[keyPath: steps].count - 1
      for (index, op) in change.ops.enumerated() {
        if case .addEdge(let edge) = op, let tags = redrawnTags[edge] {
          self[keyPath: steps][last].follow(edge, from: tags, to: change.stamp(index))
        }
      }
    }
    isOpen = origin == .edit
  }

  /// The ops that take the last step back, and the step goes. Recorded as several changes they are one step again.
  ///
  /// - Returns: `nil` when there is nothing to undo; none when others wrote over all that the step left: the person is to be told, rather than
  ///   to lose the step before it. A step of which nothing is left for another reason, as one that changed nothing, is passed over.
  public mutating func undo(_ document: WorkflowDocument) -> [Op]? { pop(\.undoable, document) }

  /// The ops that take back the last step recorded `as: .undo`.
  public mutating func redo(_ document: WorkflowDocument) -> [Op]? { pop(\.redoable, document) }

  /// The ops that take back the latest step of this group, wherever it is in the stack: an agent's change set by its id.
  public mutating func undo(group: String, _ document: WorkflowDocument) -> [Op]? {
    guard let index = undoable.lastIndex(where: { $0.group == group }) else { return nil }
    let step = undoable.remove(at: index)
    let ops = begin(step, document)
    return ops.isEmpty ? nil : ops
  }

  /// The change was refused and goes from the document: there is nothing of it to take back, and nobody wrote over it.
  public mutating func forget(_ change: Change) {
    for index in undoable.indices { undoable[index].forget(change) }
    for index in redoable.indices { redoable[index].forget(change) }
  }

  /// Follows changes that were given other stamps: what `Restamp.trace` says.
  public mutating func rename(_ stamps: [Stamp: Stamp]) {
    for index in undoable.indices { undoable[index].rename(stamps) }
    for index in redoable.indices { redoable[index].rename(stamps) }
  }

  /// Who writes what is there already changes nothing but the stamp: older steps must know what they left by that one.
  private mutating func keepKnown(_ change: Change, _ document: WorkflowDocument, _ older: Range<Int>) {
    for (index, op) in change.ops.enumerated() {
      guard let (register, value) = UndoStep.Register.write(of: op), document.value(of: register) == value,
        let present = document.stamp(of: register)
      else { continue }
      for step in older { undoable[step].follow(register, from: present, to: change.stamp(index)) }
    }
  }

  /// What an older step wrote and a younger one replaced is back under the stamp of the taking back; the older step must know it again.
  private mutating func follow(_ change: Change, takingBack step: UndoStep, _ document: WorkflowDocument) {
    for (index, op) in change.ops.enumerated() {
      let stamp = change.stamp(index)
      if case .addEdge(let edge) = op {
        let tags = redrawnTags[edge] ?? step.removed[edge]?.tags ?? []
        for index in undoable.indices { undoable[index].follow(edge, from: tags, to: stamp) }
        for index in redoable.indices { redoable[index].follow(edge, from: tags, to: stamp) }
      } else if case .removeEdge(let edge, let tags) = op {
        if redrawn.contains(edge) { redrawnTags[edge] = tags }
      } else if let (register, _) = UndoStep.Register.write(of: op) {
        guard let old = step.stampRestored(register, present: document.stamp(of: register)) else { continue }
        for index in undoable.indices { undoable[index].follow(register, from: old, to: stamp) }
        for index in redoable.indices { redoable[index].follow(register, from: old, to: stamp) }
      }
    }
  }

  private mutating func push(
    _ step: UndoStep, _ change: Change, _ document: WorkflowDocument, onto steps: WritableKeyPath<UndoStack, [UndoStep]>
  ) {
    var step = step
    step.record(change, before: document, passingOver: redrawn)
    self[keyPath: steps].append(step)
    let surplus = self[keyPath: steps].count - depthMax
    if surplus > 0 { self[keyPath: steps].removeFirst(surplus) }
  }

  private mutating func pop(_ steps: WritableKeyPath<UndoStack, [UndoStep]>, _ document: WorkflowDocument) -> [Op]? {
    while let step = self[keyPath: steps].popLast() {
      let ops = begin(step, document)
      if !ops.isEmpty || step.isOverwritten(in: document) { return ops }
    }
    isOpen = false
    return nil
  }

  private mutating func begin(_ step: UndoStep, _ document: WorkflowDocument) -> [Op] {
    let inverse = InverseStep(step, document)
    isOpen = false
    underWay = step
    isUnderWay = false
    redrawn = inverse.redrawn
    redrawnTags = [:]
    return inverse.ops
  }
}
