import CRDT
import Testing
import WorkflowDocument
import WorkflowGraph

/// A writer that can take back.
private struct Editor {
  var writer: Writer
  var stack = UndoStack()

  init(_ replica: UInt32) { writer = Writer(replica) }

  mutating func edit(_ ops: [Op], group: String? = nil, as origin: UndoStack.Origin = .edit, at time: UInt64? = nil) throws {
    let before = writer.document
    let change = try writer.write(ops, at: time)
    stack.record(change, before: before, group: group, as: origin)
  }

  mutating func undo() throws { if let ops = stack.undo(writer.document) { try edit(ops, as: .undo) } }
  mutating func redo() throws { if let ops = stack.redo(writer.document) { try edit(ops, as: .redo) } }
  var graph: WorkflowGraph { writer.document.graph() }
}

@Suite struct UndoTests {
  @Test("[UN1] undo and redo walk through the steps, and a new edit ends redoing")
  func steps() throws {
    var anna = Editor(1)
    try anna.edit(make("a") + [set("a", "data.value", "1")])
    try anna.edit([set("a", "data.value", "2")])
    let last = anna.graph
    try anna.undo()
    #expect(anna.writer.document.value(node: node("a"), field: "data.value") == .number(1))
    try anna.undo()
    #expect(anna.graph.nodes.isEmpty)
    try anna.redo()
    try anna.redo()
    #expect(anna.graph == last)
    try anna.undo()
    try anna.edit([set("a", "data.label", "\"l\"")])
    #expect(anna.stack.redoDepth == 0)
    #expect(anna.stack.redo(anna.writer.document) == nil)
  }

  @Test("[UN1] ten writes to one register and an edge drawn, removed and decorated walk back and forth through every state")
  func sameRegister() throws {
    var anna = Editor(1)
    var states: [WorkflowGraph] = []
    func edits() -> [[Op]] {
      let key = edge("a", "b")
      let tags = anna.writer.document.liveTags(key)
      return [
        [set("a", "data.value", "\(states.count)")], tags.isEmpty ? [.addEdge(key)] : [.removeEdge(key, tags: tags)],
        [.setNodeLife(node: node("c"), alive: !anna.writer.document.isAlive(node("c")))],
        [.setEdgeField(edge: key, field: "data.w", value: .number(Double(states.count)))],
      ]
    }
    try anna.edit(make("a") + make("b") + make("c"))
    states.append(anna.graph)
    for round in 0..<24 {
      let before = anna.writer.document.documentHash()
      try anna.edit(edits()[round % 4])
      if anna.writer.document.documentHash() != before { states.append(anna.graph) }
    }
    for _ in 0..<3 {
      for state in states.dropLast().reversed() {
        try anna.undo()
        #expect(anna.graph == state)
      }
      for state in states.dropFirst() {
        try anna.redo()
        #expect(anna.graph == state)
      }
    }
  }

  @Test("[UN1] what somebody else wrote since stays")
  func others() throws {
    var (anna, bo) = (Editor(1), Writer(2))
    try anna.edit(make("a") + [set("a", "data.value", "1"), set("a", "data.label", "\"x\"")])
    try anna.edit([set("a", "data.value", "2"), set("a", "data.label", "\"y\"")])
    try bo.hear(anna.writer)
    try bo.write(set("a", "data.value", "9"))
    try anna.writer.hear(bo)
    try anna.undo()
    #expect(anna.writer.document.value(node: node("a"), field: "data.value") == .number(9))
    #expect(anna.writer.document.value(node: node("a"), field: "data.label") == .string("x"))
  }

  @Test("[UN1] a step of which nothing is left goes alone, and one that changed nothing is passed over")
  func nothingLeft() throws {
    var (anna, bo) = (Editor(1), Writer(2))
    try anna.edit(make("a"))
    try anna.edit([set("a", "data.value", "1")])
    try anna.edit([set("a", "data.label", "\"x\"")])
    try bo.hear(anna.writer)
    try bo.write(set("a", "data.label", "\"z\""))
    try anna.writer.hear(bo)
    try anna.edit([set("a", "data.value", "1")])
    #expect(anna.stack.undo(anna.writer.document) == [], "the step before it is not taken in its place")
    #expect(anna.stack.undoDepth == 2)
    #expect(anna.stack.undo(anna.writer.document) == [set("a", "data.value", nil)])
    #expect(anna.stack.undoDepth == 1)
  }

  @Test("[UN2] an edge comes back to its place among the inputs, and the older steps know those that were drawn anew")
  func order() throws {
    var (anna, bo) = (Editor(1), Writer(2))
    let (first, second, third) = (edge("a", "d"), edge("b", "d"), edge("c", "d"))
    try anna.edit(make("a") + make("b") + make("c") + make("d"))
    try anna.edit([.addEdge(first), .addEdge(second)])
    try anna.edit([.addEdge(third), .setEdgeField(edge: third, field: "data.w", value: .number(3))])
    let before = anna.writer.document.graphHash()
    try anna.edit([.removeEdge(second, tags: anna.writer.document.liveTags(second))])
    for _ in 0..<3 {
      try anna.undo()
      #expect(anna.writer.document.visible == [first, second, third])
      #expect(anna.writer.document.graphHash() == before)
      try anna.redo()
      #expect(anna.writer.document.visible == [first, third])
    }
    try anna.undo()
    try anna.undo()
    #expect(anna.writer.document.visible == [first, second], "the step that drew the third edge knows it again")
    try anna.redo()
    try anna.redo()
    #expect(anna.writer.document.visible == [first, third])

    try bo.hear(anna.writer)
    try bo.write(.removeEdge(first, tags: bo.document.liveTags(first)), .addEdge(first))
    try anna.writer.hear(bo)
    try anna.undo()
    #expect(anna.writer.document.visible == [second, third, first], "what somebody drew anew since stays behind")
  }

