/// Writes the JSON that React Flow loads. See `CanvasJSON`.
struct CanvasWriter {
  private var output: [UInt8] = []
  private var edgeIDs: Set<String> = []

  static func write(_ graph: WorkflowGraph, meta: [FieldKey: JSONText]) -> String {
    var writer = CanvasWriter()
    writer.output.reserveCapacity(256 * (graph.nodes.count + graph.edges.count))
    writer.edgeIDs = Set(graph.edges.lazy.compactMap { $0.fields[.id]?.stringValue })
    writer.write(graph, meta: meta)
    return String(decoding: writer.output, as: UTF8.self)
  }

  /// How `write` names each edge, by name; `nil` where several have it.
  static func names(of edges: [WorkflowGraph.Edge]) -> [String: EdgeKey?] {
    var writer = CanvasWriter()
    writer.edgeIDs = Set(edges.lazy.compactMap { $0.fields[.id]?.stringValue })
    var names: [String: EdgeKey?] = [:]
    for edge in edges {
      // A name that is no text cannot be a member's.
      guard let name = edge.fields[.id].map(\.stringValue) ?? writer.newID(for: edge.key) else { continue }
      names[name] = names[name] == nil ? .some(edge.key) : .some(nil)
    }
    return names
  }

  private mutating func write(_ graph: WorkflowGraph, meta: [FieldKey: JSONText]) {
    raw("{")
    for (field, value) in Self.ordered(meta, first: [.title]) {
      raw("\n")
      member(field.rawValue, value)
      raw(",")
    }
    raw("\n\"nodes\":[")
    for (index, node) in graph.nodes.enumerated() {
      raw(index == 0 ? "\n" : ",\n")
      write(node)
    }
    raw("\n],\n\"edges\":[")
    for (index, edge) in graph.edges.enumerated() {
      raw(index == 0 ? "\n" : ",\n")
      write(edge)
    }
    raw("\n]\n}\n")
  }

  private mutating func write(_ node: WorkflowGraph.Node) {
    raw("{")
    member("id", .string(node.id.rawValue))
    let fields = Self.ordered(node.fields, first: [.type, .position])
    for (field, value) in fields where !field.isData { next(field.rawValue, value) }
    raw(",\"data\":{")
    data(fields)
    raw("}}")
  }

  private mutating func write(_ edge: WorkflowGraph.Edge) {
    let key = edge.key
    raw("{")
    member("id", edge.fields[.id] ?? .string(newID(for: key)))
    next("source", .string(key.source.rawValue))
    next("sourceHandle", key.sourceHandle.map { .string($0) } ?? .null)
    next("target", .string(key.target.rawValue))
    next("targetHandle", key.targetHandle.map { .string($0) } ?? .null)
    let fields = Self.ordered(edge.fields, first: [.type])
    for (field, value) in fields where !field.isData && field != .id { next(field.rawValue, value) }
    if fields.contains(where: { $0.0.isData }) {
      raw(",\"data\":{")
      data(fields)
      raw("}")
    }
    raw("}")
  }

  private mutating func data(_ fields: [(FieldKey, JSONText)]) {
    var isFirst = true
    for (field, value) in fields {
      guard let key = field.dataKey else { continue }
      if !isFirst { raw(",") }
      isFirst = false
      member(key, value)
    }
  }

  /// The id React Flow makes of an edge's ends, with a number where two edges would share it.
  private mutating func newID(for key: EdgeKey) -> String {
    let base = WorkflowGraph.Edge.madeID(for: key)
    var id = base
    var number = 2
    while !edgeIDs.insert(id).inserted {
      id = "\(base)-\(number)"
      number += 1
    }
    return id
  }

  private static func ordered(_ fields: [FieldKey: JSONText], first: [FieldKey]) -> [(FieldKey, JSONText)] {
    func rank(_ field: FieldKey) -> Int { first.firstIndex(of: field) ?? first.count }
    return fields.map { ($0.key, $0.value) }.sorted { a, b in
      let (x, y) = (rank(a.0), rank(b.0))
      return x == y ? a.0 < b.0 : x < y
    }
  }

  private mutating func next(_ name: String, _ value: JSONText) {
    raw(",")
    member(name, value)
  }

  private mutating func member(_ name: String, _ value: JSONText) {
    CanonicalJSON.append(name, to: &output)
    raw(":")
    output.append(contentsOf: value.text.utf8)
  }

  private mutating func raw(_ text: StaticString) {
    output.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }
}
