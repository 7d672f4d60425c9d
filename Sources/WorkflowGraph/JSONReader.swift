/// Takes an I-JSON text apart. Total over any bytes: what the scanner would refuse is a fault here too, except names used twice.
struct JSONReader {
  private let bytes: UnsafeBufferPointer<UInt8>
  private var at = 0

  init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  mutating func readDocument() throws(JSONFault) -> JSONValue {
    let value = try readValue(depth: 0)
    skipSpace()
    guard at == bytes.count else { throw JSONFault(.trailingBytes, at: at) }
    return value
  }

  /// Recursion is bounded by `JSONText.depthMax`.
  private mutating func readValue(depth: Int) throws(JSONFault) -> JSONValue {
    skipSpace()
    guard at < bytes.count else { throw JSONFault(.unexpectedEnd, at: at) }
    switch bytes[at] {
    case UInt8(ascii: "{"): return try readObject(depth: depth)
    case UInt8(ascii: "["): return try readArray(depth: depth)
    default:
      let start = at
      var scanner = JSONScanner(bytes, from: at)
      try scanner.scanValue()
      at = scanner.at
      switch bytes[start] {
      case UInt8(ascii: "\""): return .string(string(from: start))
      case UInt8(ascii: "t"): return .bool(true)
      case UInt8(ascii: "f"): return .bool(false)
      case UInt8(ascii: "n"): return .null
      default: return .number(JSONNumber.parse(bytes[start..<at]) ?? 0)
      }
    }
  }

  private mutating func readArray(depth: Int) throws(JSONFault) -> JSONValue {
    var elements: [JSONValue] = []
    try open(depth: depth)
    guard try !pass(UInt8(ascii: "]")) else { return .array(elements) }
    repeat { elements.append(try readValue(depth: depth + 1)) } while try goesOn(until: UInt8(ascii: "]"))
    return .array(elements)
  }

  private mutating func readObject(depth: Int) throws(JSONFault) -> JSONValue {
    var members: [JSONValue.Member] = []
    try open(depth: depth)
    guard try !pass(UInt8(ascii: "}")) else { return .object(members) }
    repeat {
      guard try peek() == UInt8(ascii: "\"") else { throw JSONFault(.unexpectedByte, at: at) }
      let start = at
      var scanner = JSONScanner(bytes, from: at)
      try scanner.scanValue()
      at = scanner.at
      let name = string(from: start)
      guard try pass(UInt8(ascii: ":")) else { throw JSONFault(.unexpectedByte, at: at) }
      members.append(JSONValue.Member(name, try readValue(depth: depth + 1)))
    } while try goesOn(until: UInt8(ascii: "}"))
    return .object(members)
  }

  private mutating func open(depth: Int) throws(JSONFault) {
    guard depth < JSONText.depthMax else { throw JSONFault(.tooDeep, at: at) }
    at += 1
  }

  private mutating func goesOn(until end: UInt8) throws(JSONFault) -> Bool {
    if try pass(UInt8(ascii: ",")) { return true }
    guard try pass(end) else { throw JSONFault(.unexpectedByte, at: at) }
    return false
  }

  /// Passes white space, and the byte if it is the next.
  private mutating func pass(_ byte: UInt8) throws(JSONFault) -> Bool {
    guard try peek() == byte else { return false }
    at += 1
    return true
  }

  private mutating func peek() throws(JSONFault) -> UInt8 {
    skipSpace()
    guard at < bytes.count else { throw JSONFault(.unexpectedEnd, at: at) }
    return bytes[at]
  }

  private mutating func skipSpace() {
    while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x0a || bytes[at] == 0x0d || bytes[at] == 0x09 { at += 1 }
  }

  /// The string that starts with the quote at `start` and ends before `at`.
  private func string(from start: Int) -> String {
    let inside = bytes[(start + 1)..<(at - 1)]
    guard inside.contains(UInt8(ascii: "\\")) else { return String(decoding: inside, as: UTF8.self) }
    return String(decoding: JSONEscape.decode(bytes, start + 1, at - 1), as: UTF8.self)
  }
}
