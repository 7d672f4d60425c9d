/// A field of a node, an edge, a comment or the workflow itself: a flat key such as `type`, `position` or `data.value`. Spec: DO2, DO3.
///
/// Compared by its bytes (`Bytewise`), hence not `RawRepresentable`.
public struct FieldKey: Hashable, Comparable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
  public static let bytesMax = 256
  public let rawValue: String
  @inlinable public init(rawValue: String) { self.rawValue = rawValue }
  @inlinable public init(_ rawValue: String) { self.rawValue = rawValue }
  @inlinable public init(stringLiteral value: String) { rawValue = value }
  /// The register of one key of `data`.
  @inlinable public static func data(_ key: String) -> FieldKey { FieldKey("data." + key) }

  public static let id: FieldKey = "id"
  public static let type: FieldKey = "type"
  public static let position: FieldKey = "position"
  public static let width: FieldKey = "width"
  public static let height: FieldKey = "height"
  public static let parentID: FieldKey = "parentId"
  public static let style: FieldKey = "style"
  public static let title: FieldKey = "title"
  public static let label: FieldKey = "data.label"

  public static func == (a: Self, b: Self) -> Bool { Bytewise.equal(a.rawValue, b.rawValue) }
  public static func < (a: Self, b: Self) -> Bool { Bytewise.precedes(a.rawValue, b.rawValue) }
  public func hash(into hasher: inout Hasher) { hasher.combine(rawValue) }
  public var description: String { rawValue }
}

// MARK: - What a field is

extension FieldKey {
  /// Whether this is the register of one key of `data`.
  public var isData: Bool { rawValue.utf8.starts(with: "data.".utf8) }

  /// The key in `data`; `nil` for a field outside of it.
  public var dataKey: String? { isData ? String(rawValue.utf8.dropFirst(5)) : nil }

  /// State of one person's canvas, never in the document: what is selected, dragged, measured, or the result of the last run. Spec: DO3.
  public var isEphemeral: Bool {
    switch rawValue {
    case "selected", "dragging", "resizing", "measured", "positionAbsolute", "dragHandle", "data._executionData": true
    default: false
    }
  }

  /// How a node looks and where it is, as against what it does: left out of the graph hash and of the engine's graph. Everything but
  /// `type` and `data`. Of an edge everything but `data` is layout (`isLayoutOfEdge`): its `type` is the shape of a line. Spec: GV5.
  public var isLayout: Bool { !isData && self != .type }
  public var isLayoutOfEdge: Bool { !isData }

  /// Whether a node may have this field. `id` and `data` are no fields: one names the node, the other is a field per key.
  public var isValidForNode: Bool { isWellFormed && !isEphemeral && self != .id }

  /// Whether an edge may have this field. Its ends are its key and no fields; the `id` a canvas gave it is one.
  public var isValidForEdge: Bool {
    switch rawValue {
    case "source", "sourceHandle", "target", "targetHandle": false
    default: isWellFormed && !isEphemeral
    }
  }

  /// Whether the workflow itself may have this field. What is listed elsewhere or belongs to one person is none.
  public var isValidForMeta: Bool {
    switch rawValue {
    case "id", "nodes", "edges", "comments", "viewport": false
    default: isWellFormed && !isEphemeral
    }
  }

  public var isValidForComment: Bool { isWellFormed && self != .id }

  private var isWellFormed: Bool { (1...Self.bytesMax).contains(rawValue.utf8.count) && rawValue != "data" }
}
