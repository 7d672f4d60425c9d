import CRDT
import WorkflowDocument
import WorkflowGraph

@testable import CollabProtocol

/// Messages of every kind with every field now and then absent, default, small, large, or of letters that need care.
struct RandomMessages {
  var random: Seeded

  mutating func chance(_ outOf: Int) -> Bool { Int.random(in: 0..<outOf, using: &random) == 0 }
  mutating func count(_ most: Int) -> Int { Int.random(in: 0...most, using: &random) }
  mutating func pick<T>(_ items: [T]) -> T { items[Int.random(in: 0..<items.count, using: &random)] }
  mutating func list<T>(_ most: Int, _ item: (inout Self) -> T) -> [T] {
    let length = count(most)
    var items: [T] = []
    for _ in 0..<length { items.append(item(&self)) }
    return items
  }

  mutating func number() -> UInt64 {
    switch count(5) {
    case 0: 0
    case 1: UInt64(count(200))
    case 2: UInt64.max
    case 3: UInt64(1) << UInt64(count(63))
    default: random.next() >> UInt64(count(63))
    }
  }
  mutating func small() -> UInt32 { UInt32(truncatingIfNeeded: number()) }

  mutating func text(_ most: Int = 24) -> String {
    let letters: [String] = [
      "a", "B", "7", " ", "\"", "\\", "/", "\n", "\t", "\r", "\u{1}", "\u{1f}", "\u{7f}", "é", "e\u{301}", "ß", "界", "🙂", "\u{2028}",
    ]
    let plain = chance(2)
    var text = ""
    for _ in 0..<count(most) {
      let letter = plain ? pick(["a", "b", "c", "x", "0", "-", "_"]) : pick(letters)
      if text.utf8.count + letter.utf8.count <= most { text += letter }
    }
    return text
  }
  /// At least one byte.
  mutating func name(_ most: Int = 24) -> String {
    let text = text(most)
    return text.isEmpty ? "n" : text
  }
  mutating func bytes(_ most: Int) -> [UInt8] { list(most) { UInt8.random(in: 0...255, using: &$0.random) } }
  mutating func hash() -> [UInt8] { chance(4) ? [] : (0..<32).map { _ in UInt8.random(in: 0...255, using: &random) } }

  mutating func double() -> Double {
    switch count(6) {
    case 0: 0
    case 1: Double(count(2000) - 1000)
    case 2: Double(count(2_000_000) - 1_000_000) / 1000
    case 3: Double.random(in: -1e6...1e6, using: &random)
    case 4:
      pick([
        1e300, -1e-300, .leastNonzeroMagnitude, 1.7976931348623157e308, 0.1, 1 / 3, 123_456_789_012_345_680, -1e21, 1e12,
        999_999_999_999.999,
      ])
    default: Double.random(in: -1...1, using: &random) * 1e-9
    }
  }

  mutating func version() -> Version {
    Version(list(5) { Version.Entry(replica: ReplicaID(max(1, $0.small())), seq: max(1, $0.number())) })
  }
  mutating func stamp() -> Stamp {
    Stamp(hlc: HybridTime(rawValue: number()), replica: ReplicaID(max(1, small())), seq: max(1, number()), index: small())
  }
  mutating func edge() -> EdgeKey {
    EdgeKey(
      source: NodeID(name()), sourceHandle: chance(2) ? nil : text(8), target: NodeID(name()), targetHandle: chance(2) ? nil : text(8))
  }
  mutating func value() -> JSONText? {
    let long = String(repeating: "\\u0001x", count: count(40))
    let texts = [
      "null", "true", "1", "-0.5e3", "\"\"", "\"a\\\"b\"", "{}", "[]", "{\"x\":1,\"y\":[2,{\"z\":\"é🙂\"}]}", " [ 1 , 2 ] ", "\"\(long)\"",
    ]
    return chance(6) ? nil : JSONText(unchecked: pick(texts))
  }
  mutating func field() -> FieldKey { FieldKey(name()) }

