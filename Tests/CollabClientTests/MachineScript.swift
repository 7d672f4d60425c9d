import CRDT
import CollabProtocol
import Compression
import WorkflowDocument
import WorkflowGraph

@testable import CollabClient

/// A machine with a clock of its own and a memory for what it asked for.
struct MachineScript {
  static let serverMilliseconds: UInt64 = 1_800_000_000_000
  static let secret = [UInt8](repeating: 7, count: 16)

  var machine: ReplicaMachine
  var now = ClientTime(wallMilliseconds: Self.serverMilliseconds, uptimeMilliseconds: 1000)
  private(set) var actions: [ReplicaAction] = []

  init(_ configure: (inout ReplicaOptions) -> Void = { _ in }) {
    var options = ReplicaOptions(name: "tester")
    configure(&options)
    machine = ReplicaMachine(options: options, seed: 1)
  }

  /// The actions of this event; also kept in `actions`.
  @discardableResult
  mutating func tell(_ event: ReplicaEvent) -> [ReplicaAction] {
    let new = machine.handle(event, at: now)
    actions += new
    return new
  }

  mutating func pass(_ milliseconds: UInt64) {
    now.wallMilliseconds += milliseconds
    now.uptimeMilliseconds += milliseconds
  }

  /// Goes to the machine's next deadline.
  @discardableResult
  mutating func passToDeadline() -> [ReplicaAction] {
    guard let due = machine.nextDeadline else { return [] }
    if due > now.uptimeMilliseconds { pass(due - now.uptimeMilliseconds) }
    return tell(.timePassed)
  }

  /// Connected and welcomed as `replica`, with an empty document.
  static func joined(
    replica: UInt32 = 3, role: Role = .owner, limits: Limits = Limits(), _ configure: (inout ReplicaOptions) -> Void = { _ in }
  ) -> Self {
    var script = Self(configure)
    script.tell(.start)
    script.tell(.connected)
    script.tell(.received(.welcome(script.welcome(replica: replica, role: role, limits: limits))))
    script.actions = []
    return script
  }

  func welcome(
    replica: UInt32?, through: UInt64 = 0, restamp: Bool = false, role: Role = .owner, limits: Limits = Limits(),
    version: Version = Version(),
    position: UInt64 = 0, catchup: Welcome.Catchup = .nothing
  ) -> Welcome {
    var welcome = Welcome()
    welcome.session = "me"
    welcome.lease = replica.map { Lease(replica: ReplicaID($0), secret: Self.secret) }
    welcome.leaseThrough = through
    welcome.restamp = restamp
    welcome.role = role
    welcome.serverMilliseconds = Self.serverMilliseconds
    welcome.limits = limits
    welcome.version = version
    welcome.position = position
    welcome.catchup = catchup
    return welcome
  }

  @discardableResult
  mutating func edit(_ ops: [Op]) throws -> Change { try machine.edit(ops, at: now) }

  @discardableResult
  mutating func ack(_ batch: UInt64, _ seq: UInt64, position: UInt64 = 0, refused: [Refusal] = []) -> [ReplicaAction] {
    tell(.received(.ack(Ack(batch: batch, replica: machine.replica, seq: seq, position: position, refused: refused))))
  }

  /// A snapshot in one chunk.
  @discardableResult
  mutating func snapshot(_ document: WorkflowDocument, position: UInt64) -> [ReplicaAction] {
    var new: [ReplicaAction] = []
    for chunk in Self.chunks(document, position: position) { new += tell(.received(.snapshot(chunk))) }
    return new
  }

  static func chunks(_ document: WorkflowDocument, position: UInt64, size: Int = SnapshotChunk.dataBytesMax) -> [SnapshotChunk] {
    let raw = document.encodeSnapshot()
    let packed = Zlib.compress(raw)
    let count = max(1, (packed.count + size - 1) / size)
    return (0..<count).map { index in
      let data = Array(packed[(index * size)..<min(packed.count, (index + 1) * size)])
      return SnapshotChunk(
        index: UInt32(index), count: UInt32(count), data: data, crc32: CRC32.checksum(data), position: position, rawBytes: UInt32(raw.count)
      )
    }
  }
}

extension [ReplicaAction] {
  var sent: [ClientMessage] { compactMap { if case .send(let message) = $0 { message } else { nil } } }
  var batches: [ChangeBatch] { sent.compactMap { if case .change(let batch) = $0 { batch } else { nil } } }
  var hellos: [Hello] { sent.compactMap { if case .hello(let hello) = $0 { hello } else { nil } } }
  var resyncs: [Resync] { sent.compactMap { if case .resync(let resync) = $0 { resync } else { nil } } }
  var notices: [ClientNotice] { compactMap { if case .notify(let notice) = $0 { notice } else { nil } } }
  var links: [LinkState] { notices.compactMap { if case .link(let state) = $0 { state } else { nil } } }
  var saveStates: [SaveState] { notices.compactMap { if case .saveState(let state) = $0 { state } else { nil } } }
  var refusals: [Refusal] { notices.compactMap { if case .refused(_, let refusal) = $0 { refusal } else { nil } } }
  var connects: Bool { contains { if case .connect = $0 { true } else { false } } }
  var disconnects: CloseCode? { compactMap { if case .disconnect(let code, _) = $0 { code } else { nil } }.first }
}

extension WorkflowDocument {
  func has(_ node: String) -> Bool { isAlive(NodeID(node)) }
}

/// Ops in short.
enum Make {
  static func node(_ id: String, type: String = "numberNode") -> [Op] {
    [
      .setNodeLife(node: NodeID(id), alive: true),
      .setNodeField(node: NodeID(id), field: .type, value: JSONText(unchecked: "\"\(type)\"")),
    ]
  }
  static func label(_ id: String, _ text: String) -> [Op] {
    [.setNodeField(node: NodeID(id), field: .data("label"), value: JSONText(unchecked: "\"\(text)\""))]
  }
  static func edge(_ from: String, _ to: String) -> EdgeKey { EdgeKey(source: NodeID(from), target: NodeID(to)) }
  static func change(_ replica: UInt32, _ seq: UInt64, _ ops: [Op], at milliseconds: UInt64 = MachineScript.serverMilliseconds) -> Change {
    Change(replica: ReplicaID(replica), seq: seq, hlc: HybridTime(milliseconds: milliseconds), ops: ops)
  }
  static func logged(_ position: UInt64, _ change: Change) -> LoggedChange {
    LoggedChange(
      position: position, author: Author(name: "other", kind: .person), takenAtMilliseconds: change.hlc.milliseconds, change: change)
  }
  static func document(_ changes: [Change]) -> WorkflowDocument {
    var document = WorkflowDocument()
    for change in changes { _ = try? document.apply(change) }
    return document
  }
}
