import CRDT
import CollabClient
import CollabProtocol
import RoomCore
import Rooms
import Storage
import WorkflowDocument
import WorkflowGraph

/// The whole server and its clients under one seed: real rooms, registry, engine and replicas; virtual time, network, threads and disk.
///
/// Every step is drawn from the seed; checks run at every message and every commit. At the end everything heals, and what each replica,
/// the store and a newcomer hold must be the replay of what was durable, change by change.
public struct Simulation {
  public struct Outcome: Sendable {
    public var seed: UInt64
    public var steps = 0
    public var faults = 0
    public var changes = 0
    public var violations: [Violation] = []
    /// Equal for equal seeds.
    public var trace: UInt64 = 0
    /// The last steps, when asked for.
    public var story: [String] = []
  }

  let world: World
  let swarm: Swarm
  let sabotage: Sabotage?
  let auditor: Auditor
  let ledgers: [WorkflowID: Ledger]
  var clients: [SimClient]
  var connections: [SimConnection] = []
  /// Those that hide their end, kept until their server dies.
  private var haunted: [SimConnection] = []
  var server: SimServer?
  /// What a dead server left, until the next one starts.
  var disk = InMemoryWorkflowStore()
  var serverStartsAt: UInt64 = 0
  var roles: RoleBook
  private var nextConnection = 0
  private let table: [(Swarm.Step, Int)]
  private var outcome: Outcome

  init(seed: UInt64, sabotage: Sabotage?, tellsStory: Bool) {
    world = World(seed: seed, tellsStory: tellsStory)
    swarm = Swarm(&world.random)
    self.sabotage = sabotage
    auditor = Auditor(world, sabotage: sabotage)
    let world = world
    let viewers = Set((0..<swarm.viewers).map { "s\($0)" })
    roles = RoleBook(viewers: viewers)
    let books = (0..<swarm.workflowCount).map { Ledger(world, WorkflowID("w\($0)")!, viewers: viewers) }
    ledgers = Dictionary(uniqueKeysWithValues: books.map { ($0.workflow, $0) })
    let swarm = swarm
    clients = (0..<swarm.clientCount).map {
      SimClient(world, index: $0, workflow: books[$0 % books.count], swarm: swarm, sabotage: sabotage)
    }
    table = Swarm.Step.allCases.compactMap { step in swarm.weights[step].map { (step, $0) } }
    outcome = Outcome(seed: seed)
    var limits = StoreLimits()
    limits.queueBytesMax = swarm.storeQueueBytesMax
    disk = InMemoryWorkflowStore(limits: limits)
  }

  /// Runs one seed to its end, or to its first violation.
  public static func run(seed: UInt64, stepCount: Int, sabotage: Sabotage? = nil, tellsStory: Bool = false) -> Outcome {
    var simulation = Simulation(seed: seed, sabotage: sabotage, tellsStory: tellsStory)
    simulation.run(stepCount)
    return simulation.outcome
  }

  private mutating func run(_ stepCount: Int) {
    for client in clients { client.start() }
    startServer()
    while outcome.steps < stepCount, world.violations.isEmpty {
      outcome.steps += 1
      step(draw())
    }
    if world.violations.isEmpty { heal() }
    outcome.faults = world.faults
    outcome.changes = ledgers.values.reduce(0) { $0 + $1.log.count }
    outcome.violations = world.violations
    outcome.trace = world.trace
    outcome.story = world.story.suffix(400)
    // What is left must not outlive its world.
    if let server { _ = server.die() }
    for connection in connections + haunted { connection.serverDied() }
  }

  private func draw() -> Swarm.Step {
    var left = world.random.below(table.reduce(0) { $0 + $1.1 })
    for (step, weight) in table {
      left -= weight
      if left < 0 { return step }
    }
    return .pass
  }

  private mutating func step(_ step: Swarm.Step) {
    world.note("\(step)")
    if step.isFault { fault(step) } else { ordinary(step) }
    // A scheduler that is always late finds less than one that mostly keeps up.
    if world.random.chance(1, of: 3) { server?.settle() }
    upkeep()
  }

