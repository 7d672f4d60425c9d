public import CRDT
public import WorkflowDocument
public import WorkflowGraph

/// What a client may say. Spec: the table "client to server"; every field's meaning stands in `protocol/collab.proto`.
public enum ClientMessage: Hashable, Sendable {
  case hello(Hello)
  case change(ChangeBatch)
  case presence(PresenceState)
  case run(RunRequest)
  case cancelRun(CancelRun)
  case resync(Resync)
  case ping(Ping)
  case history(HistoryRequest)
  case nameVersion(NameVersion)
  case renameVersion(RenameVersion)
  case dropVersion(DropVersion)
  case listVersions(ListVersions)
  case stateAt(StateRequest)
  case token(TokenUpdate)
  /// A kind this version does not know, from a newer minor version: to be ignored.
  case unknown
}

public struct Hello: Hashable, Sendable {
  public var protocolMajor: UInt32 = ProtocolVersion.major
  public var protocolMinor: UInt32 = ProtocolVersion.minor
  public var token = ""
  public var name = ""
  public var colour = ""
  public var kind: Author.Kind?
  public var lease: Lease?
  public var version = Version()
  public var wants: Wants?
  public var create = false
  public var roleMax: Role?
  public var client = ""
  public init() {}
}

public enum ProtocolVersion {
  public static let major: UInt32 = 1
  public static let minor: UInt32 = 0
  public static let subprotocolJSON = "thaiyyal.v1.json"
  public static let subprotocolProto = "thaiyyal.v1.proto"
}

/// The two forms of a message on the wire.
public enum WireEncoding: UInt8, Hashable, Sendable, CaseIterable {
  case json = 0
  case proto = 1
}

public struct Lease: Hashable, Sendable {
  public static let secretBytes = 16
  public var replica: ReplicaID
  public var secret: [UInt8]
  public init(replica: ReplicaID, secret: [UInt8]) {
    self.replica = replica
    self.secret = secret
  }
}

public struct Wants: Hashable, Sendable {
  public var changes: Bool
  public var presence: Bool
  public var runs: Bool
  public var issues: Bool
  public init(changes: Bool = true, presence: Bool = true, runs: Bool = true, issues: Bool = true) {
    self.changes = changes
    self.presence = presence
    self.runs = runs
    self.issues = issues
  }
  public static let everything = Wants()
}

/// Each role may do all that those before it may.
public enum Role: UInt8, Hashable, Comparable, Sendable, CaseIterable {
  case viewer = 1
  case commenter = 2
  case editor = 3
  case runner = 4
  case owner = 5
  public static func < (a: Self, b: Self) -> Bool { a.rawValue < b.rawValue }
}

public struct ChangeBatch: Hashable, Sendable {
  /// Something wrong with one change that was found while decoding. The change keeps its place in `changes`, without ops.
  ///
  /// The message as a whole is in good form, so the connection stays: refuse this change with `code` and `text`, and those after it with
  /// `conflict`. Spec: RF2.
  public struct Fault: Hashable, Sendable {
    /// Place in `changes`.
    public var index: Int
    /// `.invalid` or `.tooLarge`.
    public var code: RefusalCode
    public var text: String
    public init(index: Int, code: RefusalCode, text: String) {
      self.index = index
      self.code = code
      self.text = text
    }
  }
  public var batch: UInt64
  public var changes: [Change]
  public var seen: UInt64
  /// Ascending by index, at most one per change. Never encoded.
  public var faults: [Fault]
  public init(batch: UInt64, changes: [Change], seen: UInt64, faults: [Fault] = []) {
    self.batch = batch
    self.changes = changes
    self.seen = seen
    self.faults = faults
  }
}

public struct Point: Hashable, Sendable {
  public var x: Double
  public var y: Double
  public init(x: Double, y: Double) {
    self.x = x
    self.y = y
  }
}

public struct PresenceState: Hashable, Sendable {
  public struct Viewport: Hashable, Sendable {
    public var x: Double
    public var y: Double
    public var zoom: Double
    public init(x: Double, y: Double, zoom: Double) {
      self.x = x
      self.y = y
      self.zoom = zoom
    }
  }
  public struct Dragging: Hashable, Sendable {
    public var node: NodeID
    public var position: Point
    public init(node: NodeID, position: Point) {
      self.node = node
      self.position = position
    }
  }
  public var cursor: Point?
  public var selectedNodes: [NodeID] = []
  public var selectedEdges: [EdgeKey] = []
  public var viewport: Viewport?
  public var dragging: [Dragging] = []
  public var editing = ""
  public var extra = ""
  public init() {}
}

public struct RunRequest: Hashable, Sendable {
  public enum Policy: UInt8, Sendable, CaseIterable {
    case coalesce = 0
    case queue, parallel, reject
  }
  public enum Parked: UInt8, Sendable, CaseIterable {
    case refuse = 0
    case prune
  }
  public var request: UInt64 = 0
  public var idempotencyKey = ""
  public var include = Version()
  public var policy = Policy.coalesce
  public var parked = Parked.refuse
  public init() {}
}

public struct CancelRun: Hashable, Sendable {
  public var request: UInt64
  public var run: String
  public init(request: UInt64, run: String) {
    self.request = request
    self.run = run
  }
}

public struct Resync: Hashable, Sendable {
  public var version: Version
  public var graphHash: [UInt8]
  public var documentHash: [UInt8]
  public init(version: Version, graphHash: [UInt8] = [], documentHash: [UInt8] = []) {
    self.version = version
    self.graphHash = graphHash
    self.documentHash = documentHash
  }
}

/// A fresh token of the same subject. Spec: AC9.
public struct TokenUpdate: Hashable, Sendable {
  public var request: UInt64
  public var token: String
  public init(request: UInt64, token: String) {
    self.request = request
    self.token = token
  }
}

public struct Ping: Hashable, Sendable {
  public var id: UInt64
  public var seen: UInt64
  public init(id: UInt64, seen: UInt64 = 0) {
    self.id = id
    self.seen = seen
  }
}
