import CRDT
import WorkflowDocument
import WorkflowGraph

extension WireWriter {
  @inline(__always) mutating func edge(_ number: UInt32, _ name: StaticString, _ edge: EdgeKey) {
    message(number, name) { $0.edgeFields(edge) }
  }

  @inline(__always) mutating func edgeFields(_ edge: EdgeKey) {
    string(1, "source", edge.source.rawValue)
    optionalString(2, "sourceHandle", edge.sourceHandle)
    string(3, "target", edge.target.rawValue)
    optionalString(4, "targetHandle", edge.targetHandle)
  }

  @inline(__always) mutating func opFields(_ op: Op) {
    switch op {
    case .setMeta(let field, let value):
      message(1, "setMeta") { writer in
        writer.string(1, "field", field.rawValue)
        writer.optionalString(2, "value", value?.text)
      }
    case .setNodeLife(let node, let alive):
      message(2, "setNodeLife") { writer in
        writer.string(1, "node", node.rawValue)
        writer.bool(2, "alive", alive)
      }
    case .setNodeField(let node, let field, let value):
      message(3, "setNodeField") { writer in
        writer.string(1, "node", node.rawValue)
        writer.string(2, "field", field.rawValue)
        writer.optionalString(3, "value", value?.text)
      }
    case .addEdge(let edge):
      message(4, "addEdge") { $0.edge(1, "edge", edge) }
    case .removeEdge(let edge, let tags):
      message(5, "removeEdge") { writer in
        writer.edge(1, "edge", edge)
        writer.messages(2, "tags", tags) { $0.stampFields($1) }
      }
    case .setEdgeField(let edge, let field, let value):
      message(6, "setEdgeField") { writer in
        writer.edge(1, "edge", edge)
        writer.string(2, "field", field.rawValue)
        writer.optionalString(3, "value", value?.text)
      }
    case .setCommentLife(let comment, let alive):
      message(7, "setCommentLife") { writer in
        writer.string(1, "comment", comment.rawValue)
        writer.bool(2, "alive", alive)
      }
    case .setCommentField(let comment, let field, let value):
      message(8, "setCommentField") { writer in
        writer.string(1, "comment", comment.rawValue)
        writer.string(2, "field", field.rawValue)
        writer.optionalString(3, "value", value?.text)
      }
    }
  }
}

/// An edge key while it is read.
struct EdgeDraft: WireReadable {
  var source = ""
  var sourceHandle: String?
  var target = ""
  var targetHandle: String?

  static let fieldNames = FieldNames("source", "sourceHandle", "target", "targetHandle")
  var names: FieldNames { Self.fieldNames }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    switch field {
    case 1: source = try reader.checkedText("node id", max: DecodeLimits.idBytesMax)
    case 2: sourceHandle = try reader.checkedText("handle", max: DecodeLimits.handleBytesMax)
    case 3: target = try reader.checkedText("node id", max: DecodeLimits.idBytesMax)
    case 4: targetHandle = try reader.checkedText("handle", max: DecodeLimits.handleBytesMax)
    default: try reader.skip()
    }
  }

  /// - Returns: `nil` when an end is missing.
  var key: EdgeKey? {
    guard !source.isEmpty, !target.isEmpty else { return nil }
    return EdgeKey(source: NodeID(source), sourceHandle: sourceHandle, target: NodeID(target), targetHandle: targetHandle)
  }
}

extension WireReader {
  /// A text inside a change: too long is a fault of the change, not of the connection.
  @inline(__always) mutating func checkedText(_ what: StaticString, max: Int) throws(DecodeError) -> String {
    if let text = try string(bytesMax: max) { return text }
    fault(.tooLarge, "\(what) is longer than \(max) bytes")
    return ""
  }

  /// A value inside a change: too long, or no I-JSON, is a fault of the change.
  @inline(__always) mutating func checkedValue() throws(DecodeError) -> JSONText? {
    guard let text = try string(bytesMax: limits.valueBytesMax) else {
      fault(.tooLarge, "a value is longer than \(limits.valueBytesMax) bytes")
      return nil
    }
    switch ValueText.check(text) {
    case .success(let value): return value
    case .failure(let problem):
      fault(.invalid, "a value is no JSON text: \(problem)")
      return nil
    }
  }
}
