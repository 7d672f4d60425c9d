public import CollabProtocol
public import RateLimits
public import Rooms
public import Storage
import Synchronization
public import Telemetry

/// Everything this server counts, as `/metrics` shows it. docs/OPERATIONS.md explains each.
///
/// Label sets are bounded: codes and outcomes come from tables of the protocol, routes from the router, never from what a peer sends.
public final class ServerMetrics: RoomMetrics, StoreMetrics {
  /// Adds what somebody else knows, at the moment of asking.
  public typealias Source = @Sendable (inout MetricsText) -> Void

  private let roomsOpened = Counter()
  private let rooms = Gauge()
  private let sessionsJoined = Counter()
  private let sessions = Gauge()
  private let sessionEnds = CountsByCode()
  private let closes = CountsByCode()
  private let live = Gauge()
  private let changes = Counter()
  private let ops = Counter()
  private let refusals: [RefusalCode: Counter]
  private let limitRefusals: [RateName: Counter]
  private let boundRefusals = requestBounds.map { (name: $0, count: Counter()) }
  private let messages = Counter()
  private let deliveries = Counter()
  private let deliveredBytes = Counter()
  private let flushes = Histogram.ofTurns()
  private let slowResyncs = Counter()
  private let differingResyncs = Counter()
  private let degradations = Counter()
  private let runsStarted = Counter()
  private let runs: [RunEvent.Kind: Histogram]
  private let commits = Histogram.ofTurns()
  private let commitCalls = Counter()
  private let logBytes = Counter()
  private let commitFailures = Counter()
  private let snapshots = Counter()
  private let snapshotBytes = Counter()
  private let handshakes = Counter()
  private let failedHandshakes = Counter()
  private let refusedConnections: [ConnectionCensus.Verdict: Counter]
  let requests = RequestCounts()
  private let sources = Mutex<[Source]>([])
  private let version: String

  /// - Parameter version: of the program, for `thaiyyal_build_info`.
  public init(version: String = "") {
    self.version = version
    limitRefusals = Dictionary(uniqueKeysWithValues: RateTable.names.map { ($0, Counter()) })
    refusals = Dictionary(uniqueKeysWithValues: RefusalCode.allCases.map { ($0, Counter()) })
    runs = Dictionary(uniqueKeysWithValues: Self.runOutcomes.map { ($0.kind, Histogram.ofCalls()) })
    refusedConnections = Dictionary(uniqueKeysWithValues: Self.verdicts.map { ($0.verdict, Counter()) })
  }

  /// What requests are refused by beside rates, which count themselves.
  private static let requestBounds = ["adHocRunCountMax", "adHocRunsPerCallerMax", "bodyBytesHeldMax"]
  private static let runOutcomes: [(kind: RunEvent.Kind, name: String)] = [
    (.runFinished, "finished"), (.runFailed, "failed"), (.runCancelled, "cancelled"),
  ]
  private static let verdicts: [(verdict: ConnectionCensus.Verdict, name: String)] = [
    (.full, "server_full"), (.addressFull, "address_full"), (.addressTooFast, "address_too_fast"), (.dropped, "dropped"),
  ]

  /// Before the server runs: `source` is asked at every scrape, on any thread, and must not block.
  public func add(_ source: @escaping Source) { sources.withLock { $0.append(source) } }

  // MARK: rooms

  public func roomOpened() {
    roomsOpened.add()
    rooms.add(1)
  }
  public func roomClosed() { rooms.add(-1) }
  public func sessionJoined() {
    sessionsJoined.add()
    sessions.add(1)
  }
  public func sessionLeft(_ code: CloseCode) {
    sessions.add(-1)
    sessionEnds.add(code)
  }
  public func committed(changes changeCount: Int, ops opCount: Int) {
    changes.add(changeCount)
    ops.add(opCount)
  }
  public func refused(_ code: RefusalCode) { refusals[code]?.add() }
  public func limitReached(_ name: RateName) { limitRefusals[name]?.add() }
  /// - Parameter name: as in docs/LIMITS.md; another than those that bound requests is passed over.
  func boundReached(_ name: String) { boundRefusals.first { $0.name == name }?.count.add() }
  public func broadcast(bytes: Int, members: Int) {
    messages.add()
    deliveries.add(members)
    deliveredBytes.add(bytes * members)
  }
  public func hashDiffered() { differingResyncs.add() }
  public func heldBack() { slowResyncs.add() }
  public func storeFailed() { degradations.add() }
  public func runStarted() { runsStarted.add() }
  public func runEnded(_ last: RunEvent.Kind, durationMicroseconds: UInt64) {
    runs[last]?.observe(nanoseconds: durationMicroseconds.multipliedReportingOverflow(by: 1000).partialValue)
  }
  public func measureFlush(_ body: () -> Void) {
    let start = ContinuousClock.now
    body()
    flushes.observe(ContinuousClock.now - start)
  }

  // MARK: the store

  public func committed(calls: Int, bytes: Int, duration: Duration) {
    commits.observe(duration)
    commitCalls.add(calls)
    logBytes.add(bytes)
  }
  public func commitFailed() { commitFailures.add() }
  public func snapshotSaved(bytes: Int) {
    snapshots.add()
    snapshotBytes.add(bytes)
  }

  // MARK: connections

