import CRDT
import Hashing
import WorkflowDocument
import WorkflowGraph

/// The document as the rules say it, with no thought for speed: all ops sorted by stamp, everything computed anew.
///
/// Shares no code with the document beyond the value types, SHA-256 and the catalogue's check of a single node.
struct NaiveModel {
  /// A defect to plant, for the test that proves that the harness sees defects.
  enum Defect: CaseIterable {
    case none
    case firstWriterWins
    case lateEdgesFirst
    case removeWins
    case orphansHidden
    case earliestParentDropped
  }

  struct View: Equatable {
    var graph = WorkflowGraph()
    var parked: [ParkedEdge] = []
    var meta: [FieldKey: JSONText] = [:]
    var comments: [CommentID] = []
    var issues: Set<Issue> = []
    var graphHash: [UInt8] = []
    var documentHash: [UInt8] = []
    var fingerprints: [NodeID: UInt64] = [:]
    var aliveCount = 0
    var liveEdgeCount = 0
  }

  struct Register {
    var stamp: Stamp
    var value: JSONText?
  }

  private struct Edge {
    var key: EdgeKey
    var lowest: Stamp
    var fields: [FieldKey: JSONText]
  }

  private let defect: Defect
  private var lives: [NodeID: Register] = [:]
  private var fields: [NodeID: [FieldKey: Register]] = [:]
  private var edgeFields: [EdgeKey: [FieldKey: Register]] = [:]
  private var commentLives: [CommentID: Register] = [:]
  private var commentFields: [CommentID: [FieldKey: Register]] = [:]
  private var meta: [FieldKey: Register] = [:]
  private var tags: [EdgeKey: Set<Stamp>] = [:]

  init(_ changes: [Change], defect: Defect = .none) {
    self.defect = defect
    var ops = changes.flatMap { change in change.ops.indices.map { (change.stamp($0), change.ops[$0]) } }
    ops.sort { $0.0 < $1.0 }
    if defect == .firstWriterWins { ops.reverse() }
    var removed: [EdgeKey: Set<Stamp>] = [:]
    for (stamp, op) in ops {
      switch op {
      case .setMeta(let field, let value): meta[field] = Register(stamp: stamp, value: value)
      case .setNodeLife(let node, let alive): lives[node] = Register(stamp: stamp, value: alive ? .bool(true) : nil)
      case .setNodeField(let node, let field, let value): fields[node, default: [:]][field] = Register(stamp: stamp, value: value)
      case .addEdge(let edge): tags[edge, default: []].insert(stamp)
      case .removeEdge(let edge, let tags): removed[edge, default: []].formUnion(tags)
      case .setEdgeField(let edge, let field, let value): edgeFields[edge, default: [:]][field] = Register(stamp: stamp, value: value)
      case .setCommentLife(let comment, let alive): commentLives[comment] = Register(stamp: stamp, value: alive ? .bool(true) : nil)
      case .setCommentField(let comment, let field, let value):
        commentFields[comment, default: [:]][field] = Register(stamp: stamp, value: value)
      }
    }
    for (edge, gone) in removed {
      tags[edge]?.subtract(gone)
      if defect == .removeWins, !gone.isEmpty { tags[edge] = [] }
    }
  }

  func view() -> View {
    var view = View()
    let visible = Set(lives.keys.filter { lives[$0]?.value != nil && fields[$0]?[.type]?.value != nil })
    view.aliveCount = lives.values.filter { $0.value != nil }.count
    let live = liveEdges()
    view.liveEdgeCount = live.count
    let reasons = reasons(live, visible)
    let parents = parents(visible)

    let nodes = visible.sorted().map { id in
      var present = set(fields[id])
      if present[.parentID] != nil, parents.standings[id] != nil { present[.parentID] = nil }
      return WorkflowGraph.Node(id: id, fields: present)
    }
    let edges = live.filter { reasons[$0.key] == nil }.map { WorkflowGraph.Edge(key: $0.key, fields: $0.fields) }
    view.graph = WorkflowGraph(nodes: nodes, edges: edges)
    view.parked = live.compactMap { edge in
      reasons[edge.key].flatMap { defect == .orphansHidden && $0 == .orphan ? nil : ParkedEdge(key: edge.key, reason: $0) }
    }
    view.meta = set(meta)
    view.comments = commentLives.keys.filter { commentLives[$0]?.value != nil }.sorted()
    view.issues = issues(view, parents.standings)
    view.graphHash = graphHash(view)
    view.documentHash = documentHash(view, live, reasons)
    view.fingerprints = fingerprints(view.graph)
    return view
  }

