/// Keeps its first input under a name for the rest of the run, or gives what was kept.
struct VariableExecutor: StatefulNodeExecutor {
  static let type = "variable"
  static let part = RunState.Part.variables

  func execute(_ call: NodeCall, state: inout RunState) throws(NodeFailure) -> Value {
    let name = try call.requiredText("var_name", "variable node missing var_name")
    let operation = try call.requiredText("var_op", "variable node missing var_op (get or set)")
    let value: Value
    switch operation {
    case "set":
      value = try call.firstInput("variable set operation requires input value")
      state.variables[RunState.Name(name)] = value
    case "get":
      guard let kept = state.variables[RunState.Name(name)] else { throw NodeFailure("variable '\(name)' not found") }
      value = kept
    default: throw NodeFailure("unsupported variable operation: \(operation) (use 'get' or 'set')")
    }
    return .object(["var_name": .text(name), "operation": .text(operation), "value": value])
  }
}
