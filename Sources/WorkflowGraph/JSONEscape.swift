/// Escapes inside JSON strings, both ways.
enum JSONEscape {
  /// The code unit of `\uXXXX` whose backslash is at `offset`.
  static func codeUnit(in bytes: UnsafeBufferPointer<UInt8>, at offset: Int) throws(JSONFault) -> UInt16 {
    guard offset + 6 <= bytes.count else { throw JSONFault(.unexpectedEnd, at: bytes.count) }
    var unit: UInt16 = 0
    for index in (offset + 2)..<(offset + 6) {
      let digit: UInt8
      switch bytes[index] {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = bytes[index] - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = bytes[index] - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = bytes[index] - UInt8(ascii: "A") + 10
      default: throw JSONFault(.badEscape, at: offset)
      }
      unit = unit << 4 | UInt16(digit)
    }
    return unit
  }

  /// The UTF-8 that `bytes[start..<end]`, the inside of a string, stands for. Total: what is no escape stays as it is, a lone
  /// surrogate becomes U+FFFD.
  static func decode(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(end - start)
    let inside = UnsafeBufferPointer(rebasing: bytes[..<end])
    var at = start
    while at < end {
      guard bytes[at] == UInt8(ascii: "\\"), at + 1 < end else {
        output.append(bytes[at])
        at += 1
        continue
      }
      if bytes[at + 1] == UInt8(ascii: "u"), let unit = try? codeUnit(in: inside, at: at) {  // Malformed: kept as it is.
        at += 6
        var scalar = Unicode.Scalar(unit)
        if UTF16.isLeadSurrogate(unit), at + 1 < end, bytes[at] == UInt8(ascii: "\\"), bytes[at + 1] == UInt8(ascii: "u"),
          let trail = try? codeUnit(in: inside, at: at), UTF16.isTrailSurrogate(trail)
        {
          scalar = Unicode.Scalar(0x10000 + (UInt32(unit) - 0xd800) << 10 + (UInt32(trail) - 0xdc00))
          at += 6
        }
        output.append(contentsOf: UTF8.encode(scalar ?? "\u{fffd}") ?? UTF8.encodedReplacementCharacter)
      } else {
        output.append(single(bytes[at + 1]))
        at += 2
      }
    }
    return output
  }

  private static func single(_ letter: UInt8) -> UInt8 {
    switch letter {
    case UInt8(ascii: "b"): 0x08
    case UInt8(ascii: "f"): 0x0c
    case UInt8(ascii: "n"): 0x0a
    case UInt8(ascii: "r"): 0x0d
    case UInt8(ascii: "t"): 0x09
    default: letter
    }
  }

  /// Appends `text` as a string in quotes with the fewest escapes, the way RFC 8785 §3.2.2.2 asks.
  static func append(_ text: String, to output: inout [UInt8]) {
    var text = text
    text.withUTF8 { bytes in
      output.reserveCapacity(output.count + bytes.count + 2)
      output.append(UInt8(ascii: "\""))
      var run = 0
      for index in bytes.indices where bytes[index] < 0x20 || bytes[index] == UInt8(ascii: "\"") || bytes[index] == UInt8(ascii: "\\") {
        output.append(contentsOf: bytes[run..<index])
        appendEscaped(bytes[index], to: &output)
        run = index + 1
      }
      output.append(contentsOf: bytes[run...])
      output.append(UInt8(ascii: "\""))
    }
  }

  private static func appendEscaped(_ byte: UInt8, to output: inout [UInt8]) {
    output.append(UInt8(ascii: "\\"))
    switch byte {
    case 0x08: output.append(UInt8(ascii: "b"))
    case 0x09: output.append(UInt8(ascii: "t"))
    case 0x0a: output.append(UInt8(ascii: "n"))
    case 0x0c: output.append(UInt8(ascii: "f"))
    case 0x0d: output.append(UInt8(ascii: "r"))
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): output.append(byte)
    default:
      output.append(contentsOf: "u00".utf8)
      output.append(byte < 0x10 ? UInt8(ascii: "0") : UInt8(ascii: "1"))
      let low = byte & 15
      output.append(low < 10 ? UInt8(ascii: "0") + low : UInt8(ascii: "a") + low - 10)
    }
  }
}
