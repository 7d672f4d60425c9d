import CollabProtocol
public import RoomCore
public import WorkflowEngine
public import WorkflowGraph

/// The engine in this process.
public struct EmbeddedEngine: RunEngine {
  private let engine: WorkflowEngine
  private let clock: @Sendable () -> Duration
  private let sleep: @Sendable (Duration) async -> Void
  private static let start = ContinuousClock.now

  /// Values travel in messages and stay in memory for late joiners, so they are held smaller here than the engine alone would.
  public static let limits = RunLimits(valueBytesMax: 1 << 20, resultBytesMax: 8 << 20)

  /// - Parameters:
  ///   - clock: time since some start, for durations and deadlines; `nil`: the system's.
  ///   - sleep: returns after so long, or at once when the task is cancelled.
  public init(
    _ engine: WorkflowEngine = WorkflowEngine(limits: EmbeddedEngine.limits),
    clock: (@Sendable () -> Duration)? = nil,
    // Cancelling the task ends the pause at once; the engine then sees the flag.
    sleep: @escaping @Sendable (Duration) async -> Void = { try? await Task.sleep(for: $0) }
  ) {
    self.engine = engine
    self.clock = clock ?? { ContinuousClock.now - Self.start }
    self.sleep = sleep
  }

  public func validate(file: [UInt8]) async -> [GraphValidation.Finding] { engine.validate(file: file) }

  public var otherTypes: OtherTypes? { engine.registry.otherTypes }

  public var catalogue: JSONText { engine.registry.catalogue }

  public func run(_ graph: WorkflowGraph, report: @escaping @Sendable (RunStep) -> Void) async {
    let cancellation = CancellationFlag()
    await withTaskCancellationHandler {
      _ = await engine.run(graph, clock: clock, sleep: sleep, cancellation: cancellation) { event in
        if let step = RunStep(event) { report(step) }
      }
    } onCancel: {
      cancellation.cancel()
    }
  }
}

extension RunStep {
  /// - Returns: `nil` for the start, which the room announced itself.
  init?(_ event: EngineEvent) {
    switch event {
    case .runStarted: return nil
    case .nodeStarted(let node, let type): self.init(.nodeStarted, node, type)
    case .nodeSucceeded(let node, let type, let value, let duration):
      self.init(.nodeSucceeded, node, type, duration)
      result = value.displayJSON.text
    case .nodeFailed(let node, let type, let text, let duration):
      self.init(.nodeFailed, node, type, duration)
      error = text
    case .nodeSkipped(let node, let type): self.init(.nodeSkipped, node, type)
    case .runEnded(let result, let duration): self.init(result, duration)
    }
  }

  private init(_ kind: RunEvent.Kind, _ node: NodeID, _ type: String, _ duration: Duration = .zero) {
    self.init(kind)
    self.node = node.rawValue
    nodeType = type
    durationMicroseconds = duration.microseconds
  }

  private init(_ result: RunResult, _ duration: Duration) {
    self.init(result.failure.map { $0.kind == .cancelled ? .runCancelled : .runFailed } ?? .runFinished)
    self.result = String(decoding: result.resultJSON, as: UTF8.self)
    error = result.failure?.text ?? ""
    durationMicroseconds = duration.microseconds
  }
}

extension Duration {
  fileprivate var microseconds: UInt64 {
    let (seconds, attoseconds) = components
    return UInt64(max(0, seconds)) * 1_000_000 + UInt64(max(0, attoseconds) / 1_000_000_000_000)
  }
}
