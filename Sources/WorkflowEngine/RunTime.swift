/// What all nodes of one run share and none changes: limits, time, how to stop.
final class RunFrame: Sendable {
  let limits: RunLimits
  let outside: OutsideBudget
  let reading: @Sendable () -> Duration
  /// `nil`: this run cannot wait.
  let sleep: (@Sendable (Duration) async -> Void)?
  let cancellation: CancellationFlag?
  let start: Duration
  /// When the run's time is over.
  let deadline: Duration

  init(
    limits: RunLimits, reading: @escaping @Sendable () -> Duration, sleep: (@Sendable (Duration) async -> Void)?,
    cancellation: CancellationFlag?
  ) {
    self.limits = limits
    outside = OutsideBudget(limits)
    self.reading = reading
    self.sleep = sleep
    self.cancellation = cancellation
    start = reading()
    deadline = start + limits.duration
  }

  var isCancelled: Bool { cancellation?.isCancelled == true || Task.isCancelled }
}

/// The time of one node.
struct NodeTime: Sendable {
  /// When it began, on a clock that runs as if one node ran after the other. Whatever ran at the same time, it says the same.
  let inTurn: Duration
  /// When its time or the run's is over. Until then, and not longer, it may work.
  let deadline: Duration

  init(inTurn: Duration, began: Duration, _ frame: RunFrame) {
    self.inTurn = inTurn
    deadline = frame.limits.nodeDuration.map { min(frame.deadline, began + $0) } ?? frame.deadline
  }

  /// - Throws: when the run is cancelled or the time is over. Whether that was the node's time or the run's, the run knows better.
  func check(_ frame: RunFrame, now: Duration) throws(NodeFailure) {
    if frame.isCancelled { throw NodeFailure("the run was cancelled") }
    if now > deadline { throw Self.over(frame) }
  }

  static func over(_ frame: RunFrame) -> NodeFailure {
    NodeFailure("node execution timeout: exceeded \(GoDuration.text(frame.limits.nodeDuration ?? frame.limits.duration))")
  }

  func wait(_ duration: Duration, _ frame: RunFrame) async throws(NodeFailure) {
    guard duration > .zero else { return }
    guard let sleep = frame.sleep else { throw NodeFailure("this run cannot wait") }
    var now = frame.reading()
    let end = now + duration
    while now < end {
      try check(frame, now: now)
      // Up to the deadline and not only to it: at the deadline itself the time is not over.
      await sleep(min(end, deadline + .nanoseconds(1)) - now)
      now = frame.reading()
    }
  }
}

/// Counts the steps of a loop and looks at the time after every few thousand, so that a node ends in the middle of its work.
struct WorkMeter {
  private let time: NodeTime
  private let frame: RunFrame
  private var left = Self.stepsBetweenLooks
  /// Steps take some 10 to 100 ns, a look 50.
  private static let stepsBetweenLooks = 8192

  init(_ time: NodeTime, _ frame: RunFrame) {
    self.time = time
    self.frame = frame
  }

  mutating func step(_ count: Int = 1) throws(NodeFailure) {
    left -= count
    if left <= 0 { try look() }
  }

  private mutating func look() throws(NodeFailure) {
    left = Self.stepsBetweenLooks
    try time.check(frame, now: frame.reading())
  }
}
