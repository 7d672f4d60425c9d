import CRDT
import WorkflowGraph

/// What is replicated: registers, tags, waiting removals and the version. Everything else is derived from it.
struct DocumentState: Sendable {
  /// Counted for each register and tag beside its text: about what it takes in memory.
  static let registerBytes = 48
  /// Counted for each node, edge or comment beside its id.
  static let recordBytes = 96

  var version = Version()
  var highestTime = HybridTime.zero
  var names = NameTable()
  var meta = FieldMap()
  var nodes: [NodeRecord] = []
  var edges: [EdgeRecord] = []
  var comments: [CommentID: CommentRecord] = [:]
  var pendingRemovals = PendingRemovals<EdgeKey>()
  /// Ids, names, values and a fixed sum per record, name, register and tag: grows and shrinks with what is held, tombstones included.
  var byteCount = 0
  /// Nodes whose life is true, typed or not.
  var aliveNodeCount = 0
  /// Edges with a tag, parked ones included.
  var liveEdgeCount = 0
  private var nodeSlots: [NodeID: Slot] = [:]
  private var edgeSlots: [EdgeName: Slot] = [:]
  private var freeNodes: [Slot] = []
  private var freeEdges: [Slot] = []

  /// Room for so many more, for whoever knows.
  mutating func reserve(nodes nodeCount: Int, edges edgeCount: Int) {
    nodes.reserveCapacity(nodeCount)
    edges.reserveCapacity(edgeCount)
    nodeSlots.reserveCapacity(nodeCount)
    edgeSlots.reserveCapacity(edgeCount)
  }
}

// MARK: - Slots

extension DocumentState {
  func slot(of node: NodeID) -> Slot? { nodeSlots[node] }

  func slot(of edge: EdgeKey) -> Slot? {
    guard let source = nodeSlots[edge.source], let target = nodeSlots[edge.target],
      let sourceHandle = names.find(handle: edge.sourceHandle), let targetHandle = names.find(handle: edge.targetHandle)
    else { return nil }
    return slot(of: EdgeName(source: source, target: target, sourceHandle: sourceHandle, targetHandle: targetHandle))
  }

  func slot(of name: EdgeName) -> Slot? { edgeSlots[name] }

  /// Every slot that is in use.
  var nodeSlotsInUse: some Sequence<Slot> { nodeSlots.values }
  var edgeSlotsInUse: some Sequence<Slot> { edgeSlots.values }

  func key(of edge: Slot) -> EdgeKey {
    let name = edges[Int(edge)].name
    return EdgeKey(
      source: nodes[Int(name.source)].id, sourceHandle: names.handle(name.sourceHandle),
      target: nodes[Int(name.target)].id, targetHandle: names.handle(name.targetHandle))
  }

  /// A name stays until the document is next collected, whoever used it, so it counts.
  mutating func intern(_ name: FieldKey) -> Symbol {
    let known = names.names.count
    let symbol = names.intern(name)
    if names.names.count > known { byteCount += Self.recordBytes + name.rawValue.utf8.count }
    return symbol
  }

  /// A handle as a number: a missing one is `none`, an empty one is a name like any other.
  mutating func intern(handle: String?) -> Symbol { handle.map { intern(FieldKey($0)) } ?? NameTable.none }

  /// For each of another table's symbols the one here.
  mutating func translation(of other: NameTable) -> [Symbol] { other.names.map { intern($0) } }

  /// The node's slot, a new one when the id is new here: one look-up either way.
  mutating func ensureNode(_ id: NodeID) -> Slot {
    let free = freeNodes.last ?? Slot(nodes.count)
    let slot = Self.take(&nodeSlots[id, default: .none], else: free)
    guard slot.isNew else { return slot.place }
    if freeNodes.popLast() == nil { nodes.append(NodeRecord(id: id)) } else { nodes[Int(free)] = NodeRecord(id: id) }
    byteCount += Self.recordBytes + id.rawValue.utf8.count
    return free
  }

