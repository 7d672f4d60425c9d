import CRDT
import CollabProtocol

/// Runs asked for here, until each is over or refused. Spec: RU1, RU2.
struct RunRequests {
  typealias Sink = AsyncThrowingStream<RunEvent, any Error>.Continuation

  private struct Entry {
    var request: RunRequest
    var sink: Sink
    /// Known once an event of it came.
    var run: String?
    /// The connection on which it was asked for last.
    var connection: Int
  }

  private var entries: [UInt64: Entry] = [:]

  mutating func add(_ request: RunRequest, connection: Int, sink: Sink) {
    entries[request.request] = Entry(request: request, sink: sink, run: nil, connection: connection)
  }

  mutating func remove(_ request: UInt64) { entries[request] = nil }

  func run(of request: UInt64) -> String? { entries[request]?.run }

  mutating func take(_ event: RunEvent) {
    for (number, entry) in entries {
      var entry = entry
      if entry.run == nil, event.kind == .runStarted, let info = event.info, info.idempotencyKey == entry.request.idempotencyKey {
        entry.run = event.run
        entries[number] = entry
      }
      if entry.run == event.run { deliver(event, to: number, entry.sink) }
    }
  }

  /// The run of a key was begun before: what is known of it so far comes at once.
  mutating func name(_ run: String, key: String, events: [RunEvent]) {
    for (number, entry) in entries where entry.run == nil && entry.request.idempotencyKey == key {
      entries[number]!.run = run
      for event in events { deliver(event, to: number, entry.sink) }
    }
  }

  private mutating func deliver(_ event: RunEvent, to number: UInt64, _ sink: Sink) {
    if case .dropped = sink.yield(event) {
      sink.finish(throwing: ClientError.subscriberTooSlow)
      entries[number] = nil
    } else if event.kind.isLast {
      sink.finish()
      entries[number] = nil
    }
  }

  mutating func take(_ report: ErrorReport) {
    guard let entry = entries[report.request] else { return }
    // Not connected, or the server cannot just now: it is asked again on the next connection, with the same key.
    if report.code == .unavailable, entry.connection == 0 { return }
    entries[report.request] = nil
    entry.sink.finish(throwing: ClientError.refused(report.code, report.text))
  }

  /// What an earlier connection was asked and did not start; the key makes asking twice harmless.
  ///
  /// - Parameter include: what is here now: a lost lease gave pending changes other numbers.
  mutating func toSendAgain(connection: Int, include: Version) -> [RunRequest] {
    var again: [RunRequest] = []
    for (number, entry) in entries where entry.run == nil && entry.connection != connection {
      entries[number]!.connection = connection
      entries[number]!.request.include = include
      again.append(entries[number]!.request)
    }
    return again.sorted { $0.request < $1.request }
  }

  mutating func failAll(_ stop: ClientStop) {
    for entry in entries.values { entry.sink.finish(throwing: stop) }
    entries = [:]
  }
}
