import WorkflowGraph

/// A graph in the words of the outside server: `{"name", "data": {"nodes": [{id, type, data}], "edges": [{id, source, target, …}]}}`.
///
/// Types by their engine names, edges in their order, handles as they are: a missing one is null and not "". Positions and what belongs to
/// one person's canvas are left out.
enum OutsidePayload {
  /// Why a graph is not handed over.
  struct Refusal: Error, Hashable {
    var node: NodeID
    var text: String
  }

  /// Edges whose ends are not both there are not sent: the server would take them for a circle, or crash.
  static func encode(_ graph: WorkflowGraph, name: String) throws(Refusal) -> [UInt8] {
    var text = "{\"name\":\(JSONText.string(name).text),\"data\":{\"nodes\":["
    var ids: Set<NodeID> = []
    for (index, node) in graph.nodes.enumerated() {
      ids.insert(node.id)
      if index > 0 { text += "," }
      text += try encode(node)
    }
    text += "],\"edges\":["
    var seen: Set<EdgeKey> = []
    for edge in graph.edges where ids.contains(edge.key.source) && ids.contains(edge.key.target) && seen.insert(edge.key).inserted {
      if seen.count > 1 { text += "," }
      text += encode(edge, number: seen.count)
    }
    text += "]}}"
    return Array(text.utf8)
  }

  private static func encode(_ node: WorkflowGraph.Node) throws(Refusal) -> String {
    let type = node.type.map { NodeCatalogue.engineName(of: $0) }
    var data: [String] = []
    for (field, value) in node.fields.sorted(by: { $0.key < $1.key }) {
      guard let key = field.dataKey, !field.isEphemeral else { continue }
      if let danger = danger(type ?? "", key, value) { throw Refusal(node: node.id, text: danger) }
      data.append("\(JSONText.string(key).text):\(value.text)")
    }
    let typed = type.map { "\"type\":\(JSONText.string($0).text)," } ?? ""
    return "{\"id\":\(JSONText.string(node.id.rawValue).text),\(typed)\"data\":{\(data.joined(separator: ","))}}"
  }

  private static func encode(_ edge: WorkflowGraph.Edge, number: Int) -> String {
    func handle(_ text: String?) -> String { text.map { JSONText.string($0).text } ?? "null" }
    let id = edge.fields[.id]?.stringValue ?? "e\(number)"
    return "{\"id\":\(JSONText.string(id).text),\"source\":\(JSONText.string(edge.key.source.rawValue).text),"
      + "\"sourceHandle\":\(handle(edge.key.sourceHandle)),\"target\":\(JSONText.string(edge.key.target.rawValue).text),"
      + "\"targetHandle\":\(handle(edge.key.targetHandle))}"
  }

  /// Settings that take the server's own guard away, and those that are known to end its process or to hang it.
  private static func danger(_ type: String, _ key: String, _ value: JSONText) -> String? {
    // The server matches names without regard to case.
    switch (type, key.lowercased()) {
    case (_, "http_client_uid"):
      guard !value.isNull else { return nil }
      return "http_client_uid is refused: the engine does not check where a request with it goes"
    case ("parallel", "max_concurrency"), ("retry", "max_attempts"):
      guard let number = value.numberValue, number <= 0 else { return nil }
      return "\(key.lowercased()) must be positive: the engine does not survive \(value.text)"
    case (_, "repeat_n"):
      guard let number = value.numberValue, number > 10_000_000 else { return nil }
      return "repeat_n is too large: the engine does not survive \(value.text)"
    default: return nil
    }
  }
}
