public import WorkflowGraph

/// What a run tells while it goes on, in order. The observer adds run, number and time.
public enum EngineEvent: Sendable {
  case runStarted(nodeCount: Int)
  case nodeStarted(node: NodeID, type: String)
  case nodeSucceeded(node: NodeID, type: String, value: Value, duration: Duration)
  case nodeFailed(node: NodeID, type: String, text: String, duration: Duration)
  /// Its turn did not come, because of a failure, a limit or a cancellation.
  case nodeSkipped(node: NodeID, type: String)
  /// Always the last event, and there is always one.
  case runEnded(RunResult, duration: Duration)
}
