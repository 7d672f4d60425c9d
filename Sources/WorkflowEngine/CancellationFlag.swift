import Synchronization

/// Asks a run to stop; the run looks at it between nodes. Setting it twice is setting it once.
public final class CancellationFlag: Sendable {
  private let isSet = Atomic(false)

  public init() {}
  public func cancel() { isSet.store(true, ordering: .relaxed) }
  public var isCancelled: Bool { isSet.load(ordering: .relaxed) }
}
