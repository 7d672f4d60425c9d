/// Findings about how nodes belong together, worded once for documents and for files. Spec: GV4.
public enum GraphIssue {
  /// The codes this and `NodeCheck` do not give are those of edges.
  public enum Code {
    public static let edgeOrphan = "edge_orphan"
    public static let edgeCycle = "edge_cycle"
    public static let parentMissing = "parent_missing"
    public static let parentLoop = "parent_loop"
    public static let nameDuplicate = "name_duplicate"
  }

  public static func parentMissing(_ node: NodeID) -> Issue {
    Issue(
      code: Code.parentMissing, severity: .warning, node: node, field: .parentID,
      text: "Node \(node) belongs to a group that is not on the canvas.")
  }

  public static func parentLoop(_ node: NodeID) -> Issue {
    Issue(
      code: Code.parentLoop, severity: .warning, node: node, field: .parentID, text: "Node \(node) belongs to a group that is inside of it."
    )
  }

  public static func nameDuplicate(_ node: NodeID, label: JSONText) -> Issue {
    Issue(
      code: Code.nameDuplicate, severity: .warning, node: node, field: .label, text: "Several nodes are called \(label.text).")
  }

  /// What a node is called, as JSON; `nil` when it is not called anything.
  public static func label(_ value: JSONText?) -> JSONText? {
    guard let value, value.text != "\"\"", value.text != "null" else { return nil }
    return value
  }
}
