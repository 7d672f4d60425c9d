import Synchronization

/// Asks the store, by a write that is flushed to the disk, whether it takes writes. For `/readyz`.
///
/// However often it is asked, the store gets one such write a second at most, and one at a time: a store that hangs is asked no further until it
/// answers.
public actor StoreProbe {
  /// So long an answer holds.
  public static let memory: Duration = .seconds(1)

  private let patience: Duration
  private let probe: @Sendable () async throws -> Void
  private var last: (at: ContinuousClock.Instant, readiness: Readiness)?
  private var asking: Task<Readiness, Never>?
  private var isUnanswered = false

  /// - Parameters:
  ///   - patience: a write that takes longer counts as one that fails.
  ///   - probe: makes something durable, or throws.
  public init(patience: Duration = .seconds(2), _ probe: @escaping @Sendable () async throws -> Void) {
    self.patience = patience
    self.probe = probe
  }

  public func readiness() async -> Readiness {
    if let last, ContinuousClock.now - last.at < Self.memory { return last.readiness }
    if let asking { return await asking.value }
    guard !isUnanswered else { return late }
    let task = Task { await self.ask() }
    asking = task
    let readiness = await task.value
    asking = nil
    last = (.now, readiness)
    return readiness
  }

  private var late: Readiness { .notReady("The store has not made a write durable for \(patience).") }

  private func ask() async -> Readiness {
    isUnanswered = true
    let (answers, answer) = AsyncStream<Readiness>.makeStream(bufferingPolicy: .bufferingOldest(1))
    Task { [probe] in
      let readiness: Readiness
      do {
        try await probe()
        readiness = .ready
      } catch {
        readiness = .notReady("The store does not take writes: \(error)")
      }
      self.answered()
      answer.yield(readiness)
    }
    let alarm = Task { [late, patience] in
      try? await Task.sleep(for: patience)  // cancelled: somebody was faster
      answer.yield(late)
    }
    defer { alarm.cancel() }
    for await readiness in answers { return readiness }
    return late
  }

  private func answered() { isUnanswered = false }
}
