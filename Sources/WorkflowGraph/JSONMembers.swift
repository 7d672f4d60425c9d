/// A JSON object, member by member, in the order in which they were added.
public struct JSONMembers: Sendable {
  private var text = "{"

  public init() {}

  /// - Parameter name: needs no escapes.
  public mutating func add(_ name: StaticString, _ value: JSONText) {
    text += text.utf8.count == 1 ? "\"\(name)\":\(value.text)" : ",\"\(name)\":\(value.text)"
  }

  public var object: JSONText { JSONText(unchecked: text + "}") }
}
