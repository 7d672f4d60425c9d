import Access
import CRDT
import CollabProtocol
import RoomCore
import Testing
import WorkflowDocument
import WorkflowGraph

/// A room with a store that commits when told, sessions that only listen, and a check of output commit on everything that leaves.
struct Stage {
  var room: Room
  var time = RoomTime(wallMilliseconds: 1_800_000_000_000, monotonicMilliseconds: 1_000)

  /// Asked for and not durable yet.
  var pending: [RoomWrite] = []
  var store = DurableState()
  var peers: [SessionID: Peer] = [:]
  var armed: [RoomTimer: (generation: UInt64, dueMilliseconds: UInt64)] = [:]
  var encoding: [UInt64: WorkflowDocument] = [:]
  var shelf: [UInt64: WorkflowDocument] = [:]
  var stored: [UInt64] = []
  var looks: [(number: UInt64, look: HistoryLook, session: SessionID)] = []
  var sentStates: [(number: UInt64, request: UInt64, session: SessionID)] = []
  var droppedStates: [UInt64] = []
  /// Whether automatic versions are asked of the store; else there is never anything new in them.
  var keepsAutomatic = false
  private var notNew: [String] = []
  /// Asked of the store and not answered.
  var namings: [NamedVersion] = []
  var editOutcomes: [UInt64: EditOutcome] = [:]
  var startedRuns: [RunID: WorkflowGraph] = [:]
  var cancelledRuns: [RunID] = []
  var reloads: [UInt64] = []
  var notes: [RoomNote] = []
  var isUnloaded = false
  /// Snapshots are encoded at once unless a test holds them.
  var holdsSnapshots = false
  private var nextSession: UInt64 = 1

  init(
    _ seed: RoomSeed = RoomSeed(), limits: RoomLimits = RoomLimits(), store: DurableState = DurableState(),
    startingAt wallMilliseconds: UInt64 = 1_800_000_000_000
  ) {
    self.store = store
    time.wallMilliseconds = wallMilliseconds
    // Secrets follow from session ids: those of another life must not come again.
    nextSession = 1 + 100 * UInt64(store.leases.count)
    room = Room(seed, limits: limits, server: "test", randomSeed: 7, now: time)
    var actions: [RoomAction] = []
    room.open(now: time, into: &actions)
    carryOut(actions)
  }

  // MARK: what tests do

  /// Joins and commits, so that the session is live.
  @discardableResult
  mutating func join(
    _ name: String = "ada", role: Role = .owner, rights: Rights? = nil, subject: String = "", commit: Bool = true,
    holding document: WorkflowDocument? = nil,
    connectionNumber: UInt64? = nil, takesLease: Bool = true,
    _ configure: (inout Hello) -> Void = { _ in }
  ) -> SessionID {
    let id = SessionID(rawValue: nextSession)
    nextSession += 1
    var hello = Hello()
    hello.name = name
    if let document { hello.version = document.version }
    configure(&hello)
    let secret = [UInt8](repeating: UInt8(truncatingIfNeeded: id.rawValue), count: Lease.secretBytes)
    peers[id] = Peer(id: id, document: document ?? WorkflowDocument())
    handle(
      .sessionArrived(
        Arrival(
          session: id, connectionNumber: connectionNumber ?? id.rawValue, hello: hello, subject: subject,
          rights: rights ?? Rights(member: role), shownDigest: hello.lease.map { Self.digest($0.secret) },
          freshSecret: secret, freshDigest: Self.digest(secret), takesLease: takesLease)))
    if commit { self.commit() }
    return id
  }

  /// Stands in for SHA-256: all that matters is that it is a function.
  static func digest(_ secret: [UInt8]) -> [UInt8] { secret.map { $0 ^ 0xa5 } }

  mutating func say(_ message: ClientMessage, _ id: SessionID) { handle(.messageReceived(message, from: id)) }

