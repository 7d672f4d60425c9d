import CRDT
import CollabProtocol
import Compression
import WorkflowDocument
import WorkflowGraph

@testable import CollabClient

/// The server's half of the protocol in the simplest form that is right: one list of changes, one document, leases, output commit.
/// Faults are drawn from a seed.
struct FakeServer {
  struct Session {
    var replica: ReplicaID
    var isWelcomed = false
    var sentThrough = 0
    var refusedSeq: UInt64?
    var outbox: [ServerMessage] = []
  }

  private(set) var document = WorkflowDocument()
  private(set) var log: [LoggedChange] = []
  private(set) var durableCount = 0
  private(set) var sessions: [Int: Session] = [:]
  private var leases: [[UInt8]: (replica: ReplicaID, endedAt: UInt64?)] = [:]
  private var random: SeededRandom
  private var answers: [(session: Int, ack: Ack, afterCount: Int)] = []
  var milliseconds: UInt64 = MachineScript.serverMilliseconds
  /// Of a hundred changes, so many are refused.
  var refusalPercent = 0
  /// Of a hundred batches, so many are told to come later.
  var laterPercent = 0
  /// Of a hundred joins, so many are caught up by a snapshot although the log would do.
  var snapshotPercent = 30

  init(seed: UInt64) { random = SeededRandom(seed: seed) }

  mutating func receive(_ message: ClientMessage, from id: Int) {
    switch message {
    case .hello(let hello): join(id, hello)
    case .change(let batch): take(batch, id)
    case .resync(let resync): if resync.documentHash.isEmpty { sendSnapshot(to: id) } else { send(.hash(report()), to: id) }
    case .ping(let ping): send(.pong(Pong(id: ping.id, serverMilliseconds: milliseconds)), to: id)
    case .presence, .run, .cancelRun, .history, .nameVersion, .renameVersion, .dropVersion, .listVersions, .stateAt, .token, .unknown: break
    }
  }

  private mutating func send(_ message: ServerMessage, to id: Int) { sessions[id]?.outbox.append(message) }

  mutating func takeOutbox(_ id: Int) -> [ServerMessage] {
    defer { sessions[id]?.outbox = [] }
    return sessions[id]?.outbox ?? []
  }

  mutating func leave(_ id: Int) { sessions[id] = nil }

  /// Ends the lease of somebody who is away.
  mutating func endLease(of secret: [UInt8]) {
    guard let lease = leases[secret], lease.endedAt == nil, !sessions.values.contains(where: { $0.replica == lease.replica }) else {
      return
    }
    leases[secret]!.endedAt = document.version[lease.replica]
  }

  private mutating func join(_ id: Int, _ hello: Hello) {
    var welcome = Welcome()
    var session = Session(replica: .none)
    if let shown = hello.lease, let known = leases[shown.secret], known.endedAt == nil {
      session.replica = known.replica
      welcome.lease = shown
      welcome.leaseThrough = document.version[known.replica]
    } else {
      if let shown = hello.lease {
        welcome.leaseThrough = leases[shown.secret]?.endedAt ?? 0
        welcome.restamp = true
      }
      let taken = Set(leases.values.filter { $0.endedAt == nil }.map(\.replica.rawValue))
      session.replica = ReplicaID((1...).first { !taken.contains($0) }!)
      let secret = (0..<16).map { _ in UInt8.random(in: 0...255, using: &random) }
      leases[secret] = (session.replica, nil)
      welcome.lease = Lease(replica: session.replica, secret: secret)
    }
    // The simplest way to say only what is durable.
    commit(all: true)
    welcome.session = "s\(id)"
    welcome.role = .owner
    welcome.serverMilliseconds = milliseconds
    welcome.version = document.version
    welcome.position = UInt64(log.count)
    let known = log.prefix { hello.version.covers($0.change.stamp(0).id) }.count
    let usesSnapshot = known < log.count && random.chance(snapshotPercent, of: 100)
    welcome.catchup = known == log.count ? .nothing : usesSnapshot ? .snapshot : .changes
    session.isWelcomed = true
    session.sentThrough = log.count
    sessions[id] = session
    send(.welcome(welcome), to: id)
    switch welcome.catchup {
    case .nothing: break
    case .changes: send(.changes(Array(log[known...])), to: id)
    case .snapshot: sendSnapshot(to: id)
    }
  }

  private mutating func take(_ batch: ChangeBatch, _ id: Int) {
    guard let replica = sessions[id]?.replica else { return }
    if random.chance(laterPercent, of: 100) {
      let refused = batch.changes.map { Refusal(seq: $0.seq, code: .rateLimited, text: "later", retryAfterMilliseconds: 40) }
      send(
        .ack(Ack(batch: batch.batch, replica: replica, seq: durableVersion[replica], position: UInt64(durableCount), refused: refused)),
        to: id)
      return
    }
    var refused: [Refusal] = []
    for change in batch.changes {
      let expected = document.version[replica] + 1
      if change.replica != replica {
        refused.append(Refusal(seq: change.seq, code: .staleLease, text: ""))
      } else if change.seq > expected {
        refused.append(Refusal(seq: change.seq, code: .conflict, text: "gap"))
      } else if change.seq == expected {
        if random.chance(refusalPercent, of: 100) {
          refused.append(Refusal(seq: change.seq, code: .invalid, text: "by lot"))
        } else {
          _ = try? document.apply(change)
          let author = Author(name: "s\(id)", kind: .bot)
          log.append(LoggedChange(position: UInt64(log.count) + 1, author: author, takenAtMilliseconds: milliseconds, change: change))
        }
      }
    }
    let ack = Ack(batch: batch.batch, replica: replica, seq: 0, position: 0, refused: refused)
    answers.append((id, ack, log.count))
  }

  private var durableVersion: Version { Version(log.prefix(durableCount).map { .init(replica: $0.change.replica, seq: $0.change.seq) }) }

  /// Makes some or all of the log durable and tells.
  mutating func commit(all: Bool) {
    durableCount = all ? log.count : Int.random(in: durableCount...log.count, using: &random)
    for id in sessions.keys.sorted() {
      let from = sessions[id]!.sentThrough
      guard sessions[id]!.isWelcomed, from < durableCount else { continue }
      sessions[id]!.sentThrough = durableCount
      send(.changes(Array(log[from..<durableCount])), to: id)
    }
    let version = durableVersion
    while let (id, ack, count) = answers.first, count <= durableCount {
      answers.removeFirst()
      var ack = ack
      guard sessions[id]?.replica == ack.replica else { continue }
      ack.seq = version[ack.replica]
      ack.position = UInt64(durableCount)
      send(.ack(ack), to: id)
    }
  }

  private mutating func sendSnapshot(to id: Int) {
    commit(all: true)
    for chunk in MachineScript.chunks(document, position: UInt64(log.count), size: 2000) { send(.snapshot(chunk), to: id) }
  }

  private mutating func report() -> HashReport {
    commit(all: true)
    return HashReport(
      version: document.version, position: UInt64(log.count), graphHash: document.graphHash(), documentHash: document.documentHash())
  }

  mutating func reportHash() {
    let report = report()
    for id in sessions.keys.sorted() where sessions[id]!.isWelcomed { send(.hash(report), to: id) }
  }

  mutating func documentHash() -> [UInt8] { document.documentHash() }
}
