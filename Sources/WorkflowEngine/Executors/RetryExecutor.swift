/// Tries again, with growing pauses, when its first input is an error. Nothing upstream is executed anew, so an error stays one.
struct RetryExecutor: WaitingNodeExecutor {
  static let type = "retry"
  static let keepsTime = true

  func execute(_ call: NodeCall) async throws(NodeFailure) -> Value {
    let input = try call.firstInput("retry node requires at least one input")
    let attempts = call.settings.integer("max_attempts") ?? 3
    // The outside engine crashes here.
    guard attempts > 0 else { throw NodeFailure("max_attempts must be positive, got \(attempts)") }
    guard let failed = ErrorInput(input) else {
      return .object(["value": input, "attempts": .integer(1), "success": .bool(true)])
    }
    let message = failed.error.text ?? ""
    let patterns = call.settings.texts("retry_on_errors") ?? []
    guard patterns.isEmpty || patterns.contains(where: { contains(message, $0) }) else {
      throw NodeFailure("error not in retry list: \(message)")
    }
    var pauses = Pauses(call.settings)
    for attempt in 1..<attempts {
      let pause = pauses.next()
      if pause <= 0 { break }  // The rest would try at once, and nothing has changed.
      try call.checkIterations(attempt)
      try await call.wait(.nanoseconds(pause))
    }
    throw NodeFailure("max retry attempts (\(attempts)) reached: \(message)")
  }

  private func contains(_ text: String, _ part: String) -> Bool {
    part.isEmpty || text.utf8.firstRange(of: Array(part.utf8)) != nil
  }

  private struct Pauses {
    private let strategy: String
    private let initial: Double
    private var count = 0.0
    private var grown: Double
    private let longest: Double
    private let multiplier: Double

    /// Delays that cannot be read count as not set.
    init(_ settings: NodeSettings) {
      strategy = settings.text("backoff_strategy") ?? "exponential"
      initial = Double(settings.text("initial_delay").flatMap { GoDuration.parse($0) } ?? 1_000_000_000)
      longest = Double(settings.text("max_delay").flatMap { GoDuration.parse($0) } ?? 30_000_000_000)
      multiplier = settings.number("multiplier") ?? 2
      grown = initial
    }

    /// Nanoseconds.
    mutating func next() -> Int64 {
      count += 1
      var pause = initial
      switch strategy {
      case "exponential":
        if count > 1 { grown *= multiplier }
        pause = grown
      case "linear": pause *= count
      default: break
      }
      return pause.isNaN ? 0 : Int64(max(0, min(pause, longest, 9e18)))
    }
  }
}
