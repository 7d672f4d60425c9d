import CRDT
import WorkflowDocument
import WorkflowGraph

extension WireWriter {
  /// - Parameter authors: of the changes, when there are any: found once, written twice (for the room and for the bytes).
  @inline(__always) mutating func serverMessage(_ message: ServerMessage, _ authors: AuthorTable) {
    switch message {
    case .welcome(let welcome): self.message(1, "welcome") { $0.welcomeFields(welcome) }
    case .snapshot(let chunk): self.message(2, "snapshot") { $0.snapshotFields(chunk) }
    case .changes(let changes): self.message(3, "changes") { $0.changesFields(changes, authors) }
    case .ack(let ack): self.message(4, "ack") { $0.ackFields(ack) }
    case .presence(let frame): self.message(5, "presence") { $0.presenceFrameFields(frame) }
    case .runEvent(let event): self.message(6, "runEvent") { $0.runEventFields(event) }
    case .issues(let change):
      self.message(7, "issues") { writer in
        writer.messages(1, "added", change.added) { $0.issueFields($1) }
        writer.messages(2, "removed", change.removed) { $0.issueFields($1) }
      }
    case .hash(let hash):
      self.message(8, "hash") { writer in
        writer.version(1, "version", hash.version)
        writer.uint64(2, "position", hash.position)
        writer.bytes(3, "graphHash", hash.graphHash)
        writer.bytes(4, "documentHash", hash.documentHash)
      }
    case .role(let changed):
      self.message(9, "role") { writer in
        writer.enumeration(1, "role", changed.role)
        writer.uint64(2, "request", changed.request)
        writer.uint64(3, "expiresAtMilliseconds", changed.expiresAtMilliseconds)
      }
    case .goodbye(let goodbye):
      self.message(10, "goodbye") { writer in
        writer.uint32(1, "code", UInt32(goodbye.code.rawValue))
        writer.string(2, "text", goodbye.text)
        writer.uint32(3, "reconnectAfterMilliseconds", goodbye.reconnectAfterMilliseconds)
      }
    case .error(let error):
      self.message(11, "error") { writer in
        writer.uint64(1, "request", error.request)
        writer.enumeration(2, "code", error.code)
        writer.string(3, "text", error.text)
        writer.uint32(4, "retryAfterMilliseconds", error.retryAfterMilliseconds)
        writer.string(5, "limit", error.limit)
      }
    case .pong(let pong):
      self.message(12, "pong") { writer in
        writer.uint64(1, "id", pong.id)
        writer.uint64(2, "serverMilliseconds", pong.serverMilliseconds)
      }
    case .history(let page): self.message(13, "history") { $0.historyPageFields(page) }
    case .versions(let list): self.message(14, "versions") { $0.versionListFields(list) }
    case .state(let chunk): self.message(15, "state") { $0.stateChunkFields(chunk) }
    case .unknown: break
    }
  }

  @inline(__always) private mutating func presenceFrameFields(_ frame: PresenceFrame) {
    messages(1, "slots", frame.slots) { writer, slot in
      writer.string(1, "session", slot.session)
      writer.message(2, "state") { $0.presenceFields(slot.state) }
    }
    messages(2, "joined", frame.joined) { $0.participantFields($1) }
    strings(3, "left", frame.left) { $0 }
  }

  @inline(__always) private mutating func issueFields(_ issue: Issue) {
    string(1, "code", issue.code)
    string(2, "severity", issue.severity.rawValue)
    string(3, "node", issue.node?.rawValue ?? "")
    if let edge = issue.edge { self.edge(4, "edge", edge) }
    string(5, "field", issue.field?.rawValue ?? "")
    string(6, "text", issue.text)
  }
}

/// The message of a server while it is read.
struct ServerMessageDraft: WireReadable {
  private var kind: UInt32 = 0
  private var welcome = Welcome.blank
  private var snapshot = SnapshotChunk.blank
  private var changes = ChangesDraft()
  private var ack = Ack.blank
  private var presence = PresenceFrame()
  private var runEvent = RunEventDraft()
  private var issues = IssuesChange()
  private var hash = HashReport(version: Version(), position: 0, graphHash: [], documentHash: [])
  private var last = ShortDraft()
  private var history = HistoryPage(request: 0)
  private var versions = VersionList()
  private var state = StateChunk.blank

