public import Access
public import CollabProtocol
public import RateLimits
public import RoomCore
public import WorkflowDocument

/// What the rooms of a server have in common.
public struct RoomConfiguration: Sendable {
  public var limits = RoomLimits()
  /// Name and version of the program, told in the welcome.
  public var server = "thaiyyal"
  /// How long a shutdown may take before rooms are dropped as they are. The log holds every acknowledged change even then.
  public var drainDeadline: Duration = .seconds(20)
  /// Requests that hold a whole graph in memory, at once; more are told to come back.
  public var adHocRunCountMax = 16
  /// Of those, requests of one subject. Nobody is counted as one in open mode.
  public var adHocRunsPerCallerMax = 4
  public init() {}
}

/// What the door says to a hello.
public enum Admission: Sendable {
  case granted(Grant)
  case refused(CloseCode, reason: String)

  /// For a subject that has this role and nothing else.
  public static func admitted(subject: String, role: Role, kind: Author.Kind? = nil) -> Admission {
    .granted(Grant(subject: subject, rights: Rights(member: role), kind: kind, mayCreate: role >= .editor))
  }
}

/// Who somebody is in a workflow. Spec: AC2.
public struct Grant: Sendable {
  /// Empty in open mode.
  public var subject: String
  /// Without a role one may enter only a workflow that one makes.
  public var rights: Rights
  /// What it is called, whatever the hello says; `nil`: as the hello says.
  public var name: String?
  /// What the subject is when the hello does not say.
  public var kind: Author.Kind?
  public var mayCreate: Bool
  /// Who becomes the owner when it makes the workflow; `nil`: nobody.
  public var founder: String?
  /// Of the access book when it was asked: rights that changed since are looked at again. `nil`: they do not depend on it.
  public var revision: UInt64?

  public init(
    subject: String, rights: Rights, name: String? = nil, kind: Author.Kind? = nil, mayCreate: Bool, founder: String? = nil,
    revision: UInt64? = nil
  ) {
    self.subject = subject
    self.rights = rights
    self.name = name
    self.kind = kind
    self.mayCreate = mayCreate
    self.founder = founder
    self.revision = revision
  }
}

/// Where the rooms count what happens. Called on event loops; must not block.
public protocol RoomMetrics: Sendable {
  func roomOpened()
  func roomClosed()
  func sessionJoined()
  /// One that had joined, once.
  func sessionLeft(_ code: CloseCode)
  func committed(changes: Int, ops: Int)
  func refused(_ code: RefusalCode)
  /// Something was refused or put off by a rate: a message, a change, a request, a connection.
  func limitReached(_ name: RateName)
  func broadcast(bytes: Int, members: Int)
  func hashDiffered()
  /// A session was too slow and gets a catch-up later.
  func heldBack()
  func storeFailed()
  func runStarted()
  /// - Parameter last: of its events.
  func runEnded(_ last: RunEvent.Kind, durationMicroseconds: UInt64)
  /// Carries `body` out, which writes to the sockets what a room had to say in one turn of its loop, and may take its time.
  func measureFlush(_ body: () -> Void)
}

/// Counts nothing.
public struct NoRoomMetrics: RoomMetrics {
  public init() {}
  public func roomOpened() {}
  public func roomClosed() {}
  public func sessionJoined() {}
  public func sessionLeft(_ code: CloseCode) {}
  public func committed(changes: Int, ops: Int) {}
  public func refused(_ code: RefusalCode) {}
  public func broadcast(bytes: Int, members: Int) {}
  public func hashDiffered() {}
  public func storeFailed() {}
}

extension RoomMetrics {
  public func heldBack() {}
  public func limitReached(_ name: RateName) {}
  public func measureFlush(_ body: () -> Void) { body() }
  public func runStarted() {}
  public func runEnded(_ last: RunEvent.Kind, durationMicroseconds: UInt64) {}
}
