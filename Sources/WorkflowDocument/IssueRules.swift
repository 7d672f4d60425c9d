import CRDT
import WorkflowGraph

/// What is wrong with a node or an edge, and how to say it. The only place that asks the catalogue, and for other types whoever brings them. Spec: GV4.
enum IssueRules {
  static func issues(edge slot: Slot, _ state: DocumentState, _ projection: Projection) -> [Issue] {
    switch projection.standing(slot) {
    case .gone, .taken, .undecided: return []
    case .orphan:
      let key = state.key(of: slot)
      let missing = projection.isVisible(state.edges[Int(slot)].name.source) ? key.target : key.source
      return [
        Issue(
          code: GraphIssue.Code.edgeOrphan, severity: .warning, edge: key,
          text: "The connection \(key) is set aside because node \(missing) is not on the canvas.")
      ]
    case .cyclic:
      let key = state.key(of: slot)
      return [
        Issue(
          code: GraphIssue.Code.edgeCycle, severity: .error, edge: key,
          text: "The connection \(key) is set aside because it would close a loop. Remove it, or another connection of the loop.")
      ]
    }
  }

  static func issues(
    node slot: Slot, _ state: DocumentState, _ projection: Projection, _ labels: LabelIndex, _ others: OtherTypes?
  ) -> [Issue] {
    guard projection.isVisible(slot) else { return [] }
    let record = state.nodes[Int(slot)]
    var issues: [Issue] = []
    switch projection.parents.standing(of: slot) {
    case .missing: issues.append(GraphIssue.parentMissing(record.id))
    case .loop: issues.append(GraphIssue.parentLoop(record.id))
    case .held, nil: break
    }
    var inputCount = 0
    projection.forEachLiveEdge(into: slot) { if projection.standing($0) == .taken { inputCount += 1 } }
    let found = others.flatMap { foreignIssues(of: record, inputs: inputCount, state.names, $0) }
    issues +=
      found
      ?? NodeCheck.issues(of: record.id, inputs: inputCount) { field in
        state.names.find(field).flatMap { record.fields[$0]?.value }
      }
    if let label = label(of: record, state.names), labels.count(label) > 1 {
      issues.append(GraphIssue.nameDuplicate(record.id, label: label))
    }
    return issues
  }

  /// `nil` for a type of the catalogue, and for one that nobody knows.
  private static func foreignIssues(of record: NodeRecord, inputs: Int, _ names: NameTable, _ others: OtherTypes) -> [Issue]? {
    guard let type = record.fields[NameTable.type]?.value?.stringValue, NodeCatalogue.type(named: type) == nil else { return nil }
    var fields: [FieldKey: JSONText] = [:]
    for entry in record.fields.entries { if let value = entry.register.value { fields[names[entry.key]] = value } }
    return others.issues(of: record.id, type: type, fields: fields, inputs: inputs)
  }

  /// What the node is called, as JSON; `nil` when it is not called anything.
  static func label(of record: NodeRecord, _ names: NameTable) -> JSONText? {
    names.find(.label).flatMap { GraphIssue.label(record.fields[$0]?.value) }
  }

  /// Sorted by their places: an issue has up to eight references, and sorting moves each of them some fifteen times.
  static func sorted(_ issues: [Issue]) -> [Issue] {
    let places = issues.withUnsafeBufferPointer { issues in issues.indices.sorted { precedes(issues[$0], issues[$1]) } }
    return places.map { issues[$0] }
  }

  static func precedes(_ a: Issue, _ b: Issue) -> Bool {
    if a.node != b.node { return precedes(a.node, b.node) }
    if a.edge != b.edge { return precedes(a.edge, b.edge) }
    if a.field != b.field { return precedes(a.field, b.field) }
    return a.code < b.code
  }

  private static func precedes<Key: Comparable>(_ a: Key?, _ b: Key?) -> Bool {
    guard let b else { return false }
    guard let a else { return true }
    return a < b
  }
}