  private func set(_ registers: [FieldKey: Register]?) -> [FieldKey: JSONText] { (registers ?? [:]).compactMapValues(\.value) }

  private func liveEdges() -> [Edge] {
    let edges = tags.compactMap { key, tags -> Edge? in
      guard let lowest = tags.min() else { return nil }
      return Edge(key: key, lowest: lowest, fields: set(edgeFields[key]?.filter { lowest < $0.value.stamp }))
    }
    return edges.sorted { ($0.lowest, $0.key) < ($1.lowest, $1.key) }
  }

  /// Why an edge is parked: an end is not there, or a walk from its target over the edges before it comes to its source.
  private func reasons(_ live: [Edge], _ visible: Set<NodeID>) -> [EdgeKey: ParkedEdge.Reason] {
    var reasons: [EdgeKey: ParkedEdge.Reason] = [:]
    var targets: [NodeID: [NodeID]] = [:]
    for edge in defect == .lateEdgesFirst ? live.reversed() : live {
      guard visible.contains(edge.key.source), visible.contains(edge.key.target) else {
        reasons[edge.key] = .orphan
        continue
      }
      var seen: Set<NodeID> = [edge.key.target]
      var stack = [edge.key.target]
      while let node = stack.popLast() { for next in targets[node] ?? [] where seen.insert(next).inserted { stack.append(next) } }
      if seen.contains(edge.key.source) {
        reasons[edge.key] = .cycle
      } else {
        targets[edge.key.source, default: []].append(edge.key.target)
      }
    }
    return reasons
  }

  /// Parents in stamp order, each unless the chain above already comes by the child.
  private func parents(_ visible: Set<NodeID>) -> (standings: [NodeID: String], held: [NodeID: NodeID]) {
    var standings: [NodeID: String] = [:]
    var held: [NodeID: NodeID] = [:]
    var links = fields.compactMap { child, registers -> (Stamp, NodeID, NodeID)? in
      guard let register = registers[.parentID], let parent = register.value?.stringValue else { return nil }
      return (register.stamp, child, NodeID(parent))
    }
    links.sort { $0.0 < $1.0 }
    if defect == .earliestParentDropped { links.reverse() }
    for (_, child, parent) in links {
      guard visible.contains(child), visible.contains(parent) else {
        standings[child] = "parent_missing"
        continue
      }
      var at: NodeID? = parent
      while let node = at, node != child { at = held[node] }
      if at == child { standings[child] = "parent_loop" } else { held[child] = parent }
    }
    return (standings, held)
  }

  private func issues(_ view: View, _ standings: [NodeID: String]) -> Set<Issue> {
    var issues: Set<Issue> = []
    for parked in view.parked {
      let code = parked.reason == .orphan ? "edge_orphan" : "edge_cycle"
      issues.insert(Issue(code: code, severity: parked.reason == .orphan ? .warning : .error, edge: parked.key, text: ""))
    }
    var bearers: [JSONText: Int] = [:]
    for node in view.graph.nodes { if let label = node.fields[.label] { bearers[label, default: 0] += 1 } }
    for node in view.graph.nodes {
      let inputs = view.graph.edges.filter { $0.key.target == node.id }.count
      for issue in NodeCheck.issues(of: node.id, fields: node.fields, inputs: inputs) { issues.insert(issue.withoutText) }
      if let code = standings[node.id] {
        issues.insert(Issue(code: code, severity: .warning, node: node.id, field: .parentID, text: ""))
      }
      if let label = node.fields[.label], bearers[label] ?? 0 > 1 {
        issues.insert(Issue(code: "name_duplicate", severity: .warning, node: node.id, field: .label, text: ""))
      }
    }
    return issues
  }
}

// MARK: - Hashes

extension NaiveModel {
  private func quoted(_ text: String) -> String { "\"\(text)\"" }

  private func object(_ members: [FieldKey: JSONText]) -> String {
    "{" + members.map { "\(quoted($0.key.rawValue)):\($0.value)" }.sorted().joined(separator: ",") + "}"
  }

  private func data(_ fields: [FieldKey: JSONText]) -> [FieldKey: JSONText] {
    var data: [FieldKey: JSONText] = [:]
    for (field, value) in fields where field.rawValue.hasPrefix("data.") { data[FieldKey(String(field.rawValue.dropFirst(5)))] = value }
    return data
  }

