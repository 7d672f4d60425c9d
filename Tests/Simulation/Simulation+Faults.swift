import CRDT
import CollabClient
import CollabProtocol
import Rooms
import Storage
import WorkflowDocument
import WorkflowGraph

extension Simulation {
  mutating func fault(_ step: Swarm.Step) {
    world.countFault()
    let client = world.random.pick(clients)
    switch step {
    case .cut: cut(client)
    case .halfOpenEnds: endHalfOpen()
    case .stall: anyConnection()?.stalledUntil = world.uptimeMilliseconds + UInt64(world.random.below(800))
    case .partition: client.isPartitionedUntil = world.uptimeMilliseconds + UInt64(world.random.below(3_000))
    case .serverCrash: endServer(restartAfter: UInt64(world.random.below(300)))
    case .drain: server?.drain()
    case .clientCrash: client.crash()
    case .clientLeaves: client.leaveForGood()
    case .wallJump: world.serverWallOffset &+= UInt64(bitPattern: Int64(world.random.below(40_000) - 20_000))
    case .clientWallJump: client.wallOffset = Int64(world.random.below(400_000) - 200_000)
    case .longPass: for _ in 0..<(1 + world.random.below(20)) { pass(250) }
    case .role: changeRole(of: client)
    case .evict: server?.registry.evict(client.subject, from: client.workflow.workflow)
    case .rogue: sendRogue(client)
    default: storeFault(step, client.workflow.workflow)
    }
  }

  private func storeFault(_ step: Swarm.Step, _ workflow: WorkflowID) {
    guard let store = server?.store.inner else { return }
    switch step {
    case .failAppend: store.failAppends(1 + world.random.below(3), of: workflow)
    case .tearAppend: store.tearAppend(of: workflow)
    case .failLoad: store.failLoads(1 + world.random.below(2), of: workflow)
    case .failSave: store.failSaves(1 + world.random.below(2), of: workflow)
    // Only the newest: two at once are more than the store promises to survive.
    case .damageSnapshot: _ = store.damageSnapshot(of: workflow)
    default: break
    }
  }

  /// The connection breaks for the client; the server may go on believing in it, and read what was on its way.
  private func cut(_ client: SimClient) {
    guard let connection = client.connection else { return }
    connection.breakOff(keeping: world.random.below(connection.up.count + 1))
    client.lost(1006, "cut")
    if world.random.chance(1, of: 2) { connection.endServerSide(.init(rawValue: 1006)) }
  }

  /// The server's keep-alive finds out.
  private func endHalfOpen() {
    let halfOpen = connections.filter { !$0.clientIsThere && $0.serverIsThere }
    if !halfOpen.isEmpty { world.random.pick(halfOpen).endServerSide(.init(rawValue: 1006)) }
  }

  private func changeRole(of client: SimClient) {
    let role: Role = world.random.pick([.viewer, .commenter, .editor, .owner])
    roles[client.subject] = role
    server?.registry.setRole(role, of: client.subject, in: client.workflow.workflow)
  }

  /// A change that no client of ours would send, on a connection of its own making.
  private func sendRogue(_ client: SimClient) {
    guard let connection = client.connection, client.machine.isLive else { return }
    let replica = client.machine.replica
    var change = Change(
      replica: replica, seq: client.workflow.version[replica] + 50,
      hlc: .init(milliseconds: world.serverWallOffset + world.uptimeMilliseconds, counter: 0),
      ops: [.setNodeLife(node: NodeID("rogue"), alive: true)])
    if world.random.chance(1, of: 2) { change.replica = .init(replica.rawValue &+ 1) }
    if world.random.chance(1, of: 3) {
      change.hlc = .init(milliseconds: world.serverWallOffset + world.uptimeMilliseconds + 1_000_000, counter: 0)
    }
    // Its answer would confuse the client that shares the connection, so it is the last that this connection hears.
    connection.send(.change(ChangeBatch(batch: UInt64(UInt32.max), changes: [change], seen: 0)))
    connection.breakOff(keeping: connection.up.count)
    client.lost(1006, "cut")
  }
}
