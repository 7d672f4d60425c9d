/// Brings several inputs together.
struct JoinExecutor: NodeExecutor {
  static let type = "join"

  func execute(_ call: NodeCall, state: inout RunState) throws(NodeFailure) -> Value {
    switch call.settings.text("join_strategy") ?? "all" {
    case "all":
      _ = try call.firstInput("join node with 'all' strategy requires at least one input")
      return .object(["strategy": .text("all"), "values": .array(call.inputs), "count": .integer(call.inputs.count)])
    case "any":
      let first = try call.firstInput("join node with 'any' strategy has no inputs")
      return .object(["strategy": .text("any"), "value": first, "count": .integer(call.inputs.count)])
    case "first":
      return .object(["strategy": .text("first"), "value": try call.firstInput("join node with 'first' strategy has no inputs")])
    case let strategy: throw NodeFailure("unsupported join strategy: \(strategy) (use all, any, or first)")
    }
  }
}
