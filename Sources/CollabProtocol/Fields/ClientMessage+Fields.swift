import CRDT
import WorkflowDocument

extension WireWriter {
  @inline(__always) mutating func clientMessage(_ message: ClientMessage) {
    switch message {
    case .hello(let hello): self.message(1, "hello") { $0.helloFields(hello) }
    case .change(let batch):
      self.message(2, "change") { writer in
        writer.uint64(1, "batch", batch.batch)
        writer.messages(2, "changes", batch.changes) { $0.changeFields($1) }
        writer.uint64(3, "seen", batch.seen)
      }
    case .presence(let state):
      self.message(3, "presence") { $0.message(1, "state") { $0.presenceFields(state) } }
    case .run(let run):
      self.message(4, "run") { writer in
        writer.uint64(1, "request", run.request)
        writer.string(2, "idempotencyKey", run.idempotencyKey)
        writer.version(3, "include", run.include)
        writer.enumeration(4, "policy", run.policy)
        writer.enumeration(5, "parked", run.parked)
      }
    case .cancelRun(let cancel):
      self.message(5, "cancelRun") { writer in
        writer.uint64(1, "request", cancel.request)
        writer.string(2, "run", cancel.run)
      }
    case .resync(let resync):
      self.message(6, "resync") { writer in
        writer.version(1, "version", resync.version)
        writer.bytes(2, "graphHash", resync.graphHash)
        writer.bytes(3, "documentHash", resync.documentHash)
      }
    case .ping(let ping):
      self.message(7, "ping") { writer in
        writer.uint64(1, "id", ping.id)
        writer.uint64(2, "seen", ping.seen)
      }
    case .history(let history): self.message(8, "history") { $0.historyRequestFields(history) }
    case .nameVersion(let name): self.message(9, "nameVersion") { $0.nameVersionFields(name) }
    case .renameVersion(let rename): self.message(10, "renameVersion") { $0.renameVersionFields(rename) }
    case .dropVersion(let drop): self.message(11, "dropVersion") { $0.dropVersionFields(drop) }
    case .listVersions(let list): self.message(12, "listVersions") { $0.uint64(1, "request", list.request) }
    case .stateAt(let state): self.message(13, "stateAt") { $0.stateRequestFields(state) }
    case .token(let update):
      self.message(14, "token") { writer in
        writer.uint64(1, "request", update.request)
        writer.string(2, "token", update.token)
      }
    case .unknown: break
    }
  }

  @inline(__always) private mutating func helloFields(_ hello: Hello) {
    uint32(1, "protocolMajor", hello.protocolMajor)
    uint32(2, "protocolMinor", hello.protocolMinor)
    string(3, "token", hello.token)
    string(4, "name", hello.name)
    string(5, "colour", hello.colour)
    optionalEnumeration(6, "kind", hello.kind)
    lease(7, "lease", hello.lease)
    version(8, "version", hello.version)
    if let wants = hello.wants {
      message(9, "wants") { writer in
        writer.bool(1, "changes", wants.changes)
        writer.bool(2, "presence", wants.presence)
        writer.bool(3, "runs", wants.runs)
        writer.bool(4, "issues", wants.issues)
      }
    }
    bool(10, "create", hello.create)
    optionalEnumeration(11, "roleMax", hello.roleMax)
    string(12, "client", hello.client)
  }
}

/// The message of a client while it is read: of one kind at a time, so that reading a change does not make and drop a hello.
enum ClientMessageDraft: WireReadable {
  case none
  case hello(Hello)
  case change(ChangeBatch)
  case presence(PresenceUpdateDraft)
  case run(RunRequestDraft)
  case cancel(CancelRun)
  case resync(Resync)
  case ping(Ping)
  case history(HistoryRequest)
  case nameVersion(NameVersion)
  case renameVersion(RenameVersion)
  case dropVersion(DropVersion)
  case listVersions(ListVersions)
  case stateAt(StateRequest)
  case token(TokenUpdate)

