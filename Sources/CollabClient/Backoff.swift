/// Pauses between attempts to connect: drawn evenly from 0 to a bound that doubles, so that a crowd cut off together does not come back together.
///
/// Source: Brooker, "Exponential Backoff And Jitter", AWS 2015 ("full jitter").
struct Backoff: Sendable {
  let firstMilliseconds: UInt64
  let maxMilliseconds: UInt64
  /// Attempts in vain since the last success.
  private(set) var attempts = 0
  private var random: SeededRandom

  init(firstMilliseconds: UInt64, maxMilliseconds: UInt64, seed: UInt64) {
    self.firstMilliseconds = max(1, firstMilliseconds)
    self.maxMilliseconds = max(firstMilliseconds, maxMilliseconds)
    random = SeededRandom(seed: seed)
  }

  mutating func succeeded() { attempts = 0 }

  /// - Parameter atLeast: the server's own wish from its goodbye. It was drawn for this session alone, so the first attempt keeps to it; then
  ///   the jitter comes on top. Spec: GB1.
  mutating func next(atLeast: UInt64 = 0) -> UInt64 {
    let doublings = min(attempts, 20)
    attempts += 1
    if doublings == 0, atLeast > 0 { return atLeast }
    let bound = min(maxMilliseconds, firstMilliseconds << UInt64(doublings))
    return atLeast + UInt64.random(in: 0...bound, using: &random)
  }
}

/// Random numbers from a seed: the same seed gives the same numbers on every machine. Not for secrets.
///
/// Source: Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators" (SplitMix64).
public struct SeededRandom: RandomNumberGenerator, Sendable {
  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// Another stream of numbers that has nothing to do with this one.
  public mutating func split() -> SeededRandom { SeededRandom(seed: next()) }
}
