/// Walks over one I-JSON value and says where it ends; builds nothing, recurses never.
///
/// Whether bytes above 0x7f are UTF-8 is left to the caller, who makes a `String` of them. The stack of open containers is one bit each
/// in a word, so nothing is allocated before an object has its second member. O(bytes); O(m log m) for an object of m members.
/// Source: RFC 8259, RFC 7493.
struct JSONScanner {
  private let bytes: UnsafeBufferPointer<UInt8>
  private(set) var at: Int
  /// Bit d - 1 is set when the container at depth d is an object.
  private var objectBits: UInt64 = 0
  private var depth = 0
  /// Names of all open objects, innermost last.
  private var names: [Name] = []

  private struct Name {
    var depth: Int
    var start: Int
    var end: Int
    var isEscaped: Bool
  }

  init(_ bytes: UnsafeBufferPointer<UInt8>, from offset: Int = 0) {
    self.bytes = bytes
    at = offset
  }

  /// One value with white space around it and nothing else.
  mutating func scanDocument() throws(JSONFault) {
    try scanValue()
    skipSpace()
    guard at == bytes.count else { throw JSONFault(.trailingBytes, at: at) }
  }

  /// White space, then one value; `at` ends behind it.
  mutating func scanValue() throws(JSONFault) {
    while true {
      skipSpace()
      let opened = try scanScalarOrOpen()
      if opened, try !closeIfEmpty() { continue }
      if try closeFinished() { return }
    }
  }

  /// - Returns: whether a container was opened rather than a scalar passed.
  private mutating func scanScalarOrOpen() throws(JSONFault) -> Bool {
    guard at < bytes.count else { throw JSONFault(.unexpectedEnd, at: at) }
    switch bytes[at] {
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      guard depth < JSONText.depthMax else { throw JSONFault(.tooDeep, at: at) }
      let bit = UInt64(1) << UInt64(depth)
      if bytes[at] == UInt8(ascii: "{") { objectBits |= bit } else { objectBits &= ~bit }
      depth += 1
      at += 1
      return true
    case UInt8(ascii: "\""): _ = try scanString()
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): try scanNumber()
    case UInt8(ascii: "t"): try scanWord("true")
    case UInt8(ascii: "f"): try scanWord("false")
    case UInt8(ascii: "n"): try scanWord("null")
    default: throw JSONFault(.unexpectedByte, at: at)
    }
    return false
  }

  private var isInObject: Bool { objectBits >> UInt64(depth - 1) & 1 == 1 }

  /// Behind an opening bracket: passes the closing one, or the first member's name.
  private mutating func closeIfEmpty() throws(JSONFault) -> Bool {
    skipSpace()
    guard at < bytes.count else { throw JSONFault(.unexpectedEnd, at: at) }
    if bytes[at] == (isInObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
      at += 1
      depth -= 1
      return true
    }
    if isInObject { try scanName() }
    return false
  }

  /// Behind a value: passes every bracket that closes and the comma that goes on.
  /// - Returns: whether the outermost value has ended.
  private mutating func closeFinished() throws(JSONFault) -> Bool {
    while depth > 0 {
      skipSpace()
      guard at < bytes.count else { throw JSONFault(.unexpectedEnd, at: at) }
      let byte = bytes[at]
      if byte == UInt8(ascii: ",") {
        at += 1
        if isInObject {
          skipSpace()
          try scanName()
        }
        return false
      }
      guard byte == (isInObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else { throw JSONFault(.unexpectedByte, at: at) }
      if isInObject { try closeNames() }
      at += 1
      depth -= 1
    }
    return true
  }

  private mutating func skipSpace() {
    while at < bytes.count {
      switch bytes[at] {
      case 0x20, 0x09, 0x0a, 0x0d: at += 1
      default: return
      }
    }
  }

  private mutating func scanWord(_ word: StaticString) throws(JSONFault) {
    for index in 0..<word.utf8CodeUnitCount {
      guard at < bytes.count else { throw JSONFault(.unexpectedEnd, at: at) }
      guard bytes[at] == word.utf8Start[index] else { throw JSONFault(.unexpectedByte, at: at) }
      at += 1
    }
  }
}

// MARK: - Strings and names

extension JSONScanner {
  private mutating func scanName() throws(JSONFault) {
    guard at < bytes.count else { throw JSONFault(.unexpectedEnd, at: at) }
    guard bytes[at] == UInt8(ascii: "\"") else { throw JSONFault(.unexpectedByte, at: at) }
    let start = at
    let isEscaped = try scanString()
    names.append(Name(depth: depth, start: start, end: at, isEscaped: isEscaped))
    skipSpace()
    guard at < bytes.count else { throw JSONFault(.unexpectedEnd, at: at) }
    guard bytes[at] == UInt8(ascii: ":") else { throw JSONFault(.unexpectedByte, at: at) }
    at += 1
  }

