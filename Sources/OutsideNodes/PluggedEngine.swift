public import RoomCore
public import Rooms
public import WorkflowEngine
public import WorkflowGraph

/// The engine in this process, with the plug-in programs as they are when a run begins.
public struct PluggedEngine: RunEngine {
  private let engine: WorkflowEngine
  private let plugins: PluginBoard

  public init(_ engine: WorkflowEngine, plugins: PluginBoard) {
    self.engine = engine
    self.plugins = plugins
  }

  public func validate(file: [UInt8]) async -> [GraphValidation.Finding] {
    WorkflowEngine(registry: plugins.registry(over: engine.registry, for: Set(plugins.statuses.flatMap(\.types))), limits: engine.limits)
      .validate(file: file)
  }

  public var otherTypes: OtherTypes? { registry.otherTypes }

  public var catalogue: JSONText { registry.catalogue }

  /// With the types of the programs that have said what they know.
  private var registry: ExecutorRegistry { plugins.registry(over: engine.registry, for: []) }

  public func run(_ graph: WorkflowGraph, report: @escaping @Sendable (RunStep) -> Void) async {
    let types = Set(graph.nodes.compactMap { $0.type.map { NodeCatalogue.engineName(of: $0) } })
    let registry = plugins.registry(over: engine.registry, for: types)
    await EmbeddedEngine(WorkflowEngine(registry: registry, limits: engine.limits)).run(graph, report: report)
  }
}
