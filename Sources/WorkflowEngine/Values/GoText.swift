/// Go's text functions where Swift's differ: case by single code points, words by Go's idea of a separator.
enum GoText {
  static func uppercased(_ text: String) -> String { map(text, SimpleCase.upper) }
  static func lowercased(_ text: String) -> String { map(text, SimpleCase.lower) }

  /// Upper case becomes lower and lower becomes upper; title case letters and the rest stay.
  static func caseInverted(_ text: String) -> String {
    map(text) { scalar in
      switch scalar.properties.generalCategory {
      case .uppercaseLetter: SimpleCase.lower(scalar)
      case .lowercaseLetter: SimpleCase.upper(scalar)
      default: scalar
      }
    }
  }

  /// Everything lower, then the first letter of each word in title case. A word starts behind a separator.
  static func titlecased(_ text: String) -> String {
    var previous: Unicode.Scalar = " "
    return map(lowercased(text)) { scalar in
      defer { previous = scalar }
      return isSeparator(previous) ? SimpleCase.title(scalar) : scalar
    }
  }

  /// Words run together: the first lower, the others with a capital. A text without words stays as it is.
  ///
  /// The engine capitalises the first byte of a word as if it were Latin-1, so a word that starts beyond ASCII is damaged; the damage is
  /// part of the results that people have.
  static func camelcased(_ text: String) -> String {
    let words = text.unicodeScalars.split(whereSeparator: isSpace)
    guard let first = words.first else { return text }
    var output = lowercased(String(first))
    for word in words.dropFirst() {
      let bytes = Array(String(word).utf8)
      guard let lead = bytes.first else { continue }
      output.unicodeScalars.append(SimpleCase.upper(Unicode.Scalar(lead)))
      let orphans = bytes.dropFirst().prefix { $0 & 0xc0 == 0x80 }.count
      output.append(String(repeating: "\u{fffd}", count: orphans))
      output.append(lowercased(String(decoding: bytes.dropFirst(1 + orphans), as: UTF8.self)))
    }
    return output
  }

  /// White space by the Unicode property, which is Go's.
  static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    scalar.isASCII ? scalar == " " || (0x09...0x0d).contains(scalar.value) : scalar.properties.isWhitespace
  }

  private static func isSeparator(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "0"..."9", "a"..."z", "A"..."Z", "_": return false
    case "\0"..."\u{7f}": return true
    default: break
    }
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber: return false
    default: return scalar.properties.isWhitespace
    }
  }

  private static func map(_ text: String, _ transform: (Unicode.Scalar) -> Unicode.Scalar) -> String {
    var output: [UInt8] = []
    output.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      let mapped = transform(scalar)
      if mapped.isASCII { output.append(UInt8(mapped.value)) } else { output.append(contentsOf: UTF8.encode(mapped) ?? .init()) }
    }
    return String(decoding: output, as: UTF8.self)
  }
}

/// Unicode's simple case mapping: one scalar to one scalar, the columns of UnicodeData.
///
/// The standard library gives the full mapping (`ß` → `SS`). Where that is one scalar, the two agree; where it is several, the simple
/// one is listed here or there is none.
enum SimpleCase {
  static func upper(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    if scalar.isASCII { return ("a"..."z").contains(scalar) ? Unicode.Scalar(UInt8(scalar.value) - 32) : scalar }
    return only(scalar.properties.uppercaseMapping) ?? withIotaCapital(scalar)
  }

  static func lower(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    if scalar.isASCII { return ("A"..."Z").contains(scalar) ? Unicode.Scalar(UInt8(scalar.value) + 32) : scalar }
    return only(scalar.properties.lowercaseMapping) ?? (scalar == "\u{130}" ? "i" : scalar)
  }

  static func title(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    if scalar.isASCII { return upper(scalar) }
    return only(scalar.properties.titlecaseMapping) ?? scalar
  }

  private static func only(_ mapping: String) -> Unicode.Scalar? {
    let scalars = mapping.unicodeScalars
    return scalars.count == 1 ? scalars.first : nil
  }

  /// Greek letters with an iota below: in full upper case the iota becomes a letter of its own, in simple upper case it stays.
  private static func withIotaCapital(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    switch scalar.value {
    case 0x1f80...0x1f87, 0x1f90...0x1f97, 0x1fa0...0x1fa7: Unicode.Scalar(scalar.value + 8) ?? scalar
    case 0x1fb3, 0x1fc3, 0x1ff3: Unicode.Scalar(scalar.value + 9) ?? scalar
    default: scalar
    }
  }
}
