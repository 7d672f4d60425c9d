/// The threads of the Swift runtime, in virtual time: jobs that could run wait until the scheduler picks one.
///
/// `@unchecked Sendable`: see `World`.
final class SimExecutor: TaskExecutor, @unchecked Sendable {
  private let world: World
  private var jobs: [UnownedJob] = []
  private var sleepers: [Sleeper] = []

  private struct Sleeper {
    var due: UInt64
    var number: UInt64
    var wake: CheckedContinuation<Void, Never>
  }
  private var nextNumber: UInt64 = 0
  private var cancelled: Set<UInt64> = []

  init(_ world: World) { self.world = world }

  func enqueue(_ job: consuming ExecutorJob) { jobs.append(UnownedJob(job)) }

  var jobCount: Int { jobs.count }

  /// Any job may be next: the runtime promises no order.
  func runOne() {
    guard !jobs.isEmpty else { return }
    run(jobs.remove(at: world.random.below(jobs.count)))
  }

  private func run(_ job: UnownedJob) {
    let before = world.current
    world.current = nil
    defer { world.current = before }
    job.runSynchronously(on: asUnownedTaskExecutor())
  }

  /// Until nothing could run.
  func runAll() { while !jobs.isEmpty { runOne() } }

  /// Until nothing could run, in order: chance, which the history to come depends on, is not asked.
  func runRest() { while !jobs.isEmpty { run(jobs.removeFirst()) } }

  // MARK: pauses

  /// Returns after so much virtual time, or when the task is cancelled.
  func sleep(_ duration: Duration) async {
    let (seconds, attoseconds) = duration.components
    let milliseconds = UInt64(max(0, seconds)) * 1000 + UInt64(max(0, attoseconds)) / 1_000_000_000_000_000
    nextNumber += 1
    let number = nextNumber
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        if cancelled.remove(number) != nil { return continuation.resume() }
        sleepers.append(Sleeper(due: world.uptimeMilliseconds + milliseconds, number: number, wake: continuation))
      }
    } onCancel: {
      cancel(number)
    }
    cancelled.remove(number)
  }

  private func cancel(_ number: UInt64) {
    guard let at = sleepers.firstIndex(where: { $0.number == number }) else {
      cancelled.insert(number)
      return
    }
    sleepers.remove(at: at).wake.resume()
  }

  func wake() { wake { $0.due <= world.uptimeMilliseconds } }

  /// The process died: whoever sleeps goes to its end without effect.
  func wakeAll() { wake { _ in true } }

  private func wake(_ isDue: (Sleeper) -> Bool) {
    let due = sleepers.filter(isDue)
    sleepers.removeAll(where: isDue)
    for sleeper in due { sleeper.wake.resume() }
  }
}
