/// A workflow's name in URLs and in the store: 1 to 128 bytes of `A-Z a-z 0-9 . _ -`, not starting with a dot.
public struct WorkflowID: Hashable, Comparable, Sendable, CustomStringConvertible {
  public static let bytesMax = 128
  public let rawValue: String

  /// - Returns: `nil` for text that is no workflow id.
  public init?(_ text: String) {
    guard (1...Self.bytesMax).contains(text.utf8.count), text.utf8.first != UInt8(ascii: "."),
      text.utf8.allSatisfy({ byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
          UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
          true
        default: false
        }
      })
    else { return nil }
    rawValue = text
  }
  public static func < (a: Self, b: Self) -> Bool { a.rawValue.utf8.lexicographicallyPrecedes(b.rawValue.utf8) }
  public var description: String { rawValue }
}

/// A node's id. Compared by its bytes (`Bytewise`), whose order is semantics: source nodes run in it.
///
/// Not `RawRepresentable`: that would bring a `!=` that compares strings Swift's way.
public struct NodeID: Hashable, Comparable, Sendable, CustomStringConvertible {
  public static let bytesMax = 256
  public let rawValue: String
  @inlinable public init(rawValue: String) { self.rawValue = rawValue }
  @inlinable public init(_ rawValue: String) { self.rawValue = rawValue }
  public static func == (a: Self, b: Self) -> Bool { Bytewise.equal(a.rawValue, b.rawValue) }
  public static func < (a: Self, b: Self) -> Bool { Bytewise.precedes(a.rawValue, b.rawValue) }
  public func hash(into hasher: inout Hasher) { hasher.combine(rawValue) }
  public var description: String { rawValue }
}

/// A comment's id. Compared by its bytes.
public struct CommentID: Hashable, Comparable, Sendable, CustomStringConvertible {
  public let rawValue: String
  @inlinable public init(rawValue: String) { self.rawValue = rawValue }
  @inlinable public init(_ rawValue: String) { self.rawValue = rawValue }
  public static func == (a: Self, b: Self) -> Bool { Bytewise.equal(a.rawValue, b.rawValue) }
  public static func < (a: Self, b: Self) -> Bool { Bytewise.precedes(a.rawValue, b.rawValue) }
  public func hash(into hasher: inout Hasher) { hasher.combine(rawValue) }
  public var description: String { rawValue }
}

/// What an edge is: its ends. Two people drawing the same connection make one edge. A missing handle and an empty one differ. Spec: DO4.
public struct EdgeKey: Hashable, Comparable, Sendable, CustomStringConvertible {
  public let source: NodeID
  public let sourceHandle: String?
  public let target: NodeID
  public let targetHandle: String?

  public init(source: NodeID, sourceHandle: String? = nil, target: NodeID, targetHandle: String? = nil) {
    self.source = source
    self.sourceHandle = sourceHandle
    self.target = target
    self.targetHandle = targetHandle
  }

  public static func == (a: Self, b: Self) -> Bool {
    a.source == b.source && a.target == b.target && Bytewise.equal(a.sourceHandle, b.sourceHandle)
      && Bytewise.equal(a.targetHandle, b.targetHandle)
  }

  /// By source, source handle, target, target handle; bytewise; a missing handle before every other.
  public static func < (a: Self, b: Self) -> Bool {
    if a.source != b.source { return a.source < b.source }
    if !Bytewise.equal(a.sourceHandle, b.sourceHandle) { return Bytewise.precedes(a.sourceHandle, b.sourceHandle) }
    if a.target != b.target { return a.target < b.target }
    return Bytewise.precedes(a.targetHandle, b.targetHandle)
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(source)
    hasher.combine(sourceHandle)
    hasher.combine(target)
    hasher.combine(targetHandle)
  }

  public var description: String {
    func end(_ node: NodeID, _ handle: String?) -> String { handle.map { "\(node)[\($0)]" } ?? "\(node)" }
    return "\(end(source, sourceHandle)) → \(end(target, targetHandle))"
  }
}
