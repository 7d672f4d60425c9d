import WorkflowGraph

/// Picks the first case that its input meets: by an equal value where the case has one, else by its condition.
struct SwitchExecutor: NodeExecutor {
  static let type = "switch"

  func execute(_ call: NodeCall, state: inout RunState) throws(NodeFailure) -> Value {
    let input = try call.firstInput("switch node requires at least one input")
    for item in call.settings.cases("cases") ?? [] where matches(item, input) {
      return .object([
        "value": input, "matched": .bool(true), "case": .text(item.when), "output_path": .text(item.outputPath ?? "matched"),
      ])
    }
    return .object([
      "value": input, "matched": .bool(false), "output_path": .text(call.settings.text("default_path") ?? "default"),
    ])
  }

  private func matches(_ item: SwitchCase, _ input: Value) -> Bool {
    switch (item.value, input) {
    case (nil, _): ConditionRule(item.when).isMet(by: input)
    case (.number(let a), .number(let b)): a == b
    case (.text(let a), .text(let b)): Bytewise.equal(a, b)
    case (.bool(let a), .bool(let b)): a == b
    default: false
    }
  }
}
