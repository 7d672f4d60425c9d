import CRDT
package import WorkflowDocument
import WorkflowGraph

/// A few replicas on a bad network: each writes when it likes and hears of the others late, in part, twice, by change, by snapshot or by merge.
///
/// Deterministic for a seed. Ids come from small pools, so that replicas meet on everything.
package struct SimulatedReplicas {
  package struct Replica {
    let id: ReplicaID
    var document = WorkflowDocument()
    var clock = HybridClock()
    var undo = UndoStack(depthMax: 8)
    /// The findings as somebody sees them who only hears of changes.
    var heardIssues: Set<Issue> = []
  }

  package private(set) var replicas: [Replica]
  /// Everything ever written, by replica.
  package private(set) var log: [[Change]]
  /// What the author of each change had seen.
  private var contexts: [[Version]]
  private var random: SeededRandom
  private var step: UInt64 = 0
  /// Dead things are not written to again: they may have been collected somewhere.
  private let collects: Bool

  static let nodes = (0..<6).map { NodeID("n\($0)") }
  static let types = ["\"number\"", "\"operation\"", "\"nobody\"", "\"visualization\"", "\"counterNode\""].map(JSONText.init(unchecked:))
  static let fields: [FieldKey] = ["data.value", "data.op", "data.label", "position", "width"]
  static let handles = [nil, nil, nil, "", "true"]

  package init(seed: UInt64) {
    random = SeededRandom(seed: seed)
    let count = Int.random(in: 3...8, using: &random)
    collects = random.chance(25)
    replicas = (0..<count).map { Replica(id: ReplicaID(UInt32($0 + 1))) }
    log = Array(repeating: [], count: count)
    contexts = Array(repeating: [], count: count)
  }

  /// Runs the history; `check` is asked now and then about one replica, and about each when all have heard everything.
  package mutating func run(steps: Int, check: (inout WorkflowDocument, [Change]) -> String?) -> String? {
    for _ in 0..<steps {
      step += 1
      let index = replicas.indices.randomElement(using: &random) ?? 0
      switch Int.random(in: 0..<100, using: &random) {
      case 0..<45: write(index)
      case 45..<80: hear(index, from: replicas.indices.randomElement(using: &random) ?? 0)
      case 80..<84: hearAgain(index)
      case 84..<88: if let fault = reload(index) { return fault }
      case 88..<92: replicas[index].document.merge(replicas[replicas.indices.randomElement(using: &random) ?? 0].document)
      case 92..<95: if collects { collect(index) }
      default: if let fault = examine(index, check) { return fault }
      }
    }
    for index in replicas.indices { hear(index, from: index, all: true) }
    for index in replicas.indices { if let fault = examine(index, check) { return fault } }
    return nil
  }

  private mutating func examine(_ index: Int, _ check: (inout WorkflowDocument, [Change]) -> String?) -> String? {
    let version = replicas[index].document.version
    let seen = log.joined().filter { version.covers($0.stamp(0).id) }
    if let fault = check(&replicas[index].document, Array(seen)) { return "\(replicas[index].id) at \(version): \(fault)" }
    let (added, removed) = replicas[index].document.takeIssueChanges()
    let heard = replicas[index].heardIssues
    guard heard.isDisjoint(with: added), heard.isSuperset(of: removed) else { return "issues came twice or went before they came" }
    replicas[index].heardIssues = heard.subtracting(removed).union(added)
    if replicas[index].heardIssues != Set(replicas[index].document.issues) { return "issue changes do not add up" }
    return nil
  }

  // MARK: What a replica does

  private mutating func write(_ index: Int) {
    let ops = ops(index)
    if ops.ops.isEmpty { return }
    // Wall clocks are coarse and apart, so that times tie and disagree.
    let wall = step / 4 + UInt64(index % 3)
    replicas[index].clock.observe(replicas[index].document.highestTime)
    let change = Change(
      replica: replicas[index].id, seq: UInt64(log[index].count + 1), hlc: replicas[index].clock.tick(nowMilliseconds: wall), ops: ops.ops)
    let group = random.chance(20) ? "drag" : nil
    replicas[index].undo.record(change, before: replicas[index].document, group: group, as: ops.origin)
    _ = try? replicas[index].document.apply(change)  // Its own next seq: there is no gap.
    log[index].append(change)
    contexts[index].append(replicas[index].document.version)
  }

  private mutating func ops(_ index: Int) -> (ops: [Op], origin: UndoStack.Origin) {
    if !collects, random.chance(12) {
      let document = replicas[index].document
      if random.chance(60) { return (replicas[index].undo.undo(document) ?? [], .undo) }
      return (replicas[index].undo.redo(document) ?? [], .redo)
    }
    var ops: [Op] = []
    for _ in 0..<Int.random(in: 1...3, using: &random) { ops += someOps(replicas[index].document) }
    return (ops, .edit)
  }

  private mutating func someOps(_ document: WorkflowDocument) -> [Op] {
    let node = Self.nodes.randomElement(using: &random) ?? NodeID("")
    let type = Self.types.randomElement(using: &random)
    switch Int.random(in: 0..<22, using: &random) {
    case 0..<4:
      if collects, isUsedUp(node, document) { return [] }
      return [.setNodeLife(node: node, alive: true), .setNodeField(node: node, field: .type, value: type)]
    case 4: return document.isAlive(node) || !collects ? [.setNodeLife(node: node, alive: false)] : []
    case 5 where !collects: return [.setNodeField(node: node, field: .type, value: random.chance(70) ? type : nil)]
    case 5..<8:
      if collects, !document.isAlive(node) { return [] }
      return [.setNodeField(node: node, field: Self.fields.randomElement(using: &random) ?? .type, value: someValue())]
    case 8, 20, 21:
      if collects, !document.isAlive(node) { return [] }
      let parent = Self.nodes.randomElement(using: &random)?.rawValue
      return [.setNodeField(node: node, field: .parentID, value: random.chance(85) ? parent.map { .string($0) } : nil)]
    case 9..<14: return [.addEdge(someEdge())]
    case 14..<16:
      let edges = document.edges(at: node)
      guard let edge = edges.randomElement(using: &random) else { return [] }
      return [.removeEdge(edge, tags: document.liveTags(edge).shuffled(using: &random))]
    case 16: return [.setEdgeField(edge: someEdge(), field: random.chance(50) ? "data.weight" : "type", value: someValue())]
    case 17: return [.setMeta(field: random.chance(50) ? .title : "description", value: someValue())]
    case 18:
      let comment = CommentID("c\(Int.random(in: 0..<2, using: &random))")
      if collects { return document.isAlive(comment) ? [.setCommentField(comment: comment, field: "text", value: someValue())] : [] }
      return [
        .setCommentLife(comment: comment, alive: random.chance(70)), .setCommentField(comment: comment, field: "text", value: someValue()),
      ]
    default: return futureRemoval()
    }
  }

  /// A removal of an add that most replicas, its author perhaps among them, have not seen. No client of ours makes one, but DO6 holds.
  private mutating func futureRemoval() -> [Op] {
    guard let change = log.joined().randomElement(using: &random) else { return [] }
    for (index, op) in change.ops.enumerated() {
      if case .addEdge(let edge) = op { return [.removeEdge(random.chance(80) ? edge : someEdge(), tags: [change.stamp(index)])] }
    }
    return []
  }

  private mutating func someEdge() -> EdgeKey {
    EdgeKey(
      source: Self.nodes.randomElement(using: &random) ?? NodeID(""), sourceHandle: Self.handles.randomElement(using: &random) ?? nil,
      target: Self.nodes.randomElement(using: &random) ?? NodeID(""), targetHandle: random.chance(10) ? "in" : nil)
  }

  private mutating func someValue() -> JSONText? {
    if random.chance(15) { return nil }
    let choice = Int.random(in: 0..<8, using: &random)
    return JSONText(unchecked: choice < 4 ? "\(choice)" : choice < 7 ? "\"add\"" : "\"{{ const.n }}\"")
  }

  /// Whether the node died once: then it stays dead in histories with collection.
  private func isUsedUp(_ node: NodeID, _ document: WorkflowDocument) -> Bool {
    log.joined().contains { $0.ops.contains(.setNodeLife(node: node, alive: false)) }
  }

  // MARK: What a replica hears

  /// Takes what `other` has and this one lacks, each writer's in order and the writers mixed; a part of it unless `all`.
  private mutating func hear(_ index: Int, from other: Int, all: Bool = false) {
    let theirs = replicas[other].document.version
    let mine = replicas[index].document.version
    var queues = log.indices.map { writer -> ArraySlice<Change> in
      let id = ReplicaID(UInt32(writer + 1))
      let through = all ? log[writer].count : Int(theirs[id])
      return log[writer][min(Int(mine[id]), through)..<through]
    }
    if queues.allSatisfy(\.isEmpty) { return }
    var left = all ? Int.max : Int.random(in: 1...8, using: &random)
    while left > 0, let writer = queues.indices.filter({ !queues[$0].isEmpty }).randomElement(using: &random) {
      _ = try? replicas[index].document.apply(queues[writer].removeFirst())  // In order, so there is no gap.
      left -= 1
    }
  }

  private mutating func hearAgain(_ index: Int) {
    let version = replicas[index].document.version
    guard let change = log.joined().randomElement(using: &random) else { return }
    let expected = version[change.replica] + 1
    let result = Result { () throws(ApplyError) in try replicas[index].document.apply(change) }
    switch result {
    case .success(.duplicate): precondition(change.seq < expected, "a new change taken for a duplicate")
    case .success(.applied): precondition(change.seq == expected, "a change applied out of order")
    case .failure(let error):
      precondition(error == .gap(expected: expected, got: change.seq) && change.seq > expected, "a gap taken wrongly")
    }
  }

  private mutating func reload(_ index: Int) -> String? {
    let bytes = replicas[index].document.encodeSnapshot()
    do {
      var loaded = try WorkflowDocument(snapshot: bytes)
      if loaded.encodeSnapshot() != bytes { return "a snapshot of a snapshot differs" }
      if loaded.byteCount != replicas[index].document.byteCount { return "a snapshot changes the byte count" }
      _ = loaded.takeIssueChanges()
      replicas[index].heardIssues = Set(loaded.issues)
      replicas[index].document = loaded
      return nil
    } catch {
      return "a snapshot of ours is refused: \(error)"
    }
  }

  /// As a server does it: what a replica has seen counts once its changes from before it said so are here.
  private mutating func collect(_ index: Int) {
    let here = replicas[index].document.version
    let seen = replicas.indices.map { writer -> Version in
      let known = Int(here[replicas[writer].id])
      if known == log[writer].count { return replicas[writer].document.version }
      return known == 0 ? Version() : contexts[writer][known - 1]
    }
    let stable = Version(replicas.map { replica in .init(replica: replica.id, seq: seen.map { $0[replica.id] }.min() ?? 0) })
    _ = replicas[index].document.collect(stable: stable, before: HybridTime(milliseconds: step / 4 + 4))
  }
}