  mutating func send(_ changes: [Change], _ id: SessionID, batch: UInt64 = 1, seen: UInt64 = 0) {
    say(.change(ChangeBatch(batch: batch, changes: changes, seen: seen)), id)
  }

  /// The next change of a session's replica.
  mutating func change(_ id: SessionID, _ ops: Op...) -> Change { change(id, ops: ops) }

  mutating func change(_ id: SessionID, ops: [Op]) -> Change {
    let replica = peers[id]!.lease!.replica
    let seq = peers[id]!.nextSeq
    peers[id]!.nextSeq += 1
    return Change(replica: replica, seq: seq, hlc: HybridTime(milliseconds: time.wallMilliseconds, counter: UInt16(seq)), ops: ops)
  }

  /// Sends one change that makes a node, and commits.
  @discardableResult
  mutating func edit(_ id: SessionID, _ node: String = "n", commit: Bool = true) -> Change {
    let change = change(id, .makeNode(node), .set(node, .type, "\"number\""))
    send([change], id)
    if commit { self.commit() }
    return change
  }

  mutating func commit(_ count: Int = .max) {
    // Snapshots and run starts may ask for more.
    repeat {
      let part = pending.prefix(count)
      guard !part.isEmpty else { return }
      pending.removeFirst(part.count)
      for write in part { store.take(write) }
      handle(.writesCommitted(part.count))
    } while count == .max
  }

  mutating func handle(_ event: RoomEvent) {
    var actions: [RoomAction] = []
    room.handle(event, now: time, into: &actions)
    carryOut(actions)
  }

  /// Lets time pass and fires what is due, in order.
  mutating func wait(_ milliseconds: UInt64) {
    let end = time.monotonicMilliseconds + milliseconds
    while let next = armed.min(by: { $0.value.dueMilliseconds < $1.value.dueMilliseconds }), next.value.dueMilliseconds <= end {
      advance(to: max(next.value.dueMilliseconds, time.monotonicMilliseconds))
      armed[next.key] = nil
      handle(.timerFired(next.key, generation: next.value.generation))
    }
    advance(to: end)
  }

  private mutating func advance(to monotonic: UInt64) {
    time.wallMilliseconds += monotonic - time.monotonicMilliseconds
    time.monotonicMilliseconds = monotonic
  }

  mutating func finishSnapshots() {
    for (position, document) in encoding.sorted(by: { $0.key < $1.key }) {
      encoding[position] = nil
      shelf[position] = document
      handle(.snapshotEncoded(position: position, bytes: 1000))
    }
  }

  /// What a reload would find.
  func seed() -> RoomSeed {
    RoomSeed(
      document: store.document, position: UInt64(store.log.count), recent: store.log, leases: store.leases, runs: store.runs,
      versions: store.versions)
  }

  func received(_ id: SessionID) -> [ServerMessage] { peers[id]?.inbox ?? [] }

  mutating func forget() { for id in peers.keys { peers[id]?.inbox = [] } }

  // MARK: what the room does

