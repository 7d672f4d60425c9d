/// Goes on while its input meets the condition. The input never changes, so a condition that is met is met for ever: told at once.
struct WhileLoopExecutor: NodeExecutor {
  static let type = "while_loop"
  private static let iterationsMax = 100

  func execute(_ call: NodeCall, state: inout RunState) throws(NodeFailure) -> Value {
    let condition = try call.requiredText("condition", "while_loop node missing condition")
    let input = try call.firstInput("while_loop node needs at least 1 input")
    guard !ConditionRule(condition).isMet(by: input) else {
      let limit = call.settings.integer("max_iterations").flatMap { $0 > 0 ? $0 : nil } ?? Self.iterationsMax
      throw NodeFailure("while_loop exceeded max iterations: \(limit)")
    }
    return .object(["final_value": input, "iterations": .integer(0), "condition": .text(condition)])
  }
}
