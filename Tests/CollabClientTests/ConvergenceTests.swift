import CRDT
import CollabProtocol
import Foundation
import Testing
import WorkflowDocument
import WorkflowGraph

@testable import CollabClient

/// Machines and a server with a network between them that delays, cuts and forgets.
private struct World {
  struct Wire {
    var id: Int
    var up: [ClientMessage] = []
    var down: [ServerMessage] = []
  }

  var server: FakeServer
  var scripts: [MachineScript]
  var mixes: [EditMix]
  var wires: [Wire?]
  var random: SeededRandom
  var nextWire = 0
  var editsMade = 0
  /// Every change that a client was told is durable, by its ops: these must be in the end's log.
  var refused = 0

  init(seed: UInt64, clients: Int) {
    random = SeededRandom(seed: seed)
    server = FakeServer(seed: random.next())
    scripts = (0..<clients).map { index in
      MachineScript {
        $0.backoffFirstMilliseconds = 20
        $0.answerDeadlineMilliseconds = 2000
        $0.name = "c\(index)"
      }
    }
    var mixSeeds = random
    mixes = (0..<clients).map { index in
      var mix = EditMix(seed: mixSeeds.next(), prefix: "c\(index)-")
      mix.withPresence = false
      mix.nodesAim = 12
      return mix
    }
    wires = Array(repeating: nil, count: clients)
    for index in scripts.indices { tell(index, .start) }
  }

  mutating func tell(_ client: Int, _ event: ReplicaEvent) {
    for action in scripts[client].tell(event) {
      switch action {
      case .connect:
        nextWire += 1
        wires[client] = Wire(id: nextWire)
        tell(client, .connected)
      case .send(let message): wires[client]?.up.append(message)
      case .disconnect: cut(client)
      case .askForToken: break
      case .notify(.refused): refused += 1
      case .notify: break
      }
    }
  }

  mutating func cut(_ client: Int) {
    guard let wire = wires[client] else { return }
    // What was on its way up may still arrive; what was on its way down is lost.
    for message in wire.up.prefix(random.below(wire.up.count + 1)) { server.receive(message, from: wire.id) }
    server.leave(wire.id)
    wires[client] = nil
    tell(client, .disconnected(code: 1006, reason: "cut"))
  }

  mutating func pass(_ milliseconds: UInt64) {
    server.milliseconds += milliseconds
    for index in scripts.indices {
      scripts[index].pass(milliseconds)
      if let due = scripts[index].machine.nextDeadline, due <= scripts[index].now.uptimeMilliseconds { tell(index, .timePassed) }
    }
  }

  mutating func deliver(_ client: Int) {
    guard var wire = wires[client] else { return }
    let up = random.below(wire.up.count + 1)
    let moving = wire.up.prefix(up)
    wires[client]!.up.removeFirst(up)
    for message in moving { server.receive(message, from: wire.id) }
    wires[client]!.down += server.takeOutbox(wire.id)
    wire = wires[client]!
    let down = random.below(wire.down.count + 1)
    let coming = wire.down.prefix(down)
    wires[client]!.down.removeFirst(down)
    for message in coming where wires[client]?.id == wire.id { tell(client, .received(message)) }
  }

  mutating func edit(_ client: Int) {
    guard scripts[client].machine.canEdit else { return }
    let now = scripts[client].now
    do {
      switch mixes[client].nextEdit(scripts[client].machine.document) {
      case .edit(let ops): try scripts[client].machine.edit(ops, at: now)
      case .undo: try scripts[client].machine.undo(at: now)
      case .redo: try scripts[client].machine.redo(at: now)
      case .presence: break
      }
      editsMade += 1
    } catch ClientError.nothingToUndo {
    } catch ClientError.overwritten {
    } catch { Issue.record("an edit of the mix was not taken: \(error)") }
    if random.chance(1, of: 2) { tell(client, .flush) }
  }

  mutating func step() {
    let client = random.below(scripts.count)
    switch random.below(100) {
    case 0..<45: edit(client)
    case 45..<85: deliver(client)
    case 85..<92: server.commit(all: random.chance(1, of: 3))
    case 92..<95: pass(UInt64(random.below(120)))
    case 95: server.reportHash()
    case 96: if let lease = scripts[client].machine.lease { server.endLease(of: lease.secret) }
    default: cut(client)
    }
  }

  /// The network is whole again: everything must come to rest and agree.
  mutating func heal() -> Bool {
    server.refusalPercent = 0
    server.laterPercent = 0
    for _ in 0..<20_000 {
      for client in scripts.indices {
        tell(client, .flush)
        deliver(client)
      }
      server.commit(all: true)
      pass(15)
      let isQuiet = wires.allSatisfy { $0.map { $0.up.isEmpty && $0.down.isEmpty } ?? false }
      if isQuiet, scripts.allSatisfy({ $0.machine.isLive && $0.machine.isSaved }), allAtEnd { return true }
    }
    return false
  }

  private var allAtEnd: Bool { scripts.allSatisfy { $0.machine.position == UInt64(server.log.count) } }
}

@Suite("Any number of clients, any faults: one document")
struct ConvergenceTests {
  /// `SEED=7` replays one, `SEEDS=1000` tries many.
  private static let seeds: [UInt64] = {
    let environment = ProcessInfo.processInfo.environment
    if let seed = environment["SEED"].flatMap({ UInt64($0) }) { return [seed] }
    return Array(1...(environment["SEEDS"].flatMap { UInt64($0) } ?? 60))
  }()

  @Test("[RS1, RF1, CR5] machines and a server over a bad network end equal", arguments: Self.seeds)
  func converge(seed: UInt64) throws {
    var world = World(seed: seed, clients: 2 + Int(seed % 3))
    world.server.refusalPercent = seed % 2 == 0 ? 3 : 0
    world.server.laterPercent = seed % 3 == 0 ? 5 : 0
    for _ in 0..<1500 { world.step() }
    let isAtRest = world.heal()
    try #require(isAtRest, "SEED=\(seed): did not come to rest")

    let expected = world.server.documentHash()
    for script in world.scripts {
      var document = script.machine.document
      #expect(document.documentHash() == expected, "SEED=\(seed)")
      #expect(document.version == world.server.document.version, "SEED=\(seed)")
      #expect(script.machine.counters.divergences == 0, "SEED=\(seed)")
    }
    // Nothing is lost and nothing doubled: what was made and not refused is in the log once.
    #expect(world.server.log.count + world.refused <= world.editsMade, "SEED=\(seed)")
    #expect(world.server.log.count > 100, "SEED=\(seed)")
    if world.server.refusalPercent == 0, seed % 2 == 1 { #expect(world.server.log.count == world.editsMade, "SEED=\(seed)") }
  }

  @Test("a server that loses an acknowledged change is noticed: the harness can fail")
  func canary() {
    var world = World(seed: 7, clients: 2)
    for _ in 0..<600 { world.step() }
    let isAtRest = world.heal()
    #expect(isAtRest)
    var document = world.scripts[0].machine.document
    _ = try? document.apply(Make.change(99, 1, Make.node("only-here")))
    #expect(document.documentHash() != world.server.documentHash())
  }
}
