/// How large a document and a change may grow. Beyond a limit a change is refused and everybody goes on.
public struct DocumentLimits: Hashable, Sendable {
  /// Alive nodes.
  public var nodeCountMax = 20_000
  /// Edges with a tag, parked ones included.
  public var edgeCountMax = 50_000
  /// As `WorkflowDocument.byteCount` counts.
  public var documentBytesMax = 64 << 20
  /// One value's JSON text.
  public var valueBytesMax = 256 << 10
  public var opCountMax = 4096
  /// A node's, comment's or handle's id.
  public var idBytesMax = 256
  /// Registers of one node, edge or comment, and of the workflow itself.
  public var fieldCountMax = 1024
  /// Adds of one edge that nobody has removed, and tags named by one removal.
  public var tagCountMax = 64

  public static let `default` = DocumentLimits()
  public init() {}
}

/// Why a change is not taken, in words for the person who made it.
public struct ChangeFault: Error, Hashable, Sendable {
  public enum Code: Hashable, Sendable {
    /// No well-behaved author sends this.
    case invalid
    /// One thing in the change is too large.
    case tooLarge
    /// The document would grow too large.
    case limit
  }
  public var code: Code
  public var text: String

  public init(_ code: Code, _ text: String) {
    self.code = code
    self.text = text
  }
}