  /// Passes a string, quotes included.
  /// - Returns: whether it has escapes.
  private mutating func scanString() throws(JSONFault) -> Bool {
    at += 1
    var isEscaped = false
    while at < bytes.count {
      switch bytes[at] {
      case UInt8(ascii: "\""):
        at += 1
        return isEscaped
      case UInt8(ascii: "\\"):
        isEscaped = true
        try scanEscape()
      case 0..<0x20: throw JSONFault(.controlCharacter, at: at)
      default: at += 1
      }
    }
    throw JSONFault(.unexpectedEnd, at: at)
  }

  private mutating func scanEscape() throws(JSONFault) {
    guard at + 1 < bytes.count else { throw JSONFault(.unexpectedEnd, at: bytes.count) }
    switch bytes[at + 1] {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"),
      UInt8(ascii: "r"), UInt8(ascii: "t"):
      at += 2
    case UInt8(ascii: "u"):
      let unit = try JSONEscape.codeUnit(in: bytes, at: at)
      if UTF16.isTrailSurrogate(unit) { throw JSONFault(.loneSurrogate, at: at) }
      if UTF16.isLeadSurrogate(unit) {
        guard at + 7 < bytes.count, bytes[at + 6] == UInt8(ascii: "\\"), bytes[at + 7] == UInt8(ascii: "u"),
          UTF16.isTrailSurrogate(try JSONEscape.codeUnit(in: bytes, at: at + 6))
        else { throw JSONFault(.loneSurrogate, at: at) }
        at += 6
      }
      at += 6
    default: throw JSONFault(.badEscape, at: at)
    }
  }

  /// At the end of an object: its names leave the stack, and none may be there twice.
  private mutating func closeNames() throws(JSONFault) {
    var first = names.count
    while first > 0, names[first - 1].depth == depth { first -= 1 }
    defer { names.removeSubrange(first...) }
    guard names.count - first > 1 else { return }
    if names.count - first > 8 {
      // Sorted by content, equal names are neighbours; the later of two is the one to blame.
      let sorted = names[first...].sorted { self.order($0, $1) < 0 }
      for (a, b) in zip(sorted, sorted.dropFirst()) where order(a, b) == 0 { throw JSONFault(.duplicateName, at: max(a.start, b.start)) }
    } else {
      for later in (first + 1)..<names.count {
        for earlier in first..<later where order(names[earlier], names[later]) == 0 {
          throw JSONFault(.duplicateName, at: names[later].start)
        }
      }
    }
  }

  /// Negative, 0 or positive. Any total order that calls equal what decodes to the same name.
  private func order(_ a: Name, _ b: Name) -> Int {
    if a.isEscaped || b.isEscaped {
      let (left, right) = (JSONEscape.decode(bytes, a.start + 1, a.end - 1), JSONEscape.decode(bytes, b.start + 1, b.end - 1))
      return left.withUnsafeBufferPointer { left in right.withUnsafeBufferPointer { Self.order(left, $0) } }
    }
    return Self.order(
      UnsafeBufferPointer(rebasing: bytes[(a.start + 1)..<(a.end - 1)]), UnsafeBufferPointer(rebasing: bytes[(b.start + 1)..<(b.end - 1)]))
  }

  private static func order(_ a: UnsafeBufferPointer<UInt8>, _ b: UnsafeBufferPointer<UInt8>) -> Int {
    for index in 0..<min(a.count, b.count) where a[index] != b[index] { return Int(a[index]) - Int(b[index]) }
    return a.count - b.count
  }
}

// MARK: - Numbers

extension JSONScanner {
  private mutating func scanNumber() throws(JSONFault) {
    let start = at
    if bytes[at] == UInt8(ascii: "-") { at += 1 }
    let integerStart = at
    let integerDigits = scanDigits()
    guard integerDigits > 0, integerDigits == 1 || bytes[integerStart] != UInt8(ascii: "0") else {
      throw at == bytes.count && integerDigits == 0 ? JSONFault(.unexpectedEnd, at: at) : JSONFault(.badNumber, at: start)
    }
    if at < bytes.count, bytes[at] == UInt8(ascii: ".") {
      at += 1
      guard scanDigits() > 0 else { throw JSONFault(at == bytes.count ? .unexpectedEnd : .badNumber, at: at) }
    }
    var hasExponent = false
    if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") {
      hasExponent = true
      at += 1
      if at < bytes.count, bytes[at] == UInt8(ascii: "+") || bytes[at] == UInt8(ascii: "-") { at += 1 }
      guard scanDigits() > 0 else { throw JSONFault(at == bytes.count ? .unexpectedEnd : .badNumber, at: at) }
    }
    // The largest double has 309 digits before its point, so a plain number with fewer is finite.
    if hasExponent || integerDigits >= 309 {
      guard let value = JSONNumber.parse(bytes[start..<at]), value.isFinite else { throw JSONFault(.numberNotFinite, at: start) }
    }
  }

  private mutating func scanDigits() -> Int {
    let start = at
    while at < bytes.count, UInt8(ascii: "0")...UInt8(ascii: "9") ~= bytes[at] { at += 1 }
    return at - start
  }
}
