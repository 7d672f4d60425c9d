import CRDT
import WorkflowGraph

/// The canonical JSON (RFC 8785) that an element's digest is taken of. Spec: GV5.
///
/// - Graph, node: `{"data":{key:value…},"id":…,"type":…}`.
/// - Graph, edge: `{"data":{…},"source":…,"sourceHandle":…,"target":…,"targetHandle":…}`, `data` and handles only where there are any.
/// - Document: `{"fields":{field:value…},"id":…}`; an edge has its ends and handles in the place of the id, the workflow itself nothing.
enum DigestText {
  static func graph(node: NodeRecord, _ names: NameTable) -> [UInt8] { graph(node.id, node.fields.entries, names) }

  /// As the graph's text of a node, without the label: what it is called changes no result. Spec: RU6.
  static func settings(of node: NodeRecord, _ names: NameTable) -> [UInt8] {
    graph(node.id, node.fields.entries.filter { names[$0.key] != .label }, names)
  }

  private static func graph(_ id: NodeID, _ fields: [FieldMap.Entry], _ names: NameTable) -> [UInt8] {
    var text = Array("{\"data\":".utf8)
    appendData(fields, names, to: &text)
    text.append(contentsOf: ",\"id\":".utf8)
    CanonicalJSON.append(id.rawValue, to: &text)
    if let type = fields.first(where: { $0.key == NameTable.type })?.register.value {
      text.append(contentsOf: ",\"type\":".utf8)
      type.canonical(into: &text)
    }
    text.append(UInt8(ascii: "}"))
    return text
  }

  static func graph(edge: EdgeKey, _ fields: [FieldMap.Entry], _ names: NameTable) -> [UInt8] {
    var text = Array("{".utf8)
    let hasData = fields.contains { $0.register.value != nil && names[$0.key].isData }
    if hasData {
      text.append(contentsOf: "\"data\":".utf8)
      appendData(fields, names, to: &text)
      text.append(UInt8(ascii: ","))
    }
    appendEnds(edge, to: &text)
    text.append(UInt8(ascii: "}"))
    return text
  }

  static func document(id: String, _ fields: [FieldMap.Entry], _ names: NameTable) -> [UInt8] {
    var text = Array("{\"fields\":".utf8)
    appendFields(fields, names, to: &text)
    text.append(contentsOf: ",\"id\":".utf8)
    CanonicalJSON.append(id, to: &text)
    text.append(UInt8(ascii: "}"))
    return text
  }

  static func document(edge: EdgeKey, _ fields: [FieldMap.Entry], _ names: NameTable) -> [UInt8] {
    var text = Array("{\"fields\":".utf8)
    appendFields(fields, names, to: &text)
    text.append(UInt8(ascii: ","))
    appendEnds(edge, to: &text)
    text.append(UInt8(ascii: "}"))
    return text
  }

  static func meta(_ fields: [FieldMap.Entry], _ names: NameTable) -> [UInt8] {
    var text = Array("{\"fields\":".utf8)
    appendFields(fields, names, to: &text)
    text.append(UInt8(ascii: "}"))
    return text
  }

  private static func appendEnds(_ edge: EdgeKey, to text: inout [UInt8]) {
    text.append(contentsOf: "\"source\":".utf8)
    CanonicalJSON.append(edge.source.rawValue, to: &text)
    if let handle = edge.sourceHandle {
      text.append(contentsOf: ",\"sourceHandle\":".utf8)
      CanonicalJSON.append(handle, to: &text)
    }
    text.append(contentsOf: ",\"target\":".utf8)
    CanonicalJSON.append(edge.target.rawValue, to: &text)
    if let handle = edge.targetHandle {
      text.append(contentsOf: ",\"targetHandle\":".utf8)
      CanonicalJSON.append(handle, to: &text)
    }
  }

  private static func appendFields(_ fields: [FieldMap.Entry], _ names: NameTable, to text: inout [UInt8]) {
    appendObject(fields.compactMap { entry in entry.register.value.map { (names[entry.key].rawValue, $0) } }, to: &text)
  }

  private static func appendData(_ fields: [FieldMap.Entry], _ names: NameTable, to text: inout [UInt8]) {
    let members = fields.compactMap { entry -> (String, JSONText)? in
      guard let value = entry.register.value, let key = names[entry.key].dataKey else { return nil }
      return (key, value)
    }
    appendObject(members, to: &text)
  }

  private static func appendObject(_ members: [(String, JSONText)], to text: inout [UInt8]) {
    text.append(UInt8(ascii: "{"))
    var isFirst = true
    for (name, value) in members.sorted(by: { CanonicalJSON.nameOrder($0.0, $1.0) }) {
      if !isFirst { text.append(UInt8(ascii: ",")) }
      isFirst = false
      CanonicalJSON.append(name, to: &text)
      text.append(UInt8(ascii: ":"))
      value.canonical(into: &text)
    }
    text.append(UInt8(ascii: "}"))
  }
}
