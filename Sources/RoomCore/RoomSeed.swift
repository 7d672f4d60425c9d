public import CRDT
public import CollabProtocol
public import WorkflowDocument

/// What a room starts from: the durable state of its workflow.
public struct RoomSeed: Sendable {
  public var document: WorkflowDocument
  /// Of the last change in the document; 0 when there is none.
  public var position: UInt64
  /// Of the newest snapshot in the store; 0 when there is none.
  public var snapshotPosition: UInt64
  /// The newest changes, without gaps, ending at `position`; may be empty.
  public var recent: [LoggedChange]
  /// What the document held before the first of `recent`.
  public var versionBeforeRecent: Version
  public var leases: [ReplicaLease]
  /// Recent runs, oldest first, with their durable events in order; of those that ended long ago, perhaps only the first and the last.
  /// One without a last event was going on when the server, or its store, died.
  public var runs: [[RunEvent]]
  /// By position, then id.
  public var versions: [NamedVersion]

  public init(
    document: WorkflowDocument = WorkflowDocument(), position: UInt64 = 0, snapshotPosition: UInt64 = 0, recent: [LoggedChange] = [],
    versionBeforeRecent: Version = Version(), leases: [ReplicaLease] = [], runs: [[RunEvent]] = [],
    versions: [NamedVersion] = []
  ) {
    self.document = document
    self.position = position
    self.snapshotPosition = snapshotPosition
    self.recent = recent
    self.versionBeforeRecent = versionBeforeRecent
    self.leases = leases
    self.runs = runs
    self.versions = versions
  }
}

/// A replica id lent to whoever shows the secret behind `secretDigest`. Spec: CR5.
public struct ReplicaLease: Hashable, Sendable {
  public var replica: ReplicaID
  public var secretDigest: [UInt8]
  /// The lease writes changes with a higher `seq` than this.
  public var seqBefore: UInt64
  /// The highest `seq` accepted under it when it was ended; `nil` while it is in force.
  public var seqAtEnd: UInt64?
  /// The last sign of life, since 1970.
  public var touchedAtMilliseconds: UInt64

  public init(replica: ReplicaID, secretDigest: [UInt8], seqBefore: UInt64, seqAtEnd: UInt64? = nil, touchedAtMilliseconds: UInt64) {
    self.replica = replica
    self.secretDigest = secretDigest
    self.seqBefore = seqBefore
    self.seqAtEnd = seqAtEnd
    self.touchedAtMilliseconds = touchedAtMilliseconds
  }
}
