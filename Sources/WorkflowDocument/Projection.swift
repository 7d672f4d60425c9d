import CRDT
import WorkflowGraph

/// The graph as it is shown: which nodes and edges are visible, in what order, and why the others are parked.
///
/// Kept up to date change by change; it is a function of the state alone. Spec: GV1 to GV3b, GV6.
///
/// Cycles: edges are taken in edge order, each unless it would close a cycle with those taken before. An edge that fits among *all* taken
/// ones, earlier and later, changes no other decision, and an edge that goes can only free parked edges after it; so nothing
/// else is looked at. An edge that fits the earlier but not the later ones takes the first of the later ones that are in its way out, and those
/// are decided anew in their turn.
struct Projection: Sendable {
  enum EdgeStanding: UInt8, Sendable {
    /// No tag.
    case gone
    /// An end is not visible.
    case orphan
    /// Both ends are visible and it is not decided yet. Only within `settle`.
    case undecided
    case taken
    /// Would close a cycle.
    case cyclic
  }

  private struct EdgeView: Sendable {
    var standing = EdgeStanding.gone
    /// The lowest tag under which the edge stands in `live`.
    var lowest = Stamp.zero
    var source: Slot = .none
    var target: Slot = .none
    /// A parked edge that is up for decision.
    var isQueued = false
  }

  private var isVisible: [Bool] = []
  private var edges: [EdgeView] = []
  /// Every edge with a tag, at its ends.
  private var incidence = EdgeLists()
  /// The taken edges.
  private var order = IncrementalOrder()
  /// Every edge with a tag.
  private(set) var live = SortedSlots<Stamp>()
  private var cyclic = SortedSlots<Stamp>()
  private(set) var visibleNodes = SortedSlots<NodeID>()
  private(set) var parents = ParentForest()
  private(set) var visibleEdgeCount = 0
  private var touchedNodes = Marks()
  private var touchedEdges = Marks()
  /// What `settle` changed, for issues and digests.
  var changedNodes = Marks()
  var changedEdges = Marks()

  func isVisible(_ node: Slot) -> Bool { Int(node) < isVisible.count && isVisible[Int(node)] }
  func standing(_ edge: Slot) -> EdgeStanding { Int(edge) < edges.count ? edges[Int(edge)].standing : .gone }
  func forEachLiveEdge(at node: Slot, _ body: (Slot) -> Void) {
    incidence.forEachOut(node) { edge, _ in body(edge) }
    incidence.forEachIn(node) { edge, source in if source != node { body(edge) } }
  }
  func forEachLiveEdge(into node: Slot, _ body: (Slot) -> Void) { incidence.forEachIn(node) { edge, _ in body(edge) } }

  func forEachTakenEdge(from node: Slot, _ body: (_ edge: Slot, _ target: Slot) -> Void) {
    incidence.forEachOut(node) { edge, target in if standing(edge) == .taken { body(edge, target) } }
  }
  /// In edge order. Spec: GV2.
  func takenEdges(into node: Slot) -> [(edge: Slot, source: Slot)] {
    var inputs: [(edge: Slot, source: Slot)] = []
    incidence.forEachIn(node) { edge, source in if standing(edge) == .taken { inputs.append((edge, source)) } }
    if inputs.count > 1 { inputs.sort { edges[Int($0.edge)].lowest < edges[Int($1.edge)].lowest } }
    return inputs
  }
  /// Its place in an order in which taken edges lead onwards only.
  func rank(_ node: Slot) -> Int32 { order.rank(node) }

  /// The node's life or type was written.
  mutating func touch(node: Slot) { touchedNodes.mark(node) }
  /// The edge's tags were written.
  mutating func touch(edge: Slot) { touchedEdges.mark(edge) }

  mutating func parentWritten(_ node: Slot, _ state: DocumentState) {
    let record = state.nodes[Int(node)]
    let stamp = record.fields[NameTable.parentID]?.stamp ?? .zero
    let isVisible = isVisible
    for changed in parents.set(node, parent: record.parent, stamp: stamp, visible: { Int($0) < isVisible.count && isVisible[Int($0)] }) {
      changedNodes.mark(changed)
    }
  }

  /// Whether anything was written that the view hangs on.
  var isTouched: Bool { !(touchedNodes.isEmpty && touchedEdges.isEmpty && changedNodes.isEmpty) }

  /// Makes the whole view of a state; only right after init. O(n) for a state whose visible nodes and edges lie in order, as those of
  /// a snapshot do, else O(n log n).
  mutating func fill(from state: DocumentState) {
    isVisible = state.nodes.map { $0.isVisible }
    var entries: [SortedSlots<NodeID>.Entry] = []
    entries.reserveCapacity(state.nodes.count)
    for slot in state.nodes.indices {
      changedNodes.mark(Slot(slot))
      if isVisible[slot] { entries.append(SortedSlots<NodeID>.Entry(key: state.nodes[slot].id, slot: Slot(slot))) }
    }
    visibleNodes = SortedSlots(entries)
    for slot in state.nodes.indices where state.nodes[slot].parent >= 0 { parentWritten(Slot(slot), state) }
    fillEdges(from: state)
  }

