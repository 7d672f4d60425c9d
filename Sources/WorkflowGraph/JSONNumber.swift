/// Numbers between JSON text and doubles.
enum JSONNumber {
  /// - Parameter digits: a number by JSON's grammar.
  /// - Returns: the nearest double, infinite beyond the range; `nil` only for what is no number.
  static func parse(_ digits: Slice<UnsafeBufferPointer<UInt8>>) -> Double? {
    if let small = parseSmallInteger(digits) { return small }
    return Double(String(decoding: digits, as: UTF8.self))
  }

  /// Up to 15 digits are exact in a double, and most numbers on a canvas are that.
  private static func parseSmallInteger(_ digits: Slice<UnsafeBufferPointer<UInt8>>) -> Double? {
    guard digits.count <= 15 else { return nil }
    var magnitude = 0
    var isNegative = false
    for (place, digit) in digits.enumerated() {
      if place == 0, digit == UInt8(ascii: "-") {
        isNegative = true
        continue
      }
      guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= digit else { return nil }
      magnitude = magnitude * 10 + Int(digit - UInt8(ascii: "0"))
    }
    return isNegative ? -Double(magnitude) : Double(magnitude)
  }
}

/// The shortest decimal that reads back as the same double: `0.d1d2d3… × 10^pointPlace`.
///
/// Every text form of a double we write (RFC 8785, Go's) is a layout of these digits.
public struct ShortestDecimal: Sendable {
  public let isNegative: Bool
  /// ASCII, no leading or trailing zero; "0" for zero.
  public let digits: [UInt8]
  /// Where the decimal point is, counted from the front of `digits`; 1 for zero.
  public let pointPlace: Int

  /// - Returns: `nil` for infinities and NaN.
  public init?(_ value: Double) {
    guard value.isFinite else { return nil }
    isNegative = value.sign == .minus
    var digits: [UInt8] = []
    var beforePoint: Int?
    var exponent = 0
    // The standard library's description is the shortest that round-trips: `-12.5`, `1e-05`, `1.5e+20`.
    var description = value.magnitude.description
    description.withUTF8 { bytes in
      for (index, byte) in bytes.enumerated() {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digits.append(byte)
        case UInt8(ascii: "."): beforePoint = digits.count
        default:
          exponent = Int(String(decoding: bytes[(index + 1)...], as: UTF8.self)) ?? 0
          return
        }
      }
    }
    var pointPlace = (beforePoint ?? digits.count) + exponent
    let leading = digits.prefix { $0 == UInt8(ascii: "0") }.count
    digits.removeFirst(leading)
    pointPlace -= leading
    while digits.last == UInt8(ascii: "0") { digits.removeLast() }
    self.digits = digits.isEmpty ? [UInt8(ascii: "0")] : digits
    self.pointPlace = digits.isEmpty ? 1 : pointPlace
  }

  /// Appends ECMAScript's `Number::toString` (without the sign of zero): plain for 1e-7 < |x| < 1e21, else with an exponent.
  public func appendECMAScript(to output: inout [UInt8], keepsNegativeZero: Bool = false) {
    let zero = UInt8(ascii: "0")
    if isNegative, keepsNegativeZero || digits != [zero] { output.append(UInt8(ascii: "-")) }
    switch pointPlace {
    case digits.count...21 where digits.count <= 21:
      output.append(contentsOf: digits)
      output.append(contentsOf: repeatElement(zero, count: pointPlace - digits.count))
    case 1...21:
      output.append(contentsOf: digits[..<pointPlace])
      output.append(UInt8(ascii: "."))
      output.append(contentsOf: digits[pointPlace...])
    case -5...0:
      output.append(contentsOf: [zero, UInt8(ascii: ".")])
      output.append(contentsOf: repeatElement(zero, count: -pointPlace))
      output.append(contentsOf: digits)
    default:
      output.append(digits[0])
      if digits.count > 1 {
        output.append(UInt8(ascii: "."))
        output.append(contentsOf: digits[1...])
      }
      output.append(UInt8(ascii: "e"))
      output.append(pointPlace > 0 ? UInt8(ascii: "+") : UInt8(ascii: "-"))
      output.append(contentsOf: String((pointPlace - 1).magnitude).utf8)
    }
  }
}
