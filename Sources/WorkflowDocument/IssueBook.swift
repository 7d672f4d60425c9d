import CRDT
public import WorkflowGraph

/// The findings about the graph, kept per node and edge; what was written since is looked at again when somebody asks.
///
/// Spec: GV4, GV6.
struct IssueBook: Sendable {
  private var nodes = Marks()
  private var edges = Marks()
  private var byNode: [Slot: [Issue]] = [:]
  private var byEdge: [Slot: [Issue]] = [:]
  private var labels = LabelIndex()
  private var added: Set<Issue> = []
  private var removed: Set<Issue> = []
  /// What there is beside the catalogue's types.
  private(set) var others: OtherTypes?

  /// Every node is looked at again.
  mutating func setOthers(_ others: OtherTypes?, _ state: DocumentState) {
    self.others = others
    for node in state.nodeSlotsInUse { nodes.mark(node) }
  }

  mutating func nodeChanged(_ node: Slot) { nodes.mark(node) }

  /// An edge came, went, was parked or came back: the ends' inputs may be connected or not.
  mutating func edgeChanged(_ edge: Slot, from source: Slot, to target: Slot) {
    edges.mark(edge)
    nodes.mark(source)
    nodes.mark(target)
  }

  var isCurrent: Bool { nodes.isEmpty && edges.isEmpty }

  /// All findings, sorted. Call after `refresh`.
  var all: [Issue] { IssueRules.sorted(byNode.values.flatMap { $0 } + byEdge.values.flatMap { $0 }) }

  /// Looks again at what was written. O(what changed).
  mutating func refresh(_ state: DocumentState, _ projection: Projection) {
    for edge in edges.take() {
      let before = byEdge.removeValue(forKey: edge) ?? []
      byEdge[edge] = compare(before, IssueRules.issues(edge: edge, state, projection))
    }
    // Who shares a label with a node that was renamed is looked at again too.
    for node in nodes.take() {
      let label = projection.isVisible(node) ? IssueRules.label(of: state.nodes[Int(node)], state.names) : nil
      for other in labels.set(node, label) { nodes.mark(other) }
      nodes.mark(node)
    }
    for node in nodes.take() {
      let before = byNode.removeValue(forKey: node) ?? []
      byNode[node] = compare(before, IssueRules.issues(node: node, state, projection, labels, others))
    }
  }

  /// The slots are given out anew: all findings go, and come back when they are found again.
  mutating func forgetSlots() {
    for issue in byNode.values.joined() { if added.remove(issue) == nil { removed.insert(issue) } }
    for issue in byEdge.values.joined() { if added.remove(issue) == nil { removed.insert(issue) } }
    let (added, removed, others) = (added, removed, others)
    self = IssueBook()
    self.others = others
    self.added = added
    self.removed = removed
  }

  /// What came and what went since the last call, sorted.
  mutating func takeChanges() -> (added: [Issue], removed: [Issue]) {
    let changes = (IssueRules.sorted(Array(added)), IssueRules.sorted(Array(removed)))
    added = []
    removed = []
    return changes
  }

  /// Notes the difference; `nil` instead of none, so that the dictionaries hold only what has findings.
  private mutating func compare(_ before: [Issue], _ now: [Issue]) -> [Issue]? {
    if before != now {
      for issue in before where !now.contains(issue) { if added.remove(issue) == nil { removed.insert(issue) } }
      for issue in now where !before.contains(issue) { if removed.remove(issue) == nil { added.insert(issue) } }
    }
    return now.isEmpty ? nil : now
  }
}

/// Which visible nodes bear a label.
struct LabelIndex: Sendable {
  private var bearers: [JSONText: Set<Slot>] = [:]
  private var labels: [Slot: JSONText] = [:]

  func count(_ label: JSONText) -> Int { bearers[label]?.count ?? 0 }

  /// - Returns: the nodes whose label has become unique or has ceased to be.
  mutating func set(_ node: Slot, _ label: JSONText?) -> [Slot] {
    let before = labels[node]
    if before == label { return [] }
    var affected: [Slot] = []
    if let before {
      bearers[before]?.remove(node)
      if let left = bearers[before] {
        if left.count == 1 { affected += left }
        if left.isEmpty { bearers[before] = nil }
      }
    }
    labels[node] = label
    if let label {
      if let present = bearers[label], present.count == 1 { affected += present }
      bearers[label, default: []].insert(node)
    }
    return affected
  }
}

extension WorkflowDocument {
  /// All findings, sorted by node, edge, field and code. Spec: GV4.
  public var issues: [Issue] {
    if issueBook.isCurrent { return issueBook.all }
    var book = issueBook
    book.refresh(state, projection)
    return book.all
  }

  /// What nodes there can be beside those of the catalogue; findings about them change with it. O(nodes), when findings are asked for.
  public mutating func setOtherTypes(_ types: OtherTypes?) { issueBook.setOthers(types, state) }

  /// Findings that came and findings that went since the last call; the first call gives all. O(what was written since).
  public mutating func takeIssueChanges() -> (added: [Issue], removed: [Issue]) {
    issueBook.refresh(state, projection)
    return issueBook.takeChanges()
  }
}
