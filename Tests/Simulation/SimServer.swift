import CollabClient
import CollabProtocol
import Logging
import NIOCore
import RoomCore
import Rooms
import Storage
import WorkflowEngine
import WorkflowGraph

/// One life of the server: the real registry, rooms and engine on simulated loops and threads, over a store that outlives it.
///
/// `@unchecked Sendable`: see `World`.
final class SimServer: @unchecked Sendable {
  let loops: [SimLoop]
  let executor: SimExecutor
  let store: SimStore
  let registry: RoomRegistry
  private(set) var isDraining = false
  private(set) var isDrained = false

  init(_ world: World, swarm: Swarm, ledgers: [WorkflowID: Ledger], inner: InMemoryWorkflowStore, sabotage: Sabotage?) {
    loops = (0..<swarm.loopCount).map { _ in SimLoop(world) }
    let executor = SimExecutor(world)
    self.executor = executor
    store = SimStore(world, ledgers, inner: inner, sabotage: sabotage)
    var configuration = RoomConfiguration()
    configuration.limits = swarm.limits
    configuration.drainDeadline = .seconds(30)
    let environment = RoomEnvironment(
      now: { world.serverTime }, random: { world.random.next() },
      secret: { count in (0..<count).map { _ in UInt8(truncatingIfNeeded: world.random.next()) } }, executor: executor)
    let start = world.uptimeMilliseconds
    let engine = EmbeddedEngine(
      clock: { .milliseconds(Int64(world.uptimeMilliseconds - start)) }, sleep: { await executor.sleep($0) })
    registry = RoomRegistry(
      store: store, loops: loops, configuration: configuration, engine: engine, environment: environment,
      logger: Logger(label: "simulation") { SwiftLogNoOpLogHandler($0) }, makeFrameWriter: { SimFrames() })
  }

  func wake() {
    for loop in loops { loop.wake() }
    executor.wake()
  }

  /// Everything that could run has run, but for the store.
  func settle() {
    while executor.jobCount > 0 || loops.contains(where: { $0.readyCount > 0 }) {
      executor.runAll()
      for loop in loops { loop.run(atMost: .max) }
    }
  }

  func drain() {
    guard !isDraining else { return }
    isDraining = true
    Task(executorPreference: executor) { [self] in
      await registry.drain()
      isDrained = true
    }
  }

  /// Nothing of this life has an effect any more.
  func die() -> InMemoryWorkflowStore {
    let survivor = store.crash()
    for loop in loops { loop.die() }
    executor.wakeAll()
    executor.runAll()
    // A process that dies frees nothing, and need not. Here its memory is the simulation's own.
    for loop in loops { loop.enterDead { registry.abandonRooms(on: loop) } }
    executor.runRest()
    return survivor
  }
}

/// Four bytes of length, the payload.
private final class SimFrames: FrameWriter {
  func append(_ payload: ByteBuffer, as encoding: WireEncoding, compressed: Bool, to frames: inout ByteBuffer) {
    frames.writeInteger(UInt32(payload.readableBytes))
    frames.writeImmutableBuffer(payload)
  }
}
