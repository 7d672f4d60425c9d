/// Gathers its inputs, which were worked out one by one all the same.
struct ParallelExecutor: NodeExecutor {
  static let type = "parallel"

  func execute(_ call: NodeCall, state: inout RunState) throws(NodeFailure) -> Value {
    _ = try call.firstInput("parallel node requires at least one input")
    let concurrency = call.settings.integer("max_concurrency") ?? 10
    // The outside engine hangs or crashes here.
    guard concurrency > 0 else { throw NodeFailure("max_concurrency must be positive, got \(concurrency)") }
    return .object([
      "results": .array(call.inputs), "count": .integer(call.inputs.count), "concurrency": .integer(concurrency),
    ])
  }
}
