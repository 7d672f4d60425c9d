/// Durations in nanoseconds, read and written as Go does: `1.5s`, `1m30s`, `15m0s`, `100ms`, `0s`.
enum GoDuration {
  /// `time.ParseDuration`, or else a whole number of milliseconds.
  /// - Returns: `nil` for anything else, and beyond 292 years.
  static func parse(_ text: String) -> Int64? {
    if let nanoseconds = parseUnits(Array(text.utf8)[...]) { return nanoseconds }
    guard let milliseconds = GoFloat.parseInteger(text.utf8) else { return nil }
    let (nanoseconds, overflow) = Int64(milliseconds).multipliedReportingOverflow(by: 1_000_000)
    return overflow ? nil : nanoseconds
  }

  /// The engine's text about what `parse` refused.
  static func fault(in text: String) -> String { "invalid duration format: \(text) (use formats like '5s', '10m', '1h')" }

  private static func parseUnits(_ bytes: ArraySlice<UInt8>) -> Int64? {
    var rest = bytes
    let isNegative = rest.first == UInt8(ascii: "-")
    if isNegative || rest.first == UInt8(ascii: "+") { rest.removeFirst() }
    if rest.elementsEqual("0".utf8) { return 0 }
    guard !rest.isEmpty else { return nil }
    var total: UInt64 = 0
    let limit = UInt64(1) << 63
    while !rest.isEmpty {
      guard let part = parsePart(&rest) else { return nil }
      let (sum, overflow) = total.addingReportingOverflow(part)
      guard !overflow, sum <= limit else { return nil }
      total = sum
    }
    if isNegative { return total == limit ? Int64.min : -Int64(total) }
    return Int64(exactly: total)
  }

  /// One number with its unit.
  private static func parsePart(_ rest: inout ArraySlice<UInt8>) -> UInt64? {
    let integer = rest.prefix(while: GoFloat.isDigit)
    rest = rest.dropFirst(integer.count)
    var fraction: ArraySlice<UInt8> = []
    if rest.first == UInt8(ascii: ".") {
      rest.removeFirst()
      fraction = rest.prefix(while: GoFloat.isDigit)
      rest = rest.dropFirst(fraction.count)
    }
    guard !integer.isEmpty || !fraction.isEmpty else { return nil }
    let name = rest.prefix { $0 != UInt8(ascii: ".") && !GoFloat.isDigit($0) }
    rest = rest.dropFirst(name.count)
    let limit = UInt64(1) << 63
    guard let unit = unit(String(decoding: name, as: UTF8.self)) else { return nil }
    guard let whole = integer.isEmpty ? 0 : UInt64(String(decoding: integer, as: UTF8.self)), whole <= limit / unit else { return nil }
    // Digits beyond the 18th say nothing about nanoseconds; Go stops where its integer ends.
    var numerator = 0.0
    var scale = 1.0
    for digit in fraction.prefix(18) {
      numerator = numerator * 10 + Double(digit - UInt8(ascii: "0"))
      scale *= 10
    }
    let sum = whole * unit + UInt64(numerator * (Double(unit) / scale))
    return sum <= limit ? sum : nil
  }

  private static func unit(_ name: String) -> UInt64? {
    switch name {
    case "ns": 1
    case "us", "\u{b5}s", "\u{3bc}s": 1_000
    case "ms": 1_000_000
    case "s": 1_000_000_000
    case "m": 60_000_000_000
    case "h": 3_600_000_000_000
    default: nil
    }
  }

  static func text(_ duration: Duration) -> String {
    let (seconds, attoseconds) = duration.components
    let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
    return text(nanoseconds: overflow ? (seconds < 0 ? Int64.min : Int64.max) : whole &+ attoseconds / 1_000_000_000)
  }

  static func text(nanoseconds: Int64) -> String {
    let sign = nanoseconds < 0 ? "-" : ""
    let magnitude = nanoseconds.magnitude
    switch magnitude {
    case 0: return "0s"
    case ..<1_000: return "\(sign)\(magnitude)ns"
    case ..<1_000_000: return "\(sign)\(decimal(magnitude, unit: 1_000))µs"
    case ..<1_000_000_000: return "\(sign)\(decimal(magnitude, unit: 1_000_000))ms"
    default:
      let minutes = magnitude / 60_000_000_000
      let rest = decimal(magnitude % 60_000_000_000, unit: 1_000_000_000) + "s"
      if minutes == 0 { return sign + rest }
      return minutes < 60 ? "\(sign)\(minutes)m\(rest)" : "\(sign)\(minutes / 60)h\(minutes % 60)m\(rest)"
    }
  }

  private static func decimal(_ number: UInt64, unit: UInt64) -> String {
    let rest = number % unit
    guard rest > 0 else { return String(number / unit) }
    var digits = String(rest + unit).dropFirst()
    while digits.last == "0" { digits.removeLast() }
    return "\(number / unit).\(digits)"
  }
}
