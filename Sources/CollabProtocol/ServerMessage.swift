public import CRDT
public import WorkflowDocument
public import WorkflowGraph

/// What the server may say. Spec: the table "server to client"; every field's meaning stands in `protocol/collab.proto`.
public enum ServerMessage: Hashable, Sendable {
  case welcome(Welcome)
  case snapshot(SnapshotChunk)
  case changes([LoggedChange])
  case ack(Ack)
  case presence(PresenceFrame)
  case runEvent(RunEvent)
  case issues(IssuesChange)
  case hash(HashReport)
  case role(RoleChanged)
  case goodbye(Goodbye)
  case error(ErrorReport)
  case pong(Pong)
  case history(HistoryPage)
  case versions(VersionList)
  case state(StateChunk)
  /// A kind this version does not know, from a newer minor version: to be ignored.
  case unknown
}

public struct Participant: Hashable, Sendable {
  public var session: String
  public var author: Author
  public var colour: String
  public var role: Role
  public init(session: String, author: Author, colour: String, role: Role) {
    self.session = session
    self.author = author
    self.colour = colour
    self.role = role
  }
}

/// What a session may do from now on. Spec: AC7, AC9.
public struct RoleChanged: Hashable, Sendable {
  public var role: Role
  /// Of the token that this answers; 0: none.
  public var request: UInt64
  /// When the token ends; 0: never.
  public var expiresAtMilliseconds: UInt64
  public init(_ role: Role, request: UInt64 = 0, expiresAtMilliseconds: UInt64 = 0) {
    self.role = role
    self.request = request
    self.expiresAtMilliseconds = expiresAtMilliseconds
  }
}

public struct Limits: Hashable, Sendable {
  public var messageBytesMax: UInt32 = 1 << 20
  public var opsPerChangeMax: UInt32 = 4096
  public var changesPerBatchMax: UInt32 = 1024
  public var valueBytesMax: UInt32 = 256 << 10
  public var presenceBytesMax: UInt32 = 4 << 10
  public var changesInFlightMax: UInt32 = 4096
  public var nodesMax: UInt32 = 20_000
  public var edgesMax: UInt32 = 50_000
  public var documentBytesMax: UInt32 = 64 << 20
  public var clockSkewMaxMilliseconds: UInt32 = 60_000
  public var presenceIntervalMilliseconds: UInt32 = 33
  public init() {}
}

public struct Welcome: Hashable, Sendable {
  public enum Catchup: UInt8, Sendable, CaseIterable {
    case nothing = 1
    case changes = 2
    case snapshot = 3
  }
  public var protocolMajor: UInt32 = ProtocolVersion.major
  public var protocolMinor: UInt32 = ProtocolVersion.minor
  public var session = ""
  public var lease: Lease?
  public var leaseThrough: UInt64 = 0
  public var restamp = false
  public var role = Role.viewer
  public var serverMilliseconds: UInt64 = 0
  public var limits = Limits()
  public var version = Version()
  public var position: UInt64 = 0
  public var participants: [Participant] = []
  public var catchup = Catchup.nothing
  public var server = ""
  /// When the token ends; 0: never.
  public var expiresAtMilliseconds: UInt64 = 0
  public init() {}
}

public struct SnapshotChunk: Hashable, Sendable {
  public static let dataBytesMax = 256 << 10
  public var index: UInt32
  public var count: UInt32
  public var data: [UInt8]
  public var crc32: UInt32
  public var position: UInt64
  public var rawBytes: UInt32
  public init(index: UInt32, count: UInt32, data: [UInt8], crc32: UInt32, position: UInt64, rawBytes: UInt32) {
    self.index = index
    self.count = count
    self.data = data
    self.crc32 = crc32
    self.position = position
    self.rawBytes = rawBytes
  }
}

/// Why a change, or another message, was not taken. The connection stays. Spec: the refusal table.
public enum RefusalCode: UInt8, Hashable, Sendable, CaseIterable {
  case forbidden = 1
  case invalid, tooLarge, limit, rateLimited, clockSkew, staleLease, conflict, unavailable
}

public struct Refusal: Hashable, Sendable {
  public var seq: UInt64
  public var code: RefusalCode
  public var text: String
  public var revert: [Op]
  public var retryAfterMilliseconds: UInt32
  public init(seq: UInt64, code: RefusalCode, text: String, revert: [Op] = [], retryAfterMilliseconds: UInt32 = 0) {
    self.seq = seq
    self.code = code
    self.text = text
    self.revert = revert
    self.retryAfterMilliseconds = retryAfterMilliseconds
  }
}

