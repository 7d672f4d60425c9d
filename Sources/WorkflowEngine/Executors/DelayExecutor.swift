/// Waits, then passes its first input on, if there is one.
struct DelayExecutor: NodeExecutor {
  static let type = "delay"

  func execute(_ call: NodeCall, state: inout RunState) async throws(NodeFailure) -> Value {
    let text = try call.requiredText("duration", "delay node requires duration field")
    guard let duration = GoDuration.parse(text) else { throw NodeFailure("invalid duration format: \(GoDuration.fault(in: text))") }
    try await call.time.wait(nanoseconds: duration)
    return .object(["value": call.inputs.first ?? .null, "duration": .text(text), "delayed": .bool(true)])
  }
}
