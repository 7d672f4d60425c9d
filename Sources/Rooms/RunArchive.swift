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

  /// Runs of a workflow, newest first, without their results: those may be large, and are read a few at a time.
  /// - Parameter run: only those begun before this one, none when it is unknown; `nil`: the newest.
  /// - Throws: `.unknownWorkflow`; `.corrupt` when what is stored cannot be read.
  public func storedRuns(of workflow: WorkflowID, before run: String? = nil, limit: Int) async throws(StoreError) -> [RunSummary] {
    var summaries: [RunSummary] = []
    var before = run
    while summaries.count < limit {
      let page = try await store.runs(
        of: workflow, before: before, limit: limit - summaries.count, bytesMax: RoomLoader.runPageBytesMax)
      guard let oldest = page.last else { break }
      before = oldest.run
      for run in page {
        var summary = RunSummary(first: try Self.read(run.first))
        if let end = run.last {
          var last = try Self.read(end)
          last.result = ""
          summary.last = last
        }
        summaries.append(summary)
      }
    }
    return summaries
  }

  /// All durable events of a run after `seq`, in order; empty when there is no such run.
  public func storedEvents(of run: String, in workflow: WorkflowID, after seq: UInt64 = 0) async throws(StoreError) -> [RunEvent] {
    var events: [RunEvent] = []
    for stored in try await store.runEvents(of: workflow, run: run, after: seq) { events.append(try Self.read(stored)) }
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
