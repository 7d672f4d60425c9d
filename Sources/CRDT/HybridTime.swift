/// A reading of a hybrid logical clock: 48 bits of milliseconds since 1970, 16 bits of counter, compared as one integer.
///
/// Spec: CR3. Source: Kulkarni et al. 2014, §3.
public struct HybridTime: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
  public var rawValue: UInt64
  @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }
  /// - Parameters: `milliseconds` since 1970, below 2^48 (the year 10889); `counter` tells readings of one millisecond apart.
  @inlinable public init(milliseconds: UInt64, counter: UInt16 = 0) { rawValue = milliseconds << 16 | UInt64(counter) }
  public static let zero = HybridTime(rawValue: 0)
  @inlinable public var milliseconds: UInt64 { rawValue >> 16 }
  @inlinable public var counter: UInt16 { UInt16(truncatingIfNeeded: rawValue) }
  @inlinable public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
  public var description: String { "\(milliseconds).\(counter)" }
}
