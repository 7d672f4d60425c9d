/// JSON as Go's decoder takes it: members in order with repetitions, numbers as written, damaged text repaired.
///
/// Our own documents are stricter (`JSONText`); this reads what the outside engine would have accepted.
enum PayloadJSON {
  case null
  case bool(Bool)
  case number(String)
  case string(String)
  case array([PayloadJSON])
  case object([(name: String, value: PayloadJSON)])

  /// What messages call its kind.
  var kindName: String {
    switch self {
    case .null: "null"
    case .bool: "bool"
    case .number: "number"
    case .string: "string"
    case .array: "array"
    case .object: "object"
    }
  }
}

/// Why a payload is no JSON, in Go's words.
struct PayloadSyntaxError: Error {
  var text: String
}

/// Reads a whole text. Recursion is bounded by `depthMax`.
struct PayloadReader {
  static let depthMax = 512

  private let bytes: UnsafeBufferPointer<UInt8>
  private var at = 0

  static func read(_ bytes: UnsafeBufferPointer<UInt8>) throws(PayloadSyntaxError) -> PayloadJSON {
    var reader = PayloadReader(bytes: bytes)
    let value = try reader.value(depth: 0)
    reader.skipSpace()
    guard reader.at == bytes.count else { throw reader.invalid("after top-level value") }
    return value
  }

  private mutating func value(depth: Int) throws(PayloadSyntaxError) -> PayloadJSON {
    guard depth < Self.depthMax else { throw PayloadSyntaxError(text: "exceeded max depth") }
    skipSpace()
    switch try current() {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: throw invalid("looking for beginning of value")
    }
  }

  private mutating func object(depth: Int) throws(PayloadSyntaxError) -> PayloadJSON {
    var members: [(name: String, value: PayloadJSON)] = []
    at += 1
    skipSpace()
    if try current() == UInt8(ascii: "}") {
      at += 1
      return .object(members)
    }
    while true {
      skipSpace()
      guard try current() == UInt8(ascii: "\"") else { throw invalid("looking for beginning of object key string") }
      let name = try string()
      skipSpace()
      guard try current() == UInt8(ascii: ":") else { throw invalid("after object key") }
      at += 1
      members.append((name, try value(depth: depth + 1)))
      skipSpace()
      let byte = try current()
      guard byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") else { throw invalid("after object key:value pair") }
      at += 1
      if byte == UInt8(ascii: "}") { return .object(members) }
    }
  }

  private mutating func array(depth: Int) throws(PayloadSyntaxError) -> PayloadJSON {
    var elements: [PayloadJSON] = []
    at += 1
    skipSpace()
    if try current() == UInt8(ascii: "]") {
      at += 1
      return .array(elements)
    }
    while true {
      elements.append(try value(depth: depth + 1))
      skipSpace()
      let byte = try current()
      guard byte == UInt8(ascii: ",") || byte == UInt8(ascii: "]") else { throw invalid("after array element") }
      at += 1
      if byte == UInt8(ascii: "]") { return .array(elements) }
    }
  }

  private mutating func word(_ word: StaticString, _ meaning: PayloadJSON) throws(PayloadSyntaxError) -> PayloadJSON {
    for index in 0..<word.utf8CodeUnitCount {
      let expected = word.utf8Start[index]
      guard try current() == expected else { throw invalid("in literal \(word) (expecting '\(Unicode.Scalar(expected))')") }
      at += 1
    }
    return meaning
  }

