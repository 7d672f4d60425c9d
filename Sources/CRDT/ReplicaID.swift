/// A replica's name: a small integer lent by the server, so that a version stays as small as the number of writers at once.
///
/// 0 is never lent; it stands for "no replica". Spec: CR5.
public struct ReplicaID: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
  public var rawValue: UInt32
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }
  @inlinable public init(_ rawValue: UInt32) { self.rawValue = rawValue }
  public static let none = ReplicaID(0)
  @inlinable public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
  public var description: String { "r\(rawValue)" }
}