public struct Ack: Hashable, Sendable {
  public var batch: UInt64
  public var replica: ReplicaID
  public var seq: UInt64
  public var position: UInt64
  public var refused: [Refusal]
  public init(batch: UInt64, replica: ReplicaID, seq: UInt64, position: UInt64, refused: [Refusal] = []) {
    self.batch = batch
    self.replica = replica
    self.seq = seq
    self.position = position
    self.refused = refused
  }
}

public struct PresenceFrame: Hashable, Sendable {
  public struct Slot: Hashable, Sendable {
    public var session: String
    public var state: PresenceState
    public init(session: String, state: PresenceState) {
      self.session = session
      self.state = state
    }
  }
  public var slots: [Slot]
  public var joined: [Participant]
  public var left: [String]
  public init(slots: [Slot] = [], joined: [Participant] = [], left: [String] = []) {
    self.slots = slots
    self.joined = joined
    self.left = left
  }
}

public struct RunInfo: Hashable, Sendable {
  public var version: Version
  public var graphHash: [UInt8]
  public var startedBy: Author
  public var idempotencyKey: String
  public var nodeCount: UInt32
  /// As it was asked for. Spec: RU3.
  public var policy = RunRequest.Policy.coalesce
  public var parked = RunRequest.Parked.refuse
  public init(version: Version, graphHash: [UInt8], startedBy: Author, idempotencyKey: String, nodeCount: UInt32) {
    self.version = version
    self.graphHash = graphHash
    self.startedBy = startedBy
    self.idempotencyKey = idempotencyKey
    self.nodeCount = nodeCount
  }
}

public struct RunEvent: Hashable, Sendable {
  /// What a reader takes of `nodeType`, in UTF-8. Spec: LM2.
  public static let nodeTypeBytesMax = DecodeLimits.idBytesMax
  /// And of `error`.
  public static let errorBytesMax = DecodeLimits.sentenceBytesMax
  public enum Kind: UInt8, Sendable, CaseIterable {
    case runStarted = 1
    case nodeStarted, nodeSucceeded, nodeFailed, nodeSkipped, runFinished, runCancelled, runFailed
    /// Whether the run is over with it.
    public var isLast: Bool { self == .runFinished || self == .runCancelled || self == .runFailed }
  }
  public var run: String
  public var seq: UInt64
  public var kind: Kind
  public var atMilliseconds: UInt64
  public var node = ""
  public var nodeType = ""
  public var result = ""
  public var error = ""
  public var durationMicroseconds: UInt64 = 0
  public var info: RunInfo?
  /// With `nodeSucceeded` and `nodeFailed`: 8 bytes that say what the result follows from; empty when nobody knows. Spec: RU6.
  public var fingerprint: [UInt8] = []
  public init(run: String, seq: UInt64, kind: Kind, atMilliseconds: UInt64) {
    self.run = run
    self.seq = seq
    self.kind = kind
    self.atMilliseconds = atMilliseconds
  }
}

public struct IssuesChange: Hashable, Sendable {
  public var added: [Issue]
  public var removed: [Issue]
  public init(added: [Issue] = [], removed: [Issue] = []) {
    self.added = added
    self.removed = removed
  }
}

public struct HashReport: Hashable, Sendable {
  public var version: Version
  public var position: UInt64
  public var graphHash: [UInt8]
  public var documentHash: [UInt8]
  public init(version: Version, position: UInt64, graphHash: [UInt8], documentHash: [UInt8]) {
    self.version = version
    self.position = position
    self.graphHash = graphHash
    self.documentHash = documentHash
  }
}

public struct Goodbye: Hashable, Sendable {
  public var code: CloseCode
  public var text: String
  public var reconnectAfterMilliseconds: UInt32
  public init(code: CloseCode, text: String, reconnectAfterMilliseconds: UInt32) {
    self.code = code
    self.text = text
    self.reconnectAfterMilliseconds = reconnectAfterMilliseconds
  }
}

public struct ErrorReport: Hashable, Sendable {
  public var request: UInt64
  public var code: RefusalCode
  public var text: String
  /// With `rateLimited`, `limit` and `unavailable`: when it may be asked again; 0: not said.
  public var retryAfterMilliseconds: UInt32
  /// Of the limit that was reached; empty: none of those with names. Spec: LM3.
  public var limit: String
  public init(request: UInt64, code: RefusalCode, text: String, retryAfterMilliseconds: UInt32 = 0, limit: String = "") {
    self.request = request
    self.code = code
    self.text = text
    self.retryAfterMilliseconds = retryAfterMilliseconds
    self.limit = limit
  }
}

public struct Pong: Hashable, Sendable {
  public var id: UInt64
  public var serverMilliseconds: UInt64
  public init(id: UInt64, serverMilliseconds: UInt64) {
    self.id = id
    self.serverMilliseconds = serverMilliseconds
  }
}
