/// Calculates with its first two inputs. Overflow gives an infinity, as IEEE has it.
struct OperationExecutor: NodeExecutor {
  static let type = "operation"

  func execute(_ call: NodeCall, state: inout RunState) throws(NodeFailure) -> Value {
    let operation = try call.requiredText("op", "operation node missing op")
    guard call.inputs.count >= 2 else { throw NodeFailure("operation needs 2 inputs, got \(call.inputs.count)") }
    guard let left = call.inputs[0].number, let right = call.inputs[1].number else {
      throw NodeFailure("operation inputs must be numbers")
    }
    switch operation {
    case "add": return .number(left + right)
    case "subtract": return .number(left - right)
    case "multiply": return .number(left * right)
    case "divide":
      guard right != 0 else { throw NodeFailure("division by zero") }
      return .number(left / right)
    default: throw NodeFailure("unknown operation: \(operation)")
    }
  }
}
