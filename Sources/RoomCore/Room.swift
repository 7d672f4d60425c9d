import CRDT
import CollabProtocol
import RateLimits
public import WorkflowDocument
public import WorkflowGraph

/// One workflow and everybody in it, as a state machine: events in, actions out.
///
/// Decides, and does nothing else: no input or output, no clock, no randomness but a seeded stream. Every event costs O(log n) or O(what it
/// carries), except a joiner's catch-up and upkeep, which are bounded by the limits. What reveals a change leaves only through the commit
/// queue. Spec: RM1.
public struct Room: Sendable {
  /// Can become `draining` at any time, `saving` when idle, `over` from both.
  enum Life: Sendable {
    case open
    /// Goodbye was said; becomes `saving` once the log is flushed.
    case draining
    /// The last snapshot is being stored; becomes `over`, or `open` when a session arrives and no drain is on.
    case saving(isDraining: Bool)
    case over
  }

  enum StoreState: Sendable {
    case healthy
    /// What is applied and not durable may be lost; nothing is accepted until a reload tells. Becomes `healthy`.
    case degraded(attempt: Int)
  }

  let limits: RoomLimits
  let documentLimits: DocumentLimits
  let server: String
  /// What nodes there can be beside those of the catalogue.
  var otherTypes: OtherTypes?

  /// With every change taken, durable or not.
  var document: WorkflowDocument
  /// Of the last change in `document`.
  var appliedPosition: UInt64
  /// Of the last change that came out of the commit queue.
  var durablePosition: UInt64
  var durableVersion: Version
  var tail: ChangeTail
  var queue = CommitQueue()

  var sessions = SessionTable()
  /// Sessions with a deadline.
  var watched: Set<SessionID> = []
  /// Sessions that had their welcome in this turn.
  var welcomed: [SessionID] = []
  /// Sessions that get an ack at the end of this release.
  var ackDue: [SessionID] = []
  var leases: LeaseTable
  var presence = PresenceBoard()
  var snapshots: SnapshotDesk
  var runs: RunBook
  var versions: VersionBook
  var editing = Editing()
  /// Looks at history that the shell was asked for.
  var lookNumber: UInt64 = 0
  /// States that are being made, for all sessions together.
  var statesOpenCount = 0
  var findings = Findings()

  var life = Life.open
  var store = StoreState.healthy
  var timers = TimerBoard()
  /// No token of a session ends before this, by the clock on the wall.
  var nextExpiryMilliseconds = UInt64.max
  var generator: SplitMix
  var now: RoomTime

  /// - Parameters:
  ///   - server: name and version of the program, for the welcome.
  ///   - randomSeed: makes run ids unique over restarts.
  public init(
    _ seed: RoomSeed, limits: RoomLimits, server: String, otherTypes: OtherTypes? = nil, randomSeed: UInt64, now: RoomTime
  ) {
    self.limits = limits
    self.server = server
    self.otherTypes = otherTypes
    documentLimits = DocumentLimits(limits.protocolLimits)
    document = seed.document
    appliedPosition = seed.position
    durablePosition = seed.position
    durableVersion = seed.document.version
    tail = ChangeTail(
      seed.recent, versionBefore: seed.versionBeforeRecent, position: seed.position, countMax: limits.tailCountMax,
      bytesMax: limits.tailBytesMax)
    leases = LeaseTable(seed.leases, endedCountMax: limits.endedLeaseCountMax)
    snapshots = SnapshotDesk(
      storedPosition: seed.snapshotPosition, loggedBytes: seed.recent.reduce(0) { $0 + $1.estimatedBytes },
      nowMilliseconds: now.monotonicMilliseconds)
    runs = RunBook(seed.runs, keyCountMax: limits.runKeyCountMax)
    versions = VersionBook(seed.versions)
    generator = SplitMix(seed: randomSeed)
    self.now = now
    document.setOtherTypes(otherTypes)
    findings.publish(document.takeIssueChanges())
  }

  /// Whether the room may be dropped: it has asked for `unload`.
  public var isOver: Bool { if case .over = life { true } else { false } }

  /// Everything that was taken, and the position from which on it may be shown; `nil` while the store fails. Spec: RM1.
  public var latest: (document: WorkflowDocument, position: UInt64)? { isDegraded ? nil : (document, appliedPosition) }

  /// Up to here all is durable.
  public var shownPosition: UInt64 { durablePosition }

