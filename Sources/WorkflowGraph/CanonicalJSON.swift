/// The one spelling of a JSON value that digests are taken of. Source: RFC 8785 (JCS).
public enum CanonicalJSON {
  /// Appends a string in quotes.
  public static func append(_ text: String, to output: inout [UInt8]) { JSONEscape.append(text, to: &output) }

  /// Appends a number by ECMAScript's rules; an infinity or NaN, which JSON cannot say, as `null`.
  public static func append(_ number: Double, to output: inout [UInt8]) {
    // Below 2^53 an integral double and its integer print alike, and this needs no search for the shortest digits.
    if number.magnitude < 9_007_199_254_740_992, number == number.rounded(.towardZero) {
      output.append(contentsOf: String(Int64(number)).utf8)
    } else if let decimal = ShortestDecimal(number) {
      decimal.appendECMAScript(to: &output)
    } else {
      output.append(contentsOf: "null".utf8)
    }
  }

  /// Appends a value with its members sorted. O(size + m log m per object of m members).
  public static func append(_ value: JSONValue, to output: inout [UInt8]) {
    switch value {
    case .null: output.append(contentsOf: "null".utf8)
    case .bool(let bool): output.append(contentsOf: (bool ? "true" : "false").utf8)
    case .number(let number): append(number, to: &output)
    case .string(let text): append(text, to: &output)
    case .array(let elements):
      output.append(UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        if index > 0 { output.append(UInt8(ascii: ",")) }
        append(element, to: &output)
      }
      output.append(UInt8(ascii: "]"))
    case .object(let members):
      output.append(UInt8(ascii: "{"))
      for (index, member) in members.sorted(by: { nameOrder($0.name, $1.name) }).enumerated() {
        if index > 0 { output.append(UInt8(ascii: ",")) }
        append(member.name, to: &output)
        output.append(UInt8(ascii: ":"))
        append(member.value, to: &output)
      }
      output.append(UInt8(ascii: "}"))
    }
  }

  /// Appends the canonical form of a text. One that is canonical already, which most are, is copied.
  /// A text that is no JSON (only `JSONText(unchecked:)` can make one) is appended as a string.
  public static func append(_ text: JSONText, to output: inout [UInt8]) {
    var copy = text.text
    let isCopied = copy.withUTF8 { bytes in
      guard CanonicalScan.isCanonical(bytes) else { return false }
      output.append(contentsOf: bytes)
      return true
    }
    if isCopied { return }
    do { append(try text.value(), to: &output) } catch { append(text.text, to: &output) }
  }

  /// Whether the member name `a` comes before `b`: by UTF-16 code units (RFC 8785 §3.2.3), decided on the UTF-8.
  ///
  /// The two orders differ only between U+E000…U+FFFF (UTF-8 leads 0xee, 0xef) and what lies above (leads 0xf0…0xf4), whose
  /// surrogates come first in UTF-16.
  public static func nameOrder(_ a: String, _ b: String) -> Bool {
    var right = b.utf8.makeIterator()
    for x in a.utf8 {
      guard let y = right.next() else { return false }
      guard x != y else { continue }
      if x >= 0xee, y >= 0xee, (x >= 0xf0) != (y >= 0xf0) { return x >= 0xf0 }
      return x < y
    }
    return right.next() != nil
  }
}

extension JSONValue {
  /// Appends the canonical form (RFC 8785).
  public func canonical(into output: inout [UInt8]) { CanonicalJSON.append(self, to: &output) }
}
