public import WorkflowDocument

/// A stretch of the log, read backwards.
public struct StoredHistory: Hashable, Sendable {
  /// Newest first, without gaps.
  public var changes: [LoggedChange]
  /// History reaches back to here: changes at and before it are gone, but in what they made.
  public var floor: UInt64
  /// Of the newest durable change; `floor` when there is none behind it.
  public var last: UInt64

  public init(changes: [LoggedChange], floor: UInt64, last: UInt64) {
    self.changes = changes
    self.floor = floor
    self.last = last
  }
}

/// What a state is made of: a snapshot, and the changes between it and the position asked for.
public struct StoredState: Hashable, Sendable {
  /// `nil`: the empty workflow.
  public var snapshot: StoredSnapshot?
  /// In order, without gaps, from the snapshot on.
  public var log: [LoggedChange]

  public init(snapshot: StoredSnapshot?, log: [LoggedChange]) {
    self.snapshot = snapshot
    self.log = log
  }
}

/// What becomes of a named version. Nothing happens to one that is not there. Spec: HI3.
public enum VersionWrite: Hashable, Sendable {
  case renamed(id: String, name: String, note: String)
  case dropped(id: String)
}
