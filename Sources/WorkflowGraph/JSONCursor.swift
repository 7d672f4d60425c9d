/// Walks through a JSON text that was checked before, handing out slices instead of building values.
///
/// Over unchecked bytes it stops early or gives odd slices, and never traps.
struct JSONCursor {
  let bytes: UnsafeBufferPointer<UInt8>
  private(set) var at: Int

  init(_ bytes: UnsafeBufferPointer<UInt8>, at: Int = 0) {
    self.bytes = bytes
    self.at = at
  }

  /// The first byte of the next value, which tells its kind; 0 at the end.
  mutating func peek() -> UInt8 {
    while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x0a || bytes[at] == 0x0d || bytes[at] == 0x09 { at += 1 }
    return at < bytes.count ? bytes[at] : 0
  }

  var isObject: Bool { mutating get { peek() == UInt8(ascii: "{") } }
  var isArray: Bool { mutating get { peek() == UInt8(ascii: "[") } }
  var isNull: Bool { mutating get { peek() == UInt8(ascii: "n") } }

  /// Passes the next value and gives where it was, without white space around it.
  @discardableResult
  mutating func pass() -> Range<Int> {
    _ = peek()
    let start = at
    var scanner = JSONScanner(bytes, from: at)
    do throws(JSONFault) { try scanner.scanValue() } catch {}  // Checked before; else the slice ends where the scanner stopped.
    at = max(start, min(scanner.at, bytes.count))
    return start..<at
  }

  /// Passes a string and gives its text; of another value `nil`, passed too.
  mutating func string() -> String? {
    let isString = peek() == UInt8(ascii: "\"")
    let range = pass()
    guard isString, range.count >= 2 else { return nil }
    let inside = bytes[(range.lowerBound + 1)..<(range.upperBound - 1)]
    if !inside.contains(UInt8(ascii: "\\")) { return String(decoding: inside, as: UTF8.self) }
    return String(decoding: JSONEscape.decode(bytes, range.lowerBound + 1, range.upperBound - 1), as: UTF8.self)
  }

  /// Passes a value and keeps it without the white space between its tokens. Spelling of numbers, escapes and order stay.
  mutating func compactText() -> JSONText {
    let range = pass()
    if bytes[range].allSatisfy({ $0 > 0x20 }) { return JSONText(unchecked: String(decoding: bytes[range], as: UTF8.self)) }
    var output: [UInt8] = []
    output.reserveCapacity(range.count)
    var isInString = false
    var isEscaped = false
    for byte in bytes[range] {
      if isInString {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isInString = false
        }
      } else if byte == UInt8(ascii: "\"") {
        isInString = true
      } else if byte <= 0x20 {
        continue
      }
      output.append(byte)
    }
    return JSONText(unchecked: String(decoding: output, as: UTF8.self))
  }

  /// Passes an object: `body` gets each name with a cursor at its value, and may read it or leave it.
  mutating func members<Failure: Error>(_ body: (String, inout JSONCursor) throws(Failure) -> Void) throws(Failure) {
    try items(isObject: true) { cursor throws(Failure) in
      guard let name = cursor.string() else { return }
      if cursor.peek() == UInt8(ascii: ":") { cursor.at += 1 }
      var value = cursor
      cursor.pass()
      try body(name, &value)
    }
  }

  /// Passes an array: `body` gets each index with a cursor at its element.
  mutating func elements<Failure: Error>(_ body: (Int, inout JSONCursor) throws(Failure) -> Void) throws(Failure) {
    var index = 0
    try items(isObject: false) { cursor throws(Failure) in
      var value = cursor
      cursor.pass()
      try body(index, &value)
      index += 1
    }
  }

  private mutating func items<Failure: Error>(isObject: Bool, _ item: (inout JSONCursor) throws(Failure) -> Void) throws(Failure) {
    guard peek() == (isObject ? UInt8(ascii: "{") : UInt8(ascii: "[")) else { return }
    let end = isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")
    at += 1
    while peek() != end, at < bytes.count {
      let before = at
      try item(&self)
      if peek() == UInt8(ascii: ",") { at += 1 }
      guard at > before else { return }
    }
    if at < bytes.count { at += 1 }
  }
}
