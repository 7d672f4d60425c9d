import WorkflowGraph

/// Takes over the graph of a document: canvas types become engine types, settings are read from their texts.
enum GraphDecoder {
  /// - Parameter isPlugin: whether a type belongs to a plug-in; such a node's `data` is taken as it is.
  /// - Throws: `RunFailure` of kind `.payload` that names the node whose setting is of the wrong kind.
  /// - Complexity: O(nodes + edges + bytes of the settings that some type reads).
  static func decode(_ graph: WorkflowGraph, isPlugin: (String) -> Bool = { _ in false }) throws(RunFailure) -> EngineGraph {
    var result = EngineGraph()
    result.nodes.reserveCapacity(graph.nodes.count)
    for node in graph.nodes {
      var decoded = EngineGraph.Node(id: node.id.rawValue)
      decoded.type = node.type.map { NodeCatalogue.engineName(of: $0) } ?? ""
      if isPlugin(decoded.type) {
        decoded.settings[NodeSettings.plugin] = .anything(.object(try pluginSettings(node)))
        result.nodes.append(decoded)
        continue
      }
      var fault: (field: FieldKey, error: SettingTypeError)?
      for (field, text) in node.fields {
        guard let (name, kind) = SettingDecoder.setting(of: field) else { continue }
        do throws(SettingTypeError) {
          decoded.settings[name] = try setting(text, name: name, kind: kind)
        } catch {
          // Fields come in no order; of several faults the first by name is told, so that every run tells the same.
          if fault.map({ field < $0.field }) ?? true { fault = (field, error) }
        }
      }
      if let fault { throw RunFailure(.payload, "failed to parse payload: \(fault.error.text(prefix: "nodes.data."))", node: node.id) }
      result.nodes.append(decoded)
    }
    result.edges = graph.edges.map { EngineGraph.Edge(source: $0.key.source.rawValue, target: $0.key.target.rawValue) }
    return result
  }

  private static func pluginSettings(_ node: WorkflowGraph.Node) throws(RunFailure) -> ObjectValue {
    do throws(NodeFailure) { return try ObjectValue(data: node.fields) } catch {
      throw RunFailure(.payload, "failed to parse payload: \(error.text)", node: node.id)
    }
  }

  static func setting(
    _ text: JSONText, name: String, kind: NodeSetting.Kind
  ) throws(SettingTypeError) -> NodeSettings.Setting? {
    var copy = text.text
    let json: PayloadJSON? = copy.withUTF8 { bytes in
      do throws(PayloadSyntaxError) { return try PayloadReader.read(bytes) } catch { return nil }  // No JSON: not checked before.
    }
    guard let json else { throw SettingTypeError(found: "invalid JSON", path: name, wanted: "JSON") }
    return try SettingDecoder.decode(json, name: name, kind: kind)
  }
}
