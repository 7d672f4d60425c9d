import CRDT
import WorkflowGraph

/// The graph as it is shown: which nodes and edges are visible, in what order, and why the others are parked.
///
/// Kept up to date change by change; it is a function of the state alone. Spec: GV1 to GV3b, GV6.
///
/// Cycles: edges are taken in edge order, each unless it would close a cycle with those taken before. An edge that fits among *all* taken
/// ones, earlier and later, changes no other decision, and an edge that goes can only free parked edges after it; so nothing
/// else is looked at. Only an edge that fits the earlier but not the later ones makes the later ones be decided anew.
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
  private(set) var changedNodes = Marks()
  private(set) var changedEdges = Marks()

  func isVisible(_ node: Slot) -> Bool { Int(node) < isVisible.count && isVisible[Int(node)] }
  func standing(_ edge: Slot) -> EdgeStanding { Int(edge) < edges.count ? edges[Int(edge)].standing : .gone }
  func forEachLiveEdge(at node: Slot, _ body: (Slot) -> Void) {
    incidence.forEachOut(node) { edge, _ in body(edge) }
    incidence.forEachIn(node) { edge, source in if source != node { body(edge) } }
  }
  func forEachLiveEdge(into node: Slot, _ body: (Slot) -> Void) { incidence.forEachIn(node) { edge, _ in body(edge) } }

  /// The node's life or type was written.
  mutating func touch(node: Slot) { touchedNodes.mark(node) }
  /// The edge's tags were written.
  mutating func touch(edge: Slot) { touchedEdges.mark(edge) }
  mutating func takeChangedNodes() -> [Slot] { changedNodes.take() }
  mutating func takeChangedEdges() -> [Slot] { changedEdges.take() }

  mutating func parentWritten(_ node: Slot, _ state: DocumentState) {
    let record = state.nodes[Int(node)]
    let stamp = record.fields[NameTable.parentID]?.stamp ?? .zero
    let isVisible = isVisible
    for changed in parents.set(node, parent: record.parent, stamp: stamp, visible: { Int($0) < isVisible.count && isVisible[Int($0)] }) {
      changedNodes.mark(changed)
    }
  }

  /// Brings the view up to the state after any number of writes.
  mutating func settle(_ state: DocumentState) {
    if !touchedNodes.isEmpty { settleNodes(state) }
    if !touchedEdges.isEmpty { settleEdges(state) }
  }

  private mutating func settleNodes(_ state: DocumentState) {
    while isVisible.count < state.nodes.count { isVisible.append(false) }
    for node in touchedNodes.take() {
      let record = state.nodes[Int(node)]
      changedNodes.mark(node)
      guard record.isVisible != isVisible[Int(node)] else { continue }
      isVisible[Int(node)] = record.isVisible
      if record.isVisible {
        visibleNodes.insert(node, key: record.id)
      } else {
        visibleNodes.remove(node, key: record.id)
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
    var undecided: [Slot] = []
    var withdrawn: [EdgeView] = []
    for edge in touchedEdges.take() {
      changedEdges.mark(edge)
      if let view = refile(edge, state.edges[Int(edge)]) { withdrawn.append(view) }
      if edges[Int(edge)].standing == .undecided { undecided.append(edge) }
    }
    undecided += freed(by: withdrawn)
    if !undecided.isEmpty { decide(undecided) }
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

  /// The cycle-parked edges that one of the withdrawn edges may have stood in the way of.
  ///
  /// A taken edge a → b can only be part of a path that keeps u → v parked when, in the topological order, v ≤ a and b ≤ u. Edges of
  /// which many go at once are not compared one by one.
  private mutating func freed(by withdrawn: [EdgeView]) -> [Slot] {
    guard !cyclic.isEmpty, let first = withdrawn.map(\.lowest).min() else { return [] }
    let comparedMax = 16
    return cyclic.slots(after: first).filter { parked in
      let view = edges[Int(parked)]
      if view.source == view.target { return false }
      if withdrawn.count > comparedMax { return true }
      return withdrawn.contains {
        order.rank(view.target) <= order.rank($0.source) && order.rank($0.target) <= order.rank(view.source)
      }
    }
  }

  /// Decides these edges, and those after one that turns out to be in the way of later ones.
  private mutating func decide(_ slots: [Slot]) {
    var work = inEdgeOrder(slots)
    var isAfterAllTaken = false
    var next = 0
    while next < work.count {
      let edge = work[next]
      next += 1
      changedEdges.mark(edge)
      let view = edges[Int(edge)]
      if order.insert(edge, from: view.source, to: view.target) {
        stand(edge, .taken)
      } else if view.source == view.target || isAfterAllTaken || closesCycleWithEarlier(view) {
        stand(edge, .cyclic)
      } else {
        work = withdrawDecided(after: view.lowest)
        next = 0
        isAfterAllTaken = true
        // It fits the earlier ones, so this fails only if a forged snapshot gave one stamp to two edges.
        stand(edge, order.insert(edge, from: view.source, to: view.target) ? .taken : .cyclic)
      }
    }
  }

  private mutating func stand(_ edge: Slot, _ standing: EdgeStanding) {
    let view = edges[Int(edge)]
    guard view.standing != standing else { return }
    if view.standing == .cyclic { cyclic.remove(edge, key: view.lowest) }
    if standing == .cyclic { cyclic.insert(edge, key: view.lowest) }
    if standing == .taken { visibleEdgeCount += 1 }
    edges[Int(edge)].standing = standing
  }

  /// Takes every edge after this place out of the order again.
  ///
  /// - Returns: those and the parked and undecided ones after it, in edge order.
  private mutating func withdrawDecided(after place: Stamp) -> [Slot] {
    live.slots(after: place).filter { edge in
      switch edges[Int(edge)].standing {
      case .gone, .orphan: return false
      case .undecided, .cyclic: return true
      case .taken:
        order.remove(edge)
        visibleEdgeCount -= 1
        edges[Int(edge)].standing = .undecided
        return true
      }
    }
  }

  private mutating func closesCycleWithEarlier(_ view: EdgeView) -> Bool {
    let edges = edges
    return order.reaches(view.target, view.source) { edges[Int($0)].lowest < view.lowest }
  }

  private func inEdgeOrder(_ slots: [Slot]) -> [Slot] {
    slots.count < 2 ? slots : slots.sorted { edges[Int($0)].lowest < edges[Int($1)].lowest }
  }
}

extension Stamp {
  /// Before every stamp that an op can have.
  static let zero = Stamp(hlc: .zero, replica: .none, seq: 0, index: 0)
}
