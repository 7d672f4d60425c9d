/// The time of one run: what time it is, how to wait, when to give up.
struct RunTime: Sendable {
  let reading: @Sendable () -> Duration
  /// `nil`: this run cannot wait.
  let sleep: (@Sendable (Duration) async -> Void)?
  let cancellation: CancellationFlag?
  let start: Duration
  let deadline: Duration

  /// Longest sleep before a look at the cancellation.
  private static let slice = Duration.milliseconds(100)

  init(
    reading: @escaping @Sendable () -> Duration, sleep: (@Sendable (Duration) async -> Void)?, cancellation: CancellationFlag?,
    limit: Duration
  ) {
    self.reading = reading
    self.sleep = sleep
    self.cancellation = cancellation
    start = reading()
    deadline = start + limit
  }

  var isOver: Bool { isCancelled || reading() > deadline }
  var isCancelled: Bool { cancellation?.isCancelled == true || Task.isCancelled }

  /// Waits; nothing for a duration of 0 or less. Ends early, with a failure, when the run is cancelled or its time is over.
  func wait(nanoseconds: Int64) async throws(NodeFailure) {
    guard nanoseconds > 0 else { return }
    guard let sleep else { throw NodeFailure("this run cannot wait") }
    let end = reading() + .nanoseconds(nanoseconds)
    while true {
      let rest = end - reading()
      if rest <= .zero { return }
      if isOver { throw NodeFailure("waiting was cut short") }
      await sleep(min(rest, Self.slice))
    }
  }
}
