/// A JSON merge patch (RFC 7396) of a workflow whose nodes and edges are members by id:
/// `{"title": …, "nodes": {"a": {"data": {"value": 2}}, "b": null}, "edges": {"e": {"source": …, "target": …}}}`.
///
/// `null` removes a node, an edge, a field, or a member inside of a field; what is not named stays. Spec: OW4.
public struct GraphPatch: Sendable, Hashable {
  /// A field and what is merged into it; `nil` unsets it.
  public struct FieldPatch: Sendable, Hashable {
    public var field: FieldKey
    public var value: JSONText?

    public init(field: FieldKey, value: JSONText?) {
      self.field = field
      self.value = value
    }
  }

  public struct NodePatch: Sendable, Hashable {
    public var node: NodeID
    /// `nil` removes the node.
    public var fields: [FieldPatch]?
  }

  public struct EdgePatch: Sendable, Hashable {
    /// As the canvas names the edge: its field `id`, or the name that is made of its ends.
    public var id: String
    public var isRemoval = false
    /// Ends that the patch names. A handle of `.some(nil)` is taken away.
    public var source: NodeID?
    public var target: NodeID?
    public var sourceHandle: String??
    public var targetHandle: String??
    public var fields: [FieldPatch] = []

    public init(id: String) { self.id = id }
  }

  /// In the order in which they were written.
  public private(set) var workflow: [FieldPatch] = []
  public private(set) var nodes: [NodePatch] = []
  public private(set) var edges: [EdgePatch] = []

  public init() {}

  /// - Throws: what is wrong, with its place.
  public init(_ text: JSONText) throws(CanvasFault) {
    var copy = text.text
    let result: Result<GraphPatch, CanvasFault> = copy.withUTF8 { bytes in
      var cursor = JSONCursor(bytes)
      var patch = GraphPatch()
      do throws(CanvasFault) { try patch.read(&cursor) } catch { return .failure(error) }
      return .success(patch)
    }
    self = try result.get()
  }

  private mutating func read(_ cursor: inout JSONCursor) throws(CanvasFault) {
    guard cursor.isObject else { throw CanvasFault(place: "", text: "a patch must be an object") }
    try cursor.members { name, value throws(CanvasFault) in
      switch name {
      case "nodes": try Self.each(&value, "nodes") { id, value throws(CanvasFault) in nodes.append(try Self.node(id, &value)) }
      case "edges": try Self.each(&value, "edges") { id, value throws(CanvasFault) in edges.append(try Self.edge(id, &value)) }
      default:
        let field = FieldKey(name)
        if field.isEphemeral { return }
        guard field.isValidForMeta else { throw CanvasFault(place: String(name.prefix(80)), text: "is no field of a workflow") }
        workflow.append(Self.patch(field, &value))
      }
    }
  }

  private static func each(
    _ cursor: inout JSONCursor, _ place: String, _ body: (String, inout JSONCursor) throws(CanvasFault) -> Void
  ) throws(CanvasFault) {
    guard cursor.isObject else { throw CanvasFault(place: place, text: "must be an object with a member for each id") }
    try cursor.members(body)
  }

  private static func node(_ id: String, _ cursor: inout JSONCursor) throws(CanvasFault) -> NodePatch {
    let place = "nodes.\(id)"
    guard (1...NodeID.bytesMax).contains(id.utf8.count) else {
      throw CanvasFault(place: "nodes", text: "an id has 1 to \(NodeID.bytesMax) bytes")
    }
    if cursor.isNull { return NodePatch(node: NodeID(id), fields: nil) }
    var fields: [FieldPatch] = []
    try read(&cursor, place, id: id, into: &fields) { name, _ throws(CanvasFault) in
      let field = FieldKey(name)
      guard field.isValidForNode else { throw CanvasFault(place: place, text: "a node cannot have the field \(name.prefix(80))") }
      return field
    }
    return NodePatch(node: NodeID(id), fields: fields)
  }

