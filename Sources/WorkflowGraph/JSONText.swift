/// One JSON value as the text it was written in. The replicated document never looks inside. Spec: DO2.
///
/// The text is I-JSON (RFC 7493): valid UTF-8, no duplicate member names, no lone surrogates, finite numbers, at most `depthMax` deep.
public struct JSONText: Hashable, Sendable, CustomStringConvertible {
  public static let depthMax = 64
  public let text: String
  /// For text that was checked already: from our own store or encoder.
  @inlinable public init(unchecked text: String) { self.text = text }
  public var description: String { text }
}