  static let fieldNames = FieldNames(
    "welcome", "snapshot", "changes", "ack", "presence", "runEvent", "issues", "hash", "role", "goodbye", "error", "pong", "history",
    "versions", "state")
  var names: FieldNames { Self.fieldNames }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    guard (1...15).contains(field) else { return try reader.skip() }
    try reader.oneof(alreadySet: kind != 0)
    if kind != 0, kind != field { self = ServerMessageDraft() }
    kind = field
    switch field {
    case 1: try reader.message(&welcome)
    case 2: try reader.message(&snapshot)
    case 3: try reader.message(&changes)
    case 4: try reader.message(&ack)
    case 5: try reader.message(&presence)
    case 6: try reader.message(&runEvent)
    case 7: try reader.message(&issues)
    case 8: try reader.message(&hash)
    case 13: try reader.message(&history)
    case 14: try reader.message(&versions)
    case 15: try reader.message(&state)
    default:
      last.kind = field
      try reader.message(&last)
    }
  }

  func message() throws(DecodeError) -> ServerMessage {
    switch kind {
    case 1: .welcome(welcome)
    case 2: .snapshot(snapshot)
    case 3: .changes(try changes.logged())
    case 4: .ack(ack)
    case 5: .presence(presence)
    case 6: runEvent.known.map { .runEvent($0) } ?? .unknown
    case 7: .issues(issues)
    case 8: .hash(hash)
    case 9: .role(RoleChanged(last.role, request: last.number, expiresAtMilliseconds: last.milliseconds))
    case 10: .goodbye(try last.goodbye())
    case 11: .error(last.error)
    case 12: .pong(Pong(id: last.number, serverMilliseconds: last.milliseconds))
    case 13: .history(history)
    case 14: .versions(versions)
    case 15: .state(state)
    default: .unknown
    }
  }
}

/// The four short messages while they are read: role, goodbye, error, pong.
struct ShortDraft: WireReadable {
  var kind: UInt32 = 9
  /// A role that is not known counts as the least one.
  var role = Role.viewer
  /// Close code, request or id.
  var number: UInt64 = 0
  var code = RefusalCode.invalid
  var text = ""
  var milliseconds: UInt64 = 0
  var limit = ""

  private static let roleNames = FieldNames("role", "request", "expiresAtMilliseconds")
  private static let goodbyeNames = FieldNames("code", "text", "reconnectAfterMilliseconds")
  private static let errorNames = FieldNames("request", "code", "text", "retryAfterMilliseconds", "limit")
  private static let pongNames = FieldNames("id", "serverMilliseconds")
  var names: FieldNames {
    switch kind {
    case 9: Self.roleNames
    case 10: Self.goodbyeNames
    case 11: Self.errorNames
    default: Self.pongNames
    }
  }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    switch (kind, field) {
    case (9, 1): role = try reader.enumeration(Role.self) ?? .viewer
    case (9, 2): number = try reader.uint64()
    case (9, 3): milliseconds = try reader.uint64()
    case (10, 1): number = UInt64(try reader.uint32())
    case (10, 2): text = try reader.string("goodbye.text", max: DecodeLimits.sentenceBytesMax)
    case (10, 3): milliseconds = UInt64(try reader.uint32())
    case (11, 1): number = try reader.uint64()
    case (11, 2): code = try reader.enumeration(RefusalCode.self) ?? .invalid
    case (11, 3): text = try reader.string("error.text", max: DecodeLimits.sentenceBytesMax)
    case (11, 4): milliseconds = UInt64(try reader.uint32())
    case (11, 5): limit = try reader.string("error.limit", max: DecodeLimits.idBytesMax)
    case (12, 1): number = try reader.uint64()
    case (12, 2): milliseconds = try reader.uint64()
    default: try reader.skip()
    }
  }

  var error: ErrorReport {
    ErrorReport(
      request: number, code: code, text: text, retryAfterMilliseconds: UInt32(truncatingIfNeeded: milliseconds), limit: limit)
  }

  func goodbye() throws(DecodeError) -> Goodbye {
    guard let code = UInt16(exactly: number) else { throw .malformed("a close code of more than 16 bits") }
    return Goodbye(code: CloseCode(rawValue: code), text: text, reconnectAfterMilliseconds: UInt32(truncatingIfNeeded: milliseconds))
  }
}

