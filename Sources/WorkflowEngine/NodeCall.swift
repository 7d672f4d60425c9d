public import WorkflowGraph

/// What an executor gets to see of its node and of the run.
public struct NodeCall: Sendable {
  public let node: NodeID
  /// With the texts of context nodes filled in.
  public let settings: NodeSettings
  /// In edge order; inputs that have no value are left out.
  public let inputs: [Value]
  let time: NodeTime
  let frame: RunFrame

  public var limits: RunLimits { frame.limits }

  /// What the run may still ask of the outside.
  public var outside: OutsideBudget { frame.outside }

  /// How long the node may still take. What others are given is no more than this.
  public var timeLeft: Duration { max(.zero, time.deadline - frame.reading()) }

  /// Waits without holding up nodes that do not depend on this one; nothing for a duration of 0 or less.
  /// - Throws: as soon as the run is cancelled, or the time of the node or of the run is over.
  public func wait(_ duration: Duration) async throws(NodeFailure) { try await time.wait(duration, frame) }

  /// For loops: counts their steps and looks at the time now and then.
  func meter() -> WorkMeter { WorkMeter(time, frame) }

  /// Loops that the settings make: elements of a list, attempts.
  func checkIterations(_ count: Int) throws(NodeFailure) {
    guard count <= limits.iterationsMax else {
      throw NodeFailure("maximum iterations exceeded: \(count) (limit: \(limits.iterationsMax))")
    }
  }

  /// Before a value is made, which may be the end of the memory.
  func checkValue(bytes: Int) throws(NodeFailure) {
    guard bytes <= limits.valueBytesMax else {
      throw NodeFailure("value too large: \(bytes) bytes (limit: \(limits.valueBytesMax))")
    }
  }

  /// A setting that must be there.
  func requiredText(_ name: String, _ message: StaticString) throws(NodeFailure) -> String {
    guard let text = settings.text(name) else { throw NodeFailure("\(message)") }
    return text
  }

  /// The first input, which must be there.
  func firstInput(_ message: StaticString) throws(NodeFailure) -> Value {
    guard let first = inputs.first else { throw NodeFailure("\(message)") }
    return first
  }
}
