/// A position of the log that somebody gave a name, readable for as long as it has one. Spec: HI3.
public struct NamedVersion: Hashable, Sendable {
  /// 16 hexadecimal digits, never given twice in a workflow.
  public var id: String
  /// Of the last change in it; 0: the empty workflow.
  public var position: UInt64
  public var name: String
  public var note: String
  /// Who named it.
  public var author: Author
  /// Since 1970.
  public var namedAtMilliseconds: UInt64

  public init(id: String, position: UInt64, name: String, note: String = "", author: Author, namedAtMilliseconds: UInt64) {
    self.id = id
    self.position = position
    self.name = name
    self.note = note
    self.author = author
    self.namedAtMilliseconds = namedAtMilliseconds
  }
}
