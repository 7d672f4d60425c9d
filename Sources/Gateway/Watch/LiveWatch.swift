import CollabProtocol
import Logging
import RoomCore
import Telemetry
import WorkflowGraph

/// Counts one live connection and writes a line when it ends. Kept by the session, so it holds no more than that takes.
struct LiveWatch {
  let metrics: ServerMetrics
  let logger: Logger
  let workflow: WorkflowID
  let trace: TraceContext
  private let start = ContinuousClock.now

  init(metrics: ServerMetrics, logger: Logger, workflow: WorkflowID, trace: TraceContext) {
    self.metrics = metrics
    self.logger = logger
    self.workflow = workflow
    self.trace = trace
    metrics.liveBegan()
  }

  func ended(_ code: CloseCode, session: SessionID?) {
    metrics.liveEnded(code)
    guard logger.logLevel <= .info else { return }
    logger.info(
      "a live connection ended",
      metadata: [
        "workflow": "\(workflow)", "session": "\(session.map(\.text) ?? "")", "code": "\(code)",
        "milliseconds": "\((ContinuousClock.now - start).microseconds / 1000)", "trace_id": "\(trace.traceID)",
        "span_id": "\(trace.spanID)",
      ])
  }
}
