import CRDT
import CollabProtocol
import Storage
import WorkflowDocument
import WorkflowGraph

/// What the store has said is durable, kept apart from the store: the truth that nothing may contradict.
final class Ledger {
  private let world: World
  let workflow: WorkflowID
  private(set) var log: [LoggedChange] = []
  /// A replay of the log, change by change: the oracle of every replica.
  private(set) var document = WorkflowDocument()
  private(set) var runs: [String: [RunEvent]] = [:]
  private(set) var countByAuthor: [String: Int] = [:]
  private var inForce: [ReplicaID: [UInt8]] = [:]
  private var ended: Set<[UInt8]> = []

  private let viewers: Set<String>

  /// - Parameter viewers: subjects whose changes may never be here.
  init(_ world: World, _ workflow: WorkflowID, viewers: Set<String>) {
    self.world = world
    self.viewers = viewers
    self.workflow = workflow
  }

  var position: UInt64 { UInt64(log.count) }
  var version: Version { document.version }

  func take(_ write: StoreWrite) {
    switch write {
    case .change(let change): take(change)
    case .lease(let lease): take(lease)
    case .runEvent(let stored): take(stored)
    case .version: break
    }
  }

  private func take(_ logged: LoggedChange) {
    world.note("durable: \(logged.position) is \(logged.change.replica):\(logged.change.seq) by \(logged.author.name)")
    world.check(logged.position == position + 1, "OR1", "position \(logged.position) became durable after \(position)")
    world.check(!viewers.contains(logged.author.subject), "RF1", "a viewer's change became durable at \(logged.position)")
    log.append(logged)
    countByAuthor[logged.author.name, default: 0] += Shape(logged.change).isEmpty ? 0 : 1
    do { _ = try document.apply(logged.change) } catch {
      world.violate("CR1", "the log has a gap: \(logged.change.replica):\(logged.change.seq) at \(logged.position): \(error)")
    }
  }

  private func take(_ lease: LeaseRecord) {
    world.note(
      "durable: lease \(lease.replica) of \(lease.secretDigest.prefix(3)), \(lease.seqAtEnd.map { "ended at \($0)" } ?? "in force")")
    if lease.seqAtEnd == nil {
      // The newest record of a secret counts: one that no client has heard of may move to another id.
      for replica in inForce.filter({ $0.value == lease.secretDigest }).keys { inForce[replica] = nil }
      let holder = inForce[lease.replica]
      world.check(holder == nil || holder == lease.secretDigest, "CR5", "replica \(lease.replica) is lent twice")
      world.check(!ended.contains(lease.secretDigest), "CR5", "the lease of replica \(lease.replica) had ended and is in force again")
      inForce[lease.replica] = lease.secretDigest
    } else {
      if inForce[lease.replica] == lease.secretDigest { inForce[lease.replica] = nil }
      ended.insert(lease.secretDigest)
      let last = version[lease.replica]
      world.check(lease.seqAtEnd! <= last, "CR5", "a lease of \(lease.replica) ended at \(lease.seqAtEnd!), durable is \(last)")
    }
  }

  private func take(_ stored: StoredRunEvent) {
    let event: RunEvent
    do { event = try RunEventCodec.decode(stored.body) } catch {
      return world.violate("RU2", "a stored run event cannot be read: \(error)")
    }
    let before = runs[stored.run]?.last
    if let before, event.seq <= before.seq { return }
    world.check(event.seq == (before?.seq ?? 0) + 1, "RU2", "run \(stored.run): event \(event.seq) after \(before?.seq ?? 0)")
    world.check(before?.kind.isLast != true, "RU2", "run \(stored.run): an event after the last")
    runs[stored.run, default: []].append(event)
  }

  // MARK: what a load shows

  /// The store's answer must agree with all it has said; what it wrote and said it had not is learned here.
  func reconcile(_ stored: StoredWorkflow) {
    let last = max(stored.log.last?.position ?? 0, stored.snapshots.first?.position ?? 0)
    world.check(last >= position, "ST1", "durable was \(position), the store holds \(last)")
    for logged in stored.log {
      if logged.position <= position {
        world.check(
          log[Int(logged.position) - 1] == logged, "ST1", "position \(logged.position) was \(log[Int(logged.position) - 1]), now \(logged)")
      } else {
        take(logged)
      }
    }
    ended.formUnion(stored.leases.filter { $0.seqAtEnd != nil }.map(\.secretDigest))
    inForce = [:]
    for lease in stored.leases where lease.seqAtEnd == nil { take(lease) }
  }

  func reconcile(_ events: [StoredRunEvent]) { for event in events { take(event) } }

  // MARK: what may leave a server

  func change(at position: UInt64) -> LoggedChange? {
    position >= 1 && position <= self.position ? log[Int(position) - 1] : nil
  }
}

/// What of a change stays the same when it takes other numbers: its ops without the removals of edges, whose tags follow.
struct Shape: Hashable {
  private var ops: [Op]

  init(_ change: Change) {
    ops = change.ops.filter { if case .removeEdge = $0 { false } else { true } }
  }

  var isEmpty: Bool { ops.isEmpty }
}
