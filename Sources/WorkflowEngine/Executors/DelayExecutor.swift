/// Waits, then passes its first input on, if there is one.
struct DelayExecutor: WaitingNodeExecutor {
  static let type = "delay"
  static let keepsTime = true

  func execute(_ call: NodeCall) async throws(NodeFailure) -> Value {
    let text = try call.requiredText("duration", "delay node requires duration field")
    guard let duration = GoDuration.parse(text) else { throw NodeFailure("invalid duration format: \(GoDuration.fault(in: text))") }
    try await call.wait(.nanoseconds(duration))
    return .object(["value": call.inputs.first ?? .null, "duration": .text(text), "delayed": .bool(true)])
  }
}
