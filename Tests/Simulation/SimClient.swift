import CRDT
import CollabClient
import CollabProtocol
import WorkflowDocument
import WorkflowGraph

/// A client program with one replica, and a memory of its own for what its user was promised.
final class SimClient {
  let index: Int
  let workflow: Ledger
  private let world: World
  private let swarm: Swarm
  private let sabotage: Sabotage?
  /// Name in the room; another one for each life, so that what each life wrote can be told apart in the log.
  private(set) var name: String
  private var life = 0
  private(set) var machine: ReplicaMachine
  private var mix: EditMix
  private(set) var connection: SimConnection?
  /// Asked for a connection and has none yet.
  private(set) var wantsConnection = false
  var wallOffset: Int64 = 0
  var isPartitionedUntil: UInt64 = 0

  /// Changes made in this life and not given up, by what of them stays the same.
  private var made: [Shape: Int] = [:]
  private var madeCount = 0
  private var lastPosition: UInt64 = 0
  private var requests: UInt64 = 0
  private var linkTold: LinkState?
  private var mustStartAnew = false
  private var lookCount: UInt64 = 0

  init(_ world: World, index: Int, workflow: Ledger, swarm: Swarm, sabotage: Sabotage?) {
    self.world = world
    self.index = index
    self.workflow = workflow
    self.swarm = swarm
    self.sabotage = sabotage
    name = "c\(index).0"
    machine = Self.machine(name, seed: world.random.next())
    mix = EditMix(seed: world.random.next(), prefix: "c\(index).0-")
    mix.withPresence = false
    mix.nodesAim = swarm.nodesAim
  }

  var subject: String { "s\(index)" }
  var isPartitioned: Bool { isPartitionedUntil > world.uptimeMilliseconds }
  var isViewer: Bool { index < swarm.viewers }

  private static func machine(_ name: String, seed: UInt64) -> ReplicaMachine {
    var options = ReplicaOptions(name: name)
    options.create = true
    options.backoffFirstMilliseconds = 20
    options.backoffMaxMilliseconds = 400
    options.answerDeadlineMilliseconds = 3_000
    options.pingIntervalMilliseconds = 1_500
    options.pongDeadlineMilliseconds = 1_500
    options.connectDeadlineMilliseconds = 1_000
    options.welcomeDeadlineMilliseconds = 4_000
    return ReplicaMachine(options: options, seed: seed)
  }

  var time: ClientTime {
    ClientTime(
      wallMilliseconds: UInt64(Int64(world.serverWallOffset + world.uptimeMilliseconds) + wallOffset),
      uptimeMilliseconds: world.uptimeMilliseconds)
  }

  /// For a reader who wonders why it does not settle.
  var state: String {
    "\(name) \(linkTold.map { "\($0)" } ?? "idle"), live \(machine.isLive), waiting \(machine.pendingCount), at \(machine.position) of "
      + "\(workflow.position), role \(machine.role.map { "\($0)" } ?? "none"), \(machine.counters)"
  }

  // MARK: events

  func start() { tell(.start) }

  /// Compares hashes, and looks at the past: by turns a page, a version to be named, a state.
  func verify() {
    tell(.verify)
    lookCount += 1
    let message: ClientMessage =
      switch lookCount % 3 {
      case 1: .history(HistoryRequest(request: lookCount))
      case 2: .nameVersion(NameVersion(request: lookCount, name: "\(name) \(lookCount)"))
      default: .stateAt(StateRequest(request: lookCount, position: machine.position))
      }
    tell(.ask(message, request: lookCount))
  }

  func tell(_ event: ReplicaEvent) {
    for action in machine.handle(event, at: time) { carryOut(action) }
  }

  private func carryOut(_ action: ReplicaAction) {
    switch action {
    case .connect: wantsConnection = true
    case .send(let message): connection?.send(message)
    case .disconnect(let code, _): leave(code)
    case .askForToken: break  // no source of tokens
    case .notify(let notice): take(notice)
    }
  }

  /// The machine is told of every end in the scheduler's next round, never inside its own call.
  private var pendingEnd: (code: UInt16, reason: String)?

