public import Access
public import CollabProtocol
public import RateLimits
public import WorkflowDocument
public import WorkflowGraph

/// What a room is told. Everything random or secret comes in here.
public enum RoomEvent: Sendable {
  case sessionArrived(Arrival)
  case messageReceived(ClientMessage, from: SessionID)
  /// A message in good form that is not taken: answered in its turn. Spec: ER1.
  case messageRefused(ErrorReport, from: SessionID)
  /// Of a session that has had its welcome. Answered by `answerEdit` with the same number.
  case outsideEdit(OutsideEdit, UInt64, from: SessionID)
  /// A batch of a session whose subject or address has written too much lately. Spec: LM3.
  case batchPutOff(ChangeBatch, RateRefusal, from: SessionID)
  /// The state of now is to be kept; answered like an outside edit.
  case versionWanted(VersionWish, UInt64, from: SessionID)
  /// The connection is gone; `isFinal` when the peer said so with close code 1000.
  case sessionLeft(SessionID, isFinal: Bool)
  /// Bytes on their way to a session crossed one of the bounds of the limits, or fell while it is held back.
  case outboxMeasured(SessionID, bytes: Int)
  /// It is behind, and the bound for all slow sessions of the server is reached.
  case outboxCrowded(SessionID, bytes: Int)

  /// So many of the writes asked for became durable, in order.
  case writesCommitted(Int)
  /// The writes that are still open failed, or may have: only a reload tells.
  case storeFailed(reason: String)
  case storeReloaded(RoomSeed)
  case reloadFailed(reason: String)

  /// The snapshot asked for is ready to be sent and stored; its size as it goes over the wire.
  case snapshotEncoded(position: UInt64, bytes: Int)
  case snapshotFailed(position: UInt64)
  case snapshotStored(position: UInt64)
  /// The store did not take it; the log still has everything.
  case snapshotNotStored(position: UInt64)

  /// What a look at history found.
  case looked(UInt64, for: SessionID, LookOutcome)
  /// As the store keeps it, with its number.
  case versionNamed(NamedVersion)
  /// There is nothing in it that is not in the one that is there.
  case versionNotNew(String, present: NamedVersion?)
  case versionNotNamed(String, RefusalCode, text: String)

  case runAdvanced(RunID, RunStep)
  case timerFired(RoomTimer, generation: UInt64)

  /// Plug-ins came, went, or brought other types.
  case typesChanged(OtherTypes?)

  /// The operator says what a subject may do from now on, whatever it rested on before.
  case roleChanged(subject: String, Role)
  /// A subject is a member with another role, or none any more (`nil`). Spec: AC7.
  case memberChanged(subject: String, Role?)
  /// A key or a share link was revoked, by its name in `Rights`. Spec: AC7.
  case credentialRevoked(String)
  /// The session has shown a token of the same subject. Spec: AC9.
  case tokenRenewed(SessionID, Rights, request: UInt64?)
  case evicted(subject: String)
  /// The server goes down: goodbye to all, then flush, save, unload.
  case drainBegan
  /// The workflow is about to be deleted: everybody out for good, then unload.
  case removalBegan
}

/// A version that somebody without a document wants. Spec: HI7.
public struct VersionWish: Hashable, Sendable {
  /// Empty: an automatic one.
  public var name: String
  public var note: String
  public init(name: String = "", note: String = "") {
    self.name = name
    self.note = note
  }
}

public enum LookOutcome: Sendable {
  case page(HistoryPage)
  case noPage(ErrorReport)
  /// The state is ready to be sent; the client's number of the request.
  case state(request: UInt64)
  case noState(ErrorReport)
}

/// A hello that passed the handshake and the authenticator.
public struct Arrival: Sendable {
  public var session: SessionID
  /// Of the connection among all of this server's, in the order in which they were opened.
  public var connectionNumber: UInt64
  public var hello: Hello
  /// The authenticated subject, "" in open mode.
  public var subject: String
  /// What it may do here, and what that rests on.
  public var rights: Rights
  /// SHA-256 of the secret that the hello showed.
  public var shownDigest: [UInt8]?
  /// For a lease that may have to be granted: an unguessable secret and its SHA-256.
  public var freshSecret: [UInt8]
  public var freshDigest: [UInt8]
  /// Whether it may ever write, as far as its role allows. Who does not takes no replica id from those who do.
  public var takesLease: Bool

  public init(
    session: SessionID, connectionNumber: UInt64, hello: Hello, subject: String, rights: Rights, shownDigest: [UInt8]?,
    freshSecret: [UInt8], freshDigest: [UInt8], takesLease: Bool = true
  ) {
    self.session = session
    self.connectionNumber = connectionNumber
    self.hello = hello
    self.subject = subject
    self.rights = rights
    self.shownDigest = shownDigest
    self.freshSecret = freshSecret
    self.freshDigest = freshDigest
    self.takesLease = takesLease
  }
}

/// What an engine says about a run; the room adds run, seq and time.
public struct RunStep: Hashable, Sendable {
  public var kind: RunEvent.Kind
  public var node = ""
  public var nodeType = ""
  /// A JSON text.
  public var result = ""
  public var error = ""
  public var durationMicroseconds: UInt64 = 0
  public init(_ kind: RunEvent.Kind) { self.kind = kind }
}

/// What a room wants to be woken for. At most one of each kind is armed; arming it again replaces it.
public enum RoomTimer: Int, Hashable, Sendable, CaseIterable {
  /// Presence and findings that changed.
  case tick
  case hash
  /// Deadlines of joiners, slow sessions and waiting runs.
  case watch
  /// Leases to end, tombstones to collect.
  case upkeep
  case idle
  case drain
  /// The next token that ends.
  case expiry
  /// An automatic version may be due.
  case version
}
