public import WorkflowDocument
import WorkflowGraph

/// How long a change is in the longer of the two encodings, so that a batch fits one message whatever the encoding. A little too much on purpose.
public enum ChangeSize {
  public static func bytes(_ change: Change) -> Int { change.ops.reduce(96) { $0 + bytes($1) } }

  public static func bytes(_ op: Op) -> Int {
    switch op {
    case .setMeta(let field, let value): 64 + escaped(field.rawValue) + escaped(value?.text)
    case .setNodeLife(let node, _): 64 + escaped(node.rawValue)
    case .setNodeField(let node, let field, let value): 64 + escaped(node.rawValue) + escaped(field.rawValue) + escaped(value?.text)
    case .addEdge(let edge): 64 + bytes(edge)
    case .removeEdge(let edge, let tags): 64 + bytes(edge) + 104 * tags.count
    case .setEdgeField(let edge, let field, let value): 64 + bytes(edge) + escaped(field.rawValue) + escaped(value?.text)
    case .setCommentLife(let comment, _): 64 + escaped(comment.rawValue)
    case .setCommentField(let comment, let field, let value):
      64 + escaped(comment.rawValue) + escaped(field.rawValue) + escaped(value?.text)
    }
  }

  private static func bytes(_ edge: EdgeKey) -> Int {
    80 + escaped(edge.source.rawValue) + escaped(edge.sourceHandle) + escaped(edge.target.rawValue) + escaped(edge.targetHandle)
  }

  /// Inside a JSON string: quotes and backslashes double, control characters take six.
  private static func escaped(_ text: String?) -> Int {
    guard let text else { return 0 }
    var count = 0
    for byte in text.utf8 { count += byte < 0x20 ? 6 : byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") ? 2 : 1 }
    return count
  }
}
