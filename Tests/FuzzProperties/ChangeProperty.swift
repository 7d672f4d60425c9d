import CRDT
import WorkflowDocument
import WorkflowGraph

/// One history, however it arrives, gives one document; what a server checks stays within its limits.
enum ChangeProperty {
  static func check(_ input: [UInt8], planted: Bool) throws(PropertyFault) -> FuzzTarget.Reach {
    var feed = ByteFeed(input)
    let changes = ChangeGrammar(&feed).changes
    guard !changes.isEmpty else { return .refused }
    var random = Seeded(input)
    let whole = try applied(inOrder: changes)
    try requireSame(try applied(byReplica: changes, planted: planted), whole, "one replica after the other")
    for turn in 1...2 { try requireSame(try applied(interleaved: changes, &random), whole, "interleaving \(turn)") }
    try checkMerge(changes, whole, &random)
    try checkSnapshot(changes, whole, &random)
    try checkCollection(whole)
    try LimitedRoom.check(changes)
    return .taken
  }

  /// As the changes stand, asking for hashes and issues in between: what is kept up to date step by step.
  private static func applied(inOrder changes: [Change]) throws(PropertyFault) -> WorkflowDocument {
    var document = WorkflowDocument()
    var issues: Set<Issue> = []
    for (index, change) in changes.enumerated() {
      try apply(change, to: &document)
      if index % 3 == 0 { _ = (document.graphHash(), document.documentHash()) }
      if index % 2 == 0 { try note(document.takeIssueChanges(), in: &issues) }
    }
    try note(document.takeIssueChanges(), in: &issues)
    try require(issues == Set(document.issues), "issues that came and went do not add up")
    return document
  }

  private static func note(_ changes: (added: [Issue], removed: [Issue]), in issues: inout Set<Issue>) throws(PropertyFault) {
    for issue in changes.removed { try require(issues.remove(issue) != nil, "an issue went that never came") }
    for issue in changes.added { try require(issues.insert(issue).inserted, "an issue came twice") }
  }

  /// The last replica's changes first: removals come long before the adds they name.
  private static func applied(byReplica changes: [Change], planted: Bool) throws(PropertyFault) -> WorkflowDocument {
    var document = WorkflowDocument()
    for replica in (UInt32(1)...4).reversed() {
      for var change in changes where change.replica == ReplicaID(replica) {
        // Planted: a removal is lost that names several adds of which one is not here yet.
        if planted { change.ops = change.ops.map { isEarly($0, document) ? .setMeta(field: "x", value: nil) : $0 } }
        try apply(change, to: &document)
      }
    }
    return document
  }

  private static func isEarly(_ op: Op, _ document: WorkflowDocument) -> Bool {
    guard case .removeEdge(_, let tags) = op else { return false }
    return tags.count > 1 && !tags.allSatisfy { document.version.covers($0.id) }
  }

  /// Any order that keeps each replica's own, with duplicates and gaps in between.
  private static func applied(interleaved changes: [Change], _ random: inout Seeded) throws(PropertyFault) -> WorkflowDocument {
    var document = WorkflowDocument()
    var queues = (UInt32(1)...4).map { replica in changes.filter { $0.replica == ReplicaID(replica) }[...] }
    while let queue = queues.indices.filter({ !queues[$0].isEmpty }).randomElement(using: &random) {
      let change = queues[queue].removeFirst()
      if let later = queues[queue].first {
        do throws(ApplyError) {
          _ = try document.apply(later)
          throw .gap(expected: 0, got: 0)
        } catch {
          try require(error == .gap(expected: change.seq, got: later.seq), "a gap is not noticed")
        }
      }
      try apply(change, to: &document)
      let again = try? document.apply(change)
      try require(again == .duplicate, "a duplicate is not noticed")
      if Bool.random(using: &random) { _ = (document.graphHash(), document.issues) }
    }
    return document
  }

  static func apply(_ change: Change, to document: inout WorkflowDocument) throws(PropertyFault) {
    do throws(ApplyError) {
      let applied = try document.apply(change)
      try requireApplied(applied)
    } catch {
      throw PropertyFault("a change that follows is not applied: \(error)")
    }
  }

  private static func requireApplied(_ applied: Applied) throws(ApplyError) {
    if applied != .applied { throw .gap(expected: 0, got: 0) }
  }

