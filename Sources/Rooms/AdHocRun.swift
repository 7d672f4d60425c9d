import CollabProtocol
public import RoomCore
import Synchronization
public import WorkflowEngine
public import WorkflowGraph

/// Runs of graphs that belong to no workflow: nobody sees them but the caller, and nothing of them is kept.
extension RoomRegistry {
  /// Too many are going on.
  public struct Busy: Error { public let countMax: Int }

  /// Takes one of the places for graphs of no workflow, from before the graph is read until it was dealt with.
  public func withAdHocPlace<T>(_ body: () async throws -> T) async throws -> T {
    guard adHocRuns.enter(max: configuration.adHocRunCountMax) else { throw Busy(countMax: configuration.adHocRunCountMax) }
    defer { adHocRuns.leave() }
    return try await body()
  }

  /// Runs `graph` to its end, or until the task is cancelled.
  /// - Returns: the last step, of kind `.runFinished`, `.runFailed` or `.runCancelled`.
  public func execute(_ graph: WorkflowGraph) async -> RunStep {
    let last = Mutex<RunStep?>(nil)
    await engine.run(graph) { step in
      guard step.kind.isLast else { return }
      last.withLock { if $0 == nil { $0 = step } }
    }
    if let step = last.withLock({ $0 }) { return step }
    var silent = RunStep(.runFailed)
    silent.error = "the engine ended without a result"
    return silent
  }
}

extension RoomRegistry {
  /// Everything that is wrong with a canvas file before it runs.
  public func validate(file: [UInt8]) async -> [GraphValidation.Finding] {
    await engine.validate(file: file)
  }
}

extension RoomRegistry {
  /// All types of nodes that runs here know, with their settings; as `NodeCatalogue.json`.
  public var catalogue: JSONText { engine.catalogue }
}

/// How many are going on.
final class RunCount: Sendable {
  private let count = Mutex(0)

  func enter(max: Int) -> Bool {
    count.withLock { count in
      guard count < max else { return false }
      count += 1
      return true
    }
  }

  func leave() { count.withLock { $0 -= 1 } }
}
