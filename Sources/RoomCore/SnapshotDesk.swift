/// Which snapshot is being made, which is ready for joiners, and which the store has. Spec: SN1, ME4.
struct SnapshotDesk: Sendable {
  /// Encoded from the applied state, so it must wait until that is durable.
  struct Making: Sendable {
    var position: UInt64
    var isDurable = false
    /// Of the encoded form, once there is one.
    var bytes: Int?
    var isForStore: Bool
  }

  struct Ready: Sendable {
    var position: UInt64
    var bytes: Int
  }

  var making: Making?
  var ready: Ready?
  /// In the order they asked.
  private(set) var waiting: [SessionID] = []

  var storedPosition: UInt64
  var storingPosition: UInt64?
  /// Estimated, since the last snapshot that went to the store.
  var loggedBytes: Int
  var storedBytes = 0
  var storedAtMilliseconds: UInt64

  init(storedPosition: UInt64, loggedBytes: Int, nowMilliseconds: UInt64) {
    self.storedPosition = storedPosition
    self.loggedBytes = loggedBytes
    storedAtMilliseconds = nowMilliseconds
  }

  mutating func wait(_ id: SessionID) { waiting.append(id) }

  mutating func takeWaiting() -> [SessionID] {
    defer { waiting = [] }
    return waiting
  }

  /// O(waiting), which is short: joiners are served in one go.
  mutating func forget(_ id: SessionID) {
    if !waiting.isEmpty { waiting.removeAll { $0 == id } }
  }

  func isDue(durablePosition: UInt64, nowMilliseconds: UInt64, limits: RoomLimits) -> Bool {
    storingPosition == nil && making?.isForStore != true
      && durablePosition - storedPosition >= UInt64(limits.snapshotAfterChangeCount)
      && loggedBytes >= max(limits.snapshotAfterBytes, storedBytes)
      && nowMilliseconds >= storedAtMilliseconds + limits.snapshotIntervalMilliseconds
  }
}