  private mutating func ordinary(_ step: Swarm.Step) {
    let client = world.random.pick(clients)
    switch step {
    case .edit: client.edit()
    case .undo: client.undo()
    case .presence: client.showPresence()
    case .run: client.run()
    case .cancelRun: client.cancelRun()
    case .verify: client.verify()
    case .up: if let connection = anyConnection() { connection.deliverUp(1 + world.random.below(8)) }
    case .down: client.takeDown(1 + world.random.below(8))
    case .loop: if let server { world.random.pick(server.loops).run(atMost: 1 + world.random.below(4)) }
    case .job: server?.executor.runOne()
    case .commit: server?.store.inner.commitQueued()
    case .pass: pass(UInt64(1 + world.random.below(60)))
    default: break
    }
  }

  // MARK: what always goes on

  /// Starts servers, connects who wants to be connected, forgets connections that both ends have given up.
  mutating func upkeep() {
    if server == nil, world.uptimeMilliseconds >= serverStartsAt { startServer() }
    if let server, server.isDrained {
      // In good order: what the store had queued was committed before the last room closed.
      world.note("drained")
      endServer(restartAfter: 20)
    }
    for client in clients {
      client.wake()
      if client.wantsConnection, !client.isPartitioned { connect(client) }
    }
    connections.removeAll { !$0.clientIsThere && !$0.serverIsThere }
  }

  private mutating func connect(_ client: SimClient) {
    guard let server else { return client.notConnected("connection refused") }
    nextConnection += 1
    let connection = SimConnection(
      world, number: nextConnection, loop: world.random.pick(server.loops), workflow: client.workflow,
      encoding: world.random.chance(1, of: 2) ? .json : .proto, socketBytes: swarm.socketBytes, auditor: auditor)
    connection.hidesEnd = sabotage == .ghostSession && nextConnection % 3 == 0
    if connection.hidesEnd { haunted.append(connection) }
    let (subject, roles, isBypassed) = (client.subject, roles, sabotage == .viewerMayWrite)
    let role: @Sendable () -> Role = { isBypassed ? .owner : roles[subject] }
    connection.loop.enter {
      let session = RoomSession(workflow: client.workflow.workflow, sink: connection, registry: server.registry) { _ in
        .admitted(subject: subject, role: role())
      }
      connection.session = session
      session.start()
    }
    connections.append(connection)
    client.connected(connection)
  }

  mutating func pass(_ milliseconds: UInt64) {
    world.pass(milliseconds)
    server?.wake()
  }

  private mutating func startServer() {
    server = SimServer(world, swarm: swarm, ledgers: ledgers, inner: disk, sabotage: sabotage)
    world.note("server starts")
  }

  /// The process is gone; its connections break when the network says so.
  mutating func endServer(restartAfter pause: UInt64) {
    guard let gone = server else { return }
    disk = gone.die()
    server = nil
    serverStartsAt = world.uptimeMilliseconds + pause
    auditor.everybodyEnded()
    for connection in haunted { connection.serverDied() }
    haunted = []
    for connection in connections {
      connection.serverDied()
      let client = clients.first { $0.connection === connection }
      // What the sockets already held may still arrive.
      if let client, world.random.chance(1, of: 2) { client.takeDown(world.random.below(6)) }
      if connection.clientIsThere {
        connection.breakOff(keeping: 0)
        if let client, client.connection === connection { client.lost(1006, "the server died") }
      }
    }
    connections = []
  }

  func anyConnection() -> SimConnection? { connections.isEmpty ? nil : world.random.pick(connections) }
}

/// Who may do what: the authenticator's side of roles.
///
/// `@unchecked Sendable`: see `World`.
final class RoleBook: @unchecked Sendable {
  /// These may only look on, from the first to the last step.
  let viewers: Set<String>
  private var roles: [String: Role] = [:]

  init(viewers: Set<String>) { self.viewers = viewers }

  subscript(subject: String) -> Role {
    get { viewers.contains(subject) ? .viewer : roles[subject] ?? .owner }
    set { roles[subject] = newValue }
  }
}
