public import CollabProtocol
public import Rooms
import Synchronization

/// Remembers whether the store takes writes, from what the rooms see: a probe of its own would be one more write that may fail for reasons
/// of its own.
///
/// A failure counts until a commit succeeds, or for `memory`: after that only new traffic can tell.
public final class StoreWatch: RoomMetrics {
  public static let memory: Duration = .seconds(15)

  private let failedAt = Mutex<ContinuousClock.Instant?>(nil)

  public init() {}

  public var acceptsWrites: Bool {
    failedAt.withLock { instant in instant.map { ContinuousClock.now - $0 > Self.memory } ?? true }
  }

  public func storeFailed() { failedAt.withLock { $0 = .now } }
  public func committed(changes: Int) { failedAt.withLock { $0 = nil } }

  public func roomOpened() {}
  public func roomClosed() {}
  public func sessionJoined() {}
  public func sessionLeft(_ code: CloseCode) {}
  public func refused(_ code: RefusalCode) {}
  public func broadcast(bytes: Int, members: Int) {}
  public func hashDiffered() {}
}