  private mutating func number() throws(PayloadSyntaxError) -> String {
    let start = at
    if bytes[at] == UInt8(ascii: "-") {
      at += 1
      guard GoFloat.isDigit(try current()) else { throw invalid("in numeric literal") }
    }
    if bytes[at] == UInt8(ascii: "0") { at += 1 } else { skipDigits() }
    if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
      at += 1
      guard GoFloat.isDigit(try current()) else { throw invalid("after decimal point in numeric literal") }
      skipDigits()
    }
    if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") {
      at += 1
      let sign = try current()
      if sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") { at += 1 }
      guard GoFloat.isDigit(try current()) else { throw invalid("in exponent of numeric literal") }
      skipDigits()
    }
    return String(decoding: bytes[start..<at], as: UTF8.self)
  }

  private mutating func skipDigits() { while at < bytes.count, GoFloat.isDigit(bytes[at]) { at += 1 } }

  /// Lone surrogates and bytes that are no UTF-8 become U+FFFD, one for each.
  private mutating func string() throws(PayloadSyntaxError) -> String {
    at += 1
    var end = at
    while end < bytes.count, bytes[end] >= 0x20, bytes[end] != UInt8(ascii: "\""), bytes[end] != UInt8(ascii: "\\") { end += 1 }
    if end < bytes.count, bytes[end] == UInt8(ascii: "\""), let text = String(validating: bytes[at..<end], as: UTF8.self) {
      at = end + 1
      return text
    }
    return try repairedString()
  }

  /// With escapes, or damaged.
  private mutating func repairedString() throws(PayloadSyntaxError) -> String {
    var output: [UInt8] = []
    while true {
      let byte = try current()
      switch byte {
      case UInt8(ascii: "\""):
        at += 1
        return Self.repaired(output)
      case UInt8(ascii: "\\"): try escape(into: &output)
      case 0..<0x20: throw invalid("in string literal")
      default:
        output.append(byte)
        at += 1
      }
    }
  }

  private mutating func escape(into output: inout [UInt8]) throws(PayloadSyntaxError) {
    at += 1
    let letter = try current()
    at += 1
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): output.append(letter)
    case UInt8(ascii: "b"): output.append(0x08)
    case UInt8(ascii: "f"): output.append(0x0c)
    case UInt8(ascii: "n"): output.append(0x0a)
    case UInt8(ascii: "r"): output.append(0x0d)
    case UInt8(ascii: "t"): output.append(0x09)
    case UInt8(ascii: "u"):
      let unit = try codeUnit()
      var scalar = Unicode.Scalar(unit)
      if UTF16.isLeadSurrogate(unit), at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"), bytes[at + 1] == UInt8(ascii: "u") {
        let before = at
        at += 2
        let trail = try codeUnit()
        if UTF16.isTrailSurrogate(trail) {
          scalar = Unicode.Scalar(0x10000 + (UInt32(unit) - 0xd800) << 10 + (UInt32(trail) - 0xdc00))
        } else {
          at = before  // Not a pair: the second escape is read for itself.
        }
      }
      output.append(contentsOf: UTF8.encode(scalar ?? "\u{fffd}") ?? UTF8.encodedReplacementCharacter)
    default:
      at -= 1
      throw invalid("in string escape code")
    }
  }

  private mutating func codeUnit() throws(PayloadSyntaxError) -> UInt16 {
    var unit: UInt16 = 0
    for _ in 0..<4 {
      guard let digit = Self.hexDigit(try current()) else { throw invalid("in \\u hexadecimal character escape") }
      unit = unit << 4 | digit
      at += 1
    }
    return unit
  }

  private static func hexDigit(_ byte: UInt8) -> UInt16? {
    if GoFloat.isDigit(byte) { return UInt16(byte - UInt8(ascii: "0")) }
    let lower = byte | 0x20
    return UInt8(ascii: "a")...UInt8(ascii: "f") ~= lower ? UInt16(lower - UInt8(ascii: "a") + 10) : nil
  }

  static func repaired(_ bytes: [UInt8]) -> String {
    if let text = String(validating: bytes, as: UTF8.self) { return text }
    var output = String.UnicodeScalarView()
    var rest = bytes[...]
    while !rest.isEmpty {
      // The longest valid scalar in front; else one byte, one replacement.
      let width = (1...min(4, rest.count)).first { String(validating: rest.prefix($0), as: UTF8.self) != nil }
      if let width {
        output.append(contentsOf: String(decoding: rest.prefix(width), as: UTF8.self).unicodeScalars)
        rest.removeFirst(width)
      } else {
        output.append("\u{fffd}")
        rest.removeFirst()
      }
    }
    return String(output)
  }

  private mutating func skipSpace() {
    while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x0a || bytes[at] == 0x0d || bytes[at] == 0x09 { at += 1 }
  }

  private func current() throws(PayloadSyntaxError) -> UInt8 {
    guard at < bytes.count else { throw PayloadSyntaxError(text: "unexpected end of JSON input") }
    return bytes[at]
  }

  /// The byte is shown as if it were Latin-1, as Go does.
  private func invalid(_ place: String) -> PayloadSyntaxError {
    let byte = bytes[at]
    let shown: String
    switch byte {
    case UInt8(ascii: "'"): shown = "'\\''"
    case UInt8(ascii: "\""): shown = "'\"'"
    case UInt8(ascii: "\\"): shown = "'\\\\'"
    case 0x0a: shown = "'\\n'"
    case 0x0d: shown = "'\\r'"
    case 0x09: shown = "'\\t'"
    case 0..<0x20, 0x7f: shown = "'\\x\(byte < 16 ? "0" : "")\(String(byte, radix: 16))'"
    default: shown = "'\(Unicode.Scalar(byte))'"
    }
    return PayloadSyntaxError(text: "invalid character \(shown) \(place)")
  }
}
