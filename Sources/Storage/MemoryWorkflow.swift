import WorkflowDocument

/// What the in-memory store holds of one workflow, and the rules of the contract as plain functions on it.
struct MemoryWorkflow: Sendable {
  struct Snapshot: Sendable {
    var stored: StoredSnapshot
    var isDamaged = false
  }

  /// The log from `floor + 1` on.
  private(set) var log: [LoggedChange] = []
  /// The highest position that was trimmed away; 0 when the log is whole.
  private(set) var floor: UInt64 = 0
  /// Highest position first.
  private(set) var snapshots: [Snapshot] = []
  private var leases: [[UInt8]: LeaseRecord] = [:]
  /// Names of runs, oldest first.
  private var runOrder: [String] = []
  private var runs: [String: [StoredRunEvent]] = [:]

  var lastPosition: UInt64 { floor + UInt64(log.count) }

  /// All of `writes` or none.
  mutating func append(_ writes: [StoreWrite]) throws(StoreError) {
    try StoreWrite.checkOrder(of: writes, after: lastPosition)
    for write in writes {
      switch write {
      case .change(let logged): log.append(logged)
      case .lease(let lease): leases[lease.secretDigest] = lease
      case .runEvent(let event): append(event)
      }
    }
  }

  private mutating func append(_ event: StoredRunEvent) {
    if runs[event.run] == nil { runOrder.append(event.run) }
    var events = runs[event.run] ?? []
    let at = events.lastIndex { $0.seq <= event.seq }
    if let at, events[at].seq == event.seq { return }
    events.insert(event, at: at.map { $0 + 1 } ?? 0)
    runs[event.run] = events
  }

  mutating func save(_ snapshot: StoredSnapshot, limits: StoreLimits) throws(StoreError) {
    guard snapshot.position <= lastPosition else { throw .snapshotAhead(snapshot.position, of: lastPosition) }
    snapshots.removeAll { $0.isDamaged || $0.stored.position == snapshot.position }
    snapshots.append(Snapshot(stored: snapshot))
    snapshots.sort { $0.stored.position > $1.stored.position }
    snapshots = Array(snapshots.prefix(StoreLimits.snapshotCount))
    if snapshots.count == StoreLimits.snapshotCount, let older = snapshots.last?.stored.position, older > floor {
      log.removeFirst(Int(older - floor))
      floor = older
    }
    forget(limits)
  }

  private mutating func forget(_ limits: StoreLimits) {
    let ended = leases.values.filter { $0.seqAtEnd != nil }.sorted { $0.touchedAtMilliseconds < $1.touchedAtMilliseconds }
    for lease in ended.dropLast(limits.endedLeaseCountMax) { leases[lease.secretDigest] = nil }
    let finished = runOrder.filter { isFinished($0) }
    for run in finished.prefix(max(0, runOrder.count - limits.runCountMax)) { runs[run] = nil }
    runOrder.removeAll { runs[$0] == nil }
  }

  /// Flips a byte of the `age`-th newest snapshot, as a dying disk would. `false` when there is none.
  mutating func damageSnapshot(age: Int) -> Bool {
    guard snapshots.indices.contains(age) else { return false }
    snapshots[age].isDamaged = true
    return true
  }

  func load() throws(StoreError) -> StoredWorkflow {
    let sound = snapshots.filter { !$0.isDamaged }.map(\.stored)
    let damage = snapshots.filter(\.isDamaged).map { "the snapshot at position \($0.stored.position) is damaged and was passed over" }
    let start = sound.last?.position ?? 0
    guard start >= floor else { throw .noWayBack(floor: floor) }
    return StoredWorkflow(
      snapshots: sound, log: Array(log.dropFirst(Int(start - floor))),
      leases: leases.values.sorted { ($0.replica, $0.touchedAtMilliseconds) < ($1.replica, $1.touchedAtMilliseconds) },
      interruptedRuns: runOrder.filter { !isFinished($0) }.compactMap { storedRun($0) }, damage: damage)
  }

  func changes(after position: UInt64, limit: Int) -> [LoggedChange]? {
    guard position >= floor else { return nil }
    guard position < lastPosition else { return [] }
    return Array(log[Int(position - floor)...].prefix(max(0, limit)))
  }

  func events(of run: String) -> [StoredRunEvent] { runs[run] ?? [] }

  func newestRuns(limit: Int) -> [StoredRun] { runOrder.reversed().prefix(max(0, limit)).compactMap { storedRun($0) } }

  private func isFinished(_ run: String) -> Bool { runs[run]?.contains(where: \.isLast) ?? false }

  private func storedRun(_ run: String) -> StoredRun? {
    guard let events = runs[run], let first = events.first else { return nil }
    return StoredRun(run: run, first: first, last: events.last(where: \.isLast))
  }
}