  @Test("[UN2] undoing a removal brings the node back with its fields and the edges that went with it, attributes too")
  func removal() throws {
    var anna = Editor(1)
    try anna.edit(make("a") + make("b") + make("c") + [set("b", "data.value", "5")])
    try anna.edit([
      .addEdge(edge("a", "b")), .addEdge(edge("b", "c")), .setEdgeField(edge: edge("a", "b"), field: "data.w", value: .number(3)),
    ])
    let before = anna.graph
    let document = anna.writer.document
    try anna.edit(
      document.edges(at: node("b")).map { .removeEdge($0, tags: document.liveTags($0)) } + [
        .setNodeLife(node: node("b"), alive: false), .setNodeLife(node: node("c"), alive: false),
      ])
    #expect(anna.graph.nodes.map(\.id) == [node("a")])
    try anna.undo()
    #expect(anna.graph == before)
    try anna.redo()
    #expect(anna.graph.nodes.map(\.id) == [node("a")])
    #expect(anna.writer.document.edgeCount == 0)
  }

  @Test("[UN2] an edge comes back only where both ends are alive")
  func deadEnd() throws {
    var (anna, bo) = (Editor(1), Writer(2))
    try anna.edit(make("a") + make("b") + [.addEdge(edge("a", "b"))])
    try anna.edit([
      .removeEdge(edge("a", "b"), tags: anna.writer.document.liveTags(edge("a", "b"))), .setNodeLife(node: node("a"), alive: false),
    ])
    try bo.hear(anna.writer)
    try bo.write(.setNodeLife(node: node("b"), alive: false))
    try anna.writer.hear(bo)
    try anna.undo()
    #expect(anna.writer.document.isAlive(node("a")))
    #expect(anna.writer.document.edgeCount == 0)
  }

  @Test("[UN2] a drag is one step, another drag the next one; an agent's change set is found by its id")
  func groups() throws {
    var anna = Editor(1)
    try anna.edit(make("a") + [set("a", .position, "{\"x\":0,\"y\":0}")])
    for x in 1...9 { try anna.edit([set("a", .position, "{\"x\":\(x),\"y\":0}")], group: "drag 1") }
    try anna.edit([set("a", "data.value", "1")], group: "agent")
    for x in 11...19 { try anna.edit([set("a", .position, "{\"x\":\(x),\"y\":0}")], group: "drag 2") }
    #expect(anna.stack.undoDepth == 4)
    try anna.undo()
    #expect(anna.writer.document.value(node: node("a"), field: .position)?.pointValue?.x == 9)
    #expect(anna.stack.undo(group: "drag 1", anna.writer.document)?.count == 1)
    #expect(anna.stack.undo(group: "nobody", anna.writer.document) == nil)
    #expect(anna.stack.undo(group: "agent", anna.writer.document) == [set("a", "data.value", nil)])
  }

  @Test("[UN1][ME5] a node that has been dead for long comes back with its fields written anew, for those who have collected them")
  func longDead() throws {
    var (anna, bo) = (Editor(1), Writer(2))
    try anna.edit(make("a") + [set("a", "data.value", "5")], at: 1000)
    try anna.edit([.setNodeLife(node: node("a"), alive: false)], at: 2000)
    try bo.hear(anna.writer)
    try bo.write(.setMeta(field: .title, value: .string("later")), at: 90_000_000)
    try anna.writer.hear(bo)
    _ = bo.document.collect(stable: bo.document.version, before: HybridTime(milliseconds: 10_000))
    try anna.undo()
    try bo.hear(anna.writer)
    #expect(bo.document.graph() == anna.graph)
    #expect(bo.document.documentHash() == anna.writer.document.documentHash())
  }

  @Test("[UN1][CR5] a change that was given another stamp can still be taken back; the depth is bounded")
  func renamed() throws {
    var anna = Editor(1)
    try anna.edit(make("a") + make("b"))
    let acknowledged = anna.writer.document
    try anna.edit([.addEdge(edge("a", "b")), set("a", "data.value", "1")])
    let (changes, stamps) = Restamp.trace([anna.writer.changes[1]], replica: ReplicaID(7), firstSeq: 1) { HybridTime(milliseconds: 99) }
    anna.stack.rename(stamps)
    var document = acknowledged
    for change in changes { _ = try document.apply(change) }
    #expect(
      anna.stack.undo(document) == [.removeEdge(edge("a", "b"), tags: document.liveTags(edge("a", "b"))), set("a", "data.value", nil)])

    var shallow = UndoStack(depthMax: 3)
    for change in anna.writer.changes + anna.writer.changes { shallow.record(change, before: document) }
    #expect(shallow.undoDepth == 3)
  }
}
