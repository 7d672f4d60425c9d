import ArgumentParser
import Foundation
import Simulation

/// `make sim`: many seeds, one after the other on each core, and what came of them.
@main
struct Sim: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "thaiyyal-sim", abstract: "Runs the whole server under seeds: virtual time, faulty network, failing disk, crashes.")

  @Option(help: "The first seed; with --story, the only one.")
  var seed: UInt64 = 1
  @Option(help: "How many seeds.")
  var seeds: UInt64 = 1
  @Option(help: "Steps of each seed before everything heals.")
  var steps = 400
  @Option(help: "Threads; 0: one for each core.")
  var jobs = 0
  @Option(help: "Plant a defect: \(Sabotage.allCases.map(\.rawValue).joined(separator: ", ")).")
  var sabotage: String?
  @Flag(help: "Print every step of the seed.")
  var story = false

  mutating func run() throws {
    try Self.makeHashingDeterministic()
    let defect = try sabotage.map { name in
      guard let defect = Sabotage(rawValue: name) else { throw ValidationError("there is no defect named \(name)") }
      return defect
    }
    if story { return try tell(defect) }
    let batch = Batch(first: seed, count: seeds, steps: steps, sabotage: defect)
    let started = ContinuousClock.now
    batch.run(on: jobs > 0 ? jobs : ProcessInfo.processInfo.activeProcessorCount)
    let total = batch.total
    print(
      "\(total.seeds) seeds, \(total.steps) steps, \(total.faults) of them faults, \(total.changes) durable changes, "
        + "\(total.failed.count) seeds with violations, \(ContinuousClock.now - started)")
    for failed in total.failed.sorted(by: { $0.seed < $1.seed }).prefix(20) {
      print("SEED=\(failed.seed)")
      for violation in failed.violations.prefix(4) { print("  \(violation)") }
    }
    if !total.failed.isEmpty { throw ExitCode(1) }
  }

  private func tell(_ defect: Sabotage?) throws {
    let outcome = Simulation.run(seed: seed, stepCount: steps, sabotage: defect, tellsStory: true)
    for line in outcome.story { print(line) }
    for violation in outcome.violations { print(violation) }
    print("trace \(String(outcome.trace, radix: 16)), \(outcome.changes) changes")
    if !outcome.violations.isEmpty { throw ExitCode(1) }
  }

  /// Sets and dictionaries iterate in an order that differs from process to process unless this variable was set before the start.
  private static func makeHashingDeterministic() throws {
    let name = "SWIFT_DETERMINISTIC_HASHING"
    guard ProcessInfo.processInfo.environment[name] == nil else { return }
    setenv(name, "1", 1)
    var arguments: [UnsafeMutablePointer<CChar>?] = CommandLine.arguments.map { strdup($0) } + [nil]
    execv("/proc/self/exe", &arguments)
    throw ValidationError("cannot start again: \(String(cString: strerror(errno)))")
  }
}
