import Foundation
import Simulation
import Synchronization

/// Seeds shared out among threads.
final class Batch: Sendable {
  struct Total: Sendable {
    var seeds = 0
    var steps = 0
    var faults = 0
    var changes = 0
    var failed: [Simulation.Outcome] = []
  }

  private let first: UInt64
  private let count: UInt64
  private let steps: Int
  private let sabotage: Sabotage?
  private let next: Atomic<UInt64>
  private let sum = Mutex(Total())

  init(first: UInt64, count: UInt64, steps: Int, sabotage: Sabotage?) {
    self.first = first
    self.count = count
    self.steps = steps
    self.sabotage = sabotage
    next = Atomic(0)
  }

  var total: Total { sum.withLock { $0 } }

  func run(on threadCount: Int) {
    let done = DispatchSemaphore(value: 0)
    for _ in 0..<threadCount {
      let thread = Thread { [self] in
        work()
        done.signal()
      }
      thread.stackSize = 16 << 20
      thread.start()
    }
    for _ in 0..<threadCount { done.wait() }
  }

  private func work() {
    while true {
      let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
      guard index < count else { return }
      let outcome = Simulation.run(seed: first + index, stepCount: steps, sabotage: sabotage)
      sum.withLock { sum in
        sum.seeds += 1
        sum.steps += outcome.steps
        sum.faults += outcome.faults
        sum.changes += outcome.changes
        if !outcome.violations.isEmpty { sum.failed.append(outcome) }
      }
    }
  }
}
