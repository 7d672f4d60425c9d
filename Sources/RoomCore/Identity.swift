/// Names one connection's stay in a room. Drawn at random by the shell, never used again.
public struct SessionID: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  public let rawValue: UInt64
  public init(rawValue: UInt64) { self.rawValue = rawValue }
  /// As it stands in messages: 16 hexadecimal digits.
  public var text: String { hexadecimal(rawValue) }
  public var description: String { text }
}

/// Names a run. Unique over restarts, because the generator behind it is seeded by the shell.
public struct RunID: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
  public let rawValue: String
  public init(rawValue: String) { self.rawValue = rawValue }
  public var description: String { rawValue }
}

/// A reading of both clocks, taken by the shell once per turn of the event loop.
public struct RoomTime: Hashable, Sendable {
  /// Since 1970. Stamps, leases and logged changes are measured by it. May jump.
  public var wallMilliseconds: UInt64
  /// Since some start. Timers and rates are measured by it. Never goes back.
  public var monotonicMilliseconds: UInt64
  public init(wallMilliseconds: UInt64, monotonicMilliseconds: UInt64) {
    self.wallMilliseconds = wallMilliseconds
    self.monotonicMilliseconds = monotonicMilliseconds
  }
}

/// A seeded stream of numbers for run ids and reconnect jitter; nothing secret comes from it.
///
/// Source: Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators".
struct SplitMix: RandomNumberGenerator, Sendable {
  private var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}

/// 16 lower-case digits, leading zeros kept.
func hexadecimal(_ value: UInt64) -> String {
  String(unsafeUninitializedCapacity: 16) { digits in
    for place in 0..<16 {
      let nibble = UInt8(truncatingIfNeeded: value >> UInt64(60 - 4 * place)) & 0xf
      digits[place] = nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
    }
    return 16
  }
}
