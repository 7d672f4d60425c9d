import CollabProtocol
public import RoomCore
import Synchronization
public import WorkflowEngine
public import WorkflowGraph

/// Runs of graphs that belong to no workflow: nobody sees them but the caller, and nothing of them is kept.
extension RoomRegistry {
  /// Too many are going on.
  public struct Busy: Error { public let countMax: Int }

  /// Takes one of the places for whole graphs, from before the graph is read until it was dealt with.
  public func withAdHocPlace<T>(_ body: () async throws -> T) async throws -> T {
    guard adHocPlaces.enter(max: configuration.adHocRunCountMax) else { throw Busy(countMax: configuration.adHocRunCountMax) }
    defer { adHocPlaces.leave() }
    return try await body()
  }

  /// Once it is known whose place it is: one caller has only some of them, so that one who is slow does not turn the others away.
  /// - Returns: false when it has its share already; then there is nothing to give back.
  public func takeAdHocShare(of caller: String) -> Bool { adHocPlaces.takeShare(of: caller, max: configuration.adHocRunsPerCallerMax) }

  public func giveBackAdHocShare(of caller: String) { adHocPlaces.giveBackShare(of: caller) }

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

/// How many are going on, and whose. Callers without a place are not remembered.
final class PlaceBook: Sendable {
  private struct State {
    var count = 0
    var shares: [String: Int] = [:]
  }

  private let state = Mutex(State())

  func enter(max: Int) -> Bool {
    state.withLock { state in
      guard state.count < max else { return false }
      state.count += 1
      return true
    }
  }

  func leave() { state.withLock { $0.count -= 1 } }

  func takeShare(of caller: String, max: Int) -> Bool {
    state.withLock { state in
      guard state.shares[caller, default: 0] < max else { return false }
      state.shares[caller, default: 0] += 1
      return true
    }
  }

  func giveBackShare(of caller: String) {
    state.withLock { state in
      guard let held = state.shares[caller] else { return }
      state.shares[caller] = held > 1 ? held - 1 : nil
    }
  }

  var callerCount: Int { state.withLock { $0.shares.count } }
}
