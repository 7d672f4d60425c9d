/// Gives a fallback when its first input is an error, or fails for it.
struct TryCatchExecutor: NodeExecutor {
  static let type = "try_catch"

  func execute(_ call: NodeCall, state: inout RunState) throws(NodeFailure) -> Value {
    let input = try call.firstInput("try-catch node requires at least one input")
    guard let failed = ErrorInput(input) else { return .object(["value": input, "error_caught": .bool(false)]) }
    let message = GoFormat.text(of: failed.error)
    if call.settings.bool("continue_on_error") == false { throw NodeFailure("error caught: \(message)") }
    var members = [
      ObjectValue.Member("value", call.settings.value("fallback_value") ?? .null), ObjectValue.Member("error_caught", .bool(true)),
      ObjectValue.Member("error_message", .text(message)),
    ]
    if let path = call.settings.text("error_output_path"), !path.isEmpty {
      members.append(ObjectValue.Member("error_output_path", .text(path)))
    }
    return .object(ObjectValue(members))
  }
}
