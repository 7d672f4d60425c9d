public import CRDT
public import CollabProtocol
public import WorkflowDocument

/// What happened, told to the machine.
public enum ReplicaEvent: Sendable {
  case start
  case connected
  /// Exactly once for every `.connect`: refused, lost or closed. 1006 when there was no closing handshake.
  case disconnected(code: UInt16, reason: String)
  /// Trying again hardly helps: the certificate is not trusted, the address is none. Instead of `disconnected`.
  case hopeless(String)
  case received(ServerMessage)
  /// Bytes that are no message.
  case undecodable(String)
  /// The end of a turn: what was edited in it may leave.
  case flush
  /// `ReplicaMachine.nextDeadline` has come.
  case timePassed
  case presence(PresenceState)
  case run(RunRequest)
  case cancelRun(CancelRun)
  /// A question about the past; answered by a notice with the request's number.
  case ask(ClientMessage, request: UInt64)
  /// What came of `ReplicaAction.askForToken`.
  case token(TokenAnswer)
  /// Show the server a fresh token; answered by a notice `role` or `error` with the request's number.
  case showToken(String, request: UInt64)
  /// Compare hashes with the server now.
  case verify
  case stop
}

/// One replica of one workflow: the document, the own changes that are not acknowledged, the lease, the connection's state.
///
/// Pure: time comes in with each event, randomness from a seed, and what is to be done goes out as actions, in order.
/// The document holds everything seen and all own pending changes. Nothing pending is lost by a refusal of another change, a lost
/// connection or a lost lease: it takes new numbers and goes out again. Spec: CR1, CR5, AK1, RF1, RS1, RS2.
public struct ReplicaMachine: Sendable {
  public let options: ReplicaOptions
  /// Everything seen from the server and everything done here.
  public internal(set) var document = WorkflowDocument()
  /// Whose numbers own changes carry; `.none` before the first welcome.
  public internal(set) var replica = ReplicaID.none
  /// Of the last change applied in the server's order.
  public internal(set) var position: UInt64 = 0
  public internal(set) var presence = PresenceBoard()
  public internal(set) var runs = RunBoard()
  public internal(set) var issues = IssueBoard()
  public internal(set) var counters = ReplicaCounters()
  public internal(set) var role: Role?
  public internal(set) var limits = Limits()
  /// This session's name, as others see it; "" before the first welcome.
  public internal(set) var session = ""

  /// When the token ends, in milliseconds since 1970 by the server's clock; 0: never, or not known yet. Spec: AC9.
  public internal(set) var tokenExpiresAtMilliseconds: UInt64 = 0

  var link = Link.idle
  /// What the next hello shows.
  var token: String
  /// Tokens on their way to the server, by request.
  var tokensShown: [UInt64: String] = [:]
  var ownTokenCount: UInt64 = 0
  var tokenAskAt: UInt64?
  /// Whoever gives tokens was asked and has not answered.
  var isTokenAsked = false
  var lease: Lease?
  var clock = HybridClock()
  /// The server's wall clock minus this program's uptime: this computer's own wall clock may jump, and nothing depends on it once the
  /// server was heard. Spec: CR3.
  var serverClockOffset: Int64?
  var pending = PendingChanges()
  var nextSeq: UInt64 = 1
  /// The own `seq` known to be durable.
  var acknowledgedSeq: UInt64 = 0
  /// The own `seq` that came back in the server's order: `document.version` without what may never have arrived.
  var streamedSeq: UInt64 = 0
  var undoStack = UndoStack()
  var restoring: Restoring?
  /// Why a restore stays in part, until it is told.
  var restoreEnd: String?
  /// Of pauses.
  var random: SeededRandom
  var repair: Repair?
  var hold: Hold?
  /// The server put off the snapshot that the repair needs.
  var askAgainAt: UInt64?
  var assembly: SnapshotAssembly
  var backoff: Backoff
  /// The server's word on the connection that is ending: why, and when to come back; a pause of 0: not at all. Spec: GB1.
  var farewell: Goodbye?
  var ownPresence: PresenceState?
  var saveStateTold: SaveState?
  var linkStateTold: LinkState?
  var faultsInARow = 0
  /// Whether the document was here once.
  var hasDocument = false

  public init(options: ReplicaOptions, seed: UInt64) {
    self.options = options
    token = options.token
    random = SeededRandom(seed: seed ^ 0x5265_7374_6f72_6521)
    assembly = SnapshotAssembly(bytesMax: options.snapshotBytesMax)
    backoff = Backoff(firstMilliseconds: options.backoffFirstMilliseconds, maxMilliseconds: options.backoffMaxMilliseconds, seed: seed)
  }

  public var pendingCount: Int { pending.count }
  /// Everything done here is on the server's disk.
  public var isSaved: Bool { pending.isEmpty }
  /// Joined, nothing missing, nothing in repair.
  public var isLive: Bool {
    if case .joined(let joined) = link { return repair == nil && position >= joined.catchUpThrough }
    return false
  }
  var isJoined: Bool {
    if case .joined = link { return true }
    return false
  }
  public var stop: ClientStop? {
    if case .stopped(let stop) = link { return stop }
    return nil
  }