  /// Brings the view up to the state after any number of writes.
  mutating func settle(_ state: DocumentState) {
    if !touchedNodes.isEmpty { settleNodes(state) }
    if !touchedEdges.isEmpty { settleEdges(state) }
  }

  private mutating func settleNodes(_ state: DocumentState) {
    while isVisible.count < state.nodes.count { isVisible.append(false) }
    var touched = touchedNodes.take()
    defer { touchedNodes.recycle(&touched) }
    for node in touched {
      changedNodes.mark(node)
      let isShown = state.nodes[Int(node)].isVisible
      guard isShown != isVisible[Int(node)] else { continue }
      isVisible[Int(node)] = isShown
      if isShown {
        visibleNodes.insert(node, key: state.nodes[Int(node)].id)
      } else {
        visibleNodes.remove(node, key: state.nodes[Int(node)].id)
      }
      var atNode: [Slot] = []
      forEachLiveEdge(at: node) { atNode.append($0) }
      for edge in atNode { touchedEdges.mark(edge) }
      let isVisible = isVisible
      for changed in parents.visibilityChanged(node, visible: { Int($0) < isVisible.count && isVisible[Int($0)] }) {
        changedNodes.mark(changed)
      }
    }
  }
}

// MARK: - Edges

extension Projection {
  private mutating func settleEdges(_ state: DocumentState) {
    while edges.count < state.edges.count { edges.append(EdgeView()) }
    var work = SortedSlots<Stamp>()
    var withdrawn: [EdgeView] = []
    var touched = touchedEdges.take()
    for edge in touched {
      changedEdges.mark(edge)
      if let view = refile(edge, state.edges[Int(edge)]) { withdrawn.append(view) }
      if edges[Int(edge)].standing == .undecided { work.insert(edge, key: edges[Int(edge)].lowest) }
    }
    touchedEdges.recycle(&touched)
    free(after: withdrawn, into: &work)
    if visibleEdgeCount == 0, work.count > 1 {
      var undecided: [Slot] = []
      work.visit { undecided.append($0) }
      arrange(undecided)
    }
    while let edge = work.popFirst() { decide(edge, &work) }
  }

  /// Before the first edges come, all at once: an order that most of them will agree with.
  private mutating func arrange(_ undecided: [Slot]) {
    order.arrange(undecided.map { (source: edges[Int($0)].source, target: edges[Int($0)].target) }, nodeCount: isVisible.count)
  }

  /// Files every edge of a state when there is nothing yet. Decided in edge order, each after all before it, so none is ever taken out again.
  private mutating func fillEdges(from state: DocumentState) {
    edges = Array(repeating: EdgeView(), count: state.edges.count)
    incidence.reserve(nodes: state.nodes.count, edges: state.edges.count)
    var entries: [SortedSlots<Stamp>.Entry] = []
    entries.reserveCapacity(state.edges.count)
    for slot in state.edges.indices {
      changedEdges.mark(Slot(slot))
      guard let lowest = state.edges[slot].tags.lowest else { continue }
      entries.append(SortedSlots<Stamp>.Entry(key: lowest, slot: Slot(slot)))
      let name = state.edges[slot].name
      incidence.link(Slot(slot), from: name.source, to: name.target)
      edges[slot] = EdgeView(
        standing: isVisible(name.source) && isVisible(name.target) ? .undecided : .orphan, lowest: lowest, source: name.source,
        target: name.target)
    }
    live = SortedSlots(entries)
    var undecided: [Slot] = []
    live.visit { if edges[Int($0)].standing == .undecided { undecided.append($0) } }
    if undecided.count > 1 { arrange(undecided) }
    for edge in undecided {
      stand(edge, order.insert(edge, from: edges[Int(edge)].source, to: edges[Int(edge)].target) ? .taken : .cyclic)
    }
  }