  mutating func op() -> Op {
    switch count(7) {
    case 0: .setMeta(field: field(), value: value())
    case 1: .setNodeLife(node: NodeID(name()), alive: chance(2))
    case 2: .setNodeField(node: NodeID(name()), field: field(), value: value())
    case 3: .addEdge(edge())
    case 4: .removeEdge(edge(), tags: [stamp()] + list(3) { $0.stamp() })
    case 5: .setEdgeField(edge: edge(), field: field(), value: value())
    case 6: .setCommentLife(comment: CommentID(name()), alive: chance(2))
    default: .setCommentField(comment: CommentID(name()), field: field(), value: value())
    }
  }
  mutating func change() -> Change {
    Change(replica: ReplicaID(small()), seq: max(1, number()), hlc: HybridTime(rawValue: number()), ops: [op()] + list(6) { $0.op() })
  }
  mutating func author() -> Author { Author(subject: text(), name: text(), kind: pick(Author.Kind.allCases)) }
  mutating func participant() -> Participant {
    Participant(session: text(), author: author(), colour: pick(["", "#a1b2c3"]), role: pick(Role.allCases))
  }
  mutating func point() -> Point { Point(x: double(), y: double()) }

  mutating func presence() -> PresenceState {
    var state = PresenceState()
    state.cursor = chance(2) ? nil : point()
    state.selectedNodes = list(3) { NodeID($0.text()) }
    state.selectedEdges = list(3) { $0.edge() }
    state.viewport = chance(2) ? nil : PresenceState.Viewport(x: double(), y: double(), zoom: double())
    state.dragging = list(3) { .init(node: NodeID($0.text()), position: $0.point()) }
    state.editing = text()
    state.extra = chance(2) ? "" : value()?.text ?? ""
    return state
  }

  static let clientKinds = 14
  mutating func client(kind: Int) -> ClientMessage {
    switch kind {
    case 0:
      var hello = Hello()
      (hello.protocolMajor, hello.protocolMinor) = (small(), small())
      (hello.token, hello.name, hello.colour, hello.client) = (text(200), text(60), text(20), text(60))
      hello.kind = chance(3) ? nil : pick(Author.Kind.allCases)
      hello.lease = chance(2) ? nil : Lease(replica: ReplicaID(small()), secret: bytes(16))
      hello.version = version()
      hello.wants = chance(2) ? nil : Wants(changes: chance(2), presence: chance(2), runs: chance(2), issues: chance(2))
      hello.create = chance(2)
      hello.roleMax = chance(2) ? nil : pick(Role.allCases)
      return .hello(hello)
    case 1: return .change(ChangeBatch(batch: number(), changes: list(4) { $0.change() }, seen: number()))
    case 2: return .presence(presence())
    case 3:
      var run = RunRequest()
      (run.request, run.idempotencyKey, run.include) = (number(), text(100), version())
      (run.policy, run.parked) = (pick(RunRequest.Policy.allCases), pick(RunRequest.Parked.allCases))
      return .run(run)
    case 4: return .cancelRun(CancelRun(request: number(), run: text(100)))
    case 5: return .resync(Resync(version: version(), graphHash: hash(), documentHash: hash()))
    case 6: return .ping(Ping(id: number(), seen: number()))
    case 7: return .history(HistoryRequest(request: number(), before: number(), count: small()))
    case 8: return .nameVersion(NameVersion(request: number(), position: number(), name: text(100), note: text(200)))
    case 9: return .renameVersion(RenameVersion(request: number(), version: text(), name: text(100), note: text(200)))
    case 10: return .dropVersion(DropVersion(request: number(), version: text()))
    case 11: return .listVersions(ListVersions(request: number()))
    case 12: return .stateAt(StateRequest(request: number(), position: number(), version: text()))
    default: return .token(TokenUpdate(request: number(), token: text(200)))
    }
  }