  private func leave(_ code: CloseCode) {
    connection?.closeByClient(code)
    connection = nil
    pendingEnd = (wantsConnection ? 1006 : code.rawValue, "closed here")
    wantsConnection = false
  }

  func connected(_ connection: SimConnection) {
    wantsConnection = false
    self.connection = connection
    tell(.connected)
  }

  func notConnected(_ reason: String) {
    wantsConnection = false
    lost(1006, reason)
  }

  /// The connection is gone, as this end sees it.
  func lost(_ code: UInt16, _ reason: String) {
    connection = nil
    if sabotage == .clientForgetsPending, machine.pendingCount > 0 {
      machine = Self.machine(name, seed: world.random.next())
      return tell(.start)
    }
    tell(.disconnected(code: code, reason: reason))
  }

  func wake() {
    if mustStartAnew { crash() }
    if let end = pendingEnd {
      pendingEnd = nil
      lost(end.code == 1000 ? 1006 : end.code, end.reason)
    }
    if let due = machine.nextDeadline, due <= world.uptimeMilliseconds { tell(.timePassed) }
  }

  func takeDown(_ count: Int) {
    guard !isPartitioned, let connection else { return }
    for item in connection.takeDown(count) {
      guard self.connection === connection else { return }
      switch item {
      case .message(let message, _):
        world.note("\(name) hears \(Self.summary(of: message))")
        tell(.received(message))
      case .close(let code, let reason):
        connection.breakOff(keeping: 0)
        connection.endServerSide(code)
        lost(code.rawValue, reason)
      }
    }
  }

  private static func summary(of message: ServerMessage) -> String {
    switch message {
    case .welcome(let welcome):
      "welcome at \(welcome.position), \(welcome.catchup), lease \(welcome.lease.map { "\($0.replica)" } ?? "none")"
    case .snapshot(let chunk): "snapshot \(chunk.index) of \(chunk.count) at \(chunk.position)"
    case .changes(let changes): "changes \(changes.first?.position ?? 0) to \(changes.last?.position ?? 0)"
    case .ack(let ack): "ack \(ack.batch) through \(ack.replica):\(ack.seq), refused \(ack.refused.map { "\($0.seq) \($0.code)" })"
    case .hash(let report): "hash at \(report.position)"
    case .runEvent(let event): "run \(event.run) event \(event.seq) \(event.kind)"
    case .goodbye(let goodbye): "goodbye \(goodbye.code)"
    case .error(let error): "error \(error.code) \(error.text)"
    case .role(let changed): "role \(changed.role)"
    case .history(let page): "history of \(page.entries.count) entries to \(page.position)"
    case .versions(let list): "\(list.versions.count) versions"
    case .state(let state): "state \(state.snapshot.index) of \(state.snapshot.count) at \(state.snapshot.position)"
    case .presence, .issues, .pong, .unknown: "\(message)".prefix { $0 != "(" }.description
    }
  }

  // MARK: notices

  private func take(_ notice: ClientNotice) {
    switch notice {
    case .changes(let changes):
      for change in changes {
        world.check(change.position > lastPosition, "OR1", "\(name) hears position \(change.position) after \(lastPosition)")
        lastPosition = change.position
      }
    case .replaced(let position): lastPosition = position
    case .refused(let change, let refusal): giveUp(change, refusal)
    case .saveState(.saved): checkSaved()
    case .diverged(let report): world.violate("GV5", "\(name) differs at \(report.position)")
    case .link(let state):
      linkTold = state
      world.note("\(name) \(state)")
      guard case .stopped(let stop) = state else { return }
      // After an eviction a person has to ask again [GB1].
      if stop.reason == .closedByServer(.evicted) {
        mustStartAnew = true
        return
      }
      // Who may not write cannot make a workflow, and may have come before anybody who can.
      if stop.reason == .closedByServer(.forbidden), machine.counters.joins == 0 {
        mustStartAnew = true
        return
      }
      world.check(stop.reason == .closedHere, "RS1", "\(name) stopped: \(stop)")
    default: break
    }
  }

