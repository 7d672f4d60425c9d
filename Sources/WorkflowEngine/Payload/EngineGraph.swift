/// A workflow as the engine takes it: types by engine name or "", settings decoded, edges as pairs of ids. Ids are not checked.
struct EngineGraph: Sendable {
  struct Node: Sendable {
    var id = ""
    /// "" until inference has filled it.
    var type = ""
    var settings = NodeSettings()
  }
  struct Edge: Sendable {
    var source = ""
    var target = ""
  }

  var nodes: [Node] = []
  var edges: [Edge] = []

  mutating func inferTypes() {
    for index in nodes.indices where nodes[index].type.isEmpty { nodes[index].type = TypeInference.type(of: nodes[index].settings) }
  }
}
