import Foundation

/// `SEED=n` runs one history, `SEEDS=n` that many; both are printed with a failure.
enum Seeds {
  static func range(default count: UInt64) -> Range<UInt64> {
    let environment = ProcessInfo.processInfo.environment
    if let seed = environment["SEED"].flatMap(UInt64.init) { return seed..<seed + 1 }
    return 0..<(environment["SEEDS"].flatMap(UInt64.init) ?? count)
  }
}
