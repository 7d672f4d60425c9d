import Testing
import WorkflowGraph

@testable import WorkflowEngine

/// Threads, clock and timers of a test: jobs run one at a time in an order drawn from a seed, and time passes when nothing else can happen.
/// So whatever a run leaves behind is seen.
///
/// `@unchecked Sendable`: everything happens on the thread that calls `run`; jobs run nowhere else.
final class VirtualMachine: TaskExecutor, @unchecked Sendable {
  private var jobs: [UnownedJob] = []
  private var sleepers: [Int: (due: Duration, wake: CheckedContinuation<Void, Never>)] = [:]
  private var cancelled: Set<Int> = []
  private var random: SplitMix
  private(set) var now = Duration.zero
  /// Jobs that ran.
  private(set) var stepCount = 0
  private(set) var sleepCount = 0
  /// Cancels the task that `run` made.
  private(set) var cancelTask: () -> Void = {}
  /// Called before every job.
  var onStep: (VirtualMachine) -> Void = { _ in }

  init(seed: UInt64 = 1) { random = SplitMix(state: seed) }

  func enqueue(_ job: consuming ExecutorJob) { jobs.append(UnownedJob(job)) }

  /// What could still run or wake: nothing, once a run has ended.
  var leftovers: Int { jobs.count + sleepers.count }

  /// - Returns: what the body gave, and `nil` when it waits for something that will never come.
  func run<Output: Sendable>(_ body: @escaping @Sendable () async -> Output) -> Output? {
    let box = Box<Output>()
    let task = Task(executorPreference: self) { box.output = await body() }
    cancelTask = { task.cancel() }
    while true {
      if jobs.isEmpty {
        if box.output != nil { return box.output }
        guard let next = sleepers.min(by: { ($0.value.due, $0.key) < ($1.value.due, $1.key) }) else { return nil }
        now = max(now, next.value.due)
        sleepers.removeValue(forKey: next.key)?.wake.resume()
      } else {
        stepCount += 1
        onStep(self)
        let job = jobs.remove(at: Int.random(in: jobs.indices, using: &random))
        job.runSynchronously(on: asUnownedTaskExecutor())
      }
    }
  }

  /// As `Task.sleep`, but without an error: returns when the task is cancelled.
  func sleep(_ duration: Duration) async {
    sleepCount += 1
    let number = sleepCount
    await withTaskCancellationHandler {
      await withCheckedContinuation { wake in
        if cancelled.remove(number) != nil { wake.resume() } else { sleepers[number] = (now + duration, wake) }
      }
    } onCancel: {
      if let sleeper = sleepers.removeValue(forKey: number) { sleeper.wake.resume() } else { cancelled.insert(number) }
    }
    cancelled.remove(number)
  }

  /// `@unchecked Sendable`: written and read on the machine's only thread.
  private final class Box<Output>: @unchecked Sendable { var output: Output? }
}

/// A run on a machine of its own, and what it left there.
struct VirtualRun: Sendable {
  var result: RunResult
  var events: [EngineEvent]
  /// Virtual time that passed.
  var passed: Duration
  var stepCount: Int
  var leftovers: Int

  init(
    _ payload: String, limits: RunLimits = RunLimits(), registry: ExecutorRegistry = .standard, seed: UInt64 = 1,
    cancellation: CancellationFlag? = nil, onStep: @escaping (VirtualMachine) -> Void = { _ in }
  ) {
    self.init(
      bytes: Array(payload.utf8), limits: limits, registry: registry, seed: seed, cancellation: cancellation, onStep: onStep)
  }

  init(
    bytes: [UInt8], limits: RunLimits = RunLimits(), registry: ExecutorRegistry = .standard, seed: UInt64 = 1,
    cancellation: CancellationFlag? = nil, onStep: @escaping (VirtualMachine) -> Void = { _ in }
  ) {
    let machine = VirtualMachine(seed: seed)
    machine.onStep = onStep
    let engine = WorkflowEngine(registry: registry, limits: limits)
    let outcome = machine.run { () -> (RunResult, [EngineEvent]) in
      var events: [EngineEvent] = []
      let result = await engine.run(
        payload: bytes, clock: { machine.now }, sleep: { await machine.sleep($0) }, cancellation: cancellation,
        observer: { events.append($0) })
      return (result, events)
    }
    if outcome == nil { Testing.Issue.record("SEED=\(seed): the run waits for ever: \(String(decoding: bytes, as: UTF8.self))") }
    result = outcome?.0 ?? RunResult(values: [], finalOutput: .null, failure: nil)
    events = outcome?.1 ?? []
    passed = machine.now
    stepCount = machine.stepCount
    leftovers = machine.leftovers + (cancellation?.waitingCount ?? 0)
  }

  /// The last word about each node: `ok`, `failed`, `skipped`, or `started` when there was none after that.
  var standings: [String: String] {
    var standings: [String: String] = [:]
    for event in events {
      switch event {
      case .nodeStarted(let node, _): standings[node.rawValue] = "started"
      case .nodeSucceeded(let node, _, _, _): standings[node.rawValue] = "ok"
      case .nodeFailed(let node, _, let text, _): standings[node.rawValue] = "failed: \(text)"
      case .nodeSkipped(let node, _): standings[node.rawValue] = "skipped"
      case .runStarted, .runEnded: break
      }
    }
    return standings
  }
}
