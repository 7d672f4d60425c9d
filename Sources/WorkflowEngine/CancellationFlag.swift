import Synchronization

/// Asks a run to stop. It looks at it between nodes and in long loops; nodes that wait stop waiting. Setting it twice is setting it once.
public final class CancellationFlag: Sendable {
  private struct Waiting {
    var streams: [Int: AsyncStream<Never>.Continuation] = [:]
    var nextNumber = 0
  }

  private let isSet = Atomic(false)
  private let waiting = Mutex(Waiting())

  public init() {}

  public func cancel() {
    isSet.store(true, ordering: .sequentiallyConsistent)
    let streams = waiting.withLock { waiting in
      defer { waiting.streams = [:] }
      return waiting.streams.values
    }
    for stream in streams { stream.finish() }
  }

  public var isCancelled: Bool { isSet.load(ordering: .relaxed) }

  /// How many wait for it.
  var waitingCount: Int { waiting.withLock { $0.streams.count } }

  /// Returns when it is set, or when the task is cancelled.
  func wait() async {
    let (stream, continuation) = AsyncStream<Never>.makeStream()
    // Under the lock: either this sees that it is set, or who sets it sees this.
    let number = waiting.withLock { waiting -> Int? in
      if isSet.load(ordering: .sequentiallyConsistent) { return nil }
      waiting.nextNumber += 1
      waiting.streams[waiting.nextNumber] = continuation
      return waiting.nextNumber
    }
    guard let number else { return }
    for await _ in stream {}
    waiting.withLock { $0.streams[number] = nil }
  }
}
