/// Why a text is not the JSON we accept, and where.
public struct JSONFault: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Kind: String, Sendable, CaseIterable {
    case unexpectedEnd = "ends too early"
    case unexpectedByte = "unexpected character"
    case trailingBytes = "something follows the value"
    case badNumber = "malformed number"
    case numberNotFinite = "number beyond the range of a double"
    case controlCharacter = "control character in a string"
    case badEscape = "malformed escape"
    case loneSurrogate = "half of a surrogate pair"
    case invalidUTF8 = "not UTF-8"
    case duplicateName = "member name used twice"
    case tooDeep = "nested too deeply"
  }
  public var kind: Kind
  /// Bytes from the start of the text.
  public var offset: Int

  public init(_ kind: Kind, at offset: Int) {
    self.kind = kind
    self.offset = offset
  }
  public var description: String { "JSON: \(kind.rawValue) at byte \(offset)" }
}
