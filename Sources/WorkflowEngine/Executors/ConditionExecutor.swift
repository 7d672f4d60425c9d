/// Tells whether its first input meets the `condition` and passes it on. Which path is taken is for others to decide.
struct ConditionExecutor: NodeExecutor {
  static let type = "condition"

  func execute(_ call: NodeCall, state: inout RunState) throws(NodeFailure) -> Value {
    let condition = try call.requiredText("condition", "condition node missing condition")
    let input = try call.firstInput("condition node needs at least 1 input")
    return .object([
      "value": input, "condition_met": .bool(ConditionRule(condition).isMet(by: input)), "condition": .text(condition),
    ])
  }
}
