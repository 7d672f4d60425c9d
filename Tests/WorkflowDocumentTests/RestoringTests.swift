import CRDT
import DocumentHistories
import Testing
import WorkflowDocument
import WorkflowGraph

@Suite struct RestoringTests {
  /// Writes the way back to `old` as one change of a replica that wrote nothing before.
  private static func restore(_ document: inout WorkflowDocument, to old: WorkflowDocument, undo: inout UndoStack) throws -> Change? {
    let ops = document.ops(restoring: old)
    guard !ops.isEmpty else { return nil }
    let replica = ReplicaID(4000)
    let change = Change(
      replica: replica, seq: document.version[replica] + 1, hlc: HybridTime(rawValue: document.highestTime.rawValue + 1), ops: ops)
    undo.record(change, before: document, keepsEdgeOrder: true)
    _ = try document.apply(change)
    return change
  }

  /// What is wrong with the ways between the states of one random history.
  static func fault(seed: UInt64) -> String? {
    var replicas = SimulatedReplicas(seed: seed)
    var earlier: [WorkflowDocument] = [WorkflowDocument()]
    return replicas.run(steps: 40) { document, _ in
      defer { earlier.append(document) }
      for old in earlier.suffix(4) + earlier.prefix(1) {
        var (now, old) = (document, old)
        var undo = UndoStack()
        do {
          guard let change = try restore(&now, to: old, undo: &undo) else {
            if now.graphHash() != old.graphHash() { return "nothing to do, and yet another graph" }
            continue
          }
          // These histories write places and sizes of any shape.
          var sound = change
          sound.ops.removeAll { if case .setNodeField(_, let field, _) = $0 { field.isLayout } else { false } }
          if let problem = document.check(sound, limits: .default), !sound.ops.isEmpty { return "the author could not send it: \(problem)" }
          if now.graphHash() != old.graphHash() { return "graph hash" }
          if now.parkedEdges != old.parkedEdges { return "parked \(now.parkedEdges) instead of \(old.parkedEdges)" }
          if !now.ops(restoring: old).isEmpty { return "twice: \(now.ops(restoring: old))" }
          if now.comments != document.comments { return "comments" }
          let diff = DocumentDiff(from: now, to: old)
          if !isSame(diff.graph) || !diff.graph.isLayoutOnly || !diff.workflow.isEmpty { return "a difference is left: \(diff)" }
          let restored = now.graphHash()
          for (origin, wanted) in [(UndoStack.Origin.undo, document.graphHash()), (.redo, restored), (.undo, document.graphHash())] {
            // Edges parked for a dead end do not come back (UN2): of a restore that only removed some there is nothing to take back.
            if let ops = origin == .undo ? undo.undo(now) : undo.redo(now) {
              if ops.isEmpty { return "\(origin) says that others wrote over it" }
              let time = HybridTime(rawValue: now.highestTime.rawValue + 1)
              let seq = now.version[change.replica] + 1
              let back = Change(replica: change.replica, seq: seq, hlc: time, ops: ops)
              undo.record(back, before: now, as: origin)
              _ = try now.apply(back)
            }
            if now.graphHash() != wanted {
              return "one \(origin) does not take it back: \(DocumentDiff(from: document, to: now).graph)"
            }
          }
          if !isSame(DocumentDiff(from: document, to: now).graph) || cycles(document) != cycles(now) {
            return "one undo leaves a difference"
          }
        } catch { return "\(error)" }
      }
      return nil
    }
  }

  /// Which edge of a loop is parked depends on the edge order.
  private static func cycles(_ document: WorkflowDocument) -> [EdgeKey] { document.parkedEdges.filter { $0.reason == .cycle }.map(\.key) }

  /// The same nodes. In a loop of groups it depends on stamps whose link does not count, and those are others now.
  private static func isSame(_ difference: GraphDiff) -> Bool {
    difference.added.isEmpty && difference.removed.isEmpty && difference.reconfigured.isEmpty
      && difference.moved.allSatisfy { $0.fields.allSatisfy { $0.field == .parentID } }
  }

  @Test("[HI6] the way to any earlier state gives that state's graph and parked edges, and one undo takes it back")
  func random() {
    for seed in Seeds.range(default: 400) {
      if let fault = Self.fault(seed: seed) {
        Testing.Issue.record("SEED=\(seed): \(fault)")
        return
      }
    }
  }

  @Test("[HI6] only what differs is written; the order of inputs comes back; comments stay")
  func small() throws {
    var ann = Writer(1)
    try ann.write(make("a") + make("b") + make("c") + [set("a", "data.value", "1"), set("a", "position", #"{"x":1}"#)])
    try ann.write(.addEdge(edge("a", "c")), .addEdge(edge("b", "c")))
    try ann.write(.setEdgeField(edge: edge("b", "c"), field: "data.w", value: .number(2)), .setMeta(field: .title, value: .string("old")))
    let old = ann.document
    #expect(old.ops(restoring: old).isEmpty)

    try ann.write(
      set("a", "data.value", "2"), set("a", "position", #"{ "x" : 1.0 }"#), .setMeta(field: .title, value: .string("new")),
      .setCommentLife(comment: CommentID("k"), alive: true))
    #expect(
      ann.document.ops(restoring: old) == [.setMeta(field: .title, value: .string("old")), set("a", "data.value", "1")],
      "another spelling is no difference")

    try ann.write(.removeEdge(edge("a", "c"), tags: ann.document.liveTags(edge("a", "c"))), .setNodeLife(node: node("b"), alive: false))
    try ann.write(make("d"))
    let now = ann.document
    try ann.write(now.ops(restoring: old))
    #expect(DocumentDiff(from: ann.document, to: old).graph.isEmpty)
    #expect(ann.document.visible == [edge("a", "c"), edge("b", "c")], "the order of inputs is meaning")
    #expect(ann.document.isAlive(CommentID("k")))
    var copy = old
    #expect(ann.document.graphHash() == copy.graphHash())
  }

  @Test("[HI6, ME1] what others write at the same time merges as with any edit: later values stay, new things stay")
  func concurrent() throws {
    var ann = Writer(1)
    try ann.write(make("a") + [set("a", "data.value", "1"), set("a", "data.op", #""add""#)], at: 1)
    let old = ann.document
    try ann.write(set("a", "data.value", "2"), at: 2)
    var bob = Writer(2)
    try bob.hear(ann)
    try bob.write([set("a", "data.op", #""sub""#), set("a", "data.label", #""L""#)] + make("z"), at: 4)
    try ann.write(ann.document.ops(restoring: old), at: 3)
    try ann.hear(bob)
    try bob.hear(ann)
    #expect(ann.document.view() == bob.document.view())
    #expect(ann.document.value(node: node("a"), field: "data.value")?.text == "1")
    #expect(ann.document.value(node: node("a"), field: "data.op")?.text == #""sub""#)
    #expect(ann.document.isAlive(node("z")))
  }
}
