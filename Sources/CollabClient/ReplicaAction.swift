public import CollabProtocol
public import WorkflowDocument

/// What the machine wants done. The shell does it in order and decides nothing.
public enum ReplicaAction: Sendable {
  /// Open a connection; answered by `connected` or `disconnected`.
  case connect
  case send(ClientMessage)
  /// Close the connection; answered by `disconnected`.
  case disconnect(CloseCode, String)
  /// Get a token from whoever gives them; answered by `token`.
  case askForToken(TokenNeed)
  case notify(ClientNotice)
}

/// What the user of a replica may want to know, in the order in which it happened.
public enum ClientNotice: Sendable {
  case link(LinkState)
  /// New in the server's order, own changes among them once they are durable. Each position comes once, ascending.
  case changes([LoggedChange])
  /// The document was replaced by the server's snapshot with the pending changes on top of it.
  case replaced(position: UInt64)
  /// Beside other edits of the same moment a restore did not fit, also after several tries: why, and what to do.
  case restoredInPart(String)
  /// The server did not take a change; its effect is undone here. Not told of a restore's that is made again.
  case refused(Change, Refusal)
  case saveState(SaveState)
  case presence(PresenceFrame)
  case runEvent(RunEvent)
  /// The run asked for under `key` is one that was begun before: its events so far are in the run board.
  case runNamed(run: String, key: String)
  case issues(IssuesChange)
  /// At each welcome, and when the rights change or a token is answered.
  case role(RoleChanged)
  /// A fresh token could not be had, or was not taken; it is asked for again. What was taken before holds until it ends.
  case tokenFailed(String)
  /// The answer to a run, cancel or presence that was not taken.
  case error(ErrorReport)
  /// Equal versions, different hashes: a defect, healed by a snapshot and counted. Spec: GV5.
  case diverged(HashReport)
  /// The server's hashes at a version, whether or not they could be compared.
  case hash(HashReport)
  case roundTrip(milliseconds: UInt64)
  /// The answer to a request for history.
  case history(HistoryPage)
  /// The named versions: an answer, or told because they changed.
  case versions(VersionList)
  /// A piece of a state that was asked for.
  case state(StateChunk)
}

public enum LinkState: Hashable, Sendable {
  /// No connection; `retryInMilliseconds` until the next attempt.
  case offline(retryInMilliseconds: UInt64)
  case connecting
  /// No connection until there is a token that the server takes; edits wait meanwhile. Why, in the server's words.
  case waitingForToken(String)
  /// Joined, still getting what it missed.
  case catchingUp
  case live
  /// Over; never comes back by itself.
  case stopped(ClientStop)
}

/// Whether everything done here is on the server's disk.
public enum SaveState: Hashable, Sendable {
  case saved
  /// So many changes wait for their acknowledgement.
  case saving(waiting: Int)
  /// So many changes wait for a connection.
  case offline(waiting: Int)
}

/// Why a replica stopped for good.
public struct ClientStop: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Reason: Hashable, Sendable {
    /// `close()` was called here.
    case closedHere
    /// The server closed with a code that forbids to come back (4400 to 4499), or with 1000.
    case closedByServer(CloseCode)
    /// The server is not who it should be, or its address is none: no connection was made.
    case untrusted
    /// Nothing could be joined in `attemptsMax` attempts.
    case unreachable
    /// The server sent what this client cannot take: a defect of one of the two.
    case fault
  }
  public var reason: Reason
  public var text: String

  public init(_ reason: Reason, _ text: String) {
    self.reason = reason
    self.text = text
  }
  public var description: String {
    switch reason {
    case .closedHere: "closed: \(text)"
    case .closedByServer(let code): "closed by the server with \(code): \(text)"
    case .untrusted: "no safe connection: \(text)"
    case .unreachable: "not reachable: \(text)"
    case .fault: "fault: \(text)"
    }
  }
}

/// Why an edit, an undo or a run was not taken here.
public enum ClientError: Error, Hashable, Sendable {
  /// The first catch-up is not done: there is no replica to write as.
  case notJoined
  /// The role allows no such change.
  case readOnly(Role)
  /// Too much waits for acknowledgement already; try again once some of it is saved.
  case pendingFull(changes: Int, bytes: Int)
  /// The document would not take it: what and why.
  case invalid(String)
  /// More ops or bytes than the server takes in one change.
  case tooLarge(String)
  case nothingToUndo
  /// Others have written over all of the step since: it is gone, and nothing was taken back. The next undo takes the one before.
  case overwritten
  /// The run was refused; the connection stays.
  case refused(RefusalCode, String)
  /// A subscriber read too slowly and lost its place.
  case subscriberTooSlow
  case timedOut(String)
}
