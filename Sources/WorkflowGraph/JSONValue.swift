/// A JSON value taken apart. Members keep the order they were written in.
public enum JSONValue: Hashable, Sendable {
  case null
  case bool(Bool)
  /// Finite when it was parsed; the writers turn others into `null`.
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([Member])

  public struct Member: Hashable, Sendable {
    public var name: String
    public var value: JSONValue
    public init(_ name: String, _ value: JSONValue) {
      self.name = name
      self.value = value
    }
  }

  /// Checks and takes apart one I-JSON text. O(bytes).
  public init(parsing text: String) throws(JSONFault) {
    self = try JSONText(validating: text).value()
  }

  /// The value of the member of that name; `nil` when there is none or this is no object. O(members).
  public subscript(name: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.name == name }?.value
  }

  public var stringValue: String? { if case .string(let text) = self { text } else { nil } }
  public var numberValue: Double? { if case .number(let number) = self { number } else { nil } }
  public var boolValue: Bool? { if case .bool(let bool) = self { bool } else { nil } }
  public var arrayValue: [JSONValue]? { if case .array(let elements) = self { elements } else { nil } }
}
