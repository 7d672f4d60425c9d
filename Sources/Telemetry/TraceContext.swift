/// Where a piece of work belongs: the trace it is part of, and its own span in it. Source: W3C Trace Context, Level 1 and 2.
///
/// Travels with the task. Ids are drawn at random and are no secret: they are answered, logged, and told to whom this server asks.
public struct TraceContext: Hashable, Sendable {
  /// Of the work that this task does; `nil` when nobody asked for it from outside.
  @TaskLocal public static var current: TraceContext?

  public static let headerName = "traceparent"
  public static let stateHeaderName = "tracestate"
  /// Tells the caller under which id this server did the work. Source: Trace Context Level 2, §4.
  public static let answerHeaderName = "traceresponse"
  /// More of a `tracestate` is dropped, as the recommendation allows. Source: §3.3.1.5.
  public static let stateBytesMax = 512

  private let traceHigh: UInt64
  private let traceLow: UInt64
  private let span: UInt64
  public let flags: UInt8
  /// What other systems want to hear again; passed on as it came.
  public let state: String

  /// 32 lower-case hexadecimal digits.
  public var traceID: String { Self.hex(traceHigh) + Self.hex(traceLow) }
  /// 16 lower-case hexadecimal digits.
  public var spanID: String { Self.hex(span) }
  /// As the header says it.
  public var text: String { "00-\(traceID)-\(spanID)-\(Self.hex(UInt64(flags)).suffix(2))" }

  /// A new trace, sampled: this server writes its part into its log.
  public static func fresh() -> TraceContext {
    TraceContext(traceHigh: random(), traceLow: random(), span: random(), flags: 1, state: "")
  }

  /// What the caller said, or nothing when that is not in order: then a new trace begins, as the recommendation asks.
  ///
  /// - Parameter text: of a `traceparent` header. Later versions may say more behind what is known.
  public init?(_ text: String, state: String = "") {
    let bytes = Array(text.utf8)
    guard bytes.count >= 55, bytes[2] == Self.dash, bytes[35] == Self.dash, bytes[52] == Self.dash,
      let version = Self.number(bytes[0..<2]), version != 0xff, version != 0 || bytes.count == 55,
      bytes.count == 55 || bytes[55] == Self.dash,
      let high = Self.number(bytes[3..<19]), let low = Self.number(bytes[19..<35]), high != 0 || low != 0,
      let span = Self.number(bytes[36..<52]), span != 0, let flags = Self.number(bytes[53..<55])
    else { return nil }
    let isPlain = state.utf8.count <= Self.stateBytesMax && state.utf8.allSatisfy { (0x20...0x7e).contains($0) }
    self.init(traceHigh: high, traceLow: low, span: span, flags: UInt8(flags), state: isPlain ? state : "")
  }

  private init(traceHigh: UInt64, traceLow: UInt64, span: UInt64, flags: UInt8, state: String) {
    self.traceHigh = traceHigh
    self.traceLow = traceLow
    self.span = span
    self.flags = flags
    self.state = state
  }

  /// The span of this server for a request with these headers.
  public static func serving(_ parent: String?, state: String?) -> TraceContext {
    parent.flatMap { TraceContext($0, state: state ?? "") }?.child() ?? fresh()
  }

  /// A part of the work, in the same trace.
  public func child() -> TraceContext {
    TraceContext(traceHigh: traceHigh, traceLow: traceLow, span: Self.random(), flags: flags, state: state)
  }

  /// Never 0: that means "none".
  private static func random() -> UInt64 { UInt64.random(in: 1 ... .max) }

  private static let dash = UInt8(ascii: "-")

  /// Lower case only, as the recommendation has it.
  private static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
    var number: UInt64 = 0
    for digit in digits {
      switch digit {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): number = number << 4 | UInt64(digit - UInt8(ascii: "0"))
      case UInt8(ascii: "a")...UInt8(ascii: "f"): number = number << 4 | UInt64(digit - UInt8(ascii: "a") + 10)
      default: return nil
      }
    }
    return number
  }

  private static func hex(_ number: UInt64) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
