import CRDT
public import WorkflowGraph

/// What somebody without a document wants, as ops against this one: only what differs, so that what others do at the same time stays. Spec: OW3, OW4.
extension WorkflowDocument {
  /// The ops after which the visible graph is that of `canvas`.
  ///
  /// A node without a `position` keeps the one it has. Fields of the workflow that `canvas` does not name stay, and so do comments. A node's
  /// inputs come in the order in which `canvas` has them: those from the first one in the wrong place on are drawn anew. An edge that is
  /// parked stays so, unless `canvas` has it; it goes where it would come back by this.
  /// - Returns: fields of the workflow, nodes in id order, edges that go, edges that come in the order of `canvas`. Empty when nothing differs.
  /// - Complexity: O(n log n) for n nodes, edges and fields of both.
  public func ops(putting canvas: CanvasDocument) -> [Op] {
    var ops: [Op] = []
    for (field, value) in canvas.meta.sorted(by: { $0.key < $1.key }) where !value.hasSameValue(as: meta(field)) {
      ops.append(.setMeta(field: field, value: value))
    }
    let visible = graph()
    let wanted = canvas.graph
    var added: Set<NodeID> = []
    var isAnyGone = false
    for (before, after) in Self.pairs(visible.nodes, wanted.nodes) {
      switch (before, after) {
      case (let node?, nil):
        isAnyGone = true
        ops.append(.setNodeLife(node: node.id, alive: false))
      case (nil, var node?):
        if node.fields[.position] == nil { node.fields[.position] = Self.freePosition(visible.nodes.count + added.count) }
        added.insert(node.id)
        add(node, into: &ops)
      case (let before?, let after?):
        var fields = after.fields
        if fields[.position] == nil { fields[.position] = before.fields[.position] }
        for change in GraphDiff.fieldChanges(from: before.fields, to: fields) {
          ops.append(.setNodeField(node: after.id, field: change.field, value: change.after))
        }
      case (nil, nil): break
      }
    }
    putEdges(wanted.edges, added: added, isAnyGone: isAnyGone, into: &ops)
    return ops
  }

  /// For a node without one: on a diagonal, so that none is hidden by another.
  private static func freePosition(_ number: Int) -> JSONText { .position(x: 50 + Double(number) * 20, y: 50 + Double(number) * 20) }

  /// Nodes of both lists side by side, both being in id order.
  private static func pairs(
    _ before: [WorkflowGraph.Node], _ after: [WorkflowGraph.Node]
  ) -> [(WorkflowGraph.Node?, WorkflowGraph.Node?)] {
    var pairs: [(WorkflowGraph.Node?, WorkflowGraph.Node?)] = []
    var (i, j) = (0, 0)
    while i < before.count || j < after.count {
      if j == after.count || i < before.count && before[i].id < after[j].id {
        pairs.append((before[i], nil))
        i += 1
      } else if i == before.count || after[j].id < before[i].id {
        pairs.append((nil, after[j]))
        j += 1
      } else {
        pairs.append((before[i], after[j]))
        i += 1
        j += 1
      }
    }
    return pairs
  }

  /// A removed node keeps its registers for a while: what is not wanted of them is unset, and what it has still need not be said again.
  private func add(_ node: WorkflowGraph.Node, into ops: inout [Op]) {
    if !isAlive(node.id) { ops.append(.setNodeLife(node: node.id, alive: true)) }
    for change in GraphDiff.fieldChanges(from: registers(of: node.id), to: node.fields) {
      ops.append(.setNodeField(node: node.id, field: change.field, value: change.after))
    }
  }

  private func putEdges(_ wanted: [WorkflowGraph.Edge], added: Set<NodeID>, isAnyGone: Bool, into ops: inout [Op]) {
    let present = liveEdges
    let places = Dictionary(uniqueKeysWithValues: present.enumerated().map { ($0.element, $0.offset) })
    let wantedKeys = Set(wanted.map(\.key))
    let parked = Dictionary(uniqueKeysWithValues: parkedEdges.map { ($0.key, $0.reason) })
    // Of each node's inputs the longest beginning that stands in the wanted order now.
    var lastPlaces: [NodeID: Int] = [:]
    var kept: Set<EdgeKey> = []
    for edge in wanted {
      let last = lastPlaces[edge.key.target] ?? -1
      if let place = places[edge.key], place > last {
        lastPlaces[edge.key.target] = place
        kept.insert(edge.key)
      } else {
        lastPlaces[edge.key.target] = .max
      }
    }
    let isAnyGone = isAnyGone || present.contains { !kept.contains($0) && parked[$0] == nil }
    for key in present where !kept.contains(key) {
      let isInTheWay =
        switch parked[key] {
        case nil: true
        case .orphan: wantedKeys.contains(key) || added.contains(key.source) || added.contains(key.target)
        // Anything that goes may have been what closed the cycle.
        case .cycle: wantedKeys.contains(key) || isAnyGone
        }
      if isInTheWay { ops.append(.removeEdge(key, tags: liveTags(key))) }
    }
    for edge in wanted {
      if kept.contains(edge.key) {
        let fields = attributes(of: edge.key)
        for change in GraphDiff.fieldChanges(from: fields, to: named(edge, knowing: fields)) {
          ops.append(.setEdgeField(edge: edge.key, field: change.field, value: change.after))
        }
      } else {
        draw(edge.key, named(edge, knowing: attributes(of: edge.key)), into: &ops)
      }
    }
  }

  /// The fields of an edge without an `id` that the canvas file only has because each needs one.
  private func named(_ edge: WorkflowGraph.Edge, knowing present: [FieldKey: JSONText]) -> [FieldKey: JSONText] {
    var fields = edge.fields
    if present[.id] == nil, let id = fields[.id]?.stringValue, WorkflowGraph.Edge.isMade(id, for: edge.key) { fields[.id] = nil }
    return fields
  }