  /// Two replicas that saw different parts of the history, and what each of them makes of the other.
  private static func checkMerge(_ changes: [Change], _ whole: WorkflowDocument, _ random: inout Seeded) throws(PropertyFault) {
    func part() throws(PropertyFault) -> WorkflowDocument {
      let seqMax = (0..<5).map { _ in UInt64.random(in: 0...8, using: &random) }
      var document = WorkflowDocument()
      for change in changes where change.seq <= seqMax[Int(change.replica.rawValue)] { try apply(change, to: &document) }
      return document
    }
    let (left, right) = (try part(), try part())
    var union = WorkflowDocument()
    for change in changes where left.version[change.replica] >= change.seq || right.version[change.replica] >= change.seq {
      try apply(change, to: &union)
    }
    var (a, b) = (left, right)
    a.merge(right)
    b.merge(left)
    try requireSame(a, union, "a merge against both parts' changes")
    try requireSame(b, union, "the merge the other way round")
    a.merge(right)
    try requireSame(a, union, "a merge twice")
    for change in changes where change.seq > a.version[change.replica] { try apply(change, to: &a) }
    try requireSame(a, whole, "what follows a merge")
  }

  private static func checkSnapshot(_ changes: [Change], _ whole: WorkflowDocument, _ random: inout Seeded) throws(PropertyFault) {
    let cut = Int.random(in: 0...changes.count, using: &random)
    var before = WorkflowDocument()
    for change in changes[..<cut] { try apply(change, to: &before) }
    var after = try before.throughSnapshot()
    try requireSame(after, before, "a snapshot")
    try require(after.byteCount == before.byteCount, "a snapshot: another count of bytes")
    for change in changes[cut...] { try apply(change, to: &after) }
    try requireSame(after, whole, "what follows a snapshot")
    try requireSame(try after.throughSnapshot(), whole, "a snapshot of what follows a snapshot")
  }

  /// With all of it seen by everybody and old. Spec: ME5.
  private static func checkCollection(_ whole: WorkflowDocument) throws(PropertyFault) {
    var document = whole
    let dropped = document.collect(stable: whole.version, before: HybridTime(rawValue: .max))
    try requireSame(document, whole, "collection")
    try require(document.byteCount <= whole.byteCount, "collection makes a document larger")
    try require(document.collect(stable: whole.version, before: HybridTime(rawValue: .max)) == 0, "collection twice finds more")
    try requireSame(try document.throughSnapshot(), whole, "a snapshot after collection of \(dropped)")
  }
}

/// A server's side of the same history, under limits so narrow that they are met.
private struct LimitedRoom {
  private var document = WorkflowDocument()
  private var limits = DocumentLimits.default
  /// Refused changes use up no seq, so those that follow have other stamps than their author gave them.
  private var stamps: [Stamp: Stamp] = [:]

  static func check(_ changes: [Change]) throws(PropertyFault) {
    var room = LimitedRoom()
    for change in changes { try room.receive(change) }
    try requireSame(try room.document.throughSnapshot(), room.document, "a snapshot of a limited room")
  }

  private init() {
    limits.nodeCountMax = 3
    limits.edgeCountMax = 3
    limits.documentBytesMax = 3000
    limits.valueBytesMax = 20
    limits.opCountMax = 3
    limits.idBytesMax = 5
    limits.fieldCountMax = 3
    limits.tagCountMax = 2
  }

  private mutating func receive(_ change: Change) throws(PropertyFault) {
    var own = change
    own.seq = document.version[change.replica] + 1
    for index in change.ops.indices { stamps[change.stamp(index)] = own.stamp(index) }
    own.ops = change.ops.map { op in
      guard case .removeEdge(let edge, let tags) = op else { return op }
      return .removeEdge(edge, tags: tags.map { stamps[$0] ?? $0 })
    }
    let before = Facts(document)
    if let fault = document.check(own, limits: limits) {
      try require(fault.text.hasSuffix(".") && fault.text.utf8.count > 15, "a refusal without a sentence: \(fault.text)")
      return try require(Facts(document) == before, "a check that changes something")
    }
    try ChangeProperty.apply(own, to: &document)
    try checkLimits(own)
  }

  private func checkLimits(_ change: Change) throws(PropertyFault) {
    try require(change.ops.count <= limits.opCountMax, "more ops than are taken")
    try require(document.nodeCount <= limits.nodeCountMax, "\(document.nodeCount) nodes")
    try require(document.edgeCount <= limits.edgeCountMax, "\(document.edgeCount) edges")
    try require(document.byteCount <= limits.documentBytesMax, "a document of \(document.byteCount) bytes")
    let graph = document.graph()
    for node in graph.nodes {
      try require(node.fields.count <= limits.fieldCountMax, "\(node.fields.count) fields of a node")
      try require(node.id.rawValue.utf8.count <= limits.idBytesMax, "a node's id is too long")
      let longest = node.fields.values.map(\.text.utf8.count).max() ?? 0
      try require(longest <= limits.valueBytesMax, "a value is too long")
    }
    try require(document.meta.count <= limits.fieldCountMax, "\(document.meta.count) fields of the workflow")
    for edge in graph.edges.map(\.key) + document.parkedEdges.map(\.key) {
      try require(document.liveTags(edge).count <= limits.tagCountMax, "\(document.liveTags(edge).count) adds of one edge")
    }
  }
}
