public import WorkflowGraph

/// What a run tells while it goes on, in one order. The observer adds run, number and time.
///
/// A node starts after all nodes whose values it takes have succeeded. Beyond that the events of nodes that wait and of others mix. What
/// ran out of turn is taken back when a node before it fails: the last event of a node is the one that counts, and then says what it says
/// in a run in which one node runs after the other.
public enum EngineEvent: Sendable {
  case runStarted(nodeCount: Int)
  case nodeStarted(node: NodeID, type: String)
  case nodeSucceeded(node: NodeID, type: String, value: Value, duration: Duration)
  /// Once in a run at most, and after all nodes before it in the order have succeeded.
  case nodeFailed(node: NodeID, type: String, text: String, duration: Duration)
  /// Its turn did not come, because of a failure, a limit or a cancellation. It may have started, or even succeeded, out of turn.
  case nodeSkipped(node: NodeID, type: String)
  /// Always the last event, and there is always one.
  case runEnded(RunResult, duration: Duration)
}
