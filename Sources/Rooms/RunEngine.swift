import CollabProtocol
public import RoomCore
public import WorkflowGraph

/// What runs a frozen graph: the embedded engine, or one elsewhere.
public protocol RunEngine: Sendable {
  /// Runs the graph to its end, or until the task is cancelled.
  ///
  /// `report` takes node events and then exactly one of `.runFinished`, `.runFailed`, `.runCancelled`; what comes after that is not heard.
  func run(_ graph: WorkflowGraph, report: @escaping @Sendable (RunStep) -> Void) async
}

/// Runs nothing, and says so: for a server that only edits.
public struct NoEngine: RunEngine {
  public init() {}
  public func run(_ graph: WorkflowGraph, report: @escaping @Sendable (RunStep) -> Void) async {
    var end = RunStep(.runFailed)
    end.error = "this server has no engine"
    report(end)
  }
}