  static let serverKinds = 17
  mutating func server(kind: Int) -> ServerMessage {
    switch kind {
    case 0: return .welcome(welcome())
    case 1: return .snapshot(chunk())
    case 2:
      let authors = [author()] + list(11) { $0.author() }
      return .changes(
        list(14) {
          LoggedChange(position: $0.number(), author: $0.pick(authors), takenAtMilliseconds: $0.number(), change: $0.change())
        })
    case 3:
      return .ack(
        Ack(batch: number(), replica: ReplicaID(small()), seq: number(), position: number(), refused: list(3) { $0.refusal() }))
    case 4:
      return .presence(
        PresenceFrame(
          slots: list(4) { .init(session: $0.text(), state: $0.presence()) }, joined: list(2) { $0.participant() },
          left: list(2) { $0.text() }))
    case 5: return .runEvent(runEvent())
    case 6: return .issues(IssuesChange(added: list(3) { $0.issue() }, removed: list(3) { $0.issue() }))
    case 7: return .hash(HashReport(version: version(), position: number(), graphHash: hash(), documentHash: hash()))
    case 8: return .role(RoleChanged(pick(Role.allCases)))
    case 9:
      return .goodbye(
        Goodbye(code: CloseCode(rawValue: UInt16(truncatingIfNeeded: small())), text: text(), reconnectAfterMilliseconds: small()))
    case 10:
      var report = ErrorReport(request: number(), code: pick(RefusalCode.allCases), text: text())
      // Of what was drawn already: more would change all vectors behind this one.
      report.retryAfterMilliseconds = UInt32(truncatingIfNeeded: report.request)
      report.limit = report.code == .rateLimited ? report.text : ""
      return .error(report)
    case 11: return .pong(Pong(id: number(), serverMilliseconds: number()))
    case 12:
      return .history(
        HistoryPage(
          request: number(), entries: list(4) { $0.historyEntry() }, nextBefore: number(), floor: number(), position: number()))
    case 13:
      return .versions(
        VersionList(
          request: number(),
          versions: list(4) {
            NamedVersion(
              id: $0.text(), position: $0.number(), name: $0.text(100), note: $0.text(200), author: $0.author(),
              namedAtMilliseconds: $0.number())
          }, named: text()))
    case 14: return .state(StateChunk(request: number(), snapshot: chunk()))
    case 15: return .role(RoleChanged(pick(Role.allCases), request: number(), expiresAtMilliseconds: number()))
    default:
      var ending = welcome()
      ending.expiresAtMilliseconds = number()
      return .welcome(ending)
    }
  }

  private mutating func chunk() -> SnapshotChunk {
    SnapshotChunk(index: small(), count: small(), data: bytes(300), crc32: small(), position: number(), rawBytes: small())
  }

  private mutating func historyEntry() -> HistoryEntry {
    HistoryEntry(
      author: author(), firstPosition: number(), position: number(), fromMilliseconds: number(), throughMilliseconds: number(),
      changeCount: small(),
      effects: list(4) { random in
        HistoryEffect(
          kind: random.pick(HistoryEffect.Kind.allCases), count: random.small(), names: random.list(3) { $0.text() },
          fields: random.list(3) { $0.text() })
      })
  }

  private mutating func welcome() -> Welcome {
    var welcome = Welcome()
    (welcome.protocolMajor, welcome.protocolMinor, welcome.session) = (small(), small(), text())
    welcome.lease = chance(2) ? nil : Lease(replica: ReplicaID(small()), secret: bytes(16))
    (welcome.leaseThrough, welcome.restamp, welcome.role) = (number(), chance(2), pick(Role.allCases))
    (welcome.serverMilliseconds, welcome.version, welcome.position) = (number(), version(), number())
    welcome.limits.messageBytesMax = small()
    welcome.limits.edgesMax = small()
    welcome.limits.presenceIntervalMilliseconds = small()
    welcome.participants = list(3) { $0.participant() }
    (welcome.catchup, welcome.server) = (pick(Welcome.Catchup.allCases), text())
    return welcome
  }

  private mutating func refusal() -> Refusal {
    Refusal(
      seq: number(), code: pick(RefusalCode.allCases), text: text(200),
      revert: list(3) { $0.chance(4) ? .removeEdge($0.edge(), tags: []) : $0.op() }, retryAfterMilliseconds: small())
  }

  private mutating func issue() -> Issue {
    Issue(
      code: name(), severity: pick(Issue.Severity.allCases), node: chance(2) ? nil : NodeID(name()), edge: chance(2) ? nil : edge(),
      field: chance(2) ? nil : field(), text: text())
  }

  private mutating func runEvent() -> RunEvent {
    var event = RunEvent(run: text(), seq: number(), kind: pick(RunEvent.Kind.allCases), atMilliseconds: number())
    (event.node, event.nodeType, event.result, event.error) = (text(), text(), text(200), text(200))
    event.durationMicroseconds = number()
    if event.seq % 2 == 1 { event.fingerprint = (0..<8).map { UInt8(truncatingIfNeeded: event.seq >> (8 * $0)) } }
    if chance(2) {
      event.info = RunInfo(version: version(), graphHash: hash(), startedBy: author(), idempotencyKey: text(), nodeCount: small())
      let kinds = (RunRequest.Policy.allCases, RunRequest.Parked.allCases)
      event.info?.policy = kinds.0[Int(event.seq % UInt64(kinds.0.count))]
      event.info?.parked = kinds.1[Int(event.atMilliseconds % UInt64(kinds.1.count))]
    }
    return event
  }
}