extension PresenceFrame: WireReadable {
  static let fieldNames = FieldNames("slots", "joined", "left")
  var names: FieldNames { Self.fieldNames }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    switch field {
    case 1:
      try reader.elements { reader throws(DecodeError) in
        try reader.room(for: "presence slots", count: slots.count, max: reader.limits.elementsMax)
        slots.append(try reader.message(or: Slot(session: "", state: PresenceState())))
      }
    case 2:
      try reader.elements { reader throws(DecodeError) in
        try reader.room(for: "participants", count: joined.count, max: reader.limits.elementsMax)
        joined.append(try reader.message(or: Participant.blank))
      }
    case 3:
      try reader.texts("sessions that left", bytesMax: DecodeLimits.idBytesMax) { session in
        left.append(session)
        return left.count
      }
    default: try reader.skip()
    }
  }
}

extension PresenceFrame.Slot: WireReadable {
  static let fieldNames = FieldNames("session", "state")
  var names: FieldNames { Self.fieldNames }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    switch field {
    case 1: session = try reader.string("session", max: DecodeLimits.idBytesMax)
    case 2: try reader.message(&state)
    default: try reader.skip()
    }
  }
}

struct IssueDraft: WireReadable {
  var code = ""
  var severity = ""
  var node = ""
  var edge: EdgeKey?
  var field = ""
  var text = ""

  static let fieldNames = FieldNames("code", "severity", "node", "edge", "field", "text")
  var names: FieldNames { Self.fieldNames }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    switch field {
    case 1: code = try reader.string("issue.code", max: DecodeLimits.idBytesMax)
    case 2: severity = try reader.string("issue.severity", max: DecodeLimits.idBytesMax)
    case 3: node = try reader.string("issue.node", max: DecodeLimits.idBytesMax)
    case 4: edge = try reader.soundEdge()
    case 5: self.field = try reader.string("issue.field", max: DecodeLimits.fieldBytesMax)
    case 6: text = try reader.string("issue.text", max: DecodeLimits.sentenceBytesMax)
    default: try reader.skip()
    }
  }

  /// A severity that is not known counts as a warning.
  var issue: Issue {
    Issue(
      code: code, severity: Issue.Severity(rawValue: severity) ?? .warning, node: node.isEmpty ? nil : NodeID(node), edge: edge,
      field: field.isEmpty ? nil : FieldKey(field), text: text)
  }
}

extension IssuesChange: WireReadable {
  static let fieldNames = FieldNames("added", "removed")
  var names: FieldNames { Self.fieldNames }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    switch field {
    case 1: try reader.elements { reader throws(DecodeError) in try Self.append(to: &added, &reader) }
    case 2: try reader.elements { reader throws(DecodeError) in try Self.append(to: &removed, &reader) }
    default: try reader.skip()
    }
  }

  private static func append(to list: inout [Issue], _ reader: inout some WireReader) throws(DecodeError) {
    try reader.room(for: "issues", count: list.count, max: reader.limits.elementsMax)
    list.append(try reader.message(or: IssueDraft()).issue)
  }
}

extension HashReport: WireReadable {
  static let fieldNames = FieldNames("version", "position", "graphHash", "documentHash")
  var names: FieldNames { Self.fieldNames }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    switch field {
    case 1: version = try reader.version(or: version)
    case 2: position = try reader.uint64()
    case 3: graphHash = try reader.bytes("hash.graph_hash", max: DecodeLimits.hashBytesMax)
    case 4: documentHash = try reader.bytes("hash.document_hash", max: DecodeLimits.hashBytesMax)
    default: try reader.skip()
    }
  }
}
