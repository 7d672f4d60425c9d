import CRDT
import WorkflowGraph

extension WorkflowDocument {
  /// Whether a well-behaved author could have made this change against a document that has all of it that its author had seen.
  ///
  /// Order within the log (gap, duplicate), clock skew and rights are not looked at. Growth is counted as if every op made something
  /// new, so a change close to a limit may be refused a little early.
  /// - Returns: `nil` when it is fine. O(ops).
  public func check(_ change: Change, limits: DocumentLimits = .default) -> ChangeFault? {
    if change.ops.isEmpty { return ChangeFault(.invalid, "The change has no ops.") }
    if change.ops.count > limits.opCountMax {
      return ChangeFault(.tooLarge, "The change has \(change.ops.count) ops; at most \(limits.opCountMax) are taken.")
    }
    if change.replica == .none || change.seq == 0 || change.hlc == .zero {
      return ChangeFault(.invalid, "Replica, seq and hlc of a change start at 1.")
    }
    var growth = Growth(opCount: change.ops.count, isExact: false)
    var fault = check(change, limits, &growth)
    if growth.isCrowded {
      growth = Growth(opCount: change.ops.count, isExact: true)
      fault = check(change, limits, &growth)
    }
    if let fault { return fault }
    if growth.nodes > 0, nodeCount + growth.nodes > limits.nodeCountMax {
      return ChangeFault(.limit, "The workflow would have more than \(limits.nodeCountMax) nodes.")
    }
    if growth.edges > 0, edgeCount + growth.edges > limits.edgeCountMax {
      return ChangeFault(.limit, "The workflow would have more than \(limits.edgeCountMax) connections.")
    }
    if growth.bytes > 0, byteCount + growth.bytes > limits.documentBytesMax {
      return ChangeFault(.limit, "The workflow would take more than \(limits.documentBytesMax) bytes.")
    }
    return nil
  }

  private func check(_ change: Change, _ limits: DocumentLimits, _ growth: inout Growth) -> ChangeFault? {
    for (index, op) in change.ops.enumerated() {
      if let fault = check(op, at: change.stamp(index), limits: limits, growth: &growth) {
        return ChangeFault(fault.code, "Op \(index): \(fault.text)")
      }
    }
    return nil
  }

  /// What the ops looked at so far may add.
  ///
  /// How often one change adds to one place is counted in two steps, since nearly no change comes near the limit and a table of all its
  /// places costs as much as applying it: at first by bucket, several places to each; only when a bucket could be over, again and exactly.
  private struct Growth {
    var nodes = 0
    var edges = 0
    /// Never less for an op that makes something smaller: it may lose against a later write, or be overtaken within the change.
    var bytes = 0
    /// A bucket is over the limit, so places have to be counted one by one.
    private(set) var isCrowded = false
    private let opCount: Int
    private let isExact: Bool
    private var fieldBuckets: [UInt16] = []
    private var tagBuckets: [UInt16] = []
    private var newFields: [Place: Set<FieldKey>] = [:]
    private var newTags: [EdgeKey: Int] = [:]

    init(opCount: Int, isExact: Bool) {
      self.opCount = opCount
      self.isExact = isExact
    }

    /// Whether `place`, which had `held` registers before the change, has more than `max` with a new one for `field`.
    mutating func isOver(_ max: Int, at place: Place, adding field: FieldKey, to held: Int) -> Bool {
      // A change too short to reach the limit need not be counted.
      guard held + opCount > max else { return held + 1 > max }
      guard isExact else {
        isCrowded = Self.count(place.bucket, in: &fieldBuckets) + held > max || isCrowded
        return false
      }
      newFields[place, default: []].insert(field)
      return held + newFields[place, default: []].count > max
    }

    /// Whether `edge`, which had `held` tags before the change, has more than `max` with another.
    mutating func isOver(_ max: Int, addingTagTo edge: EdgeKey, with held: Int) -> Bool {
      guard held + opCount > max else { return held + 1 > max }
      guard isExact else {
        isCrowded = Self.count(Place.edge(edge).bucket, in: &tagBuckets) + held > max || isCrowded
        return false
      }
      newTags[edge, default: 0] += 1
      return held + newTags[edge, default: 0] > max
    }

    private static func count(_ bucket: Int, in buckets: inout [UInt16]) -> Int {
      if buckets.isEmpty { buckets = [UInt16](repeating: 0, count: 256) }
      buckets[bucket & 255] &+= 1
      return Int(buckets[bucket & 255])
    }
  }

