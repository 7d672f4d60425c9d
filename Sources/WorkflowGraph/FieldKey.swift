/// A field of a node, an edge, a comment or the workflow itself: a flat key such as `type`, `position` or `data.value`. Spec: DO2, DO3.
public struct FieldKey: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
  public static let bytesMax = 256
  public let rawValue: String
  @inlinable public init(rawValue: String) { self.rawValue = rawValue }
  @inlinable public init(_ rawValue: String) { self.rawValue = rawValue }
  @inlinable public init(stringLiteral value: String) { rawValue = value }
  /// The register of one key of `data`.
  @inlinable public static func data(_ key: String) -> FieldKey { FieldKey("data." + key) }

  public static let type: FieldKey = "type"
  public static let position: FieldKey = "position"
  public static let width: FieldKey = "width"
  public static let height: FieldKey = "height"
  public static let parentID: FieldKey = "parentId"

  public static func < (a: Self, b: Self) -> Bool { a.rawValue.utf8.lexicographicallyPrecedes(b.rawValue.utf8) }
  public var description: String { rawValue }
}
