public import CollabProtocol
public import RateLimits
public import WorkflowDocument
public import WorkflowGraph

/// What a room wants done. In order; what is sent to one session arrives in this order.
public enum RoomAction: Sendable {
  /// To be appended to the log. All writes of one turn go to the store in one call, answered by `writesCommitted` or `storeFailed`.
  case write(RoomWrite)
  case send(ServerMessage, to: SessionID)
  /// One encoding for several sessions.
  case sendShared(ServerMessage, to: [SessionID])
  /// The chunks of the snapshot at `position`, encoded before.
  case sendSnapshot(position: UInt64, to: SessionID)
  /// To every session whose audience includes the topic.
  case broadcast(ServerMessage, Topic)
  /// From here on the session hears these topics; earlier broadcasts do not reach it any more, or not yet.
  case listen(SessionID, to: Topics)
  case pauseReading(SessionID)
  case resumeReading(SessionID)
  /// After everything sent before. The session is gone for the room.
  case close(SessionID, CloseCode, reason: String)

  /// Answered by `snapshotEncoded` or `snapshotFailed`. The document is a value: it may be encoded elsewhere.
  case encodeSnapshot(WorkflowDocument, position: UInt64)
  /// The snapshot encoded at `position` goes to the store; answered by `snapshotStored`.
  case storeSnapshot(position: UInt64)
  /// Nobody will ask for it again.
  case dropSnapshot(position: UInt64)

  /// Something of the past is wanted from the store; answered by `looked` with the same number.
  case look(UInt64, HistoryLook, for: SessionID)
  /// The chunks of the state that was read under this number.
  case sendState(UInt64, request: UInt64, to: SessionID)
  /// Nobody will ask for it.
  case dropState(UInt64)
  /// The version is to be kept with its state, which is in the store; answered by `versionNamed` or `versionNotNamed`.
  case nameVersion(NamedVersion)

  /// What became of the outside edit of that number.
  case answerEdit(UInt64, EditOutcome)

  /// - Parameter by: the session that triggered it; it may be gone by now.
  case startRun(RunID, WorkflowGraph, by: SessionID)
  case cancelRun(RunID)

  case arm(RoomTimer, generation: UInt64, afterMilliseconds: UInt64)
  /// The store's state of the workflow is wanted, after a pause.
  case reload(afterMilliseconds: UInt64)
  case note(RoomNote)
  /// The room is done; no event may follow.
  case unload
}

/// One durable fact, in the store's order.
public enum RoomWrite: Hashable, Sendable {
  case change(LoggedChange)
  case lease(ReplicaLease)
  case runEvent(RunEvent)
  case version(VersionEdit)
}

/// What is done to a named version. Spec: HI3.
public enum VersionEdit: Hashable, Sendable {
  case renamed(id: String, name: String, note: String)
  case dropped(id: String)

  var id: String {
    switch self {
    case .renamed(let id, _, _), .dropped(let id): id
    }
  }
}

public enum HistoryLook: Hashable, Sendable {
  /// At most `count` changes before a position that is not 0 are looked at. `newest`: what is durable as far as the room knows, and so all that
  /// may be told, whatever else the store has.
  case page(HistoryRequest, newest: UInt64)
  case state(position: UInt64, request: UInt64)
}

/// What a broadcast is about, so that it goes only to those who want it.
public enum Topic: UInt8, Sendable, CaseIterable { case changes, presence, runs, issues, hashes, versions }

public struct Topics: OptionSet, Hashable, Sendable {
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }
  public init(_ topic: Topic) { rawValue = 1 << topic.rawValue }
  public func includes(_ topic: Topic) -> Bool { rawValue & 1 << topic.rawValue != 0 }

  public static let changes = Topics(.changes)
  public static let presence = Topics(.presence)
  public static let runs = Topics(.runs)
  public static let issues = Topics(.issues)
  public static let hashes = Topics(.hashes)
  public static let versions = Topics(.versions)
  public static let none: Topics = []

  /// Hashes belong to the changes they prove, named versions to the changes they name.
  init(_ wants: Wants) {
    var topics: Topics = []
    if wants.changes { topics.formUnion([.changes, .hashes, .versions]) }
    if wants.presence { topics.insert(.presence) }
    if wants.runs { topics.insert(.runs) }
    if wants.issues { topics.insert(.issues) }
    self = topics
  }
}

/// Something worth counting or logging; no content of a document in it.
public enum RoomNote: Hashable, Sendable {
  case sessionJoined(SessionID, Role)
  case sessionGone(SessionID, CloseCode)
  case changesCommitted(Int, opCount: Int)
  case changeRefused(RefusalCode)
  /// By a rate of the session that the room itself counts.
  case limitReached(RateName)
  case hashDiffered(SessionID)
  /// It is behind, hears nothing, and gets a catch-up in place of what it misses.
  case sessionHeldBack(SessionID)
  case degraded(reason: String)
  case healed(changesLost: Int)
  case tombstonesCollected(Int)
  case runStarted(RunID, nodeCount: UInt32)
  case runEnded(RunID, RunEvent.Kind, durationMicroseconds: UInt64)
}
