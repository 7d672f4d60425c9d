import Foundation
import Simulation
import Testing

/// The short form of `make sim`: the whole server under seeds, and proof that the checks would see a defect.
@Suite("Deterministic simulation", .timeLimit(.minutes(10)))
struct SimulationTests {
  /// `SEED=` picks one seed, `SEEDS=` so many from 1 on, `STEPS=` their length.
  static var seeds: [UInt64] {
    let environment = ProcessInfo.processInfo.environment
    if let seed = environment["SEED"].flatMap({ UInt64($0) }) { return [seed] }
    return Array(1...(environment["SEEDS"].flatMap { UInt64($0) } ?? 150))
  }
  static let stepCount = ProcessInfo.processInfo.environment["STEPS"].flatMap { Int($0) } ?? 400

  @Test(
    "[RM1][OR1][AK1][CR1][CR5][RS1][RS2][ME1][GV5][RU2][PR2][FC2][ST1] whatever fails, nothing acknowledged is lost, nothing undurable shows, all end equal"
  )
  func holds() {
    var faults = 0
    var changes = 0
    for seed in Self.seeds {
      let outcome = Simulation.run(seed: seed, stepCount: Self.stepCount)
      #expect(outcome.violations.isEmpty, "make sim SEED=\(seed): \(outcome.violations)")
      faults += outcome.faults
      changes += outcome.changes
    }
    #expect(faults >= Self.seeds.count * 5, "hardly anything went wrong: \(faults) faults")
    #expect(changes >= Self.seeds.count * 3, "hardly anything was done: \(changes) changes")
  }

  @Test("a planted defect is found within so many seeds", arguments: Sabotage.allCases)
  func canary(defect: Sabotage) {
    let found = (1...200 as ClosedRange<UInt64>).first { seed in
      !Simulation.run(seed: seed, stepCount: 400, sabotage: defect).violations.isEmpty
    }
    #expect(found != nil, "nothing saw \(defect)")
  }

  @Test(
    "the same seed is the same history in another process",
    .enabled(if: Self.executable != nil, "the executable thaiyyal-sim was not built"), arguments: [3, 17, 99] as [UInt64])
  func deterministic(seed: UInt64) throws {
    let stories = try (0..<2).map { _ in try Self.story(of: seed) }
    #expect(stories[0].count > 1000)
    #expect(stories[0] == stories[1])
  }

  private static let executable: String? = {
    let folder = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().path
    return [folder + "/thaiyyal-sim", Bundle.main.bundlePath + "/thaiyyal-sim", Bundle.main.bundlePath + "/../thaiyyal-sim"]
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }()

  private static func story(of seed: UInt64) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(executable))
    process.arguments = ["--seed", "\(seed)", "--steps", "300", "--story"]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let bytes = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return String(decoding: bytes, as: UTF8.self)
  }
}
