public import CollabProtocol
public import WorkflowDocument

/// The present, handed to the machine: it owns no clock.
public struct ClientTime: Hashable, Sendable {
  /// Milliseconds since 1970 by this computer's clock, which may be wrong: the welcome corrects it. Spec: CR3.
  public var wallMilliseconds: UInt64
  /// Milliseconds on a clock that never goes back; only differences count.
  public var uptimeMilliseconds: UInt64

  public init(wallMilliseconds: UInt64, uptimeMilliseconds: UInt64) {
    self.wallMilliseconds = wallMilliseconds
    self.uptimeMilliseconds = uptimeMilliseconds
  }
}

/// Who a replica is, what it wants, and the bounds it keeps.
public struct ReplicaOptions: Sendable {
  /// Shown to others; 1 to 64 bytes.
  public var name: String
  public var colour = ""
  public var kind = Author.Kind.person
  public var token = ""
  /// Somebody answers `ReplicaAction.askForToken`: a token that ends is followed by another one instead of ending the session.
  public var asksForToken = false
  public var wants = Wants.everything
  /// Make the workflow when there is none.
  public var create = false
  /// Ask for no more than this role.
  public var roleMax: Role?
  /// Program and version, for the server's log; up to 64 bytes.
  public var client = "thaiyyal-client"

  /// Changes not acknowledged; beyond it an edit throws `ClientError.pendingFull`.
  public var pendingChangesMax = 100_000
  /// Their size on the wire, roughly; beyond it an edit throws `ClientError.pendingFull`.
  public var pendingBytesMax = 64 << 20
  /// Of a snapshot, deflated or inflated; beyond it the session stops with `ClientStop.Reason.fault`.
  public var snapshotBytesMax = 256 << 20

  public var connectDeadlineMilliseconds: UInt64 = 10_000
  public var welcomeDeadlineMilliseconds: UInt64 = 15_000
  /// A batch or a resync without an answer for so long: the connection is given up and made anew.
  public var answerDeadlineMilliseconds: UInt64 = 30_000
  public var pingIntervalMilliseconds: UInt64 = 15_000
  public var pongDeadlineMilliseconds: UInt64 = 10_000
  /// The first pause before a reconnect is drawn from 0 to this; it doubles with every attempt in vain, up to `backoffMaxMilliseconds`.
  public var backoffFirstMilliseconds: UInt64 = 200
  public var backoffMaxMilliseconds: UInt64 = 30_000
  /// Stop when nothing could be joined in this many attempts in a row; `nil`: try for ever.
  public var attemptsMax: Int?

  public init(name: String) { self.name = name }
}