  static let fieldNames = FieldNames(
    "hello", "change", "presence", "run", "cancelRun", "resync", "ping", "history", "nameVersion", "renameVersion", "dropVersion",
    "listVersions", "stateAt", "token")
  var names: FieldNames { Self.fieldNames }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    guard (1...14).contains(field) else { return try reader.skip() }
    try reader.oneof(alreadySet: isSet)
    // In binary the last kind counts; only when the same one comes again is it merged.
    switch field {
    case 1:
      let present = if case .hello(let hello) = self { hello } else { Hello.blank }
      self = .hello(try reader.message(or: present))
    case 2:
      let present = if case .change(let batch) = self { batch } else { ChangeBatch(batch: 0, changes: [], seen: 0) }
      self = .change(try reader.message(or: present))
    case 3:
      guard reader.context.byteCount <= reader.limits.presenceBytesMax else {
        throw .refused(.tooLarge, "a presence message of more than \(reader.limits.presenceBytesMax) bytes")
      }
      let present = if case .presence(let update) = self { update } else { PresenceUpdateDraft() }
      self = .presence(try reader.message(or: present))
    case 4:
      let present = if case .run(let run) = self { run } else { RunRequestDraft() }
      self = .run(try reader.message(or: present))
    case 5:
      let present = if case .cancel(let cancel) = self { cancel } else { CancelRun(request: 0, run: "") }
      self = .cancel(try reader.message(or: present))
    case 6:
      let present = if case .resync(let resync) = self { resync } else { Resync(version: Version()) }
      self = .resync(try reader.message(or: present))
    case 7:
      let present = if case .ping(let ping) = self { ping } else { Ping(id: 0) }
      self = .ping(try reader.message(or: present))
    case 14:
      let present = if case .token(let update) = self { update } else { TokenUpdate(request: 0, token: "") }
      self = .token(try reader.message(or: present))
    default: try readAboutThePast(field, from: &reader)
    }
  }

  private mutating func readAboutThePast(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    switch field {
    case 8:
      let present = if case .history(let history) = self { history } else { HistoryRequest(request: 0) }
      self = .history(try reader.message(or: present))
    case 9:
      let present = if case .nameVersion(let name) = self { name } else { NameVersion(request: 0, name: "") }
      self = .nameVersion(try reader.message(or: present))
    case 10:
      let present = if case .renameVersion(let rename) = self { rename } else { RenameVersion(request: 0, version: "", name: "") }
      self = .renameVersion(try reader.message(or: present))
    case 11:
      let present = if case .dropVersion(let drop) = self { drop } else { DropVersion(request: 0, version: "") }
      self = .dropVersion(try reader.message(or: present))
    case 12:
      let present = if case .listVersions(let list) = self { list } else { ListVersions(request: 0) }
      self = .listVersions(try reader.message(or: present))
    default:
      let present = if case .stateAt(let state) = self { state } else { StateRequest(request: 0) }
      self = .stateAt(try reader.message(or: present))
    }
  }

  private var isSet: Bool { if case .none = self { false } else { true } }

  func message() throws(DecodeError) -> ClientMessage {
    switch self {
    case .none: .unknown
    case .hello(let hello): .hello(hello)
    case .change(let batch): .change(batch)
    case .presence(let update): .presence(update.state)
    case .run(let run): .run(try run.checked())
    case .cancel(let cancel): .cancelRun(cancel)
    case .resync(let resync): .resync(resync)
    case .ping(let ping): .ping(ping)
    case .history(let history): .history(history)
    case .nameVersion(let name): .nameVersion(name)
    case .renameVersion(let rename): .renameVersion(rename)
    case .dropVersion(let drop): .dropVersion(drop)
    case .listVersions(let list): .listVersions(list)
    case .stateAt(let state): .stateAt(state)
    case .token(let update): .token(update)
    }
  }
}

extension Hello: WireReadable {
  static let fieldNames = FieldNames(
    "protocolMajor", "protocolMinor", "token", "name", "colour", "kind", "lease", "version", "wants", "create", "roleMax", "client")
  var names: FieldNames { Self.fieldNames }

  /// A protocol version that is not told is 0, not this one.
  static var blank: Hello {
    var hello = Hello()
    hello.protocolMajor = 0
    hello.protocolMinor = 0
    return hello
  }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    switch field {
    case 1: protocolMajor = try reader.uint32()
    case 2: protocolMinor = try reader.uint32()
    case 3: token = try reader.string("hello.token", max: reader.limits.tokenBytesMax)
    case 4: name = try reader.string("hello.name", max: DecodeLimits.nameBytesMax)
    case 5: colour = try reader.string("hello.colour", max: DecodeLimits.colourBytesMax)
    case 6: kind = try reader.enumeration(Author.Kind.self)
    case 7: lease = try reader.message(or: lease ?? Lease.blank)
    case 8: version = try reader.version(or: version)
    case 9: wants = try reader.message(or: wants ?? Wants(changes: false, presence: false, runs: false, issues: false))
    case 10: create = try reader.bool()
    case 11: roleMax = try reader.enumeration(Role.self)
    case 12: client = try reader.string("hello.client", max: DecodeLimits.clientBytesMax)
    default: try reader.skip()
    }
  }
}

