/// Counts the elements of its first input, up to a limit. It has no body to run.
struct ForEachExecutor: NodeExecutor {
  static let type = "for_each"
  private static let iterationsMax = 1000

  func execute(_ call: NodeCall, state: inout RunState) throws(NodeFailure) -> Value {
    let input = try call.firstInput("for_each node needs at least 1 input")
    guard let elements = input.elements else {
      throw NodeFailure("for_each node requires array input, got \(GoFormat.typeName(of: input))")
    }
    let limit = call.settings.integer("max_iterations").flatMap { $0 > 0 ? $0 : nil } ?? Self.iterationsMax
    guard elements.count <= limit else { throw NodeFailure("for_each exceeds max iterations: \(elements.count) > \(limit)") }
    try call.checkIterations(elements.count)
    return .object(["items": input, "count": .integer(elements.count), "iterations": .integer(elements.count)])
  }
}
