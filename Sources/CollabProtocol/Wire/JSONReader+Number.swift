extension JSONReader {
  /// An unsigned integer: plain digits, or another spelling of an integer such as `1e3` or `2.0`.
  @inline(__always)
  mutating func unsignedNumber() throws(DecodeError) -> UInt64 {
    let first = try peekDigit()
    let digits = at
    var value: UInt64 = 0
    var overflow = false
    while at < end, at.pointee &- UInt8(ascii: "0") < 10 {
      if at - digits < 19 {
        value = value &* 10 &+ UInt64(at.pointee &- UInt8(ascii: "0"))
      } else {
        let (tens, over) = value.multipliedReportingOverflow(by: 10)
        let (sum, carry) = tens.addingReportingOverflow(UInt64(at.pointee &- UInt8(ascii: "0")))
        overflow = overflow || over || carry
        value = sum
      }
      at += 1
    }
    if first == UInt8(ascii: "0"), at - digits > 1 { throw malformed("a number with a leading zero") }
    if at < end, at.pointee == UInt8(ascii: ".") || at.pointee | 0x20 == UInt8(ascii: "e") {
      at = digits
      return try integerInOtherForm()
    }
    guard !overflow else { throw malformed("a number of more than 64 bits") }
    return value
  }

  @inline(__always)
  private mutating func peekDigit() throws(DecodeError) -> UInt8 {
    guard at < end, at.pointee &- UInt8(ascii: "0") < 10 else {
      if at < end, at.pointee == UInt8(ascii: "-") { throw malformed("a negative number where none may be") }
      throw malformed("expected a number")
    }
    return at.pointee
  }

  @inline(never)
  private mutating func integerInOtherForm() throws(DecodeError) -> UInt64 {
    let value = try number()
    guard value < 9_007_199_254_740_992, let integer = UInt64(exactly: value) else { throw malformed("expected an integer") }
    return integer
  }

  /// A JSON number as the nearest double. Infinite results are malformed.
  mutating func number() throws(DecodeError) -> Double {
    let first = at
    let negative = at < end && at.pointee == UInt8(ascii: "-")
    if negative { at += 1 }
    _ = try peekDigit()
    var mantissa: UInt64 = 0
    var exponent = 0
    var significant = 0
    let leading = at
    digits(&mantissa, &significant)
    if leading.pointee == UInt8(ascii: "0"), at - leading > 1 { throw malformed("a number with a leading zero") }
    if at < end, at.pointee == UInt8(ascii: ".") {
      at += 1
      _ = try peekDigit()
      let fraction = at
      digits(&mantissa, &significant)
      exponent -= at - fraction
    }
    if at < end, at.pointee | 0x20 == UInt8(ascii: "e") { exponent += try exponentPart() }
    if significant <= 19, let value = JSONNumber.exact(mantissa: mantissa, exponent: exponent) { return negative ? -value : value }
    let text = String(decoding: UnsafeBufferPointer(start: first, count: at - first), as: UTF8.self)
    guard at - first <= 1100, let value = Double(text), value.isFinite else { throw malformed("a number out of range") }
    return value
  }

  /// Takes digits; `significant` counts them from the first that is not 0, because only 19 are sure to fit the mantissa.
  @inline(__always)
  private mutating func digits(_ mantissa: inout UInt64, _ significant: inout Int) {
    while at < end, at.pointee &- UInt8(ascii: "0") < 10 {
      mantissa = mantissa &* 10 &+ UInt64(at.pointee &- UInt8(ascii: "0"))
      if mantissa != 0 || significant > 0 { significant += 1 }
      at += 1
    }
  }

  private mutating func exponentPart() throws(DecodeError) -> Int {
    at += 1
    var sign = 1
    if at < end, at.pointee == UInt8(ascii: "-") || at.pointee == UInt8(ascii: "+") {
      sign = at.pointee == UInt8(ascii: "-") ? -1 : 1
      at += 1
    }
    _ = try peekDigit()
    var value = 0
    while at < end, at.pointee &- UInt8(ascii: "0") < 10 {
      value = min(value * 10 + Int(at.pointee &- UInt8(ascii: "0")), 1_000_000)
      at += 1
    }
    return sign * value
  }

  // MARK: What is not known

  mutating func skip() throws(DecodeError) { try skipValue(depth: 0) }

  private mutating func skipValue(depth: Int) throws(DecodeError) {
    guard depth < Self.depthMax else { throw malformed("nested deeper than \(Self.depthMax)") }
    switch try peek() {
    case UInt8(ascii: "\""): try skipString()
    case UInt8(ascii: "{"):
      at += 1
      if try take(UInt8(ascii: "}")) { return }
      repeat {
        try skipString()
        try expect(UInt8(ascii: ":"))
        try skipValue(depth: depth + 1)
      } while try take(UInt8(ascii: ","))
      try expect(UInt8(ascii: "}"))
    case UInt8(ascii: "["):
      at += 1
      if try take(UInt8(ascii: "]")) { return }
      repeat { try skipValue(depth: depth + 1) } while try take(UInt8(ascii: ","))
      try expect(UInt8(ascii: "]"))
    case UInt8(ascii: "t"): try word("true")
    case UInt8(ascii: "f"): try word("false")
    case UInt8(ascii: "n"): try word("null")
    default: try skipNumber()
    }
  }

  /// A number of any size: an unknown member may hold what no field of ours could.
  private mutating func skipNumber() throws(DecodeError) {
    if at < end, at.pointee == UInt8(ascii: "-") { at += 1 }
    let leading = try peekDigit()
    var mantissa: UInt64 = 0
    var significant = 0
    let first = at
    digits(&mantissa, &significant)
    if leading == UInt8(ascii: "0"), at - first > 1 { throw malformed("a number with a leading zero") }
    if at < end, at.pointee == UInt8(ascii: ".") {
      at += 1
      _ = try peekDigit()
      digits(&mantissa, &significant)
    }
    if at < end, at.pointee | 0x20 == UInt8(ascii: "e") { _ = try exponentPart() }
  }

  private mutating func skipString() throws(DecodeError) {
    let raw = try rawString()
    if raw.escaped { _ = try unescape(raw) }
  }
}
