/// Metrics as Prometheus reads them. Source: Prometheus text exposition format, version 0.0.4.
///
/// Names are given by the program, label values escaped, so whatever a value holds stays one value. Each family once.
public struct MetricsText: Sendable {
  public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  /// A label's name and value.
  public typealias Label = (name: String, value: String)

  public private(set) var text = ""
  private var names: Set<String> = []

  public init() {}

  // MARK: families of one

  public mutating func counter(_ name: String, _ help: String, _ value: UInt64) {
    counter(name, help, [([], value)])
  }

  public mutating func gauge(_ name: String, _ help: String, _ value: Int) { gauge(name, help, [([], value)]) }

  // MARK: families

  public mutating func counter(_ name: String, _ help: String, _ samples: [([Label], UInt64)]) {
    family(name, help, "counter", samples.map { ($0, "\($1)") })
  }

  /// Seconds: the one unit of time that Prometheus knows.
  public mutating func counter(_ name: String, _ help: String, nanoseconds: UInt64) {
    family(name, help, "counter", [([], Self.seconds(nanoseconds))])
  }

  public mutating func gauge(_ name: String, _ help: String, _ samples: [([Label], Int)]) {
    family(name, help, "gauge", samples.map { ($0, "\($1)") })
  }

  public mutating func gauge(_ name: String, _ help: String, nanoseconds: UInt64) {
    family(name, help, "gauge", [([], Self.seconds(nanoseconds))])
  }

  public mutating func histogram(_ name: String, _ help: String, _ samples: [([Label], Histogram)]) {
    begin(name, help, "histogram")
    for (labels, histogram) in samples {
      let counts = histogram.cumulative
      for (bound, count) in zip(histogram.bounds, counts) {
        sample(name + "_bucket", labels + [("le", Self.seconds(bound))], "\(count)")
      }
      let total = counts.last ?? 0
      sample(name + "_bucket", labels + [("le", "+Inf")], "\(total)")
      sample(name + "_sum", labels, Self.seconds(histogram.sumNanoseconds))
      sample(name + "_count", labels, "\(total)")
    }
  }

  // MARK: lines

  private mutating func family(_ name: String, _ help: String, _ kind: String, _ samples: [([Label], String)]) {
    begin(name, help, kind)
    for (labels, value) in samples { sample(name, labels, value) }
  }

  private mutating func begin(_ name: String, _ help: String, _ kind: String) {
    precondition(names.insert(name).inserted, "the metric \(name) is written twice")
    text += "# HELP \(name) \(help.replacing("\\", with: "\\\\").replacing("\n", with: "\\n"))\n# TYPE \(name) \(kind)\n"
  }

  private mutating func sample(_ name: String, _ labels: [Label], _ value: String) {
    text += name
    if !labels.isEmpty { text += "{" + labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",") + "}" }
    text += " \(value)\n"
  }

  private static func escaped(_ value: String) -> String {
    value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
  }

  /// 2500000 → "0.0025": exact, where a floating-point number would not be.
  static func seconds(_ nanoseconds: UInt64) -> String {
    let (whole, rest) = nanoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
    guard rest > 0 else { return "\(whole)" }
    var digits = String(rest)
    digits = String(repeating: "0", count: 9 - digits.count) + digits
    while digits.last == "0" { digits.removeLast() }
    return "\(whole).\(digits)"
  }
}