  /// What has fields.
  private enum Place: Hashable {
    case meta
    case node(NodeID)
    case edge(EdgeKey)
    case comment(CommentID)

    /// The same for the same place; not much of a hash, as whoever fills one bucket on purpose only has his change counted twice.
    var bucket: Int {
      switch self {
      case .meta: 0
      case .node(let id): id.bucket
      case .edge(let edge): edge.source.bucket &+ 31 &* edge.target.bucket
      case .comment(let id): Bucket.of(id.rawValue)
      }
    }
  }

  private func check(_ op: Op, at stamp: Stamp, limits: DocumentLimits, growth: inout Growth) -> ChangeFault? {
    switch op {
    case .setMeta(let field, let value):
      guard field.isValidForMeta else { return Self.badField(field, of: "the workflow") }
      return check(value, of: field, state.names.find(field), at: .meta, state.meta, limits, &growth)
    case .setNodeLife(let node, let alive):
      let slot = state.slot(of: node)
      if alive, !(slot.map { state.nodes[Int($0)].isAlive } ?? false) { growth.nodes += 1 }
      return check(id: node.rawValue, "node", isNew: slot == nil, limits, &growth)
    case .setNodeField(let node, let field, let value):
      let (symbol, traits) = find(field)
      guard traits.isValidForNode else { return Self.badField(field, of: "a node") }
      let slot = state.slot(of: node)
      if traits.shape == .parentID, let parent = value?.stringValue, state.slot(of: NodeID(parent)) == nil {
        growth.bytes += DocumentState.recordBytes + parent.utf8.count
      }
      return check(id: node.rawValue, "node", isNew: slot == nil, limits, &growth) ?? Self.checkShape(traits.shape, value)
        ?? check(value, of: field, symbol, at: .node(node), slot.map { state.nodes[Int($0)].fields }, limits, &growth)
    case .addEdge(let edge):
      let slot = state.slot(of: edge)
      let tagCount = slot.map { state.edges[Int($0)].tags.count } ?? 0
      if tagCount == 0 { growth.edges += 1 }
      if growth.isOver(limits.tagCountMax, addingTagTo: edge, with: tagCount) {
        return ChangeFault(.limit, "The connection \(edge) was added too often.")
      }
      growth.bytes += DocumentState.registerBytes
      return check(edge, isNew: slot == nil, limits, &growth)
    case .removeEdge(let edge, let tags):
      var none = Growth(opCount: 0, isExact: false)
      return check(edge, isNew: false, limits, &none) ?? check(tags: tags, of: edge, at: stamp, limits)
    case .setEdgeField(let edge, let field, let value):
      let (symbol, traits) = find(field)
      guard traits.isValidForEdge else { return Self.badField(field, of: "a connection") }
      let slot = state.slot(of: edge)
      return check(edge, isNew: slot == nil, limits, &growth)
        ?? check(value, of: field, symbol, at: .edge(edge), slot.map { state.edges[Int($0)].fields }, limits, &growth)
    case .setCommentLife(let comment, _):
      return check(id: comment.rawValue, "comment", isNew: state.comments[comment] == nil, limits, &growth)
    case .setCommentField(let comment, let field, let value):
      guard field.isValidForComment else { return Self.badField(field, of: "a comment") }
      let record = state.comments[comment]
      return check(id: comment.rawValue, "comment", isNew: record == nil, limits, &growth)
        ?? check(value, of: field, state.names.find(field), at: .comment(comment), record?.fields, limits, &growth)
    }
  }

  private func check(id: String, _ kind: String, isNew: Bool, _ limits: DocumentLimits, _ growth: inout Growth) -> ChangeFault? {
    if id.isEmpty { return ChangeFault(.invalid, "The id of a \(kind) is empty.") }
    if id.utf8.count > limits.idBytesMax {
      return ChangeFault(.tooLarge, "The id of a \(kind) has \(id.utf8.count) bytes; at most \(limits.idBytesMax) are taken.")
    }
    if isNew { growth.bytes += DocumentState.recordBytes + id.utf8.count }
    return nil
  }

