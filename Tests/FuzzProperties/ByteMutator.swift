/// Changes inputs at random, from a seed: a small part of what libFuzzer does, without its feedback, for the ordinary tests.
public struct ByteMutator {
  private var random: Seeded
  private var json = JSONMutator()

  public init(seed: UInt64) { random = Seeded(seed) }

  /// One to four changes.
  /// - Parameter other: what may be spliced in.
  /// - Returns: at most `target.bytesMax` bytes.
  public mutating func mutate(_ input: [UInt8], with other: [UInt8], for target: FuzzTarget) -> [UInt8] {
    var bytes = input
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      if target.isJSON, random.next() % 4 != 0, let mutated = json.mutate(bytes, seed: random.next()) {
        bytes = mutated
      } else {
        change(&bytes, other)
      }
    }
    return Array(bytes.prefix(target.bytesMax))
  }

  private mutating func change(_ bytes: inout [UInt8], _ other: [UInt8]) {
    let range = place(in: bytes)
    switch Int.random(in: 0..<7, using: &random) {
    case 0 where !range.isEmpty: bytes[range.lowerBound] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 1 where !range.isEmpty: bytes[range.lowerBound] = UInt8(truncatingIfNeeded: random.next())
    case 2 where !range.isEmpty: bytes[range.lowerBound] &+= random.next() % 2 == 0 ? 1 : 255
    case 3: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: range.lowerBound)
    case 4: bytes.removeSubrange(range)
    case 5: bytes.insert(contentsOf: bytes[range], at: place(in: bytes).lowerBound)
    default: bytes.replaceSubrange(range, with: other[place(in: other)])
    }
  }

  /// Short ones more often than long ones.
  private mutating func place(in bytes: [UInt8]) -> Range<Int> {
    let start = Int.random(in: 0...bytes.count, using: &random)
    let most = Int.random(in: 0...max(1, bytes.count / 4), using: &random)
    return start..<min(bytes.count, start + Int.random(in: 0...most, using: &random))
  }
}
