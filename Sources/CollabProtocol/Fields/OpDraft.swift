import CRDT
import WorkflowDocument
import WorkflowGraph

/// An op while it is read.
struct OpDraft: WireReadable {
  /// The kinds, numbered as in the oneof.
  enum Kind: UInt32 {
    case setMeta = 1
    case setNodeLife, setNodeField, addEdge, removeEdge, setEdgeField, setCommentLife, setCommentField
  }

  private var body = OpBody(nil)

  static let fieldNames = FieldNames(
    "setMeta", "setNodeLife", "setNodeField", "addEdge", "removeEdge", "setEdgeField", "setCommentLife", "setCommentField")
  var names: FieldNames { Self.fieldNames }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    guard let kind = Kind(rawValue: field) else { return try reader.skip() }
    try reader.oneof(alreadySet: body.kind != nil)
    if body.kind == nil {
      body.kind = kind
    } else if body.kind != kind {
      body = OpBody(kind)
    }
    try reader.message(&body)
  }

  /// The op, or `nil` after the reader was told what is wrong with it.
  /// - Parameter isState: it says what a register holds now, so a removal of an edge that is not there names no tags.
  func op(_ reader: inout some WireReader, isState: Bool = false) -> Op? {
    switch body.kind {
    case nil:
      reader.fault(.invalid, "an op of no kind that this version knows")
      return nil
    case .setMeta: return body.field(&reader).map { .setMeta(field: $0, value: body.value) }
    case .setNodeLife: return body.subject(&reader).map { .setNodeLife(node: NodeID($0), alive: body.alive) }
    case .setNodeField:
      guard let node = body.subject(&reader), let field = body.field(&reader) else { return nil }
      return .setNodeField(node: NodeID(node), field: field, value: body.value)
    case .addEdge: return body.edge(&reader).map { .addEdge($0) }
    case .removeEdge:
      guard let edge = body.edge(&reader), isState || body.checkTags(&reader) else { return nil }
      return .removeEdge(edge, tags: body.tags)
    case .setEdgeField:
      guard let edge = body.edge(&reader), let field = body.field(&reader) else { return nil }
      return .setEdgeField(edge: edge, field: field, value: body.value)
    case .setCommentLife: return body.subject(&reader).map { .setCommentLife(comment: CommentID($0), alive: body.alive) }
    case .setCommentField:
      guard let comment = body.subject(&reader), let field = body.field(&reader) else { return nil }
      return .setCommentField(comment: CommentID(comment), field: field, value: body.value)
    }
  }
}

/// The inside of an op of any kind while it is read: the kinds number the same parts differently.
struct OpBody: WireReadable {
  private enum Part { case subject, field, value, alive, edge, tags }

  var kind: OpDraft.Kind?
  private var subject = ""
  private var field = ""
  private(set) var value: JSONText?
  private(set) var alive = false
  private var edge = EdgeDraft()
  private(set) var tags: [Stamp] = []

  init(_ kind: OpDraft.Kind?) { self.kind = kind }

  private static let metaNames = FieldNames("field", "value")
  private static let nodeLifeNames = FieldNames("node", "alive")
  private static let nodeFieldNames = FieldNames("node", "field", "value")
  private static let removeEdgeNames = FieldNames("edge", "tags")
  private static let addEdgeNames = FieldNames("edge")
  private static let edgeFieldNames = FieldNames("edge", "field", "value")
  private static let commentLifeNames = FieldNames("comment", "alive")
  private static let commentFieldNames = FieldNames("comment", "field", "value")

  var names: FieldNames {
    switch kind {
    case .setMeta: Self.metaNames
    case .setNodeLife: Self.nodeLifeNames
    case .setNodeField: Self.nodeFieldNames
    case .addEdge: Self.addEdgeNames
    case .removeEdge: Self.removeEdgeNames
    case .setEdgeField: Self.edgeFieldNames
    case .setCommentLife: Self.commentLifeNames
    case .setCommentField, nil: Self.commentFieldNames
    }
  }

  @inline(__always) private func part(_ number: UInt32) -> Part? {
    switch (kind, number) {
    case (.setNodeLife, 1), (.setNodeField, 1), (.setCommentLife, 1), (.setCommentField, 1): .subject
    case (.addEdge, 1), (.removeEdge, 1), (.setEdgeField, 1): .edge
    case (.setMeta, 1), (.setNodeField, 2), (.setEdgeField, 2), (.setCommentField, 2): .field
    case (.setMeta, 2), (.setNodeField, 3), (.setEdgeField, 3), (.setCommentField, 3): .value
    case (.setNodeLife, 2), (.setCommentLife, 2): .alive
    case (.removeEdge, 2): .tags
    default: nil
    }
  }

  mutating func read(_ number: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    switch part(number) {
    case .subject: subject = try reader.checkedText("an id", max: DecodeLimits.idBytesMax)
    case .field: field = try reader.checkedText("a field name", max: DecodeLimits.fieldBytesMax)
    case .value: value = try reader.checkedValue()
    case .alive: alive = try reader.bool()
    case .edge: try reader.message(&edge)
    case .tags: try readTags(&reader)
    case nil: try reader.skip()
    }
  }

  private mutating func readTags(_ reader: inout some WireReader) throws(DecodeError) {
    try reader.elements { reader throws(DecodeError) in
      guard tags.count < reader.limits.tagsPerOpMax else {
        reader.fault(.tooLarge, "more than \(reader.limits.tagsPerOpMax) tags in one op")
        return try reader.skip()
      }
      tags.append(try reader.message(or: Stamp(hlc: .zero, replica: .none, seq: 0, index: 0)))
    }
  }

  // MARK: Parts that must be there

  func subject(_ reader: inout some WireReader) -> String? {
    guard subject.isEmpty else { return subject }
    reader.fault(.invalid, "an op without an id")
    return nil
  }

  func field(_ reader: inout some WireReader) -> FieldKey? {
    guard field.isEmpty else { return FieldKey(field) }
    reader.fault(.invalid, "an op without a field name")
    return nil
  }

  func edge(_ reader: inout some WireReader) -> EdgeKey? {
    if let key = edge.key { return key }
    reader.fault(.invalid, "an edge without source or target")
    return nil
  }

  func checkTags(_ reader: inout some WireReader) -> Bool {
    if !tags.isEmpty, tags.allSatisfy({ $0.replica != .none && $0.seq > 0 }) { return true }
    reader.fault(.invalid, tags.isEmpty ? "an edge is removed without tags" : "a tag without replica or seq")
    return false
  }
}