  private func check(_ edge: EdgeKey, isNew: Bool, _ limits: DocumentLimits, _ growth: inout Growth) -> ChangeFault? {
    if isNew { growth.bytes += DocumentState.recordBytes }
    // Of an edge that is here both ends and both handles are known.
    return check(handle: edge.sourceHandle, isNew: isNew, limits, &growth)
      ?? check(handle: edge.targetHandle, isNew: isNew, limits, &growth)
      ?? check(id: edge.source.rawValue, "node", isNew: isNew && state.slot(of: edge.source) == nil, limits, &growth)
      ?? check(id: edge.target.rawValue, "node", isNew: isNew && state.slot(of: edge.target) == nil, limits, &growth)
  }

  private func check(handle: String?, isNew: Bool, _ limits: DocumentLimits, _ growth: inout Growth) -> ChangeFault? {
    guard let handle else { return nil }
    if handle.utf8.count > limits.idBytesMax {
      return ChangeFault(.tooLarge, "A handle has \(handle.utf8.count) bytes; at most \(limits.idBytesMax) are taken.")
    }
    if isNew, state.names.find(handle: handle) == nil { growth.bytes += DocumentState.recordBytes + handle.utf8.count }
    return nil
  }

  /// An author can only have seen adds that are here, or that stand earlier in the same change.
  private func check(tags: [Stamp], of edge: EdgeKey, at stamp: Stamp, _ limits: DocumentLimits) -> ChangeFault? {
    if tags.isEmpty { return ChangeFault(.invalid, "The removal of \(edge) names no add.") }
    if tags.count > limits.tagCountMax {
      return ChangeFault(.tooLarge, "The removal of \(edge) names \(tags.count) adds; at most \(limits.tagCountMax) are taken.")
    }
    for tag in tags where !state.version.covers(tag.id) {
      let isOwn = tag.replica == stamp.replica && tag.seq == stamp.seq && tag.hlc == stamp.hlc && tag.index < stamp.index
      if !isOwn { return ChangeFault(.invalid, "The removal of \(edge) names an add that nobody has made (\(tag)).") }
    }
    return nil
  }

  /// - Parameters: `symbol` of the field, `nil` for a name that is new here; `fields` that `place` holds, `nil` while it is not there.
  private func check(
    _ value: JSONText?, of field: FieldKey, _ symbol: Symbol?, at place: Place, _ fields: FieldMap?, _ limits: DocumentLimits,
    _ growth: inout Growth
  ) -> ChangeFault? {
    let bytes = value?.text.utf8.count ?? 0
    if bytes > limits.valueBytesMax {
      return ChangeFault(.tooLarge, "A value has \(bytes) bytes; at most \(limits.valueBytesMax) are taken.")
    }
    if let fields, let symbol, let present = fields[symbol] {
      growth.bytes += max(0, bytes - (present.value?.text.utf8.count ?? 0))
      return nil
    }
    growth.bytes += bytes + DocumentState.registerBytes
    if symbol == nil { growth.bytes += DocumentState.recordBytes + field.rawValue.utf8.count }
    if growth.isOver(limits.fieldCountMax, at: place, adding: field, to: fields?.count ?? 0) {
      return ChangeFault(.limit, "There would be more than \(limits.fieldCountMax) fields in one place.")
    }
    return nil
  }

  private func find(_ field: FieldKey) -> (Symbol?, FieldTraits) {
    guard let symbol = state.names.find(field) else { return (nil, FieldTraits(field)) }
    return (symbol, state.names.traits[Int(symbol)])
  }

  /// The few fields whose shape the graph depends on.
  private static func checkShape(_ shape: FieldTraits.Shape, _ value: JSONText?) -> ChangeFault? {
    guard let value else { return nil }
    switch shape {
    case .type where (value.stringValue ?? "").isEmpty:
      return ChangeFault(.invalid, "The type of a node is a JSON string that is not empty.")
    case .position where !value.isPoint:
      return ChangeFault(.invalid, "The position of a node is {\"x\": number, \"y\": number}.")
    case .parentID where value.stringValue == nil: return ChangeFault(.invalid, "The parentId of a node is a JSON string.")
    default: return nil
    }
  }

  private static func badField(_ field: FieldKey, of thing: String) -> ChangeFault {
    let why = field.isEphemeral ? " It belongs to one person's canvas and is sent as presence, if at all." : ""
    return ChangeFault(.invalid, "\"\(field)\" is no field of \(thing).\(why)")
  }
}

private enum Bucket {
  /// From the end of an id, where the ids of one document differ.
  static func of(_ id: String) -> Int { id.utf8.suffix(4).reduce(id.utf8.count) { $0 &* 31 &+ Int($1) } }
}

extension NodeID {
  fileprivate var bucket: Int { Bucket.of(rawValue) }
}