  public mutating func handle(_ event: ReplicaEvent, at now: ClientTime) -> [ReplicaAction] {
    var actions: [ReplicaAction] = []
    if case .stopped = link { return actions }
    switch event {
    case .start: if case .idle = link { startWithToken(at: now, into: &actions) }
    case .connected: connected(at: now, into: &actions)
    case .disconnected(let code, let reason): disconnected(CloseCode(rawValue: code), reason, at: now, into: &actions)
    case .received(let message): received(message, at: now, into: &actions)
    case .hopeless(let text): hopeless(text, at: now, into: &actions)
    case .undecodable(let text): fault(text, into: &actions)
    case .flush: break
    case .timePassed: timePassed(at: now, into: &actions)
    case .presence(let state): setPresence(state, at: now, into: &actions)
    case .run(let request): sendIfJoined(.run(request), request: request.request, into: &actions)
    case .cancelRun(let request): sendIfJoined(.cancelRun(request), request: request.request, into: &actions)
    case .ask(let message, let request): sendIfJoined(message, request: request, into: &actions)
    case .token(let answer): take(answer, at: now, into: &actions)
    case .showToken(let fresh, let request): show(fresh, request: request, into: &actions)
    case .verify: verify(at: now, into: &actions)
    case .stop: stopHere(ClientStop(.closedHere, "close() was called"), code: .normal, into: &actions)
    }
    if isLive { hasDocument = true }
    goOnRestoring(at: now, into: &actions)
    flush(at: now, into: &actions)
    tellStates(at: now, into: &actions)
    return actions
  }

  mutating func sendIfJoined(_ message: ClientMessage, request: UInt64, into actions: inout [ReplicaAction]) {
    if case .joined = link {
      actions.append(.send(message))
    } else {
      actions.append(.notify(.error(ErrorReport(request: request, code: .unavailable, text: "not connected"))))
    }
  }
}

/// Numbers that only grow.
public struct ReplicaCounters: Hashable, Sendable {
  public var connects = 0
  public var joins = 0
  /// Equal versions with different hashes. Spec: GV5.
  public var divergences = 0
  public var snapshots = 0
  public var refusals = 0
  public var restamps = 0
  public var changesReceived = 0
  public var duplicatesReceived = 0
  public var gaps = 0
  public var batchesSent = 0
}

/// The connection's life.
enum Link: Sendable {
  /// Before `start`. Can become `.connecting`, `.waitingForToken`.
  case idle
  /// No connection, for want of a token that the server takes. Can become `.down` when one is given, `.stopped` when there is none.
  case waitingForToken(refused: String?, String)
  /// No connection. Can become `.connecting` at `retryAt`.
  case down(retryAt: UInt64)
  /// Can become `.greeting` when the connection stands, `.closing` at the deadline, `.down` when it is refused.
  case connecting(giveUpAt: UInt64)
  /// Hello sent. Can become `.joined` with the welcome, `.closing` at the deadline, `.down`.
  case greeting(giveUpAt: UInt64)
  /// Can become `.closing` when answers do not come, `.down`.
  case joined(Joined)
  /// Given up here. Can become `.down` when the connection reports its end.
  case closing
  /// For good.
  case stopped(ClientStop)
}

/// What belongs to one welcomed connection.
struct Joined: Sendable {
  /// The welcome's position: once it is reached nothing that was missed is missing.
  var catchUpThrough: UInt64
  var lastBatch: UInt64 = 0
  var answeredBatch: UInt64 = 0
  /// A batch or resync waits for an answer; given up at this time.
  var answerBy: UInt64?
  var pingAt: UInt64
  var pingID: UInt64 = 0
  var pingSentAt: UInt64?
  var presenceWaits = false
  var presenceAt: UInt64 = 0
}

/// The document cannot go on as it is and waits for a snapshot: to lose a refused change, to take a new replica id, or to heal.
///
/// Survives the connection: until it is done, own changes do not leave.
struct Repair: Sendable {
  /// Own changes with these numbers are given up.
  var dropped: Set<UInt64> = []
  /// Own changes from this number on take new numbers.
  var renumberFrom: UInt64?
  /// They take new times too.
  var freshTimes = false
  /// The lease to go on with, and the first number to use under it.
  var newLease: (lease: Lease, firstSeq: UInt64)?
  /// On this connection a snapshot was asked for, or is coming anyway.
  var isAsked = false
  /// Of this connection: batches up to here must be answered first, so that no late refusal names a number used anew.
  var answersThrough: UInt64 = 0
  /// The snapshot and what came after it: nothing of ours that is pending.
  var base: (document: WorkflowDocument, position: UInt64)?
}

/// The server asked to wait (`rate_limited`, `unavailable`) or lost count (`conflict`): nothing leaves before `until`.
struct Hold: Sendable {
  var resendFrom: UInt64
  var until: UInt64
  /// Batches up to here must be answered first.
  var answersThrough: UInt64
}
