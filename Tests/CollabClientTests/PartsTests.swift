import CRDT
import CollabProtocol
import Testing
import WorkflowDocument
import WorkflowGraph

@testable import CollabClient

@Suite struct PartsTests {
  /// Makes nodes of these names and joins each with the one before.
  private static func chain(_ names: some Sequence<String>, in script: inout MachineScript) throws {
    var last: String?
    for name in names {
      try script.edit(Make.node(name) + (last.map { [.addEdge(EdgeKey(source: NodeID($0), target: NodeID(name)))] } ?? []))
      last = name
    }
  }

  /// Full with one set of nodes, then with another.
  private static func replaced(_ count: Int, _ limits: Limits) throws -> (script: MachineScript, old: WorkflowDocument) {
    var script = MachineScript.joined(limits: limits)
    try chain((0..<count).map { "a\($0)" }, in: &script)
    let old = script.machine.document
    for index in 0..<count {
      let node = NodeID("a\(index)")
      let document = script.machine.document
      let edges: [Op] = document.edges(at: node).map { .removeEdge($0, tags: document.liveTags($0)) }
      try script.edit(edges + [.setNodeLife(node: node, alive: false)])
    }
    try chain((0..<count).map { "b\($0)" }, in: &script)
    return (script, old)
  }

  @Test("[HI6, UN3] a restore between two full documents stays within the limits; undo and redo too, each as one step")
  func full() throws {
    var limits = Limits()
    limits.nodesMax = 20
    limits.edgesMax = 19
    limits.opsPerChangeMax = 16
    var (script, old) = try Self.replaced(20, limits)
    var now = script.machine.document
    let depth = script.machine.undoStack.undoDepth

    let changes = try script.machine.restore(old, at: script.now)
    #expect(changes.count > 2 && changes.allSatisfy { $0.ops.count <= 16 })
    #expect(script.machine.document.graphHash() == old.graphHash())
    #expect(script.machine.undoStack.undoDepth == depth + 1)
    for _ in 0..<2 {
      try script.machine.undo(at: script.now)
      #expect(script.machine.document.graphHash() == now.graphHash())
      #expect(script.machine.undoStack.undoDepth == depth)
      try script.machine.redo(at: script.now)
      #expect(script.machine.document.graphHash() == old.graphHash())
    }
    // As the server checks them, one after the other.
    var server = now
    var rules = DocumentLimits()
    rules.nodeCountMax = 20
    rules.edgeCountMax = 19
    for change in script.machine.pending.changes where server.version[change.replica] < change.seq {
      #expect(server.check(change, limits: rules) == nil)
      _ = try server.apply(change)
    }
    #expect(server.graphHash() == old.graphHash())
  }

  @Test("[UN3] what is within the limits is one change")
  func small() throws {
    var (script, old) = try Self.replaced(5, Limits())
    #expect(try script.machine.restore(old, at: script.now).count == 1)
    #expect(try script.machine.undo(at: script.now).count == 1)
  }

  @Test("[UN3] of several changes all are made or none")
  func none() throws {
    var limits = Limits()
    limits.nodesMax = 20
    var (script, old) = try Self.replaced(20, limits)
    var before = script.machine.document
    let depth = script.machine.undoStack.undoDepth
    let more = try Self.with("one more", old)
    #expect(throws: ClientError.self) { try script.machine.restore(more, at: script.now) }
    #expect(script.machine.document.documentHash() == before.documentHash())
    #expect(script.machine.undoStack.undoDepth == depth)
  }

  private static func with(_ name: String, _ document: WorkflowDocument) throws -> WorkflowDocument {
    var document = document
    for index in 0..<2 { _ = try document.apply(Make.change(77, UInt64(index + 1), Make.node("\(name) \(index)"))) }
    return document
  }

  @Test("[UN1] a step that others wrote over is told, and the one before it is next")
  func overwritten() throws {
    var script = MachineScript.joined()
    try script.edit(Make.node("a"))
    try script.edit([.setNodeField(node: NodeID("a"), field: "data.value", value: .number(1))])
    let theirs: [Op] = [.setNodeField(node: NodeID("a"), field: "data.value", value: .number(2))]
    script.tell(.received(.changes([Make.logged(1, Make.change(9, 1, theirs, at: MachineScript.serverMilliseconds + 10))])))
    #expect(script.machine.document.value(node: NodeID("a"), field: "data.value") == .number(2))
    #expect(throws: ClientError.overwritten) { try script.machine.undo(at: script.now) }
    #expect(script.machine.document.has("a"))
    try script.machine.undo(at: script.now)
    #expect(!script.machine.document.has("a"))
  }
}