  /// Files the edge under its present tag and ends, undecided when both are visible.
  ///
  /// - Returns: the edge as it was taken before, when it no longer is or its place changed.
  private mutating func refile(_ edge: Slot, _ record: EdgeRecord) -> EdgeView? {
    let before = edges[Int(edge)]
    let wasDecided = before.standing == .taken || before.standing == .cyclic
    let moved = before.standing != .gone && record.tags.lowest != before.lowest
    let connects = !record.tags.isEmpty && isVisible(record.name.source) && isVisible(record.name.target)
    if wasDecided, connects, !moved { return nil }

    if before.standing == .taken {
      order.remove(edge)
      visibleEdgeCount -= 1
    }
    if before.standing == .cyclic { cyclic.remove(edge, key: before.lowest) }
    if before.standing != .gone, moved { live.remove(edge, key: before.lowest) }
    if let lowest = record.tags.lowest {
      if before.standing == .gone { incidence.link(edge, from: record.name.source, to: record.name.target) }
      if before.standing == .gone || moved { live.insert(edge, key: lowest) }
      edges[Int(edge)] = EdgeView(
        standing: connects ? .undecided : .orphan, lowest: lowest, source: record.name.source, target: record.name.target)
    } else {
      incidence.unlink(edge)
      edges[Int(edge)] = EdgeView()
    }
    return before.standing == .taken ? before : nil
  }

  /// Takes the cycle-parked edges that one of the withdrawn edges may have stood in the way of up for decision.
  ///
  /// An edge a → b that was taken can only be part of a path that keeps u → v parked when, in the topological order, v ≤ a and b ≤ u. Edges
  /// of which many go at once are not compared one by one.
  private mutating func free(after withdrawn: [EdgeView], into work: inout SortedSlots<Stamp>) {
    guard !cyclic.isEmpty, let first = withdrawn.map(\.lowest).min() else { return }
    let comparedMax = 16
    for parked in cyclic.slots(after: first) {
      let view = edges[Int(parked)]
      if view.source == view.target || view.isQueued { continue }
      let isConcerned =
        withdrawn.count > comparedMax
        || withdrawn.contains {
          order.rank(view.target) <= order.rank($0.source) && order.rank($0.target) <= order.rank(view.source)
        }
      guard isConcerned else { continue }
      edges[Int(parked)].isQueued = true
      work.insert(parked, key: view.lowest)
    }
  }

  /// Decides one edge. All before it are decided for good; those after it may be taken for now.
  private mutating func decide(_ edge: Slot, _ work: inout SortedSlots<Stamp>) {
    changedEdges.mark(edge)
    edges[Int(edge)].isQueued = false
    let view = edges[Int(edge)]
    if order.insert(edge, from: view.source, to: view.target) { return stand(edge, .taken) }
    if view.source == view.target || closesCycle(view, through: nil) { return stand(edge, .cyclic) }
    makeRoom(for: view, &work)
    // It fits the earlier ones, so this fails only if a forged snapshot gave one stamp to two edges.
    stand(edge, order.insert(edge, from: view.source, to: view.target) ? .taken : .cyclic)
  }

  /// Takes later edges out, to be decided anew in their turn, until none of the rest stands in the way.
  ///
  /// The first of them that goes is the first that closes the cycle when edges are taken in order.
  private mutating func makeRoom(for view: EdgeView, _ work: inout SortedSlots<Stamp>) {
    var later = order.edges(from: view.target, to: view.source).filter { view.lowest < edges[Int($0)].lowest }
    later.sort { edges[Int($0)].lowest < edges[Int($1)].lowest }
    var done = 0
    while done < later.count, let last = later.last, closesCycle(view, through: edges[Int(last)].lowest) {
      var low = done
      var high = later.count - 1
      while low < high {
        let middle = (low + high) / 2
        if closesCycle(view, through: edges[Int(later[middle])].lowest) { high = middle } else { low = middle + 1 }
      }
      withdraw(later[low], &work)
      done = low + 1
    }
  }

  private mutating func withdraw(_ edge: Slot, _ work: inout SortedSlots<Stamp>) {
    order.remove(edge)
    visibleEdgeCount -= 1
    edges[Int(edge)].standing = .undecided
    work.insert(edge, key: edges[Int(edge)].lowest)
    free(after: [edges[Int(edge)]], into: &work)
  }

  private mutating func stand(_ edge: Slot, _ standing: EdgeStanding) {
    let view = edges[Int(edge)]
    guard view.standing != standing else { return }
    if view.standing == .cyclic { cyclic.remove(edge, key: view.lowest) }
    if standing == .cyclic { cyclic.insert(edge, key: view.lowest) }
    if standing == .taken { visibleEdgeCount += 1 }
    edges[Int(edge)].standing = standing
  }

  /// Whether taken edges up to `last`, or only those before the edge itself, already lead from its target to its source.
  private mutating func closesCycle(_ view: EdgeView, through last: Stamp?) -> Bool {
    let edges = edges
    return order.reaches(view.target, view.source) { other in
      let place = edges[Int(other)].lowest
      return last.map { place <= $0 } ?? (place < view.lowest)
    }
  }
}

extension Stamp {
  /// Before every stamp that an op can have.
  static let zero = Stamp(hlc: .zero, replica: .none, seq: 0, index: 0)
}
