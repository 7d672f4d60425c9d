public import CollabProtocol
import Hashing
import NIOCore
import WorkflowDocument
public import WorkflowGraph

// Runs, as seen by who asks for one.
extension CollabSession {
  /// Runs what is here now: the run holds every change made here so far, also those that are not acknowledged yet. Spec: RU1.
  ///
  /// - Parameters:
  ///   - key: the same key gives the same run, also after a reconnect; `nil`: a new one.
  ///   - parked: whether edges that are parked are left out or a reason to refuse.
  /// - Returns: the run's events in order, ending after its last one. Not read, it goes on at the server; `cancel` ends it there.
  /// - Throws while reading: `ClientError.refused`, `ClientStop`.
  public func run(
    key: String? = nil, policy: RunRequest.Policy = .coalesce, parked: RunRequest.Parked = .refuse
  ) async throws -> AsyncThrowingStream<RunEvent, any Error> {
    try await joined()
    if let stop = machine.stop { throw stop }
    var request = RunRequest()
    request.request = newRequestNumber()
    request.idempotencyKey = key ?? Hex.encode(RandomBytes.make(12))
    request.include = machine.document.version
    request.policy = policy
    request.parked = parked
    let (stream, sink) = AsyncThrowingStream<RunEvent, any Error>.makeStream(bufferingPolicy: .bufferingOldest(200_000))
    let number = request.request
    sink.onTermination = { _ in self.eventLoop.execute { self.assumeIsolated { $0.runRequests.remove(number) } } }
    let isLive = machine.isLive
    runRequests.add(request, connection: isLive ? currentConnection : 0, sink: sink)
    if isLive {
      handle(.flush)
      handle(.run(request))
    }
    return stream
  }

  /// The nodes whose results in a run no longer follow from the document as it is here, pending changes included; in the order in which
  /// they ended. Empty for a run that is not known here. O(events of the run, and what was edited). Spec: RU6.
  /// - Parameter run: `nil`: the newest.
  public func staleNodes(of run: String? = nil) -> [NodeID] {
    let events = (run ?? machine.runs.order.last).flatMap { machine.runs.events[$0] } ?? []
    return events.compactMap { event in
      guard event.kind == .nodeSucceeded || event.kind == .nodeFailed, !event.fingerprint.isEmpty else { return nil }
      let node = NodeID(event.node)
      guard let now = machine.document.fingerprint(of: node) else { return nil }
      return withUnsafeBytes(of: now.bigEndian) { $0.elementsEqual(event.fingerprint) } ? nil : node
    }
  }

  /// Asks the server to end a run; its last event says whether it was in time.
  public func cancel(run: String) {
    handle(.cancelRun(CancelRun(request: newRequestNumber(), run: run)))
  }
}
