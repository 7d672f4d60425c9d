/// All types of nodes that the first engine knows, the only place where they are described: the engine's decoding, the findings about a
/// document, the palette and the description of the API come from here.
public enum NodeCatalogue {
  /// In palette order.
  public static let types: [NodeType] = basic + operations + controlFlow + state + advanced + resilience + context

  /// The type an engine name or a canvas name means; `nil` for a name nobody knows. O(1).
  public static func type(named name: String) -> NodeType? { byName[name].map { types[$0] } }

  /// The name to give the engine for a `type` found in a document: mapped when the canvas made it, else unchanged.
  public static func engineName(of name: String) -> String { type(named: name)?.engineName ?? name }

  private static let byName: [String: Int] = {
    var byName: [String: Int] = [:]
    for (index, type) in types.enumerated() {
      byName[type.engineName] = index
      byName[type.canvasName] = index
    }
    return byName
  }()
}