  /// To be called once, before the first event.
  public mutating func open(now: RoomTime, into actions: inout [RoomAction]) {
    self.now = now
    closeInterrupted(because: "the server was restarted", into: &actions)
    // A room that is never open for long has to end leases too.
    upkeep(into: &actions)
    arm(.idle, afterMilliseconds: limits.idleUnloadMilliseconds, into: &actions)
    resumeKeeping(into: &actions)
  }

  public mutating func handle(_ event: RoomEvent, now: RoomTime, into actions: inout [RoomAction]) {
    if isOver { return }
    self.now = now
    switch event {
    case .sessionArrived(let arrival): arrive(arrival, into: &actions)
    case .messageReceived, .messageRefused, .batchPutOff: hear(event, into: &actions)
    case .outsideEdit(let edit, let number, let session): self.edit(edit, number, from: session, into: &actions)
    case .versionWanted(let wish, let number, let session): keepVersion(wish, number, from: session, into: &actions)
    case .sessionLeft(let session, let isFinal): leave(session, isFinal: isFinal, into: &actions)
    case .outboxMeasured(let session, let bytes): measureOutbox(of: session, bytes: bytes, into: &actions)
    case .outboxCrowded(let session, let bytes): measureOutbox(of: session, bytes: bytes, isCrowded: true, into: &actions)
    case .writesCommitted(let count): release(committed: count, into: &actions)
    case .storeFailed(let reason): degrade(reason, into: &actions)
    case .storeReloaded(let seed): heal(seed, into: &actions)
    case .reloadFailed: retryReload(into: &actions)
    case .snapshotEncoded(let position, let bytes): snapshotEncoded(at: position, bytes: bytes, into: &actions)
    case .snapshotFailed(let position): snapshotFailed(at: position, into: &actions)
    case .snapshotStored(let position): snapshotStored(at: position, into: &actions)
    case .snapshotNotStored: snapshotNotStored(into: &actions)
    case .looked(let number, let id, let outcome): looked(number, for: id, outcome, into: &actions)
    case .versionNamed(let version): versionNamed(version, into: &actions)
    case .versionNotNew(let id, let present): versionNotNew(id, present, into: &actions)
    case .versionNotNamed(let id, let code, let text): versionNotNamed(id, code, text, into: &actions)
    case .runAdvanced(let run, let step): advance(run, step, into: &actions)
    case .timerFired(let timer, let generation): fire(timer, generation: generation, into: &actions)
    case .typesChanged(let types): changeTypes(types, into: &actions)
    case .roleChanged(let subject, let role): changeRole(of: subject, to: role, into: &actions)
    case .memberChanged(let subject, let role): changeMember(subject, to: role, into: &actions)
    case .credentialRevoked(let credential): revoke(credential, into: &actions)
    case .tokenRenewed(let id, let rights, let request): renew(id, rights, request: request, into: &actions)
    case .evicted(let subject): evict(subject, into: &actions)
    case .drainBegan: drain(into: &actions)
    case .removalBegan: makeWay(into: &actions)
    }
    // What had no write before it.
    release(committed: 0, into: &actions)
    hearEarly(into: &actions)
  }

  /// What sessions said before their welcome. Spec: WP1.
  private mutating func hearEarly(into actions: inout [RoomAction]) {
    while let id = welcomed.popLast() {
      guard let early = sessions[id]?.early, !early.isEmpty else { continue }
      sessions[id]?.early = []
      for event in early { hear(event, into: &actions) }
      release(committed: 0, into: &actions)
    }
  }

  /// What a session says, in the order it was said; the welcome comes before every answer.
  private mutating func hear(_ event: RoomEvent, into actions: inout [RoomAction]) {
    let id: SessionID
    switch event {
    case .messageReceived(.hello, from: let session): return close(session, .badRequest, "a second hello", into: &actions)
    case .messageReceived(_, from: let session), .messageRefused(_, from: let session), .batchPutOff(_, _, from: let session):
      id = session
    default: return
    }
    guard let session = sessions[id] else { return }
    guard session.isWelcomed else {
      guard session.early.count < limits.earlyMessageCountMax else { return close(id, .badRequest, "wait for the welcome", into: &actions) }
      sessions[id]?.early.append(event)
      return
    }
    switch event {
    case .messageReceived(let message, _): receive(message, from: session, into: &actions)
    case .messageRefused(let report, _): actions.append(.send(.error(report), to: id))
    case .batchPutOff(let batch, let refusal, _):
      noteSeen(batch.seen, by: session)
      putOff(batch, refusal, from: id, into: &actions)
    default: break
    }
  }

