/// Go's text for durations: `1.5s`, `1m30s`, `15m0s`, `100ms`, `0s`.
enum GoDuration {
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
