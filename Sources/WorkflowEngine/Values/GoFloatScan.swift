/// Go's `fmt.Sscanf(text, "%f")`: the number a text starts with, by Go's own rules.
struct GoFloatScan {
  private let scalars: [Unicode.Scalar]
  private var at = 0
  private var token: [UInt8] = []

  init(_ text: String) { scalars = Array(text.unicodeScalars) }

  /// - Returns: `nil` where Go's scan fails: no number, half a number (`1e`), a newline, a number out of range.
  mutating func scan() -> Double? {
    guard skipSpace() else { return nil }
    readToken()
    return Self.convert(token)
  }

  /// White space, but a newline is an error. A carriage return before one is passed over, and then the newline is met.
  private mutating func skipSpace() -> Bool {
    while at < scalars.count {
      if scalars[at] == "\n" { return false }
      guard GoText.isSpace(scalars[at]) else { return true }
      at += 1
    }
    return false
  }

  /// Takes the longest run that could be a number; whether it is one is decided afterwards. Letters tried in vain stay in the token.
  private mutating func readToken() {
    if accept("nN"), accept("aA"), accept("nN") { return }
    _ = accept("+-")
    if accept("iI"), accept("nN"), accept("fF") { return }
    var digits: StaticString = "0123456789_"
    var exponent: StaticString = "eEpP"
    if accept("0"), accept("xX") {
      digits = "0123456789aAbBcCdDeEfF_"
      exponent = "pP"
    }
    while accept(digits) {}
    if accept(".") { while accept(digits) {} }
    if accept(exponent) {
      _ = accept("+-")
      while accept("0123456789_") {}
    }
  }

  private mutating func accept(_ set: StaticString) -> Bool {
    guard at < scalars.count, scalars[at].isASCII else { return false }
    let byte = UInt8(scalars[at].value)
    guard UnsafeBufferPointer(start: set.utf8Start, count: set.utf8CodeUnitCount).contains(byte) else { return false }
    token.append(byte)
    at += 1
    return true
  }

  /// As `strconv.ParseFloat`, and before it Go's mix of decimal digits with a power of two (`1p4` is 16).
  private static func convert(_ token: [UInt8]) -> Double? {
    let isHexadecimal = token.contains { $0 | 0x20 == UInt8(ascii: "x") }
    guard let p = token.firstIndex(of: UInt8(ascii: "p")), !isHexadecimal else { return GoFloat.parse(token) }
    guard let fraction = GoFloat.parse(Array(token[..<p])), let power = GoFloat.parseInteger(token[(p + 1)...]) else { return nil }
    // As `math.Ldexp`: one rounding at the end, zero and infinity at the ends of the range.
    return Double(sign: .plus, exponent: max(-2200, min(2200, power)), significand: fraction)
  }
}

/// Go's `strconv` on floats and integers.
enum GoFloat {
  /// `nil` for what is no float literal, and beyond the range. Digits may be separated by single underscores.
  static func parse(_ bytes: [UInt8]) -> Double? {
    var rest = bytes[...]
    var isNegative = false
    if let sign = rest.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") {
      isNegative = sign == UInt8(ascii: "-")
      rest.removeFirst()
    }
    let magnitude: Double?
    switch String(decoding: rest, as: UTF8.self).lowercased() {
    case "nan" where rest.count == bytes.count: return .nan
    case "inf", "infinity": return isNegative ? -.infinity : .infinity
    default: magnitude = parseMagnitude(rest)
    }
    guard let magnitude, magnitude.isFinite else { return nil }
    return isNegative ? -magnitude : magnitude
  }

  private static func parseMagnitude(_ bytes: ArraySlice<UInt8>) -> Double? {
    var rest = bytes
    var isHexadecimal = false
    if rest.count >= 2, rest.first == UInt8(ascii: "0"), rest[rest.startIndex + 1] | 0x20 == UInt8(ascii: "x") {
      isHexadecimal = true
      rest.removeFirst(2)
    }
    guard areUnderscoresSeparators(rest, afterPrefix: isHexadecimal) else { return nil }
    rest = rest.filter { $0 != UInt8(ascii: "_") }[...]
    func take() -> [UInt8] {
      let digits = Array(rest.prefix { isHexadecimal ? isHexDigit($0) : isDigit($0) })
      rest.removeFirst(digits.count)
      return digits
    }
    let integer = take()
    var fraction: [UInt8] = []
    if rest.first == UInt8(ascii: ".") {
      rest.removeFirst()
      fraction = take()
    }
    guard !integer.isEmpty || !fraction.isEmpty else { return nil }
    var exponent: ArraySlice<UInt8> = [UInt8(ascii: "0")]
    if let letter = rest.first {
      guard letter | 0x20 == (isHexadecimal ? UInt8(ascii: "p") : UInt8(ascii: "e")) else { return nil }
      exponent = rest.dropFirst()
      let digits = exponent.first == UInt8(ascii: "-") || exponent.first == UInt8(ascii: "+") ? exponent.dropFirst() : exponent
      guard !digits.isEmpty, digits.allSatisfy(isDigit) else { return nil }
    } else if isHexadecimal {
      return nil
    }
    let zero = [UInt8(ascii: "0")]
    let plain =
      (isHexadecimal ? Array("0x".utf8) : []) + zero + integer + [UInt8(ascii: ".")] + zero.prefix(fraction.isEmpty ? 1 : 0) + fraction
    return Double(String(decoding: plain + [isHexadecimal ? UInt8(ascii: "p") : UInt8(ascii: "e")] + exponent, as: UTF8.self))
  }

  /// Underscores stand between digits, or between the `0x` and a digit.
  private static func areUnderscoresSeparators(_ bytes: ArraySlice<UInt8>, afterPrefix: Bool) -> Bool {
    var wasDigit = afterPrefix
    var wasUnderscore = false
    for byte in bytes {
      let isUnderscore = byte == UInt8(ascii: "_")
      let isNumeral = isDigit(byte) || afterPrefix && isHexDigit(byte)
      if isUnderscore, !wasDigit { return false }
      if wasUnderscore, !isNumeral { return false }
      wasDigit = isNumeral
      wasUnderscore = isUnderscore
    }
    return !wasUnderscore
  }

  /// `strconv.Atoi`: decimal digits with an optional sign, within 64 bits.
  static func parseInteger(_ bytes: some Collection<UInt8>) -> Int? {
    let isSigned = bytes.first == UInt8(ascii: "-") || bytes.first == UInt8(ascii: "+")
    let digits = isSigned ? bytes.dropFirst() : bytes.dropFirst(0)
    guard !digits.isEmpty, digits.allSatisfy(isDigit) else { return nil }
    return Int(String(decoding: bytes, as: UTF8.self))
  }

  static func isDigit(_ byte: UInt8) -> Bool { UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte }
  private static func isHexDigit(_ byte: UInt8) -> Bool { isDigit(byte) || UInt8(ascii: "a")...UInt8(ascii: "f") ~= byte | 0x20 }
}
