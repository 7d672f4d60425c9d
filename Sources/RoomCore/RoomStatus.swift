public import CRDT
public import CollabProtocol
public import WorkflowDocument

/// How a room stands, for whoever runs the server. Nothing of what is in the document.
public struct RoomStatus: Hashable, Sendable {
  public enum Stage: String, Hashable, Sendable { case joining, catchingUp, live, lagging }

  public struct Member: Hashable, Sendable {
    public var session: SessionID
    public var author: Author
    public var role: Role
    public var replica: ReplicaID?
    public var stage: Stage
    /// Changes of it that are not durable yet.
    public var inFlightCount: Int
  }

  /// In the order in which their connections were opened.
  public var members: [Member]
  /// Of the last change that was taken, and of the last that is durable.
  public var appliedPosition: UInt64
  public var durablePosition: UInt64
  public var undurableBytes: Int
  public var nodeCount: Int
  public var edgeCount: Int
  public var documentBytes: Int
  public var activeRunCount: Int
  /// The store fails: nothing is taken until it works again.
  public var isDegraded: Bool
}

extension Room {
  /// O(sessions log sessions).
  public var status: RoomStatus {
    let members = sessions.values.sorted { $0.connectionNumber < $1.connectionNumber }.map { session in
      RoomStatus.Member(
        session: session.id, author: session.author, role: session.role, replica: session.replica, stage: RoomStatus.Stage(session.stage),
        inFlightCount: session.inFlight)
    }
    return RoomStatus(
      members: members, appliedPosition: appliedPosition, durablePosition: durablePosition, undurableBytes: queue.undurableBytes,
      nodeCount: document.nodeCount, edgeCount: document.edgeCount, documentBytes: document.byteCount,
      activeRunCount: runs.active.count { !$0.isOver }, isDegraded: isDegraded)
  }
}

extension RoomStatus.Stage {
  init(_ stage: Session.Stage) {
    switch stage {
    case .joining: self = .joining
    case .catchingUp: self = .catchingUp
    case .live: self = .live
    case .lagging: self = .lagging
    }
  }
}
