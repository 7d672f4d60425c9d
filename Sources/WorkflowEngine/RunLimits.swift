public import WorkflowGraph

/// What one run may cost. Each is checked before it is exceeded for long; beyond it the run fails with a text that names the limit.
public struct RunLimits: Sendable, Hashable {
  /// Wall time of the whole run, checked between nodes, in long loops, and by everything that waits.
  public var duration: Duration
  /// Wall time of one node, checked alike. `nil`: as long as the run.
  public var nodeDuration: Duration?
  public var nodeExecutionsMax: Int
  /// Nodes that wait at the same time; one more while the first in the order that is not done has to wait.
  public var nodesInFlightMax: Int
  /// Elements that one node goes through, attempts that it makes.
  public var iterationsMax: Int
  /// One node's value, about the bytes of its JSON.
  public var valueBytesMax: Int
  /// All nodes' values together.
  public var resultBytesMax: Int
  /// Containers within containers in one value. A run's result holds values two levels down, and is to be a JSON text like any other.
  public var valueDepthMax: Int
  /// Requests that all nodes of a run send together, redirects and further attempts among them.
  public var outsideCallsMax: Int
  /// One response from outside.
  public var responseBytesMax: Int
  /// All responses from outside together.
  public var outsideBytesMax: Int

  public init(
    duration: Duration = .seconds(60), nodeDuration: Duration? = nil, nodeExecutionsMax: Int = 100_000, nodesInFlightMax: Int = 64,
    iterationsMax: Int = 1_000_000, valueBytesMax: Int = 4 << 20, resultBytesMax: Int = 64 << 20,
    valueDepthMax: Int = JSONText.depthMax - 2,
    outsideCallsMax: Int = 100, responseBytesMax: Int = 4 << 20, outsideBytesMax: Int = 64 << 20
  ) {
    self.duration = duration
    self.nodeDuration = nodeDuration
    self.nodeExecutionsMax = nodeExecutionsMax
    self.nodesInFlightMax = nodesInFlightMax
    self.iterationsMax = iterationsMax
    self.valueBytesMax = valueBytesMax
    self.resultBytesMax = resultBytesMax
    self.valueDepthMax = valueDepthMax
    self.outsideCallsMax = outsideCallsMax
    self.responseBytesMax = responseBytesMax
    self.outsideBytesMax = outsideBytesMax
  }
}
