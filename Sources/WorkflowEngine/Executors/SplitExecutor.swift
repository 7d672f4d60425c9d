/// Gives its first input to each of several named paths.
struct SplitExecutor: NodeExecutor {
  static let type = "split"

  func execute(_ call: NodeCall, state: inout RunState) throws(NodeFailure) -> Value {
    let input = try call.firstInput("split node requires at least one input")
    let given = call.settings.texts("paths") ?? []
    let paths = given.isEmpty ? ["path1", "path2"] : given
    let outputs = Value.object(ObjectValue(paths.map { ObjectValue.Member($0, input) }))
    return .object(["value": input, "paths": .texts(paths), "outputs": outputs])
  }
}