  public func handshakeEnded(isDone: Bool) { (isDone ? handshakes : failedHandshakes).add() }
  func refused(_ verdict: ConnectionCensus.Verdict) { refusedConnections[verdict]?.add() }
  func liveBegan() { live.add(1) }
  func liveEnded(_ code: CloseCode) {
    live.add(-1)
    closes.add(code)
  }

  // MARK: what Prometheus reads

  /// All of it at this moment; counters first of what people do, then of what it costs.
  public func text() -> String {
    var text = MetricsText()
    text.gauge("thaiyyal_build_info", "1, for the version that runs.", [([("version", version)], 1)])
    writeRooms(to: &text)
    writeRuns(to: &text)
    writeStore(to: &text)
    writeConnections(to: &text)
    text.counter(
      "thaiyyal_limit_refusals_total",
      "Requests, connections, messages and changes that a rate, or a bound of what requests hold at once, refused or put off, by limit.",
      RateTable.names.map { ([("limit", "\($0)")], limitRefusals[$0]?.value ?? 0) }
        + boundRefusals.map { ([("limit", $0.name)], $0.count.value) })
    requests.write(to: &text)
    for source in sources.withLock({ $0 }) { source(&text) }
    ProcessMetrics.write(to: &text)
    return text.text
  }

  private func writeRooms(to text: inout MetricsText) {
    text.gauge("thaiyyal_rooms", "Workflows that are open.", rooms.value)
    text.counter("thaiyyal_rooms_opened_total", "Workflows that were opened.", roomsOpened.value)
    text.gauge("thaiyyal_sessions", "Sessions that are in a workflow.", sessions.value)
    text.counter("thaiyyal_sessions_joined_total", "Sessions that were welcomed.", sessionsJoined.value)
    text.counter(
      "thaiyyal_sessions_ended_total", "Sessions that left a workflow or were sent away, by close code; 1006: without a word.",
      sessionEnds.samples)
    text.counter("thaiyyal_changes_total", "Changes that became durable and were acknowledged.", changes.value)
    text.counter("thaiyyal_ops_total", "Ops of these.", ops.value)
    text.counter(
      "thaiyyal_refusals_total", "Changes that were refused, by code.",
      RefusalCode.allCases.map { ([("code", $0.name)], refusals[$0]?.value ?? 0) })
    text.counter("thaiyyal_broadcasts_total", "Messages to all who want them, per encoding.", messages.value)
    text.counter("thaiyyal_deliveries_total", "Messages that these were for single sessions.", deliveries.value)
    text.counter("thaiyyal_delivered_bytes_total", "Bytes of these.", deliveredBytes.value)
    text.histogram(
      "thaiyyal_flush_duration_seconds", "Time to write what a room had to say in one turn of its event loop.", [([], flushes)])
    text.counter(
      "thaiyyal_resyncs_total", "Sessions that were given a catch-up: too slow, or different from the server.",
      [([("reason", "slow")], slowResyncs.value), ([("reason", "different")], differingResyncs.value)])
  }

  private func writeRuns(to text: inout MetricsText) {
    text.counter("thaiyyal_runs_started_total", "Runs that began.", runsStarted.value)
    text.histogram(
      "thaiyyal_run_duration_seconds", "Runs that ended, by outcome.",
      Self.runOutcomes.map { ([("outcome", $0.name)], runs[$0.kind]!) })
  }

  private func writeStore(to text: inout MetricsText) {
    text.histogram("thaiyyal_store_commit_duration_seconds", "Time of a commit, its flush of the disk included.", [([], commits)])
    text.counter("thaiyyal_store_commit_calls_total", "Calls that these commits carried.", commitCalls.value)
    text.counter("thaiyyal_store_log_bytes_total", "Bytes written to the logs.", logBytes.value)
    text.counter("thaiyyal_store_commit_failures_total", "Commits that failed.", commitFailures.value)
    text.counter(
      "thaiyyal_store_failures_total", "Workflows that became read-only, or could not be opened, because the store failed.",
      degradations.value)
    text.counter("thaiyyal_store_snapshots_total", "Snapshots written.", snapshots.value)
    text.counter("thaiyyal_store_snapshot_bytes_total", "Bytes of these, compressed.", snapshotBytes.value)
  }

  private func writeConnections(to text: inout MetricsText) {
    text.gauge("thaiyyal_live_connections", "Open WebSocket connections.", live.value)
    text.counter(
      "thaiyyal_closes_total", "WebSocket connections that ended, by close code; 1006: without a closing handshake.", closes.samples)
    text.counter(
      "thaiyyal_connections_refused_total", "Connections that were refused before their first request, by reason.",
      Self.verdicts.map { ([("reason", $0.name)], refusedConnections[$0.verdict]?.value ?? 0) })
    text.counter(
      "thaiyyal_tls_handshakes_total", "TLS handshakes, by outcome.",
      [([("outcome", "done")], handshakes.value), ([("outcome", "failed")], failedHandshakes.value)])
  }
}

extension RefusalCode {
  /// As the specification spells it, in lower case.
  var name: String {
    switch self {
    case .forbidden: "forbidden"
    case .invalid: "invalid"
    case .tooLarge: "too_large"
    case .limit: "limit"
    case .rateLimited: "rate_limited"
    case .clockSkew: "clock_skew"
    case .staleLease: "stale_lease"
    case .conflict: "conflict"
    case .unavailable: "unavailable"
    }
  }
}
