/// An input read from the front. Behind the end there are zeros, so that every prefix of an input is an input.
struct ByteFeed {
  private var bytes: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) { self.bytes = bytes[...] }

  var isEmpty: Bool { bytes.isEmpty }

  mutating func byte() -> UInt8 { bytes.popFirst() ?? 0 }
  /// 0 to `bound` - 1.
  mutating func below(_ bound: Int) -> Int { Int(byte()) % bound }
  mutating func pick<T>(_ items: [T]) -> T { items[below(items.count)] }
  mutating func take(_ count: Int) -> [UInt8] {
    let taken = Array(bytes.prefix(count))
    bytes = bytes.dropFirst(count)
    return taken
  }
  mutating func rest() -> [UInt8] { take(bytes.count) }
}

/// SplitMix64: what an input does not say is the same for the same seed.
struct Seeded: RandomNumberGenerator {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed }
  /// From all of an input.
  init(_ bytes: [UInt8]) {
    self.init(bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 })
  }
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ value >> 30) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ value >> 27) &* 0x94d0_49bb_1331_11eb
    return value ^ value >> 31
  }
}

/// The ways in which a stream may arrive.
enum Pieces {
  static func single(_ bytes: [UInt8]) -> [[UInt8]] { bytes.isEmpty ? [] : [bytes] }

  /// Byte by byte; long streams only where it hurts most, at their start.
  static func drops(_ bytes: [UInt8]) -> [[UInt8]] { bytes.prefix(300).map { [$0] } + single(Array(bytes.dropFirst(300))) }

  static func cut(_ bytes: [UInt8], _ random: inout Seeded) -> [[UInt8]] {
    var pieces: [[UInt8]] = []
    var rest = bytes[...]
    while !rest.isEmpty {
      let most = Int.random(in: 1...40, using: &random)
      let count = Int.random(in: 1...most, using: &random)
      pieces.append(Array(rest.prefix(count)))
      rest = rest.dropFirst(count)
    }
    return pieces
  }
}
