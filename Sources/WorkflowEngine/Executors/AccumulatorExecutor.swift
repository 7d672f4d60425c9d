/// Collects its inputs; there is one accumulator for the whole run, whatever node touches it.
struct AccumulatorExecutor: StatefulNodeExecutor {
  static let type = "accumulator"
  static let part = RunState.Part.accumulator

  func execute(_ call: NodeCall, state: inout RunState) throws(NodeFailure) -> Value {
    let operation = try call.requiredText("accum_op", "accumulator node missing accum_op")
    if state.accumulator == nil || state.accumulator == .null {
      state.accumulator = call.settings.value("initial_value") ?? start(of: operation)
    }
    let value = state.accumulator ?? .null
    guard let input = call.inputs.first else { return .object(["operation": .text(operation), "value": value]) }
    let next = try accumulate(input, onto: value, operation)
    state.accumulator = next
    return .object(["operation": .text(operation), "value": next])
  }

  private func start(of operation: String) -> Value? {
    switch operation {
    case "sum", "count": .number(0)
    case "product": .number(1)
    case "concat": .text("")
    case "array": .array([])
    default: nil
    }
  }

  private func accumulate(_ input: Value, onto value: Value, _ operation: String) throws(NodeFailure) -> Value {
    switch operation {
    case "sum", "product":
      guard let number = value.number else { throw NodeFailure("accumulator value is not a number") }
      guard let operand = input.number else {
        throw NodeFailure("\(operation) accumulator requires numeric input, got \(GoFormat.typeName(of: input))")
      }
      return .number(operation == "sum" ? number + operand : number * operand)
    case "concat":
      guard let text = value.text else { throw NodeFailure("accumulator value is not a string") }
      guard let operand = input.text else {
        throw NodeFailure("concat accumulator requires string input, got \(GoFormat.typeName(of: input))")
      }
      return .text(text + operand)
    case "array":
      guard let elements = value.elements else { throw NodeFailure("accumulator value is not an array") }
      return .array(elements + [input])
    case "count":
      guard let number = value.number else { throw NodeFailure("accumulator value is not a number") }
      return .number(number + 1)
    default: throw NodeFailure("unsupported accumulator operation: \(operation)")
    }
  }
}
