/// Counts up or down; there is one counter for the whole run. A number as `initial_value` is set before every operation.
struct CounterExecutor: StatefulNodeExecutor {
  static let type = "counter"
  static let part = RunState.Part.counter

  func execute(_ call: NodeCall, state: inout RunState) throws(NodeFailure) -> Value {
    let operation = try call.requiredText("counter_op", "counter node missing counter_op")
    let initial = call.settings.value("initial_value")?.number
    if let initial { state.counter = initial }
    let delta = call.settings.number("delta") ?? 1
    switch operation {
    case "increment": state.counter += delta
    case "decrement": state.counter -= delta
    case "reset": state.counter = initial ?? 0
    case "get": break
    default: throw NodeFailure("unsupported counter operation: \(operation) (use increment, decrement, reset, or get)")
    }
    return .object(["operation": .text(operation), "value": .number(state.counter)])
  }
}
