/// Gives its first input together with the `mode` it is to be shown in; any mode will do.
struct VisualizationExecutor: NodeExecutor {
  static let type = "visualization"

  func execute(_ call: NodeCall, state: inout RunState) throws(NodeFailure) -> Value {
    let mode = try call.requiredText("mode", "visualization node missing mode")
    return .object(["mode": .text(mode), "value": try call.firstInput("visualization needs at least 1 input")])
  }
}
