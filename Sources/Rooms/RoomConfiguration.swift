public import CollabProtocol
public import RoomCore
public import WorkflowDocument

/// What the rooms of a server have in common.
public struct RoomConfiguration: Sendable {
  public var limits = RoomLimits()
  /// Name and version of the program, told in the welcome.
  public var server = "thaiyyal"
  /// How long a shutdown may take before rooms are dropped as they are. The log holds every acknowledged change even then.
  public var drainDeadline: Duration = .seconds(20)
  /// Runs of graphs that belong to no workflow, at once; more are told to come back.
  public var adHocRunCountMax = 8
  public init() {}
}

/// What an authenticator says to a hello.
public enum Admission: Sendable {
  /// `role` is the most this subject may do in the workflow; the hello may ask for less. `subject` is empty in open mode.
  /// `kind`: what the subject is when the hello does not say.
  case admitted(subject: String, role: Role, kind: Author.Kind? = nil)
  case refused(CloseCode, reason: String)
}

/// Where the rooms count what happens. Called on event loops; must not block.
public protocol RoomMetrics: Sendable {
  func roomOpened()
  func roomClosed()
  func sessionJoined()
  /// One that had joined, once.
  func sessionLeft(_ code: CloseCode)
  func committed(changes: Int)
  func refused(_ code: RefusalCode)
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
  public func committed(changes: Int) {}
  public func refused(_ code: RefusalCode) {}
  public func broadcast(bytes: Int, members: Int) {}
  public func hashDiffered() {}
  public func storeFailed() {}
}

extension RoomMetrics {
  public func heldBack() {}
  public func measureFlush(_ body: () -> Void) { body() }
  public func runStarted() {}
  public func runEnded(_ last: RunEvent.Kind, durationMicroseconds: UInt64) {}
}
