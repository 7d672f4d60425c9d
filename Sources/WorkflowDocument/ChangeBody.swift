import CRDT
import WorkflowGraph

/// The bytes of a change in the log: the proto3 binary form of `Change` in `protocol/collab.proto`.
///
/// Deterministic: fields ascending, defaults left out. Reading takes any order and passes over fields it does not know.
public enum ChangeBody {
  public static func encode(_ change: Change) -> [UInt8] {
    var output = ProtoOutput()
    output.reserve(24 + 48 * change.ops.count)
    output.field(1, UInt64(change.replica.rawValue))
    output.field(2, change.seq)
    output.field(3, change.hlc.rawValue)
    for op in change.ops { output.message(4) { append(op, to: &$0) } }
    return output.bytes
  }

  private static func append(_ op: Op, to output: inout ProtoOutput) {
    switch op {
    case .setMeta(let field, let value):
      output.message(1) {
        $0.field(1, field.rawValue)
        $0.present(2, value?.text)
      }
    case .setNodeLife(let node, let alive): output.message(2) { appendLife(node.rawValue, alive, to: &$0) }
    case .setNodeField(let node, let field, let value): output.message(3) { appendField(node.rawValue, field, value, to: &$0) }
    case .addEdge(let edge): output.message(4) { $0.message(1) { append(edge, to: &$0) } }
    case .removeEdge(let edge, let tags):
      output.message(5) {
        $0.message(1) { append(edge, to: &$0) }
        for tag in tags { $0.message(2) { append(tag, to: &$0) } }
      }
    case .setEdgeField(let edge, let field, let value):
      output.message(6) {
        $0.message(1) { append(edge, to: &$0) }
        $0.field(2, field.rawValue)
        $0.present(3, value?.text)
      }
    case .setCommentLife(let comment, let alive): output.message(7) { appendLife(comment.rawValue, alive, to: &$0) }
    case .setCommentField(let comment, let field, let value): output.message(8) { appendField(comment.rawValue, field, value, to: &$0) }
    }
  }

  private static func appendLife(_ id: String, _ alive: Bool, to output: inout ProtoOutput) {
    output.field(1, id)
    output.field(2, alive ? 1 : 0)
  }

  private static func appendField(_ id: String, _ field: FieldKey, _ value: JSONText?, to output: inout ProtoOutput) {
    output.field(1, id)
    output.field(2, field.rawValue)
    output.present(3, value?.text)
  }

  private static func append(_ edge: EdgeKey, to output: inout ProtoOutput) {
    output.field(1, edge.source.rawValue)
    output.present(2, edge.sourceHandle)
    output.field(3, edge.target.rawValue)
    output.present(4, edge.targetHandle)
  }

  private static func append(_ tag: Stamp, to output: inout ProtoOutput) {
    output.field(1, tag.hlc.rawValue)
    output.field(2, UInt64(tag.replica.rawValue))
    output.field(3, tag.seq)
    output.field(4, UInt64(tag.index))
  }
}
