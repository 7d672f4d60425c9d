/// Defines what `{{ variable.name }}` stands for in the texts of nodes that run later.
struct ContextVariableExecutor: StatefulNodeExecutor {
  static let type = "context_variable"
  static let part = RunState.Part.context

  func execute(_ call: NodeCall, state: inout RunState) throws(NodeFailure) -> Value {
    let (name, value) = try call.contextDefinition(type: Self.type)
    state.contextVariables[RunState.Name(name)] = value
    return .object(["type": .text("variable"), "name": .text(name), "value": value])
  }
}

/// Defines what `{{ const.name }}` stands for. The two kinds of names do not meet.
struct ContextConstantExecutor: StatefulNodeExecutor {
  static let type = "context_constant"
  static let part = RunState.Part.context

  func execute(_ call: NodeCall, state: inout RunState) throws(NodeFailure) -> Value {
    let (name, value) = try call.contextDefinition(type: Self.type)
    state.contextConstants[RunState.Name(name)] = value
    return .object(["type": .text("const"), "name": .text(name), "value": value])
  }
}

extension NodeCall {
  fileprivate func contextDefinition(type: String) throws(NodeFailure) -> (name: String, value: Value) {
    guard let name = settings.text("context_name") else { throw NodeFailure("\(type) node missing context_name") }
    guard let value = settings.value("context_value") else { throw NodeFailure("\(type) node missing context_value") }
    return (name, value)
  }
}
