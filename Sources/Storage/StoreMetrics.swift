/// Where a store counts what it does. Called on a thread of the store; must not block.
public protocol StoreMetrics: Sendable {
  /// - Parameters:
  ///   - calls: that shared one commit, and so one flush of the disk.
  ///   - bytes: of what was written, as the callers gave it.
  func committed(calls: Int, bytes: Int, duration: Duration)
  func commitFailed()
  func snapshotSaved(bytes: Int)
}
