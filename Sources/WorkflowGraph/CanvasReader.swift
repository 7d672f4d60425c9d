/// Reads one workflow out of a checked canvas text. See `CanvasJSON`.
struct CanvasReader {
  private(set) var document = CanvasDocument()
  private var nodePlaces: [NodeID: Int] = [:]
  private var edgePlaces: [EdgeKey: Int] = [:]

  /// - Parameter place: of the object that `cursor` is at, "" or ending in a dot.
  mutating func readWorkflow(_ cursor: inout JSONCursor, place: String) throws(CanvasFault) {
    var hasNodes = false
    var wrapped: (name: String, cursor: JSONCursor)?
    var members: [(FieldKey, JSONText)] = []
    try cursor.members { name, value throws(CanvasFault) in
      switch name {
      case "nodes":
        hasNodes = true
        try readNodes(&value, place: place + "nodes")
      case "edges": try readEdges(&value, place: place + "edges")
      case "id": document.sourceID = value.string()
      case "canvas": wrapped = (name, value)
      case "data" where wrapped == nil: wrapped = (name, value)
      case "title", "description": document.meta[FieldKey(name)] = value.compactText()
      default:
        let field = FieldKey(name)
        if field.isValidForMeta { members.append((field, value.compactText())) }
      }
    }
    if hasNodes {
      for (field, value) in members { document.meta[field] = value }
    } else if let name = wrapped?.name, var inner = wrapped?.cursor, inner.isObject {
      // What stands beside a wrapped canvas (dates, the run's results) describes the file and not the workflow.
      var hasInnerNodes = false
      var probe = inner
      probe.members { (member: String, _: inout JSONCursor) in if member == "nodes" { hasInnerNodes = true } }
      guard hasInnerNodes else { throw CanvasFault(place: place + name, text: "has no nodes") }
      let outer = document
      try readWorkflow(&inner, place: place + name + ".")
      document.sourceID = outer.sourceID
      document.meta = outer.meta.merging(document.meta) { outer, _ in outer }
    } else {
      throw CanvasFault(place: String(place.dropLast()), text: "this is no canvas: it has no nodes")
    }
  }

  private mutating func readNodes(_ cursor: inout JSONCursor, place: String) throws(CanvasFault) {
    guard cursor.isArray else { throw CanvasFault(place: place, text: "must be a list") }
    try cursor.elements { index, value throws(CanvasFault) in
      let node = try Self.node(&value, place: "\(place)[\(index)]")
      if let first = nodePlaces.updateValue(index, forKey: node.id) {
        throw CanvasFault(place: "\(place)[\(index)].id", text: "\"\(node.id)\" is the id of \(place)[\(first)] too")
      }
      document.nodes.append(node)
    }
  }

  private static func node(_ cursor: inout JSONCursor, place: String) throws(CanvasFault) -> WorkflowGraph.Node {
    guard cursor.isObject else { throw CanvasFault(place: place, text: "must be an object") }
    var id: String?
    var fields: [FieldKey: JSONText] = [:]
    try cursor.members { name, value throws(CanvasFault) in
      switch name {
      case "id":
        id = value.string()
        guard let id, (1...NodeID.bytesMax).contains(id.utf8.count) else {
          throw CanvasFault(place: place + ".id", text: "must be a text of 1 to \(NodeID.bytesMax) bytes")
        }
      case "data": try readData(&value, place: place + ".data", into: &fields)
      default: try put(FieldKey(name), &value, place: "\(place).\(name)", into: &fields) { $0.isValidForNode }
      }
    }
    guard let id else { throw CanvasFault(place: place, text: "has no id") }
    return WorkflowGraph.Node(id: NodeID(id), fields: fields)
  }

  private mutating func readEdges(_ cursor: inout JSONCursor, place: String) throws(CanvasFault) {
    guard cursor.isArray else { throw CanvasFault(place: place, text: "must be a list") }
    try cursor.elements { index, value throws(CanvasFault) in
      let edge = try Self.edge(&value, place: "\(place)[\(index)]")
      if let first = edgePlaces[edge.key] {
        document.notices.append("\(place)[\(index)] draws the same connection as \(place)[\(first)]; the first is kept")
      } else {
        edgePlaces[edge.key] = index
        document.edges.append(edge)
      }
    }
  }

  private static func edge(_ cursor: inout JSONCursor, place: String) throws(CanvasFault) -> WorkflowGraph.Edge {
    guard cursor.isObject else { throw CanvasFault(place: place, text: "must be an object") }
    var ends: [String: String] = [:]
    var fields: [FieldKey: JSONText] = [:]
    try cursor.members { name, value throws(CanvasFault) in
      switch name {
      case "source", "target", "sourceHandle", "targetHandle":
        if name.hasSuffix("Handle"), value.isNull { return }
        let text = value.string()
        guard let text, text.utf8.count <= NodeID.bytesMax, name.hasSuffix("Handle") || !text.isEmpty else {
          throw CanvasFault(place: "\(place).\(name)", text: "must be a text of at most \(NodeID.bytesMax) bytes")
        }
        ends[name] = text
      case "data": try readData(&value, place: place + ".data", into: &fields)
      default: try put(FieldKey(name), &value, place: "\(place).\(name)", into: &fields) { $0.isValidForEdge }
      }
    }
    guard let source = ends["source"] else { throw CanvasFault(place: place, text: "has no source") }
    guard let target = ends["target"] else { throw CanvasFault(place: place, text: "has no target") }
    let key = EdgeKey(
      source: NodeID(source), sourceHandle: ends["sourceHandle"], target: NodeID(target), targetHandle: ends["targetHandle"])
    return WorkflowGraph.Edge(key: key, fields: fields)
  }

  private static func readData(
    _ cursor: inout JSONCursor, place: String, into fields: inout [FieldKey: JSONText]
  ) throws(CanvasFault) {
    if cursor.isNull { return }
    guard cursor.isObject else { throw CanvasFault(place: place, text: "must be an object") }
    try cursor.members { name, value throws(CanvasFault) in
      try put(.data(name), &value, place: "\(place).\(name)", into: &fields) { $0.isValidForNode }
    }
  }

  private static func put(
    _ field: FieldKey, _ value: inout JSONCursor, place: String, into fields: inout [FieldKey: JSONText], _ isValid: (FieldKey) -> Bool
  ) throws(CanvasFault) {
    if field.isEphemeral { return }
    guard isValid(field) else {
      throw CanvasFault(place: place, text: "a field's name has 1 to \(FieldKey.bytesMax) bytes and is none of the reserved ones")
    }
    guard fields.updateValue(value.compactText(), forKey: field) == nil else {
      throw CanvasFault(place: place, text: "\(field) is there twice, once inside data and once beside it")
    }
  }
}
