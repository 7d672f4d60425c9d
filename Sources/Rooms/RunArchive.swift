public import CollabProtocol
public import Storage
public import WorkflowGraph

/// Runs as the store keeps them, whether or not their room is open.
extension RoomRegistry {
  /// Start and end of one run; no end while it goes on.
  public struct RunSummary: Sendable {
    public var first: RunEvent
    public var last: RunEvent?
  }

  /// The newest runs of a workflow, newest first.
  /// - Throws: `.unknownWorkflow`; `.corrupt` when what is stored cannot be read.
  public func storedRuns(of workflow: WorkflowID, limit: Int) async throws(StoreError) -> [RunSummary] {
    var summaries: [RunSummary] = []
    for run in try await store.runs(of: workflow, limit: limit) {
      summaries.append(
        RunSummary(first: try Self.read(run.first), last: try run.last.map { event throws(StoreError) in try Self.read(event) }))
    }
    return summaries
  }

  /// All durable events of a run, in order; empty when there is no such run.
  public func storedEvents(of run: String, in workflow: WorkflowID) async throws(StoreError) -> [RunEvent] {
    var events: [RunEvent] = []
    for stored in try await store.runEvents(of: workflow, run: run) { events.append(try Self.read(stored)) }
    return events
  }

  /// An idempotency key that nobody else has.
  public func makeKey() -> String { "key-" + String(environment.random(), radix: 36) + String(environment.random(), radix: 36) }

  private static func read(_ stored: StoredRunEvent) throws(StoreError) -> RunEvent {
    do throws(DecodeError) { return try RunEventCodec.decode(stored.body) } catch {
      throw StoreError(.corrupt, "event \(stored.seq) of run \(stored.run) cannot be read: \(error.text)")
    }
  }
}
