public import WorkflowGraph

extension GraphValidation.Finding {
  /// `{"code","severity","text"}` and, where it has them, `node`, `edge` (its key), `edgeId`, `field`, `place`.
  public var json: JSONText {
    var members: [JSONValue.Member] = [
      .init("code", .string(issue.code)), .init("severity", .string(issue.severity.rawValue)), .init("text", .string(issue.text)),
    ]
    if let node = issue.node { members.append(.init("node", .string(node.rawValue))) }
    if let edge = issue.edge { members.append(.init("edge", .object(Self.members(of: edge)))) }
    if let edgeID { members.append(.init("edgeId", .string(edgeID))) }
    if let field = issue.field { members.append(.init("field", .string(field.rawValue))) }
    if let place { members.append(.init("place", .string(place))) }
    return JSONText(.object(members))
  }

  private static func members(of edge: EdgeKey) -> [JSONValue.Member] {
    var members: [JSONValue.Member] = [.init("source", .string(edge.source.rawValue))]
    if let handle = edge.sourceHandle { members.append(.init("sourceHandle", .string(handle))) }
    members.append(.init("target", .string(edge.target.rawValue)))
    if let handle = edge.targetHandle { members.append(.init("targetHandle", .string(handle))) }
    return members
  }
}
