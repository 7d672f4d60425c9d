import Glibc
public import Logging

/// A log of one JSON object per line: time, level, label, message, and the metadata beside them as texts.
///
/// Whoever logs decides what is said: no value of a header, a query, a setting or a document is ever handed to a logger.
public struct JSONLogHandler: LogHandler {
  public var logLevel = Logger.Level.info
  public var metadata: Logger.Metadata = [:]
  public var metadataProvider: Logger.MetadataProvider?
  private let label: String
  private let write: @Sendable (String) -> Void

  /// A metadata value of more bytes is cut: a line must stay one that can be shipped.
  public static let valueBytesMax = 4096

  /// - Parameter write: gets whole lines with their end, from any thread.
  public init(label: String, metadataProvider: Logger.MetadataProvider? = nil, write: @escaping @Sendable (String) -> Void) {
    self.label = label
    self.metadataProvider = metadataProvider
    self.write = write
  }

  /// In one call per line, so that lines of several threads do not mix.
  public static func standardError(_ line: String) {
    var line = line
    line.withUTF8 { bytes in
      var rest = UnsafeRawBufferPointer(bytes)
      while !rest.isEmpty {
        let count = Glibc.write(STDERR_FILENO, rest.baseAddress, rest.count)
        // A reader that went away is no reason to stop the work.
        guard count > 0 else { return }
        rest = UnsafeRawBufferPointer(rebasing: rest[count...])
      }
    }
  }

  /// Trace and span of the task, under the names that OpenTelemetry gives them in logs.
  public static let traces = Logger.MetadataProvider {
    guard let trace = TraceContext.current else { return [:] }
    return ["trace_id": "\(trace.traceID)", "span_id": "\(trace.spanID)"]
  }

  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  public func log(event: LogEvent) {
    var all = metadata
    if let provided = metadataProvider?.get() { all.merge(provided) { _, new in new } }
    if let given = event.metadata { all.merge(given) { _, new in new } }
    if let error = event.error { all["error"] = "\(error)" }
    var line = #"{"time":"\#(Self.time())","level":"\#(event.level.rawValue)","label":"#
    Self.append(label, to: &line)
    line += #","message":"#
    Self.append("\(event.message)", to: &line)
    for (key, value) in all.sorted(by: { $0.key < $1.key }) {
      line += ","
      Self.append(Self.own.contains(key) ? key + "_" : key, to: &line)
      line += ":"
      Self.append("\(value)", to: &line)
    }
    write(line + "}\n")
  }

  /// Members that metadata of the same name must not say twice.
  private static let own: Set = ["time", "level", "label", "message"]

  /// As a JSON text, cut to `valueBytesMax`.
  private static func append(_ text: String, to line: inout String) {
    line += "\""
    var count = 0
    for scalar in text.unicodeScalars {
      count += UTF8.width(scalar)
      guard count <= valueBytesMax else {
        line += "…"
        break
      }
      switch scalar {
      case "\"": line += "\\\""
      case "\\": line += "\\\\"
      case "\n": line += "\\n"
      case "\t": line += "\\t"
      // Line separators too: some readers of lines take them for the end of one.
      case "\u{0}"..<"\u{20}", "\u{7f}"..<"\u{a0}", "\u{2028}", "\u{2029}":
        let digits = String(scalar.value, radix: 16)
        line += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: line.unicodeScalars.append(scalar)
      }
    }
    line += "\""
  }

  /// UTC with milliseconds, as RFC 3339 has it.
  private static func time() -> String {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    var parts = tm()
    gmtime_r(&now.tv_sec, &parts)
    func digits(_ number: Int, _ width: Int) -> String {
      let text = String(number)
      return String(repeating: "0", count: max(0, width - text.count)) + text
    }
    let day = "\(digits(Int(parts.tm_year) + 1900, 4))-\(digits(Int(parts.tm_mon) + 1, 2))-\(digits(Int(parts.tm_mday), 2))"
    let clock = "\(digits(Int(parts.tm_hour), 2)):\(digits(Int(parts.tm_min), 2)):\(digits(Int(parts.tm_sec), 2))"
    return "\(day)T\(clock).\(digits(now.tv_nsec / 1_000_000, 3))Z"
  }
}