  private func giveUp(_ change: Change, _ refusal: Refusal) {
    let shape = Shape(change)
    world.note("\(name) loses \(change.replica):\(change.seq) by \(refusal.code)")
    let isLegal = [.limit, .tooLarge, .forbidden].contains(refusal.code)
    world.check(isLegal, "RF1", "\(name) was refused \(refusal.code) \(refusal.text): no well-behaved client is")
    guard !shape.isEmpty else { return }
    world.check(made[shape] != nil, "RF1", "\(name) gives up a change that it did not make, or twice")
    made[shape] = made[shape].flatMap { $0 > 1 ? $0 - 1 : nil }
    madeCount -= 1
  }

  /// Everything made here is on the server's disk: says the machine.
  private func checkSaved() {
    let durable = workflow.countByAuthor[name] ?? 0
    world.check(durable == madeCount, "AK1", "\(name) says saved with \(madeCount) changes made, durable are \(durable)")
  }

  /// At the end: what is in the log under this name is what was made, change by change.
  func checkWritten() {
    checkSaved()
    var found: [Shape: Int] = [:]
    for logged in workflow.log where logged.author.name == name {
      let shape = Shape(logged.change)
      if !shape.isEmpty { found[shape, default: 0] += 1 }
    }
    world.check(found == made, "ST1", "what \(name) made is not what the log holds")
  }

  // MARK: what the user does

  func edit() {
    for _ in 0..<(1 + world.random.below(swarm.editsInARow)) {
      switch mix.nextEdit(machine.document) {
      case .edit(let ops): attempt { [try machine.edit(ops, at: time)] }
      case .undo: attempt { try machine.undo(at: time) }
      case .redo: attempt { try machine.redo(at: time) }
      case .presence: break
      }
    }
    if world.random.chance(3, of: 4) { tell(.flush) }
  }

  func undo() {
    attempt { try machine.undo(at: time) }
    tell(.flush)
  }

  private func attempt(_ body: () throws -> [Change]) {
    do {
      for change in try body() {
        let shape = Shape(change)
        guard !shape.isEmpty else { continue }
        made[shape, default: 0] += 1
        madeCount += 1
      }
    } catch let error as ClientError {
      switch error {
      // What a user may meet: offline before the first catch-up, a role without rights, nothing to undo, a document or a queue that is full.
      case .notJoined, .readOnly, .nothingToUndo, .overwritten, .invalid, .pendingFull: break
      default: world.violate("CR1", "\(name) cannot make an edit: \(error)")
      }
    } catch { world.violate("CR1", "\(name): \(error)") }
  }

  func showPresence() {
    var state = PresenceState()
    state.cursor = Point(x: Double(world.random.below(1000)), y: Double(world.random.below(1000)))
    tell(.presence(state))
  }

  func run() {
    requests += 1
    var request = RunRequest()
    request.request = requests
    request.idempotencyKey = world.random.chance(1, of: 3) ? "key-\(world.random.below(3))" : ""
    request.include = machine.document.version
    request.policy = world.random.pick(RunRequest.Policy.allCases)
    request.parked = world.random.pick(RunRequest.Parked.allCases)
    tell(.run(request))
  }

  func cancelRun() {
    guard let run = machine.runs.order.last else { return }
    requests += 1
    tell(.cancelRun(CancelRun(request: requests, run: run)))
  }

  /// The program ends without a word; another one starts in its place and knows nothing. What was not acknowledged is lost with it.
  func crash() { restart { $0.breakOff(keeping: world.random.below($0.up.count + 1)) } }

  /// The user closes the page.
  func leaveForGood() { restart { $0.closeByClient(.normal) } }

  private func restart(_ end: (SimConnection) -> Void) {
    if let connection { end(connection) }
    connection = nil
    wantsConnection = false
    pendingEnd = nil
    mustStartAnew = false
    checkRemains()
    life += 1
    name = "c\(index).\(life)"
    made = [:]
    madeCount = 0
    lastPosition = 0
    machine = Self.machine(name, seed: world.random.next())
    mix = EditMix(seed: world.random.next(), prefix: "\(name)-")
    mix.withPresence = false
    mix.nodesAim = swarm.nodesAim
    start()
  }

  /// Of what this life was told is saved, nothing is missing.
  private func checkRemains() {
    if machine.isSaved, machine.replica != .none { checkSaved() }
  }
}
