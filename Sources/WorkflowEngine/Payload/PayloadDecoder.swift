import WorkflowGraph

/// Decodes the JSON that the outside engine takes, the way Go does: names without regard to case, the last of a repeated name wins
/// (inside structs: is merged into the earlier), null leaves things alone, the first value of a wrong kind refuses the whole.
struct PayloadDecoder {
  private let isPlugin: (String) -> Bool
  private var graph = EngineGraph()
  private var firstError: String?

  private init(isPlugin: @escaping (String) -> Bool) { self.isPlugin = isPlugin }

  /// - Parameter isPlugin: whether a type belongs to a plug-in; such a node's `data` is taken as it is.
  /// - Throws: `RunFailure` of kind `.payload` with the engine's message.
  static func decode(_ bytes: [UInt8], isPlugin: @escaping (String) -> Bool = { _ in false }) throws(RunFailure) -> EngineGraph {
    let result: Result<PayloadJSON, PayloadSyntaxError> = bytes.withUnsafeBufferPointer { bytes in
      do throws(PayloadSyntaxError) { return .success(try PayloadReader.read(bytes)) } catch { return .failure(error) }
    }
    var decoder = PayloadDecoder(isPlugin: isPlugin)
    switch result {
    case .failure(let error): decoder.firstError = error.text
    case .success(let json): decoder.decodeRoot(json)
    }
    if let text = decoder.firstError { throw RunFailure(.payload, "failed to parse payload: \(text)") }
    return decoder.graph
  }

  private mutating func decodeRoot(_ json: PayloadJSON) {
    switch json {
    case .null: return
    case .object(let members):
      for (name, value) in members {
        switch name.lowercased() {
        case "nodes": decodeNodes(value)
        case "edges": decodeEdges(value)
        default: break
        }
      }
    default: fail("json: cannot unmarshal \(json.kindName) into Go value of type workflow.Payload")
    }
  }

  private mutating func decodeNodes(_ json: PayloadJSON) {
    switch json {
    case .null: graph.nodes = []
    case .array(let elements):
      // A repeated list is decoded over the first one's elements.
      let earlier = graph.nodes
      graph.nodes = elements.enumerated().map { index, element in
        var node = index < earlier.count ? earlier[index] : EngineGraph.Node()
        decode(element, into: &node)
        return node
      }
    default: fail(json, owner: "Payload", path: "nodes", wanted: "[]workflow.Node")
    }
  }

  private mutating func decode(_ json: PayloadJSON, into node: inout EngineGraph.Node) {
    switch json {
    case .null: return
    case .object(let members):
      for (name, value) in members {
        switch name.lowercased() {
        case "id": decode(value, into: &node.id, owner: "Node", path: "nodes.id", wanted: "string")
        case "type": decode(value, into: &node.type, owner: "Node", path: "nodes.type", wanted: "workflow.NodeType")
        case "data": if namesPlugin(members) { takeData(value, into: &node.settings) } else { decodeData(value, into: &node.settings) }
        default: break
        }
      }
    default: fail(json, owner: "Payload", path: "nodes", wanted: "workflow.Node")
    }
  }

  private func namesPlugin(_ members: [(name: String, value: PayloadJSON)]) -> Bool {
    guard case .string(let type)? = members.last(where: { $0.name.lowercased() == "type" })?.value else { return false }
    return isPlugin(type)
  }

  private mutating func takeData(_ json: PayloadJSON, into settings: inout NodeSettings) {
    do throws(SettingTypeError) { settings[NodeSettings.plugin] = .anything(try SettingDecoder.value(json, path: "")) } catch {
      fail(error.text(prefix: "nodes.data"))
    }
  }

  private mutating func decodeData(_ json: PayloadJSON, into settings: inout NodeSettings) {
    switch json {
    case .null: return
    case .object(let members):
      for (key, value) in members {
        guard let name = SettingDecoder.name(matching: key), let kind = SettingDecoder.kind(of: name) else { continue }
        do throws(SettingTypeError) {
          settings[name] = try SettingDecoder.decode(value, name: name, kind: kind)
        } catch {
          fail(error.text(prefix: "nodes.data."))
        }
      }
    default: fail(json, owner: "Node", path: "nodes.data", wanted: "workflow.NodeData")
    }
  }

  private mutating func decodeEdges(_ json: PayloadJSON) {
    switch json {
    case .null: graph.edges = []
    case .array(let elements):
      let earlier = graph.edges
      graph.edges = elements.enumerated().map { index, element in
        var edge = index < earlier.count ? earlier[index] : EngineGraph.Edge()
        decode(element, into: &edge)
        return edge
      }
    default: fail(json, owner: "Payload", path: "edges", wanted: "[]workflow.Edge")
    }
  }

  private mutating func decode(_ json: PayloadJSON, into edge: inout EngineGraph.Edge) {
    switch json {
    case .null: return
    case .object(let members):
      var id = ""
      for (name, value) in members {
        switch name.lowercased() {
        case "id": decode(value, into: &id, owner: "Edge", path: "edges.id", wanted: "string")
        case "source": decode(value, into: &edge.source, owner: "Edge", path: "edges.source", wanted: "string")
        case "target": decode(value, into: &edge.target, owner: "Edge", path: "edges.target", wanted: "string")
        default: break
        }
      }
    default: fail(json, owner: "Payload", path: "edges", wanted: "workflow.Edge")
    }
  }

  private mutating func decode(_ json: PayloadJSON, into text: inout String, owner: String, path: String, wanted: String) {
    switch json {
    case .null: return
    case .string(let string): text = string
    default: fail(json, owner: owner, path: path, wanted: wanted)
    }
  }

  private mutating func fail(_ json: PayloadJSON, owner: String, path: String, wanted: String) {
    fail("json: cannot unmarshal \(json.kindName) into Go struct field \(owner).\(path) of type \(wanted)")
  }

  private mutating func fail(_ text: String) { firstError = firstError ?? text }
}
