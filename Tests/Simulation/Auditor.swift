import CRDT
import CollabProtocol
import WorkflowDocument

/// Looks at every message at the moment at which a server hands it to a socket.
final class Auditor {
  private let world: World
  private let sabotage: Sabotage?
  /// Sessions by the name that messages use, with the time of their end.
  private var living: Set<String> = []
  private var endedAt: [String: UInt64] = [:]
  private var mutilationCount = 0

  init(_ world: World, sabotage: Sabotage?) {
    self.world = world
    self.sabotage = sabotage
  }

  /// A tick, and the longest pass of time between a lost connection and the turn of the room's loop in this simulation.
  static let ghostMilliseconds: UInt64 = 6_000

  func sessionEnded(_ name: String) {
    guard living.remove(name) != nil else { return }
    endedAt[name] = world.uptimeMilliseconds
  }

  /// All connections are gone at once: the process died.
  func everybodyEnded() { for name in living { sessionEnded(name) } }

  /// - Returns: the message as it goes out: the same, unless a defect is planted.
  func audit(_ original: ServerMessage, to connection: SimConnection) -> ServerMessage {
    let message = overstated(original)
    let ledger = connection.workflow
    switch message {
    case .welcome(let welcome):
      living.insert(welcome.session)
      world.check(welcome.position <= ledger.position, "RM1", "a welcome at \(welcome.position), durable is \(ledger.position)")
      world.check(ledger.version.covers(welcome.version), "RM1", "a welcome's version is ahead of what is durable")
    case .changes(let changes):
      for change in changes {
        world.check(
          ledger.change(at: change.position) == change, "RM1",
          "position \(change.position) left as \(change.change.replica):\(change.change.seq), durable are \(ledger.position) changes")
      }
    case .ack(let ack):
      let durable = ledger.version[ack.replica]
      world.check(ack.seq <= durable, "AK1", "an ack through \(ack.replica):\(ack.seq), durable is \(durable)")
      world.check(ack.position <= ledger.position, "AK1", "an ack at \(ack.position), durable is \(ledger.position)")
    case .snapshot(let chunk):
      world.check(chunk.position <= ledger.position, "RM1", "a snapshot at \(chunk.position), durable is \(ledger.position)")
    case .hash(let report):
      world.check(report.position <= ledger.position, "RM1", "a hash at \(report.position), durable is \(ledger.position)")
      world.check(ledger.version.covers(report.version), "RM1", "a hash of a version that is not durable")
    case .runEvent(let event):
      let known = ledger.runs[event.run] ?? []
      let isDurable = event.seq >= 1 && event.seq <= UInt64(known.count) && known[Int(event.seq) - 1].kind == event.kind
      world.check(isDurable, "RU2", "event \(event.seq) of run \(event.run) left, durable are \(known.count)")
    case .presence(let frame):
      for name in frame.joined.map(\.session) + frame.slots.map(\.session) { checkLiving(name) }
    case .history(let page):
      let newest = page.entries.map(\.position).max() ?? 0
      world.check(
        max(page.position, newest) <= ledger.position, "HI1", "history up to \(max(page.position, newest)), durable is \(ledger.position)")
    case .versions(let list):
      for version in list.versions {
        world.check(version.position <= ledger.position, "HI3", "\(version.name) at \(version.position), durable is \(ledger.position)")
      }
    case .state(let state):
      world.check(
        state.snapshot.position <= ledger.position, "HI4", "a state at \(state.snapshot.position), durable is \(ledger.position)")
    case .issues, .role, .goodbye, .error, .pong, .unknown: break
    }
    return mutilated(message)
  }

  /// A name that was never welcomed is one whose welcome is on its way; a stranger's would show in the comparison at the end.
  private func checkLiving(_ name: String) {
    guard let end = endedAt[name] else { return }
    let since = world.uptimeMilliseconds - end
    world.check(since <= Self.ghostMilliseconds, "PR2", "\(name) is shown \(since) ms after its end")
  }

  private func overstated(_ message: ServerMessage) -> ServerMessage {
    guard sabotage == .ackOneTooMany, case .ack(var ack) = message, ack.seq > 0 else { return message }
    ack.seq += 1
    return .ack(ack)
  }

  /// Behind the auditor's back: what this client gets is not what the room sent.
  private func mutilated(_ message: ServerMessage) -> ServerMessage {
    guard sabotage == .broadcastLosesOp, case .changes(var changes) = message else { return message }
    mutilationCount += 1
    guard mutilationCount % 7 == 0, let last = changes.indices.last, changes[last].change.ops.count > 1 else { return message }
    changes[last].change.ops.removeLast()
    return .changes(changes)
  }
}