  private mutating func carryOut(_ actions: [RoomAction]) {
    for action in actions {
      #expect(!isUnloaded, "nothing follows unload: \(action)")
      switch action {
      case .write(let write): pending.append(write)
      case .send(let message, let id): deliver(message, to: id)
      case .sendShared(let message, let ids): for id in ids { deliver(message, to: id) }
      case .sendSnapshot(let position, let id): deliverSnapshot(position, to: id)
      case .broadcast(let message, let topic):
        for id in peers.keys where peers[id]?.topics.includes(topic) == true { deliver(message, to: id) }
      case .listen(let id, let topics): peers[id]?.topics = topics
      case .pauseReading(let id):
        #expect(peers[id]?.isPaused == false)
        peers[id]?.isPaused = true
      case .resumeReading(let id):
        #expect(peers[id]?.isPaused == true)
        peers[id]?.isPaused = false
      case .close(let id, let code, _):
        peers[id]?.closeCode = code
        peers[id]?.topics = .none
      case .encodeSnapshot(let document, let position): encoding[position] = document
      case .storeSnapshot(let position):
        #expect(shelf[position] != nil)
        #expect(position <= UInt64(store.log.count), "[RM1] the store's snapshot is durable")
        stored.append(position)
      case .dropSnapshot(let position): shelf[position] = nil
      case .look(let number, let look, let id): looks.append((number, look, id))
      case .sendState(let number, let request, let id): sentStates.append((number, request, id))
      case .dropState(let number): droppedStates.append(number)
      case .nameVersion(let version):
        #expect(version.position <= UInt64(store.log.count), "[RM1] what a version names is durable")
        if version.isAutomatic, !keepsAutomatic { notNew.append(version.id) } else { namings.append(version) }
      case .answerEdit(let number, let outcome):
        if case .done(let receipt) = outcome {
          #expect(receipt.position <= UInt64(store.log.count), "[RM1] what an answer tells is durable")
        }
        editOutcomes[number] = outcome
      case .startRun(let run, let graph, _):
        #expect(store.runEvents.contains { $0.run == run.rawValue && $0.seq == 1 }, "[RM1] a run starts when its start is durable")
        startedRuns[run] = graph
      case .cancelRun(let run): cancelledRuns.append(run)
      case .arm(let timer, let generation, let pause): armed[timer] = (generation, time.monotonicMilliseconds + pause)
      case .reload(let pause): reloads.append(pause)
      case .note(let note): notes.append(note)
      case .unload: isUnloaded = true
      }
    }
    if !holdsSnapshots, !encoding.isEmpty { finishSnapshots() }
    while let id = notNew.popLast() { handle(.versionNotNew(id, present: nil)) }
  }

  private mutating func deliverSnapshot(_ position: UInt64, to id: SessionID) {
    #expect(position <= UInt64(store.log.count), "[RM1] a snapshot of \(position) while \(store.log.count) is durable")
    guard let document = shelf[position] else {
      Issue.record("no snapshot at \(position)")
      return
    }
    peers[id]?.take(snapshot: document)
  }

  mutating func deliver(_ message: ServerMessage, to id: SessionID) {
    checkOutputCommit(message)
    peers[id]?.take(message)
  }

