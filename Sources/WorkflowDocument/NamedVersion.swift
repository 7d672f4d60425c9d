/// A position of the log that is kept with its state: somebody gave it a name, or there was a reason to. Spec: HI3, HI7, HI8.
public struct NamedVersion: Hashable, Sendable {
  /// Why it is kept.
  public enum Cause: UInt8, Hashable, Sendable, CaseIterable {
    /// Somebody gave it a name; it stays until somebody drops it. All others are automatic, and are thinned out.
    case named = 0
    /// Somebody asked for a version and gave no name.
    case asked
    /// Editing paused, or went on for long.
    case pause
    /// A run began with it.
    case run
    /// Something older was about to be restored.
    case restore
  }

  /// 16 hexadecimal digits, never given twice in a workflow.
  public var id: String
  /// Of the last change in it; 0: the empty workflow.
  public var position: UInt64
  /// Empty unless `cause` is `named`.
  public var name: String
  public var note: String
  /// Who named it; of an automatic one who gave the reason.
  public var author: Author
  /// Since 1970.
  public var namedAtMilliseconds: UInt64
  /// From 1 in the order in which they were kept, never given twice; 0 until the store gave it.
  public var number: UInt64 = 0
  public var cause = Cause.named
  /// 32 bytes; empty when it was kept by a program that knew none. Spec: GV5.
  public var graphHash: [UInt8] = []
  /// What changed since the version before, in numbers, as a JSON object; empty where nobody counted. See `DocumentDiff.summary`.
  public var summary = ""

  public var isAutomatic: Bool { cause != .named }

  public init(id: String, position: UInt64, name: String, note: String = "", author: Author, namedAtMilliseconds: UInt64) {
    self.id = id
    self.position = position
    self.name = name
    self.note = note
    self.author = author
    self.namedAtMilliseconds = namedAtMilliseconds
  }
}
