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
  private var named: [String: (version: NamedVersion, snapshot: StoredSnapshot)] = [:]
  /// Numbers given so far.
  private var versionCount: UInt64 = 0
  private var leases: [[UInt8]: LeaseRecord] = [:]
  /// Names of runs, oldest first.
  private var runOrder: [String] = []
  private var runs: [String: [StoredRunEvent]] = [:]

  var lastPosition: UInt64 { floor + UInt64(log.count) }

  /// All of `writes` or none.
  /// - Returns: runs that are over with them.
  mutating func append(_ writes: [StoreWrite]) throws(StoreError) -> [StoredRun] {
    var ended: [StoredRun] = []
    try StoreWrite.checkOrder(of: writes, after: lastPosition)
    for write in writes {
      switch write {
      case .change(let logged): log.append(logged)
      case .lease(let lease): leases[lease.secretDigest] = lease
      case .runEvent(let event): if append(event), event.isLast, let run = storedRun(event.run) { ended.append(run) }
      case .version(.renamed(let id, let name, let note)):
        named[id]?.version.name = name
        named[id]?.version.note = note
        named[id]?.version.cause = .named
      case .version(.dropped(let id)): named[id] = nil
      }
    }
    return ended
  }

  /// `false` when it is there already.
  private mutating func append(_ event: StoredRunEvent) -> Bool {
    if runs[event.run] == nil { runOrder.append(event.run) }
    var events = runs[event.run] ?? []
    let at = events.lastIndex { $0.seq <= event.seq }
    if let at, events[at].seq == event.seq { return false }
    events.insert(event, at: at.map { $0 + 1 } ?? 0)
    runs[event.run] = events
    return true
  }

  mutating func save(_ snapshot: StoredSnapshot, limits: StoreLimits) throws(StoreError) {
    guard snapshot.position <= lastPosition else { throw .snapshotAhead(snapshot.position, of: lastPosition) }
    snapshots.removeAll { $0.isDamaged || $0.stored.position == snapshot.position }
    snapshots.append(Snapshot(stored: snapshot))
    snapshots.sort { $0.stored.position > $1.stored.position }
    let kept = limits.retention(
      snapshots.reversed().map(\.stored.position), floor: floor, last: lastPosition, reach: reach(limits.historyBytesMax))
    snapshots.removeAll { !kept.kept.contains($0.stored.position) }
    log.removeFirst(Int(kept.floor - floor))
    floor = kept.floor
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

  /// The position behind which the log has so many bytes.
  private func reach(_ bytesMax: Int) -> UInt64 {
    var bytes = 0
    for logged in log.reversed() {
      bytes += ChangeBody.encode(logged.change).count
      if bytes > bytesMax { return logged.position }
    }
    return floor
  }

  func load() throws(StoreError) -> StoredWorkflow {
    var sound: [StoredSnapshot] = []
    var damage: [String] = []
    for snapshot in snapshots where sound.count < StoreLimits.snapshotCount {
      if snapshot.isDamaged {
        damage.append("the snapshot at position \(snapshot.stored.position) is damaged and was passed over")
      } else {
        sound.append(snapshot.stored)
      }
    }
    let start = sound.last?.position ?? 0
    guard start >= floor else { throw .noWayBack(floor: floor) }
    var found = StoredWorkflow(
      snapshots: sound, log: Array(log.dropFirst(Int(start - floor))),
      leases: leases.values.sorted { ($0.replica, $0.touchedAtMilliseconds) < ($1.replica, $1.touchedAtMilliseconds) },
      interruptedRuns: runOrder.filter { !isFinished($0) }.compactMap { storedRun($0) }, damage: damage)
    found.versions = versions
    return found
  }

  // MARK: History

  var versions: [NamedVersion] {
    named.values.map(\.version).sorted { ($0.position, $0.id) < ($1.position, $1.id) }
  }

  mutating func name(_ given: NamedVersion, _ snapshot: StoredSnapshot, _ limits: StoreLimits) throws(StoreError) -> NamedVersion {
    if let present = named[given.id] { return present.version }
    guard given.position <= lastPosition else { throw .snapshotAhead(given.position, of: lastPosition) }
    let others = named.values.filter { $0.version.isAutomatic == given.isAutomatic }
    let bytes = others.reduce(snapshot.data.count) { $0 + $1.snapshot.data.count }
    try limits.requireRoom(forAutomatic: given.isAutomatic, countBefore: others.count, bytesWith: bytes)
    versionCount += 1
    var version = given
    version.number = versionCount
    named[version.id] = (version, snapshot)
    return version
  }

  func history(before position: UInt64, limit: Int, bytesMax: Int) -> StoredHistory {
    var found = StoredHistory(changes: [], floor: floor, last: lastPosition)
    let end = position == 0 || position > lastPosition ? log.count : max(0, Int(position - 1) - Int(floor))
    var bytes = 0
    for logged in log.prefix(end).reversed() where found.changes.count < limit && bytes < bytesMax {
      found.changes.append(logged)
      bytes += ChangeBody.encode(logged.change).count
    }
    return found
  }

  func state(at position: UInt64) throws(StoreError) -> StoredState? {
    guard position > 0 else { return StoredState(snapshot: nil, log: []) }
    guard position <= lastPosition else { return nil }
    var bases = snapshots.filter { !$0.isDamaged }.map(\.stored) + named.values.map(\.snapshot)
    bases.sort { $0.position > $1.position }
    let base = bases.first { $0.position <= position && ($0.position >= floor || $0.position == position) }
    guard base != nil || floor == 0 else {
      if position >= floor { throw .noWayBack(floor: floor) }
      return nil
    }
    let start = base?.position ?? 0
    return StoredState(snapshot: base, log: start == position ? [] : Array(log[Int(start - floor)..<Int(position - floor)]))
  }

  func changes(after position: UInt64, limit: Int) -> [LoggedChange]? {
    guard position >= floor else { return nil }
    guard position < lastPosition else { return [] }
    return Array(log[Int(position - floor)...].prefix(max(0, limit)))
  }

  func events(of run: String, after seq: UInt64) -> [StoredRunEvent] { (runs[run] ?? []).filter { $0.seq > seq } }

  func newestRuns(before run: String?, limit: Int, bytesMax: Int) -> [StoredRun] {
    let older = run.map { runOrder.prefix(upTo: runOrder.firstIndex(of: $0) ?? 0) } ?? runOrder[...]
    var found: [StoredRun] = []
    var bytes = 0
    for name in older.reversed() where found.count < limit && bytes < bytesMax {
      guard let run = storedRun(name) else { continue }
      found.append(run)
      bytes += run.byteCount
    }
    return found
  }

  private func isFinished(_ run: String) -> Bool { runs[run]?.contains(where: \.isLast) ?? false }

  private func storedRun(_ run: String) -> StoredRun? {
    guard let events = runs[run], let first = events.first else { return nil }
    return StoredRun(run: run, first: first, last: events.last(where: \.isLast))
  }
}