  /// [RM1] Nothing undurable leaves.
  private func checkOutputCommit(_ message: ServerMessage) {
    let durable = UInt64(store.log.count)
    let version = store.document.version
    switch message {
    case .welcome(let welcome):
      #expect(welcome.position <= durable)
      #expect(version.covers(welcome.version))
      if let lease = welcome.lease { #expect(store.leases.contains { $0.replica == lease.replica && $0.seqAtEnd == nil }) }
    case .changes(let changes):
      for change in changes { #expect(store.log.contains(change), "[RM1] \(change.position) left before it was durable") }
    case .ack(let ack):
      #expect(ack.seq <= version[ack.replica])
      #expect(ack.position <= durable)
    case .hash(let report):
      #expect(version.covers(report.version))
      #expect(report.position <= durable)
    case .runEvent(let event):
      #expect(store.runEvents.contains { $0.run == event.run && $0.seq == event.seq }, "[RM1] run event \(event.seq)")
    case .versions(let list): #expect(list.versions == store.versions.filter { !$0.isAutomatic }, "[RM1] a list that is not the store's")
    case .snapshot, .presence, .issues, .role, .goodbye, .error, .pong, .history, .state, .unknown: break
    }
  }
}

/// What the store holds.
struct DurableState {
  var log: [LoggedChange] = []
  var leases: [ReplicaLease] = []
  var runEvents: [RunEvent] = []
  /// By position, then id.
  var versions: [NamedVersion] = []
  var document = WorkflowDocument()

  /// Oldest first, each with its events.
  var runs: [[RunEvent]] {
    var order: [String] = []
    for event in runEvents where !order.contains(event.run) { order.append(event.run) }
    return order.map { run in runEvents.filter { $0.run == run } }
  }

  mutating func take(_ write: RoomWrite) {
    switch write {
    case .change(let change):
      #expect(change.position == UInt64(log.count) + 1, "[OR1] positions have no gaps")
      log.append(change)
      #expect(throws: Never.self) { try document.apply(change.change) }
    case .lease(let lease):
      leases.removeAll { $0.secretDigest == lease.secretDigest }
      leases.append(lease)
      let inForce = leases.filter { $0.seqAtEnd == nil }.map(\.replica)
      #expect(Set(inForce).count == inForce.count, "[CR5] no replica id is lent twice")
    case .runEvent(let event): runEvents.append(event)
    case .version(.renamed(let id, let name, let note)):
      for index in versions.indices where versions[index].id == id {
        (versions[index].name, versions[index].note, versions[index].cause) = (name, note, .named)
      }
    case .version(.dropped(let id)): versions.removeAll { $0.id == id }
    }
  }
}

/// A client that only listens, and checks what it hears.
struct Peer {
  let id: SessionID
  var inbox: [ServerMessage] = []
  var topics = Topics.none
  var isPaused = false
  var closeCode: CloseCode?
  var lease: Lease?
  var nextSeq: UInt64 = 1
  var document = WorkflowDocument()
  var snapshotCount = 0

  init(id: SessionID, document: WorkflowDocument) {
    self.id = id
    self.document = document
  }

  mutating func take(_ message: ServerMessage) {
    inbox.append(message)
    switch message {
    case .welcome(let welcome):
      lease = welcome.lease
      nextSeq = welcome.lease.map { welcome.version[$0.replica] + 1 } ?? 1
    case .changes(let changes):
      for change in changes {
        #expect(throws: Never.self, "a gap in what \(id) hears") { try document.apply(change.change) }
      }
    default: break
    }
  }

  mutating func take(snapshot: WorkflowDocument) {
    document = snapshot
    snapshotCount += 1
  }

  var welcome: Welcome? { inbox.lazy.compactMap { if case .welcome(let welcome) = $0 { welcome } else { nil } }.first }
  var changes: [LoggedChange] { inbox.flatMap { if case .changes(let changes) = $0 { changes } else { [LoggedChange]() } } }
  var acks: [Ack] { inbox.compactMap { if case .ack(let ack) = $0 { ack } else { nil } } }
  var refusals: [Refusal] { acks.flatMap(\.refused) }
  var errors: [ErrorReport] { inbox.compactMap { if case .error(let error) = $0 { error } else { nil } } }
  var presences: [PresenceFrame] { inbox.compactMap { if case .presence(let frame) = $0 { frame } else { nil } } }
  var runEvents: [RunEvent] { inbox.compactMap { if case .runEvent(let event) = $0 { event } else { nil } } }
  var hashes: [HashReport] { inbox.compactMap { if case .hash(let report) = $0 { report } else { nil } } }
  var versionLists: [VersionList] { inbox.compactMap { if case .versions(let list) = $0 { list } else { nil } } }
  var pages: [HistoryPage] { inbox.compactMap { if case .history(let page) = $0 { page } else { nil } } }
  var goodbyes: [Goodbye] { inbox.compactMap { if case .goodbye(let goodbye) = $0 { goodbye } else { nil } } }
  /// The findings as somebody sees them who hears of what came and went.
  var findings: [(code: String, node: NodeID?)] {
    issues.reduce(into: Set()) { known, change in
      known.subtract(change.removed)
      known.formUnion(change.added)
    }.map { ($0.code, $0.node) }
  }
  var issues: [IssuesChange] { inbox.compactMap { if case .issues(let issues) = $0 { issues } else { nil } } }
}

extension Op {
  static func makeNode(_ id: String) -> Op { .setNodeLife(node: NodeID(id), alive: true) }
  static func set(_ node: String, _ field: FieldKey, _ value: String) -> Op {
    .setNodeField(node: NodeID(node), field: field, value: JSONText(unchecked: value))
  }
}
