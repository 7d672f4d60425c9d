/// Refuses an input that says it took longer than allowed. It measures nothing itself.
struct TimeoutExecutor: NodeExecutor {
  static let type = "timeout"

  func execute(_ call: NodeCall, state: inout RunState) throws(NodeFailure) -> Value {
    let text = call.settings.text("timeout") ?? "30s"
    guard let limit = GoDuration.parse(text) else { throw NodeFailure("invalid timeout duration: \(text)") }
    let input = try call.firstInput("timeout node requires at least one input")
    let taken = input.object?["execution_time"]?.text.flatMap { GoDuration.parse($0) } ?? 0
    let isLate = taken > limit
    var members = [
      ObjectValue.Member("value", input), ObjectValue.Member("timeout_duration", .text(GoDuration.text(nanoseconds: limit))),
      ObjectValue.Member("execution_time", .text(GoDuration.text(nanoseconds: taken))), ObjectValue.Member("timed_out", .bool(isLate)),
    ]
    if isLate {
      guard call.settings.text("timeout_action") ?? "error" != "error" else {
        let (taken, limit) = (GoDuration.text(nanoseconds: taken), GoDuration.text(nanoseconds: limit))
        throw NodeFailure("operation timed out after \(taken) (limit: \(limit))")
      }
      members += [ObjectValue.Member("timeout_exceeded", .bool(true)), ObjectValue.Member("partial_result", .bool(true))]
    }
    return .object(ObjectValue(members))
  }
}
