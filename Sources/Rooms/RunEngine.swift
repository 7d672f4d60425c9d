import CollabProtocol
public import RoomCore
public import WorkflowEngine
public import WorkflowGraph

/// What runs a frozen graph: the embedded engine, or one elsewhere.
public protocol RunEngine: Sendable {
  /// Runs the graph to its end, or until the task is cancelled.
  ///
  /// `report` takes node events and then exactly one of `.runFinished`, `.runFailed`, `.runCancelled`; what comes after that is not heard.
  func run(_ graph: WorkflowGraph, report: @escaping @Sendable (RunStep) -> Void) async

  /// Everything that is wrong with a canvas file before it runs, by the node types that this engine has.
  func validate(file: [UInt8]) async -> [GraphValidation.Finding]

  /// What nodes this engine runs beside those of the catalogue, as things stand; `nil`: none. Asked when a room opens, and on `typesChanged`.
  var otherTypes: OtherTypes? { get }

  /// All types with their settings, for palettes and forms; as `NodeCatalogue.json`.
  var catalogue: JSONText { get }
}

extension RunEngine {
  /// By the types that every server has.
  public func validate(file: [UInt8]) async -> [GraphValidation.Finding] { WorkflowEngine().validate(file: file) }

  public var otherTypes: OtherTypes? { nil }

  public var catalogue: JSONText { NodeCatalogue.json }
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
