public import WorkflowGraph

/// A value that JSON cannot say.
public struct ValueNotEncodable: Error, Hashable, Sendable, CustomStringConvertible {
  /// `+Inf`, `-Inf` or `NaN`.
  public var number: String
  public var description: String { "json: unsupported value: \(number)" }
}

/// Values as the JSON that Go's encoder writes, byte for byte: members sorted, `<`, `>`, `&`, U+2028 and U+2029 escaped.
enum ValueEncoder {
  static func append(_ value: Value, to output: inout [UInt8]) throws(ValueNotEncodable) {
    switch value {
    case .null, .nilArray: output.append(contentsOf: "null".utf8)
    case .bool(let bool): output.append(contentsOf: (bool ? "true" : "false").utf8)
    case .number(let number): try append(number, to: &output)
    case .integer(let integer): output.append(contentsOf: String(integer).utf8)
    case .text(let text): append(text, to: &output)
    case .texts(let texts):
      output.append(UInt8(ascii: "["))
      for (index, text) in texts.enumerated() {
        if index > 0 { output.append(UInt8(ascii: ",")) }
        append(text, to: &output)
      }
      output.append(UInt8(ascii: "]"))
    case .array(let array):
      output.append(UInt8(ascii: "["))
      for (index, element) in array.elements.enumerated() {
        if index > 0 { output.append(UInt8(ascii: ",")) }
        try append(element, to: &output)
      }
      output.append(UInt8(ascii: "]"))
    case .object(let object):
      output.append(UInt8(ascii: "{"))
      for (index, member) in object.members.enumerated() {
        if index > 0 { output.append(UInt8(ascii: ",")) }
        append(member.name, to: &output)
        output.append(UInt8(ascii: ":"))
        try append(member.value, to: &output)
      }
      output.append(UInt8(ascii: "}"))
    }
  }

  /// The shortest digits in ECMAScript's layout, except that zero keeps its sign.
  private static func append(_ number: Double, to output: inout [UInt8]) throws(ValueNotEncodable) {
    guard number.isFinite else { throw ValueNotEncodable(number: GoFormat.text(of: number)) }
    if number == 0, number.sign == .minus {
      output.append(contentsOf: "-0".utf8)
    } else {
      CanonicalJSON.append(number, to: &output)
    }
  }

  static func append(_ text: String, to output: inout [UInt8]) {
    var text = text
    text.withUTF8 { bytes in
      output.append(UInt8(ascii: "\""))
      var run = 0
      var index = 0
      while index < bytes.count {
        var width = 1
        switch bytes[index] {
        case 0..<0x20, UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "&"): break
        // U+2028 and U+2029, which old JavaScript takes for ends of lines.
        case 0xe2 where index + 2 < bytes.count && bytes[index + 1] == 0x80 && bytes[index + 2] | 1 == 0xa9: width = 3
        default:
          index += 1
          continue
        }
        output.append(contentsOf: bytes[run..<index])
        appendEscape(width == 3 ? 0x2000 | UInt16(bytes[index + 2] & 0x3f) : UInt16(bytes[index]), to: &output)
        index += width
        run = index
      }
      output.append(contentsOf: bytes[run...])
      output.append(UInt8(ascii: "\""))
    }
  }

  private static func appendEscape(_ unit: UInt16, to output: inout [UInt8]) {
    output.append(UInt8(ascii: "\\"))
    switch unit {
    case 0x08: output.append(UInt8(ascii: "b"))
    case 0x09: output.append(UInt8(ascii: "t"))
    case 0x0a: output.append(UInt8(ascii: "n"))
    case 0x0c: output.append(UInt8(ascii: "f"))
    case 0x0d: output.append(UInt8(ascii: "r"))
    case 0x22, 0x5c: output.append(UInt8(unit))
    default:
      output.append(UInt8(ascii: "u"))
      for shift: UInt16 in [12, 8, 4, 0] {
        let digit = UInt8(truncatingIfNeeded: unit >> shift & 15)
        output.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
      }
    }
  }
}

extension Value {
  /// Appends the JSON that Go's encoder would write.
  public func encode(into output: inout [UInt8]) throws(ValueNotEncodable) { try ValueEncoder.append(self, to: &output) }

  /// JSON to show to people: as `encode`, with an infinity or NaN as a string. As deep as the value, which may be beyond `JSONText.depthMax`.
  public var displayJSON: JSONText {
    var output: [UInt8] = []
    do throws(ValueNotEncodable) { try encode(into: &output) } catch {
      output.removeAll()
      do throws(ValueNotEncodable) { try displayable.encode(into: &output) } catch { return .null }  // Unreachable: all are finite now.
    }
    return JSONText(unchecked: String(decoding: output, as: UTF8.self))
  }

  private var displayable: Value {
    switch self {
    case .number(let number) where !number.isFinite: .text(GoFormat.text(of: number))
    case .array(let array): .array(array.elements.map(\.displayable))
    case .object(let object): .object(ObjectValue(object.members.map { ObjectValue.Member($0.name, $0.value.displayable) }))
    default: self
    }
  }
}
