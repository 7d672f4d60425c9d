public import WorkflowGraph

/// What a run gave.
public struct RunResult: Sendable {
  /// Values by node in the order they came, also of a run that failed later.
  public let values: [(node: NodeID, value: Value)]
  /// The first node, in graph order, without outgoing edges; `null` when there is none or the run failed.
  public let finalOutput: Value
  /// `nil` for a run that went through.
  public let failure: RunFailure?
  /// `{"node_results":{…},"final_output":…,"errors":[…]}` as Go's encoder writes it: of a failed run without results.
  public let resultJSON: [UInt8]

  public var isSuccess: Bool { failure == nil }

  /// What the engine's API lists: an order error is no entry, it has no run to belong to.
  public var errors: [String] { Self.errors(of: failure) }

  init(values: [(node: NodeID, value: Value)], finalOutput: Value, failure: RunFailure?) {
    self.values = values
    var output: [UInt8] = []
    var failure = failure
    if failure == nil {
      do throws(ValueNotEncodable) {
        try Self.encode(values, finalOutput, errors: [], into: &output)
      } catch {
        failure = RunFailure(.encoding, error.description)
      }
    }
    if let failure {
      output.removeAll()
      let errors = Self.errors(of: failure)
      do throws(ValueNotEncodable) { try Self.encode([], .null, errors: errors, into: &output) } catch {}  // Texts only: cannot fail.
    }
    self.failure = failure
    self.finalOutput = failure == nil ? finalOutput : .null
    resultJSON = output
  }

  private static func errors(of failure: RunFailure?) -> [String] {
    guard let failure, failure.kind != .order, failure.kind != .payload else { return [] }
    return [failure.text]
  }

  private static func encode(
    _ values: [(node: NodeID, value: Value)], _ finalOutput: Value, errors: [String], into output: inout [UInt8]
  ) throws(ValueNotEncodable) {
    output.append(contentsOf: "{\"node_results\":{".utf8)
    for (index, entry) in values.sorted(by: { $0.node < $1.node }).enumerated() {
      if index > 0 { output.append(UInt8(ascii: ",")) }
      ValueEncoder.append(entry.node.rawValue, to: &output)
      output.append(UInt8(ascii: ":"))
      try ValueEncoder.append(entry.value, to: &output)
    }
    output.append(contentsOf: "},\"final_output\":".utf8)
    try ValueEncoder.append(finalOutput, to: &output)
    if !errors.isEmpty {
      output.append(contentsOf: ",\"errors\":".utf8)
      try ValueEncoder.append(.texts(errors), to: &output)
    }
    output.append(UInt8(ascii: "}"))
  }
}
