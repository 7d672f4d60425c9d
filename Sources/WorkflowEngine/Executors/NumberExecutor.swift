/// Gives its `value`. Inputs are ignored.
struct NumberExecutor: NodeExecutor {
  static let type = "number"

  func execute(_ call: NodeCall, state: inout RunState) throws(NodeFailure) -> Value {
    guard let number = call.settings.number("value") else { throw NodeFailure("number node missing value") }
    return .number(number)
  }
}
