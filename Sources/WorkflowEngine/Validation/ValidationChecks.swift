import WorkflowGraph

/// Looks at a graph from all sides. Each side is O(nodes + edges + bytes).
struct ValidationChecks {
  private let registry: ExecutorRegistry
  private var findings: [GraphValidation.Finding] = []
  /// Of the first node with an id.
  private var places: [NodeID: Int] = [:]

  init(_ registry: ExecutorRegistry) { self.registry = registry }

  mutating func findings(in subject: ValidationSubject) -> [GraphValidation.Finding] {
    findings = subject.faults
    for (index, node) in subject.nodes.enumerated() where places[node.id] == nil { places[node.id] = index }
    let (taken, edgeFindings) = edges(subject)
    var inputs = [Int](repeating: 0, count: subject.nodes.count)
    for edge in taken { inputs[edge.target] += 1 }
    let loops = Loops(count: subject.nodes.count, edges: taken)
    let groups = groups(subject)
    let labels = labels(subject)
    for (index, node) in subject.nodes.enumerated() {
      guard places[node.id] == index else {
        add(issue(GraphValidation.Code.idDuplicate, node.id, field: .id, "The id \(node.id) is that of an earlier node too."), node)
        continue
      }
      for issue in settings(of: node, inputs: inputs[index]) { add(issue, node) }
      if let members = loops.members(with: index) {
        let others = members.lazy.filter { $0 != index }.prefix(Self.namesMax).map { "\(subject.nodes[$0].id)" }
        add(issue(GraphValidation.Code.nodeCycle, node.id, Self.text(node.id, others: Array(others), of: members.count - 1)), node)
      }
      switch groups[index] {
      case .missing: add(GraphIssue.parentMissing(node.id), node)
      case .loop: add(GraphIssue.parentLoop(node.id), node)
      case .held: break
      }
      if let label = GraphIssue.label(node.fields[.label]), labels[label, default: 0] > 1 {
        add(GraphIssue.nameDuplicate(node.id, label: label), node)
      }
    }
    return findings + edgeFindings
  }

  private mutating func add(_ issue: Issue, _ node: ValidationSubject.Node) {
    findings.append(GraphValidation.Finding(issue, place: node.place))
  }

  private func issue(_ code: String, _ node: NodeID, field: FieldKey? = nil, _ text: String) -> Issue {
    Issue(code: code, severity: .error, node: node, field: field, text: text)
  }

  /// How many other nodes of a loop a text names.
  private static let namesMax = 4

  private static func text(_ node: NodeID, others: [String], of count: Int) -> String {
    if count == 0 { return "Node \(node) is connected to itself." }
    let more = count > others.count ? " and \(count - others.count) more" : ""
    return "Node \(node) is on a loop with \(others.joined(separator: ", "))\(more)."
  }

  // MARK: nodes

  private func settings(of node: ValidationSubject.Node, inputs: Int) -> [Issue] {
    var fields = node.fields
    let (settings, faults) = decode(fields)
    // A run finds the type of a node that names none by its settings.
    let inferred = TypeInference.type(of: settings)
    if fields[.type].map({ $0.isNull || $0.text == "\"\"" }) ?? true, !inferred.isEmpty { fields[.type] = .string(inferred) }
    let name = fields[.type]?.stringValue.map { NodeCatalogue.engineName(of: $0) }
    let isKnown = name.map { NodeCatalogue.type(named: $0) != nil } ?? false
    if let name, let issues = registry.pluginIssues(of: node.id, type: name, fields: fields, inputs: inputs) { return issues }
    let isRun = name.map { registry.runs($0) } ?? false
    var issues: [Issue] = []
    // A type that only the registry knows says itself what it needs, when it runs.
    if isKnown || !isRun { issues = NodeCheck.issues(of: node.id, fields: fields, inputs: inputs) }
    if isKnown, !isRun, let name {
      issues.append(issue(GraphValidation.Code.typeUnavailable, node.id, field: .type, "This engine does not run \(name) nodes."))
    }
    for field in faults where !issues.contains(where: { $0.field == field }) {
      let text = "\(field.dataKey ?? "") is of the wrong kind, which refuses the whole run though a \(name ?? "") node does not look at it."
      issues.append(issue(NodeCheck.Code.settingInvalid, node.id, field: field, text))
    }
    return issues
  }

  /// As the run decodes it: of every node every setting that any type knows.
  private func decode(_ fields: [FieldKey: JSONText]) -> (NodeSettings, faults: [FieldKey]) {
    var settings = NodeSettings()
    var faults: [FieldKey] = []
    for (field, text) in fields {
      guard let (name, kind) = SettingDecoder.setting(of: field) else { continue }
      do throws(SettingTypeError) {
        settings[name] = try GraphDecoder.setting(text, name: name, kind: kind)
      } catch {
        faults.append(field)
      }
    }
    return (settings, faults.sorted())
  }

  private func labels(_ subject: ValidationSubject) -> [JSONText: Int] {
    var labels: [JSONText: Int] = [:]
    for index in places.values { if let label = GraphIssue.label(subject.nodes[index].fields[.label]) { labels[label, default: 0] += 1 } }
    return labels
  }

  private enum Group { case held, missing, loop }

  /// Whether the group that a node belongs to is there, and not inside of it.
  private func groups(_ subject: ValidationSubject) -> [Group] {
    var groups = [Group](repeating: .held, count: subject.nodes.count)
    var links: [(source: Int, target: Int)] = []
    for index in places.values {
      guard let parent = subject.nodes[index].fields[.parentID]?.stringValue else { continue }
      if let target = places[NodeID(parent)] { links.append((index, target)) } else { groups[index] = .missing }
    }
    let loops = Loops(count: subject.nodes.count, edges: links)
    for (index, _) in links where loops.members(with: index) != nil { groups[index] = .loop }
    return groups
  }

  // MARK: edges

  /// The edges that connect something, as places of nodes, and what is wrong with the others.
  private func edges(_ subject: ValidationSubject) -> (taken: [(source: Int, target: Int)], [GraphValidation.Finding]) {
    var taken: [(source: Int, target: Int)] = []
    var findings: [GraphValidation.Finding] = []
    var known: Set<EdgeKey> = []
    for edge in subject.edges {
      let key = edge.key
      var finding: (code: String, severity: Issue.Severity, text: String)?
      if !known.insert(key).inserted {
        finding = (GraphValidation.Code.edgeDuplicate, .warning, "The connection \(key) is there twice and counts once.")
      } else if let source = places[key.source], let target = places[key.target] {
        taken.append((source, target))
      } else {
        let missing = places[key.source] == nil ? key.source : key.target
        // What connects nothing with nothing is passed over.
        let isIgnored = places[key.source] == nil && places[key.target] == nil
        finding = (
          GraphIssue.Code.edgeOrphan, isIgnored ? .warning : .error, "The connection \(key) has no end: node \(missing) is not there."
        )
      }
      guard let finding else { continue }
      let issue = Issue(code: finding.code, severity: finding.severity, edge: key, text: finding.text)
      findings.append(GraphValidation.Finding(issue, place: edge.place, edgeID: edge.id))
    }
    return (taken, findings)
  }
}