  /// What the entry of a table holds; one that was just made gets `free`.
  private static func take(_ entry: inout Slot, else free: Slot) -> (place: Slot, isNew: Bool) {
    if entry != .none { return (entry, false) }
    entry = free
    return (free, true)
  }

  mutating func ensureEdge(_ key: EdgeKey) -> Slot {
    ensureEdge(
      EdgeName(
        source: ensureNode(key.source), target: ensureNode(key.target),
        sourceHandle: intern(handle: key.sourceHandle), targetHandle: intern(handle: key.targetHandle)))
  }

  mutating func ensureEdge(_ name: EdgeName) -> Slot {
    let free = freeEdges.last ?? Slot(edges.count)
    let slot = Self.take(&edgeSlots[name, default: .none], else: free)
    guard slot.isNew else { return slot.place }
    if freeEdges.popLast() == nil { edges.append(EdgeRecord(name: name)) } else { edges[Int(free)] = EdgeRecord(name: name) }
    nodes[Int(name.source)].uses += 1
    nodes[Int(name.target)].uses += 1
    byteCount += Self.recordBytes
    return free
  }

  /// Gives the slot back when nothing is left of the edge, and with it the placeholders of its ends.
  mutating func releaseEdgeIfEmpty(_ slot: Slot) {
    guard edges[Int(slot)].isEmpty else { return }
    let name = edges[Int(slot)].name
    guard edgeSlots[name] == slot else { return }
    edgeSlots[name] = nil
    freeEdges.append(slot)
    byteCount -= Self.recordBytes
    dropUse(of: name.source)
    dropUse(of: name.target)
  }

  mutating func dropUse(of node: Slot) {
    nodes[Int(node)].uses -= 1
    let record = nodes[Int(node)]
    guard record.uses == 0, record.isEmpty else { return }
    nodeSlots[record.id] = nil
    freeNodes.append(node)
    byteCount -= Self.recordBytes + record.id.rawValue.utf8.count
  }
}

// MARK: - Whole records

extension DocumentState {
  /// Names that this state must know under the numbers they have in `table`: only right after init.
  mutating func adoptNames(_ table: NameTable) { for name in table.names { _ = intern(name) } }

  /// Puts a node into a state that does not have its registers.
  mutating func put(node id: NodeID, life: LWWRegister<Bool>?, fields: FieldMap) {
    if life == nil, fields.isEmpty { return }
    put(ensureNode(id), life, fields)
  }

  /// As above for a slot that has no registers yet.
  mutating func put(_ slot: Slot, _ life: LWWRegister<Bool>?, _ fields: FieldMap) {
    nodes[Int(slot)].life = life
    nodes[Int(slot)].fields = fields
    if life?.value ?? false { aliveNodeCount += 1 }
    count(fields)
    if let parent = fields[NameTable.parentID] { nameParent(of: slot, parent.value) }
  }

  /// Puts an edge into a state that does not have it.
  mutating func put(edge key: EdgeKey, tags: TagSet, fields: FieldMap) {
    if tags.isEmpty, fields.isEmpty { return }
    put(ensureEdge(key), tags, fields)
  }

  /// As above for a slot that has neither tags nor fields yet.
  mutating func put(_ slot: Slot, _ tags: TagSet, _ fields: FieldMap) {
    edges[Int(slot)].tags = tags
    edges[Int(slot)].fields = fields
    byteCount += Self.registerBytes * tags.count
    if !tags.isEmpty { liveEdgeCount += 1 }
    count(fields)
  }

  mutating func put(comment id: CommentID, _ record: CommentRecord) {
    if record.isEmpty { return }
    ensureComment(id)
    comments[id] = record
    count(record.fields)
  }

  mutating func put(meta fields: FieldMap) {
    meta = fields
    count(fields)
  }

  private mutating func count(_ fields: FieldMap) {
    for entry in fields.entries { byteCount += Self.registerBytes + (entry.register.value?.text.utf8.count ?? 0) }
  }
}

