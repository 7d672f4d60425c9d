public import CRDT
import WorkflowGraph

/// One replica of a workflow: the replicated state and the graph, findings and hashes derived from it.
///
/// A value: a copy is O(1) until one of the two changes. Applying the same changes in any order that keeps each replica's own gives the
/// same document, view and hashes. Spec: DO1 to DO7, GV1 to GV6, ME1.
public struct WorkflowDocument: Sendable {
  var state = DocumentState()
  var projection = Projection()
  var digests = DigestCache()
  var issueBook = IssueBook()
  var fingerprints = FingerprintBook()

  public init() {}

  /// Which changes are in.
  public var version: Version { state.version }
  /// The highest time of any change seen; a clock that writes here must be ahead of it. Spec: CR3.
  public var highestTime: HybridTime { state.highestTime }
  /// Nodes that are alive, whether they have a type or not.
  public var nodeCount: Int { state.aliveNodeCount }
  /// Edges that were added and not removed, parked ones included.
  public var edgeCount: Int { state.liveEdgeCount }
  /// About what the document takes in memory; values and ids count with their bytes, tombstones included.
  public var byteCount: Int { state.byteCount }

  /// Applies a change whole, or not at all.
  ///
  /// Total over any ops; `check` says beforehand whether a well-behaved author could have sent them. O(log n) per op, plus what
  /// the view needs (GV6).
  public mutating func apply(_ change: Change) throws(ApplyError) -> Applied {
    let seen = state.version[change.replica]
    if change.seq <= seen { return .duplicate }
    guard change.seq == seen + 1 else { throw .gap(expected: seen + 1, got: change.seq) }
    var stamp = change.stamp(0)
    for op in change.ops {
      apply(op, stamp)
      stamp.index &+= 1
    }
    state.version.raise(change.replica, to: change.seq)
    state.pendingRemovals.settle(change.replica, change.seq)
    state.highestTime = max(state.highestTime, change.hlc)
    settle()
    return .applied
  }

  private mutating func apply(_ op: Op, _ stamp: Stamp) {
    switch op {
    case .setMeta(let field, let value):
      if state.writeMeta(field, value, stamp: stamp) { digests.metaChanged() }
    case .setNodeLife(let node, let alive):
      let slot = state.ensureNode(node)
      if state.writeNodeLife(slot, alive, stamp: stamp) { projection.touch(node: slot) }
    case .setNodeField(let node, let field, let value):
      let slot = state.ensureNode(node)
      let symbol = state.intern(field)
      guard state.writeNodeField(slot, symbol, value, stamp: stamp) else { return }
      fieldWritten(slot, symbol)
    case .addEdge(let key):
      if state.pendingRemovals.contains(key, stamp) { return }
      let slot = state.ensureEdge(key)
      if state.addTag(slot, stamp) { projection.touch(edge: slot) }
    case .removeEdge(let key, let tags):
      remove(key, tags)
    case .setEdgeField(let key, let field, let value):
      let slot = state.ensureEdge(key)
      if state.writeEdgeField(slot, field, value, stamp: stamp) {
        digests.edgeChanged(slot)
        fingerprints.inputsChanged(state.edges[Int(slot)].name.target)
      }
    case .setCommentLife(let comment, let alive):
      if state.writeCommentLife(comment, alive, stamp: stamp) { digests.commentsChanged() }
    case .setCommentField(let comment, let field, let value):
      if state.writeCommentField(comment, field, value, stamp: stamp) { digests.commentsChanged() }
    }
  }

  /// A tag that is here goes; one that was never seen is remembered; one that was seen and is not here was removed before. Spec: DO6.
  private mutating func remove(_ key: EdgeKey, _ tags: [Stamp]) {
    let slot = state.slot(of: key)
    for tag in tags {
      if let slot, state.removeTag(slot, tag) {
        projection.touch(edge: slot)
      } else if !state.version.covers(tag.id) {
        state.pendingRemovals.remember(key, tag)
      }
    }
  }

  mutating func fieldWritten(_ slot: Slot, _ symbol: Symbol) {
    if symbol == NameTable.type { projection.touch(node: slot) }
    if symbol == NameTable.parentID { projection.parentWritten(slot, state) }
    let isLayout = state.names.traits[Int(symbol)].isLayout
    digests.nodeChanged(slot, isLayout: isLayout)
    issueBook.nodeChanged(slot)
    if !isLayout { fingerprints.nodeChanged(slot) }
  }

  /// Takes over a state with slots of its own and derives everything from it. O(n log n).
  mutating func adopt(_ state: DocumentState) {
    self.state = state
    projection = Projection()
    digests = DigestCache()
    fingerprints = FingerprintBook()
    issueBook.forgetSlots()
    projection.fill(from: state)
    settle()
  }

  /// Brings everything derived up to the state.
  mutating func settle() {
    guard projection.isTouched else { return }
    projection.settle(state)
    var nodes = projection.changedNodes.take()
    for node in nodes {
      digests.nodeChanged(node, isLayout: false)
      issueBook.nodeChanged(node)
      fingerprints.nodeChanged(node)
    }
    projection.changedNodes.recycle(&nodes)
    var edges = projection.changedEdges.take()
    for edge in edges {
      let name = state.edges[Int(edge)].name
      digests.edgeChanged(edge)
      issueBook.edgeChanged(edge, from: name.source, to: name.target)
      fingerprints.inputsChanged(name.target)
      state.releaseEdgeIfEmpty(edge)
    }
    projection.changedEdges.recycle(&edges)
  }
}