  private func ends(_ key: EdgeKey) -> String {
    var text = "\"source\":\(quoted(key.source.rawValue))"
    if let handle = key.sourceHandle { text += ",\"sourceHandle\":\(quoted(handle))" }
    text += ",\"target\":\(quoted(key.target.rawValue))"
    if let handle = key.targetHandle { text += ",\"targetHandle\":\(quoted(handle))" }
    return text
  }

  private func graphHash(_ view: View) -> [UInt8] {
    var digests: [UInt8] = []
    for node in view.graph.nodes {
      let type = node.fields[.type]?.text ?? ""
      digests += SHA256.digest("{\"data\":\(object(data(node.fields))),\"id\":\(quoted(node.id.rawValue)),\"type\":\(type)}")
    }
    for edge in view.graph.edges {
      let data = data(edge.fields)
      digests += SHA256.digest("{\(data.isEmpty ? "" : "\"data\":\(object(data)),")\(ends(edge.key))}")
    }
    return SHA256.digest(digests)
  }

  /// By walking up from each node, again and again. Spec: RU6.
  private func fingerprints(_ graph: WorkflowGraph) -> [NodeID: UInt64] {
    let texts = Dictionary(
      uniqueKeysWithValues: graph.nodes.map { node in
        var settings = data(node.fields)
        settings["label"] = nil
        return (node.id, "{\"data\":\(object(settings)),\"id\":\(quoted(node.id.rawValue)),\"type\":\(node.fields[.type]?.text ?? "")}")
      })
    func sharesState(_ node: WorkflowGraph.Node) -> Bool { ["counter", "counterNode"].contains(node.fields[.type]?.stringValue) }
    func inputs(_ node: NodeID) -> [WorkflowGraph.Edge] { graph.edges.filter { $0.key.target == node } }
    func base(_ node: NodeID) -> ArraySlice<UInt8> {
      var bytes = SHA256.digest(texts[node] ?? "")
      for edge in inputs(node) {
        let data = data(edge.fields)
        bytes += SHA256.digest("{\(data.isEmpty ? "" : "\"data\":\(object(data)),")\(ends(edge.key))}") + base(edge.key.source)
      }
      return SHA256.digest(bytes).prefix(8)
    }
    func takesPart(_ node: WorkflowGraph.Node) -> Bool {
      if sharesState(node) || texts[node.id]?.contains("{{") == true { return true }
      return inputs(node.id).contains { edge in graph.nodes.contains { $0.id == edge.key.source && takesPart($0) } }
    }
    func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
    let sharers = graph.nodes.filter(sharesState)
    let shared = sharers.isEmpty ? 0 : number(SHA256.digest(sharers.flatMap { base($0.id) }).prefix(8))
    return Dictionary(uniqueKeysWithValues: graph.nodes.map { ($0.id, number(base($0.id)) ^ (takesPart($0) ? shared : 0)) })
  }

  private func documentHash(_ view: View, _ live: [Edge], _ reasons: [EdgeKey: ParkedEdge.Reason]) -> [UInt8] {
    var digests: [UInt8] = []
    for node in view.graph.nodes {
      digests += [1] + SHA256.digest("{\"fields\":\(object(set(fields[node.id]))),\"id\":\(quoted(node.id.rawValue))}")
    }
    for edge in live {
      let mark: UInt8 =
        switch reasons[edge.key] {
        case nil: 2
        case .orphan: 3
        case .cycle: 4
        }
      digests += [mark] + SHA256.digest("{\"fields\":\(object(edge.fields)),\(ends(edge.key))}")
    }
    digests += [5] + SHA256.digest("{\"fields\":\(object(view.meta))}")
    for comment in view.comments {
      digests += [6] + SHA256.digest("{\"fields\":\(object(set(commentFields[comment]))),\"id\":\(quoted(comment.rawValue))}")
    }
    return SHA256.digest(digests)
  }
}

extension Issue {
  /// The wording is nobody's contract.
  var withoutText: Issue { Issue(code: code, severity: severity, node: node, edge: edge, field: field, text: "") }
}

extension WorkflowDocument {
  /// The same view of the real thing.
  mutating func view() -> NaiveModel.View {
    var view = NaiveModel.View()
    view.graph = graph()
    view.parked = parkedEdges
    view.meta = meta
    view.comments = comments
    view.issues = Set(issues.map(\.withoutText))
    view.graphHash = graphHash()
    view.documentHash = documentHash()
    view.fingerprints = allFingerprints()
    view.aliveCount = nodeCount
    view.liveEdgeCount = edgeCount
    return view
  }
}
