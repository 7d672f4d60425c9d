import CRDT
import WorkflowGraph

/// Bytes that are no change.
public struct ChangeBodyError: Error, Hashable, Sendable {
  public var text: String
}

extension ChangeBody {
  /// - Parameter bytes: what `encode` or another proto3 writer made. Values are checked to be UTF-8, not to be JSON: that was done before
  ///   they came into the log.
  public static func decode(_ bytes: [UInt8]) throws(ChangeBodyError) -> Change {
    try bytes.withUnsafeBytes { bytes in Result { () throws(ChangeBodyError) in try decode(bytes) } }.get()
  }

  public static func decode(_ bytes: UnsafeRawBufferPointer) throws(ChangeBodyError) -> Change {
    var input = ProtoInput(bytes)
    var change = Change(replica: .none, seq: 0, hlc: .zero, ops: [])
    while let field = try input.nextField() {
      switch field {
      case 1: change.replica = ReplicaID(try input.uint32())
      case 2: change.seq = try input.uint64()
      case 3: change.hlc = HybridTime(rawValue: try input.uint64())
      case 4: change.ops.append(try op(input.message()))
      default: try input.skip()
      }
    }
    return change
  }

  private static func op(_ message: ProtoInput) throws(ChangeBodyError) -> Op {
    var input = message
    var op: Op?
    while let field = try input.nextField() {
      switch field {
      case 1:
        let parts = try named(input.message(), valueAt: 2)
        op = .setMeta(field: FieldKey(parts.first), value: parts.value)
      case 2:
        let (id, alive) = try life(input.message())
        op = .setNodeLife(node: NodeID(id), alive: alive)
      case 3:
        let parts = try named(input.message(), valueAt: 3)
        op = .setNodeField(node: NodeID(parts.first), field: FieldKey(parts.second), value: parts.value)
      case 4: op = .addEdge(try edgeParts(input.message()).edge)
      case 5:
        let parts = try edgeParts(input.message(), hasTags: true)
        op = .removeEdge(parts.edge, tags: parts.tags)
      case 6:
        let parts = try edgeParts(input.message())
        op = .setEdgeField(edge: parts.edge, field: FieldKey(parts.field), value: parts.value)
      case 7:
        let (id, alive) = try life(input.message())
        op = .setCommentLife(comment: CommentID(id), alive: alive)
      case 8:
        let parts = try named(input.message(), valueAt: 3)
        op = .setCommentField(comment: CommentID(parts.first), field: FieldKey(parts.second), value: parts.value)
      default: try input.skip()
      }
    }
    guard let op else { throw ChangeBodyError(text: "an op of no known kind") }
    return op
  }

  private static func named(
    _ message: ProtoInput, valueAt valueField: Int
  ) throws(ChangeBodyError) -> (first: String, second: String, value: JSONText?) {
    var input = message
    var parts: (first: String, second: String, value: JSONText?) = ("", "", nil)
    while let field = try input.nextField() {
      switch field {
      case valueField: parts.value = JSONText(unchecked: try input.string())
      case 1: parts.first = try input.string()
      case 2: parts.second = try input.string()
      default: try input.skip()
      }
    }
    return parts
  }

  private static func life(_ message: ProtoInput) throws(ChangeBodyError) -> (id: String, alive: Bool) {
    var input = message
    var parts = (id: "", alive: false)
    while let field = try input.nextField() {
      switch field {
      case 1: parts.id = try input.string()
      case 2: parts.alive = try input.uint64() != 0
      default: try input.skip()
      }
    }
    return parts
  }

  private struct EdgeParts {
    var edge = EdgeKey(source: NodeID(""), target: NodeID(""))
    var tags: [Stamp] = []
    var field = ""
    var value: JSONText?
  }

  private static func edgeParts(_ message: ProtoInput, hasTags: Bool = false) throws(ChangeBodyError) -> EdgeParts {
    var input = message
    var parts = EdgeParts()
    while let field = try input.nextField() {
      switch field {
      case 1: parts.edge = try edge(input.message())
      case 2 where hasTags: parts.tags.append(try tag(input.message()))
      case 2: parts.field = try input.string()
      case 3: parts.value = JSONText(unchecked: try input.string())
      default: try input.skip()
      }
    }
    return parts
  }

  private static func edge(_ message: ProtoInput) throws(ChangeBodyError) -> EdgeKey {
    var input = message
    var (source, target) = ("", "")
    var (sourceHandle, targetHandle): (String?, String?) = (nil, nil)
    while let field = try input.nextField() {
      switch field {
      case 1: source = try input.string()
      case 2: sourceHandle = try input.string()
      case 3: target = try input.string()
      case 4: targetHandle = try input.string()
      default: try input.skip()
      }
    }
    return EdgeKey(source: NodeID(source), sourceHandle: sourceHandle, target: NodeID(target), targetHandle: targetHandle)
  }

  private static func tag(_ message: ProtoInput) throws(ChangeBodyError) -> Stamp {
    var input = message
    var tag = Stamp.zero
    while let field = try input.nextField() {
      switch field {
      case 1: tag.hlc = HybridTime(rawValue: try input.uint64())
      case 2: tag.replica = ReplicaID(try input.uint32())
      case 3: tag.seq = try input.uint64()
      case 4: tag.index = try input.uint32()
      default: try input.skip()
      }
    }
    return tag
  }
}
