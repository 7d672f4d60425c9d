import CRDT
import CollabClient
import CollabProtocol
import RoomCore
import Storage
import WorkflowDocument
import WorkflowGraph

extension Simulation {
  /// No fault any more: everybody must become live and saved, and all must hold what a replay of the log holds.
  mutating func heal() {
    world.note("heal")
    for client in clients {
      client.isPartitionedUntil = 0
      client.wallOffset = 0
      roles[client.subject] = .owner
    }
    removeStoreFaults()
    guard converge() else { return }
    // Everybody's connection ends once more, so that a room which does not learn of an end shows somebody who is gone.
    for connection in connections {
      let client = clients.first { $0.connection === connection }
      connection.breakOff(keeping: 0)
      connection.endServerSide(.init(rawValue: 1006))
      client?.lost(1006, "the last cut")
    }
    guard converge() else { return }
    compare()
    guard world.violations.isEmpty else { return }
    // In good order, and then what a newcomer learns from the disk alone.
    server?.drain()
    guard run(until: { $0.server == nil }) else { return world.violate("ARCHITECTURE", "the server does not drain") }
    guard converge() else { return }
    compare()
  }

  /// Faults that were prepared and have not struck yet are used up on a workflow that nobody is in.
  private mutating func removeStoreFaults() {
    guard let gone = server else { return }
    // A crash takes prepared faults along: the survivor has none.
    _ = gone
    endServer(restartAfter: 0)
  }

  private mutating func converge() -> Bool {
    let isDone = run { simulation in
      simulation.server.map { !$0.isDraining } == true
        && simulation.clients.allSatisfy { client in
          client.machine.isLive && client.machine.isSaved && client.machine.position == client.workflow.position
            && client.connection?.down.isEmpty == true && client.connection?.up.isEmpty == true
        }
    }
    guard !isDone else { return true }
    for client in clients { world.violate("ME1", "does not settle: \(client.state)") }
    return false
  }

  /// Lets everything flow until something is true; gives up after five minutes of virtual time.
  private mutating func run(until isDone: (Simulation) -> Bool) -> Bool {
    for round in 0..<6_000 {
      server?.settle()
      server?.store.inner.commitQueued()
      server?.settle()
      for connection in connections {
        connection.stalledUntil = 0
        if !connection.clientIsThere, connection.up.isEmpty { connection.endServerSide(.init(rawValue: 1006)) }
        connection.deliverUp(64)
      }
      server?.settle()
      for client in clients { client.takeDown(64) }
      upkeep()
      if round % 4 == 3 { pass(50) }
      if !world.violations.isEmpty { return false }
      if isDone(self) { return true }
    }
    return false
  }

  private mutating func compare() {
    // A tick and a hash interval, so that what is said only then was said.
    for _ in 0..<8 {
      pass(200)
      _ = run { _ in true }
      _ = run { $0.connections.allSatisfy { $0.up.isEmpty && $0.down.isEmpty } }
    }
    for client in clients {
      var truth = client.workflow.document
      var held = client.machine.document
      world.check(held.version == truth.version, "ME1", "\(client.name) holds another version than the log")
      world.check(held.documentHash() == truth.documentHash(), "ME1", "\(client.name) holds another document than the log")
      world.check(held.graphHash() == truth.graphHash(), "ME1", "\(client.name) holds another graph than the log")
      world.check(held.graph() == truth.graph(), "GV3", "\(client.name) shows another graph than the log")
      world.check(client.machine.counters.divergences == 0, "GV5", "\(client.name) differed and was healed")
      client.checkWritten()
      comparePresence(client)
      compareRuns(client)
    }
    for ledger in ledgers.values {
      for (run, events) in ledger.runs { world.check(events.last?.kind.isLast == true, "RU2", "run \(run) has no end") }
    }
    for connection in connections {
      world.check(
        connection.outstandingMax <= swarm.limits.outboxBytesMax + Self.outboxSlackBytes, "FC2",
        "\(connection.outstandingMax) bytes were on their way to one session")
    }
  }

  /// One turn's frames and one snapshot are written whole.
  private static let outboxSlackBytes = 1 << 20

  private func comparePresence(_ client: SimClient) {
    let here = Set(clients.filter { $0.workflow === client.workflow }.map(\.machine.session))
    let shown = Set(client.machine.presence.participants.keys)
    world.check(shown == here, "PR2", "\(client.name) sees \(shown.sorted()), here are \(here.sorted())")
  }

  private func compareRuns(_ client: SimClient) {
    for run in client.machine.runs.order {
      let shown = client.machine.runs.events[run] ?? []
      let durable = client.workflow.runs[run] ?? []
      world.check(shown.last?.kind.isLast == true, "RU2", "\(client.name) sees no end of run \(run)")
      for event in shown {
        world.check(durable.contains(event), "RU2", "\(client.name) saw event \(event.seq) of \(run) that is not durable")
      }
    }
  }
}