  private mutating func receive(_ message: ClientMessage, from session: Session, into actions: inout [RoomAction]) {
    let id = session.id
    switch message {
    // A token is dealt with at the door.
    case .hello, .token, .unknown: break
    case .ping(let ping):
      noteSeen(ping.seen, by: session)
      actions.append(.send(.pong(Pong(id: ping.id, serverMilliseconds: now.wallMilliseconds)), to: id))
    case .change(let batch): take(batch, from: id, into: &actions)
    case .presence(let state): setPresence(state, of: id, into: &actions)
    case .run(let request): requestRun(request, from: id, into: &actions)
    case .cancelRun(let cancel): requestCancel(cancel, from: id, into: &actions)
    case .resync(let resync): compare(resync, from: id, into: &actions)
    case .history, .stateAt, .nameVersion, .renameVersion, .dropVersion, .listVersions:
      receiveAboutThePast(message, from: id, into: &actions)
    }
  }

  private mutating func receiveAboutThePast(_ message: ClientMessage, from id: SessionID, into actions: inout [RoomAction]) {
    switch message {
    case .history(let request): requestHistory(request, from: id, into: &actions)
    case .stateAt(let request): requestState(request, from: id, into: &actions)
    case .nameVersion(let request): nameVersion(request, from: id, into: &actions)
    case .renameVersion(let rename):
      let edit = VersionEdit.renamed(id: rename.version, name: rename.name, note: rename.note)
      editVersion(edit, request: rename.request, name: rename.name, note: rename.note, from: id, into: &actions)
    case .dropVersion(let drop): editVersion(.dropped(id: drop.version), request: drop.request, from: id, into: &actions)
    case .listVersions(let list): listVersions(list.request, from: id, into: &actions)
    default: break
    }
  }

  private mutating func fire(_ timer: RoomTimer, generation: UInt64, into actions: inout [RoomAction]) {
    guard timers.fired(timer, generation: generation) else { return }
    switch timer {
    case .tick: tick(into: &actions)
    case .hash: reportHash(into: &actions)
    case .watch: watch(into: &actions)
    case .upkeep: upkeep(into: &actions)
    case .version: keepIfQuiet(into: &actions)
    case .idle: unloadIfIdle(into: &actions)
    case .drain: endDrain(into: &actions)
    case .expiry: endExpired(into: &actions)
    }
  }

  // MARK: small things everybody needs

  mutating func arm(_ timer: RoomTimer, afterMilliseconds: UInt64, into actions: inout [RoomAction]) {
    actions.append(.arm(timer, generation: timers.arm(timer), afterMilliseconds: afterMilliseconds))
  }

  mutating func armOnce(_ timer: RoomTimer, afterMilliseconds: UInt64, into actions: inout [RoomAction]) {
    if !timers.isArmed(timer) { arm(timer, afterMilliseconds: afterMilliseconds, into: &actions) }
  }

  func report(to session: SessionID, request: UInt64, _ refusal: RateRefusal, into actions: inout [RoomAction]) {
    actions.append(.send(.error(ErrorReport(request: request, refusal)), to: session))
  }

  /// An answer to a message that is no change. Reveals nothing but the text, so it need not wait. Spec: ER1.
  func report(to session: SessionID, request: UInt64, _ code: RefusalCode, _ text: String, into actions: inout [RoomAction]) {
    actions.append(.send(.error(ErrorReport(request: request, code: code, text: text)), to: session))
  }

  var isDegraded: Bool { if case .degraded = store { true } else { false } }

  var isAccepting: Bool { if case .open = life { !isDegraded } else { false } }
}

/// Which timers are armed. A timer that fires with an old generation was replaced in the meantime.
struct TimerBoard: Sendable {
  private var generations = [UInt64](repeating: 0, count: RoomTimer.allCases.count)
  private var armed: Set<RoomTimer> = []

  mutating func arm(_ timer: RoomTimer) -> UInt64 {
    generations[timer.rawValue] += 1
    armed.insert(timer)
    return generations[timer.rawValue]
  }

  mutating func disarm(_ timer: RoomTimer) { armed.remove(timer) }

  func isArmed(_ timer: RoomTimer) -> Bool { armed.contains(timer) }

  mutating func fired(_ timer: RoomTimer, generation: UInt64) -> Bool {
    guard generations[timer.rawValue] == generation else { return false }
    return armed.remove(timer) != nil
  }
}
