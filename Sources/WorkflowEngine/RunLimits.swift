/// What one run may cost. Each is checked before it is exceeded for long; beyond it the run fails with a text that names the limit.
public struct RunLimits: Sendable, Hashable {
  /// Wall time of the whole run, checked between nodes.
  public var duration: Duration
  public var nodeExecutionsMax: Int
  /// One node's value, about the bytes of its JSON.
  public var valueBytesMax: Int
  /// All nodes' values together.
  public var resultBytesMax: Int
  /// Containers within containers in one value.
  public var valueDepthMax: Int

  public init(
    duration: Duration = .seconds(60), nodeExecutionsMax: Int = 100_000, valueBytesMax: Int = 4 << 20, resultBytesMax: Int = 64 << 20,
    valueDepthMax: Int = 128
  ) {
    self.duration = duration
    self.nodeExecutionsMax = nodeExecutionsMax
    self.valueBytesMax = valueBytesMax
    self.resultBytesMax = resultBytesMax
    self.valueDepthMax = valueDepthMax
  }
}
