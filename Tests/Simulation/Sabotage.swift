/// A defect planted at a seam between two parts, to prove that the checks would see one of its kind.
public enum Sabotage: String, CaseIterable, Sendable {
  /// The store says durable when it has only queued: RM1, and what a crash then loses.
  case storeAnswersEarly
  /// A granted lease is not written: after a restart its replica id is lent to somebody else.
  case storeForgetsLease
  /// A load leaves out the last change.
  case loadLosesLast
  /// A snapshot is newer than its content.
  case loadLosesSnapshotTail
  /// The server acknowledges one change more than is durable.
  case ackOneTooMany
  /// One client gets a change with an op missing: its replica differs at an equal version.
  case broadcastLosesOp
  /// The room is not told of a connection's end: a participant who is gone stays.
  case ghostSession
  /// The authenticator lets viewers write.
  case viewerMayWrite
  /// A client throws away what waits for its acknowledgement when the connection is lost, and says saved.
  case clientForgetsPending
}