  private static func edge(_ id: String, _ cursor: inout JSONCursor) throws(CanvasFault) -> EdgePatch {
    let place = "edges.\(id)"
    var edge = EdgePatch(id: id)
    if cursor.isNull {
      edge.isRemoval = true
      return edge
    }
    var fields: [FieldPatch] = []
    try read(&cursor, place, id: id, into: &fields) { name, value throws(CanvasFault) in
      switch name {
      case "source", "target":
        guard let text = value.string(), (1...NodeID.bytesMax).contains(text.utf8.count) else {
          throw CanvasFault(place: "\(place).\(name)", text: "must be a text of 1 to \(NodeID.bytesMax) bytes")
        }
        if name == "source" { edge.source = NodeID(text) } else { edge.target = NodeID(text) }
        return nil
      case "sourceHandle", "targetHandle":
        let handle: String? = value.isNull ? nil : value.string()
        guard value.isNull || handle.map({ $0.utf8.count <= NodeID.bytesMax }) == true else {
          throw CanvasFault(place: "\(place).\(name)", text: "must be a text of at most \(NodeID.bytesMax) bytes, or null")
        }
        if name == "sourceHandle" { edge.sourceHandle = .some(handle) } else { edge.targetHandle = .some(handle) }
        return nil
      default:
        let field = FieldKey(name)
        guard field.isValidForEdge else { throw CanvasFault(place: place, text: "an edge cannot have the field \(name.prefix(80))") }
        return field
      }
    }
    edge.fields = fields
    return edge
  }

  /// The members of a node or an edge; those of `data` as fields of their own.
  /// - Parameter field: what field a member is; `nil` when it was something else and is dealt with.
  private static func read(
    _ cursor: inout JSONCursor, _ place: String, id: String, into fields: inout [FieldPatch],
    field: (String, inout JSONCursor) throws(CanvasFault) -> FieldKey?
  ) throws(CanvasFault) {
    guard cursor.isObject else { throw CanvasFault(place: place, text: "must be an object, or null") }
    try cursor.members { name, value throws(CanvasFault) in
      switch name {
      case "id":
        guard value.string() == id else { throw CanvasFault(place: "\(place).id", text: "is another than that of the member") }
      case "data":
        guard value.isObject else { throw CanvasFault(place: "\(place).data", text: "must be an object") }
        try value.members { key, value throws(CanvasFault) in
          let field = FieldKey.data(key)
          if field.isEphemeral { return }
          guard field.isValidForNode else {
            throw CanvasFault(place: "\(place).data", text: "a key has 1 to \(FieldKey.bytesMax - 5) bytes")
          }
          fields.append(patch(field, &value))
        }
      default:
        if FieldKey(name).isEphemeral { return }
        if let field = try field(name, &value) { fields.append(patch(field, &value)) }
      }
    }
    var seen: Set<FieldKey> = []
    for patch in fields where !seen.insert(patch.field).inserted {
      throw CanvasFault(place: place, text: "\(patch.field) is there twice, once inside data and once beside it")
    }
  }

  private static func patch(_ field: FieldKey, _ cursor: inout JSONCursor) -> FieldPatch {
    cursor.isNull ? FieldPatch(field: field, value: nil) : FieldPatch(field: field, value: cursor.compactText())
  }
}

extension WorkflowGraph.Edge {
  /// As React Flow names an edge that has no `id`, without the number that tells two apart.
  public static func madeID(for key: EdgeKey) -> String {
    "reactflow__edge-\(key.source)\(key.sourceHandle ?? "")-\(key.target)\(key.targetHandle ?? "")"
  }

  /// Whether `id` is one that `CanvasJSON.write` made because there was none.
  public static func isMade(_ id: String, for key: EdgeKey) -> Bool {
    let base = madeID(for: key)
    guard Bytewise.equal(id, base) else {
      guard id.utf8.count > base.utf8.count + 1, id.utf8.starts(with: (base + "-").utf8) else { return false }
      return id.utf8.dropFirst(base.utf8.count + 1).allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
    return true
  }
}
