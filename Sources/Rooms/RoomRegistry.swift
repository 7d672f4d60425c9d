public import CollabProtocol
public import Logging
public import NIOCore
public import ServiceLifecycle
public import Storage
public import WorkflowGraph

/// All rooms of this server: opens each workflow once, keeps it on one event loop, lets it go when it is idle.
public final class RoomRegistry: Service {
  /// - Parameters:
  ///   - loops: rooms are spread over them by workflow id.
  ///   - makeFrameWriter: called once per event loop, there.
  public init(
    store: any WorkflowStore, loops: [any EventLoop], configuration: RoomConfiguration = RoomConfiguration(),
    metrics: any RoomMetrics = NoRoomMetrics(), logger: Logger, makeFrameWriter: @escaping @Sendable () -> any FrameWriter
  ) {
  }

  /// Runs until graceful shutdown, then drains: goodbye to all, log flushed, final snapshots, sessions closed.
  public func run() async throws {}

  /// Whether new sessions are let in: false while draining.
  public var isAccepting: Bool { true }

  /// Changes what a subject may do in a workflow from now on; sessions of it are told.
  public func setRole(_ role: Role, of subject: String, in workflow: WorkflowID) {}

  /// Closes all sessions of a subject in a workflow with 4509.
  public func evict(_ subject: String, from workflow: WorkflowID) {}
}
