import Foundation
import FuzzProperties
import Testing

/// A bounded fuzzing in every run of the tests: so many mutations of the kept inputs, from a fixed seed. `SEED=` takes others.
@Suite struct MutationTests {
  private static let seed = ProcessInfo.processInfo.environment["SEED"].flatMap { UInt64($0) } ?? 1

  /// As many as take about two seconds in a debug build.
  private static func runs(_ target: FuzzTarget) -> Int {
    switch target {
    case .messagesJSON, .messagesProto, .canvas: 12_000
    case .patches, .tokens: 3000
    // Each is a few connections to a whole server.
    case .requests: 600
    case .bodies: 200
    case .snapshots, .deflate: 6000
    case .upgrade: 2400
    case .frames: 1200
    case .changes: 400
    }
  }

  /// - Returns: the first input that breaks the property.
  private static func fuzz(_ target: FuzzTarget, planted: Bool = false) throws -> (input: [UInt8], fault: PropertyFault)? {
    var mutator = ByteMutator(seed: seed)
    let kept = try Corpus.inputs(target).map(\.bytes).filter { !planted || (try? target.check($0, planted: true)) != nil }
    for run in 0..<runs(target) {
      // Each as often as the others, and each time with another one beside it.
      let (input, other) = (kept[run * 7 % kept.count], kept[run * 31 % kept.count])
      let mutated = mutator.mutate(input, with: other, for: target)
      do throws(PropertyFault) { _ = try target.check(mutated, planted: planted) } catch { return (mutated, error) }
    }
    return nil
  }

  @Test("mutations of the kept inputs keep the property", arguments: FuzzTarget.allCases)
  func mutations(target: FuzzTarget) throws {
    if let found = try Self.fuzz(target) {
      Issue.record("SEED=\(Self.seed) \(target.rawValue): \(found.fault). Input, base64: \(Data(found.input).base64EncodedString())")
    }
  }

  @Test(
    "a planted defect is found by mutation of inputs that do not meet it: the loop can fail",
    arguments: [FuzzTarget.changes, .canvas])
  func planted(target: FuzzTarget) throws {
    #expect(try Self.fuzz(target, planted: true) != nil)
  }
}