// MARK: - Writes

extension DocumentState {
  /// - Returns: whether the write won.
  mutating func writeMeta(_ field: FieldKey, _ value: JSONText?, stamp: Stamp) -> Bool {
    count(meta.write(intern(field), value, stamp: stamp), value)
  }

  mutating func writeNodeLife(_ slot: Slot, _ alive: Bool, stamp: Stamp) -> Bool {
    let before = nodes[Int(slot)].isAlive
    guard Self.write(&nodes[Int(slot)].life, alive, stamp: stamp) else { return false }
    aliveNodeCount += (alive ? 1 : 0) - (before ? 1 : 0)
    return true
  }

  /// Also keeps the slot that `parentId` names.
  mutating func writeNodeField(_ slot: Slot, _ symbol: Symbol, _ value: JSONText?, stamp: Stamp) -> Bool {
    guard count(nodes[Int(slot)].fields.write(symbol, value, stamp: stamp), value) else { return false }
    if symbol == NameTable.parentID { nameParent(of: slot, value) }
    return true
  }

  mutating func nameParent(of slot: Slot, _ value: JSONText?) {
    let before = nodes[Int(slot)].parent
    let parent = value.flatMap { $0.stringValue }.map { ensureNode(NodeID($0)) } ?? .none
    if parent >= 0 { nodes[Int(parent)].uses += 1 }
    nodes[Int(slot)].parent = parent
    if before >= 0 { dropUse(of: before) }
  }

  mutating func writeEdgeField(_ slot: Slot, _ field: FieldKey, _ value: JSONText?, stamp: Stamp) -> Bool {
    count(edges[Int(slot)].fields.write(intern(field), value, stamp: stamp), value)
  }

  mutating func writeCommentLife(_ comment: CommentID, _ alive: Bool, stamp: Stamp) -> Bool {
    ensureComment(comment)
    return Self.write(&comments[comment, default: CommentRecord()].life, alive, stamp: stamp)
  }

  mutating func writeCommentField(_ comment: CommentID, _ field: FieldKey, _ value: JSONText?, stamp: Stamp) -> Bool {
    ensureComment(comment)
    let symbol = intern(field)
    return count(comments[comment, default: CommentRecord()].fields.write(symbol, value, stamp: stamp), value)
  }

  mutating func addTag(_ slot: Slot, _ tag: Stamp) -> Bool {
    let wasEmpty = edges[Int(slot)].tags.isEmpty
    guard edges[Int(slot)].tags.add(tag) else { return false }
    byteCount += Self.registerBytes
    if wasEmpty { liveEdgeCount += 1 }
    return true
  }

  mutating func removeTag(_ slot: Slot, _ tag: Stamp) -> Bool {
    guard edges[Int(slot)].tags.remove(tag) else { return false }
    byteCount -= Self.registerBytes
    if edges[Int(slot)].tags.isEmpty { liveEdgeCount -= 1 }
    return true
  }

  mutating func ensureComment(_ comment: CommentID) {
    guard comments[comment] == nil else { return }
    comments[comment] = CommentRecord()
    byteCount += Self.recordBytes + comment.rawValue.utf8.count
  }

  private static func write(_ register: inout LWWRegister<Bool>?, _ value: Bool, stamp: Stamp) -> Bool {
    if register == nil {
      register = LWWRegister(value, stamp: stamp)
      return true
    }
    if case .older? = register?.write(value, stamp: stamp) { return false }
    return true
  }

  /// Keeps the byte count; true when the write won.
  private mutating func count(_ outcome: LWWOutcome<JSONText?>, _ value: JSONText?) -> Bool {
    switch outcome {
    case .older: return false
    case .first: byteCount += Self.registerBytes + (value?.text.utf8.count ?? 0)
    case .replaced(let before): byteCount += (value?.text.utf8.count ?? 0) - (before?.text.utf8.count ?? 0)
    }
    return true
  }
}