  private func draw(_ key: EdgeKey, _ fields: [FieldKey: JSONText], into ops: inout [Op]) {
    ops.append(.addEdge(key))
    for (field, value) in fields.sorted(by: { $0.key < $1.key }) { ops.append(.setEdgeField(edge: key, field: field, value: value)) }
  }

  // MARK: a patch

  /// The ops of a merge patch. A node that goes takes the edges at it along, as on a canvas. An edge that gets other ends is drawn anew.
  /// - Throws: what cannot be done with what is here, with its place.
  /// - Complexity: O(patch), and O(edges) when it names edges.
  public func ops(patching patch: GraphPatch) throws(CanvasFault) -> [Op] {
    var ops: [Op] = []
    for change in patch.workflow {
      let present = meta(change.field)
      if let wanted = Self.merged(change, into: present) { ops.append(.setMeta(field: change.field, value: wanted)) }
    }
    var gone: Set<EdgeKey> = []
    for change in patch.nodes { try apply(change, count: nodeCount, into: &ops, &gone) }
    guard !patch.edges.isEmpty else { return ops }
    let names = CanvasJSON.edgeNames(of: graph())
    for change in patch.edges { try apply(change, names, into: &ops, &gone) }
    return ops
  }

  /// What a register is to hold; `nil` when it holds that already.
  private static func merged(_ change: GraphPatch.FieldPatch, into present: JSONText?) -> JSONText?? {
    guard let value = change.value else { return present == nil ? .none : .some(nil) }
    let wanted = MergePatch.apply(value, to: present)
    return wanted.hasSameValue(as: present) ? .none : .some(wanted)
  }

  private func apply(
    _ change: GraphPatch.NodePatch, count: Int, into ops: inout [Op], _ gone: inout Set<EdgeKey>
  ) throws(CanvasFault) {
    let node = change.node
    guard let fields = change.fields else {
      guard isAlive(node) else { return }
      ops.append(.setNodeLife(node: node, alive: false))
      for edge in edges(at: node) where gone.insert(edge).inserted { ops.append(.removeEdge(edge, tags: liveTags(edge))) }
      return
    }
    if isAlive(node) {
      for field in fields {
        guard let wanted = Self.merged(field, into: value(node: node, field: field.field)) else { continue }
        if field.field == .type, wanted == nil { throw CanvasFault(place: "nodes.\(node).type", text: "a node needs a type") }
        ops.append(.setNodeField(node: node, field: field.field, value: wanted))
      }
      return
    }
    var new = WorkflowGraph.Node(id: node)
    for field in fields { new.fields[field.field] = field.value.map { MergePatch.apply($0, to: nil) } }
    guard new.fields[.type] != nil else {
      throw CanvasFault(place: "nodes.\(node)", text: "there is no such node, and a new one needs a type")
    }
    if new.fields[.position] == nil { new.fields[.position] = Self.freePosition(count) }
    add(new, into: &ops)
  }

  private func apply(
    _ change: GraphPatch.EdgePatch, _ names: [String: EdgeKey?], into ops: inout [Op], _ gone: inout Set<EdgeKey>
  ) throws(CanvasFault) {
    let place = "edges.\(change.id)"
    guard let known = names[change.id] else {
      if change.isRemoval { return }
      guard let source = change.source, let target = change.target else {
        throw CanvasFault(place: place, text: "there is no such edge, and a new one needs source and target")
      }
      let key = EdgeKey(
        source: source, sourceHandle: change.sourceHandle ?? nil, target: target, targetHandle: change.targetHandle ?? nil)
      return drawNew(key, change, attributes: [:], into: &ops, gone)
    }
    guard let key = known else { throw CanvasFault(place: place, text: "several edges have this id") }
    if change.isRemoval {
      if gone.insert(key).inserted { ops.append(.removeEdge(key, tags: liveTags(key))) }
      return
    }
    let moved = EdgeKey(
      source: change.source ?? key.source, sourceHandle: change.sourceHandle ?? key.sourceHandle, target: change.target ?? key.target,
      targetHandle: change.targetHandle ?? key.targetHandle)
    if moved == key, !gone.contains(key) {
      for field in change.fields {
        guard let wanted = Self.merged(field, into: edgeValue(key, field.field)) else { continue }
        ops.append(.setEdgeField(edge: key, field: field.field, value: wanted))
      }
      return
    }
    if gone.insert(key).inserted { ops.append(.removeEdge(key, tags: liveTags(key))) }
    drawNew(moved, change, attributes: attributes(of: key), into: &ops, gone)
  }

  /// Draws an edge that was not there under this name; one between the same ends only gets the fields.
  private func drawNew(
    _ key: EdgeKey, _ change: GraphPatch.EdgePatch, attributes present: [FieldKey: JSONText], into ops: inout [Op], _ gone: Set<EdgeKey>
  ) {
    let isThere = !liveTags(key).isEmpty && !gone.contains(key)
    var fields = isThere ? attributes(of: key) : present
    let before = isThere ? fields : [:]
    for field in change.fields { fields[field.field] = field.value.map { MergePatch.apply($0, to: fields[field.field]) } }
    if !WorkflowGraph.Edge.isMade(change.id, for: key) { fields[.id] = .string(change.id) }
    if !isThere { ops.append(.addEdge(key)) }
    for change in GraphDiff.fieldChanges(from: before, to: fields) {
      ops.append(.setEdgeField(edge: key, field: change.field, value: change.after))
    }
  }
}
