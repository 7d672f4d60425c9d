/// How far history reaches back: which snapshots stay beside the two that a workflow is opened with, and how much of the log.
///
/// The log is trimmed only up to a snapshot that stays, so every state from there on can be made again. Every implementation asks here.
/// Spec: ST4, ST7.
public enum Retention {
  /// - Parameters:
  ///   - positions: of whole snapshots, ascending, each once.
  ///   - floor: the log reaches back to it now.
  ///   - horizon: history need not reach back further than this position.
  ///   - last: the log ends there. Snapshots between horizon and there are thinned out to a handful, evenly.
  /// - Returns: the positions that stay, and the new floor. O(positions).
  public static func judge(
    _ positions: [UInt64], floor: UInt64, horizon: UInt64, last end: UInt64
  ) -> (kept: Set<UInt64>, floor: UInt64) {
    guard positions.count >= StoreLimits.snapshotCount else { return (Set(positions), floor) }
    let newest = positions.suffix(StoreLimits.snapshotCount)
    guard let older = newest.first else { return (Set(positions), floor) }
    var kept = Set(newest)
    let base = positions.last { $0 >= floor && $0 <= min(horizon, older) }
    if let base { kept.insert(base) }
    let spacing = max(1, (end - min(end, max(horizon, floor))) / 4)
    var last = base ?? floor
    let between = positions.filter { $0 > last && $0 < older }
    for (index, position) in between.enumerated() {
      let next = index + 1 < between.count ? between[index + 1] : older
      guard next - last > spacing else { continue }
      kept.insert(position)
      last = position
    }
    return (kept, max(floor, base ?? floor))
  }
}

extension StoreLimits {
  /// The rule for a workflow whose log ends at `last`, where `reach` is the position behind which the log has `historyBytesMax`.
  public func retention(
    _ positions: [UInt64], floor: UInt64, last: UInt64, reach: UInt64
  ) -> (kept: Set<UInt64>, floor: UInt64) {
    let count = UInt64(max(0, historyChangeCountMax))
    return Retention.judge(positions, floor: floor, horizon: max(reach, last > count ? last - count : 0), last: last)
  }
}