extension Wants: WireReadable {
  static let fieldNames = FieldNames("changes", "presence", "runs", "issues")
  var names: FieldNames { Self.fieldNames }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    switch field {
    case 1: changes = try reader.bool()
    case 2: presence = try reader.bool()
    case 3: runs = try reader.bool()
    case 4: issues = try reader.bool()
    default: try reader.skip()
    }
  }
}

extension ChangeBatch: WireReadable {
  static let fieldNames = FieldNames("batch", "changes", "seen")
  var names: FieldNames { Self.fieldNames }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    switch field {
    case 1: batch = try reader.uint64()
    case 2:
      try reader.elements { reader throws(DecodeError) in
        try reader.room(for: "changes in one batch", count: changes.count, max: reader.limits.changesPerBatchMax)
        let (change, fault) = try reader.changeOrFault()
        if let fault { faults.append(Fault(index: changes.count, code: fault.code, text: fault.text)) }
        changes.append(change)
      }
    case 3: seen = try reader.uint64()
    default: try reader.skip()
    }
  }
}

struct PresenceUpdateDraft: WireReadable {
  var state = PresenceState()

  static let fieldNames = FieldNames("state")
  var names: FieldNames { Self.fieldNames }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    guard field == 1 else { return try reader.skip() }
    try reader.message(&state)
  }
}

/// A run request while it is read: a policy that is not known must not run anything, and its refusal needs the request's number.
struct RunRequestDraft: WireReadable {
  var run = RunRequest()
  var unknownPolicy = false

  static let fieldNames = FieldNames("request", "idempotencyKey", "include", "policy", "parked")
  var names: FieldNames { Self.fieldNames }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    switch field {
    case 1: run.request = try reader.uint64()
    case 2: run.idempotencyKey = try reader.string("run.idempotency_key", max: DecodeLimits.keyBytesMax)
    case 3: run.include = try reader.version(or: run.include)
    case 4: if let policy = try reader.enumeration(RunRequest.Policy.self) { run.policy = policy } else { unknownPolicy = true }
    case 5: if let parked = try reader.enumeration(RunRequest.Parked.self) { run.parked = parked } else { unknownPolicy = true }
    default: try reader.skip()
    }
  }

  func checked() throws(DecodeError) -> RunRequest {
    guard !unknownPolicy else { throw .refused(.invalid, "a run policy that this version does not know", request: run.request) }
    return run
  }
}

extension CancelRun: WireReadable {
  static let fieldNames = FieldNames("request", "run")
  var names: FieldNames { Self.fieldNames }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    switch field {
    case 1: request = try reader.uint64()
    case 2: run = try reader.string("cancel_run.run", max: DecodeLimits.runBytesMax)
    default: try reader.skip()
    }
  }
}

extension Resync: WireReadable {
  static let fieldNames = FieldNames("version", "graphHash", "documentHash")
  var names: FieldNames { Self.fieldNames }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    switch field {
    case 1: version = try reader.version(or: version)
    case 2: graphHash = try reader.bytes("resync.graph_hash", max: DecodeLimits.hashBytesMax)
    case 3: documentHash = try reader.bytes("resync.document_hash", max: DecodeLimits.hashBytesMax)
    default: try reader.skip()
    }
  }
}

extension TokenUpdate: WireReadable {
  static let fieldNames = FieldNames("request", "token")
  var names: FieldNames { Self.fieldNames }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    switch field {
    case 1: request = try reader.uint64()
    case 2: token = try reader.string("token.token", max: reader.limits.tokenBytesMax)
    default: try reader.skip()
    }
  }
}

extension Ping: WireReadable {
  static let fieldNames = FieldNames("id", "seen")
  var names: FieldNames { Self.fieldNames }

  mutating func read(_ field: UInt32, from reader: inout some WireReader) throws(DecodeError) {
    switch field {
    case 1: id = try reader.uint64()
    case 2: seen = try reader.uint64()
    default: try reader.skip()
    }
  }
}
