/// A second reader of deflate (RFC 1951), written from the RFC without zlib: slow, and it tells how far back a message refers.
///
/// Blocks with fixed and dynamic codes and stored ones; a stream as permessage-deflate sends it, that is without the last four bytes.
struct InflateOracle {
  struct Damaged: Error {}

  private(set) var output: [UInt8] = []
  /// The greatest distance of a reference so far.
  private(set) var distanceMax = 0
  private var bytes: [UInt8] = []
  private var bit = 0

  /// Appends what one message unfolds to; references may reach into the messages before it.
  mutating func read(_ message: [UInt8]) throws -> [UInt8] {
    bytes = message + [0x00, 0x00, 0xFF, 0xFF]
    bit = 0
    let start = output.count
    while bytes.count * 8 - bit >= 8 { try block() }
    return Array(output[start...])
  }

  private mutating func block() throws {
    _ = try bits(1)
    switch try bits(2) {
    case 0:
      bit = (bit + 7) & ~7
      let count = try bits(16)
      guard try bits(16) == count ^ 0xFFFF else { throw Damaged() }
      guard bytes.count - bit / 8 >= count else { throw Damaged() }
      output += bytes[bit / 8..<bit / 8 + count]
      bit += count * 8
    case 1:
      let lengths = (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 }
      try compressed(Codes(lengths), Codes(Array(repeating: 5, count: 30)))
    case 2: try dynamic()
    default: throw Damaged()
    }
  }

  private mutating func dynamic() throws {
    let literalCount = try bits(5) + 257
    let distanceCount = try bits(5) + 1
    let codeCount = try bits(4) + 4
    let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
    var lengths = Array(repeating: 0, count: 19)
    for place in order.prefix(codeCount) { lengths[place] = try bits(3) }
    let codes = Codes(lengths)
    var all: [Int] = []
    while all.count < literalCount + distanceCount {
      switch try symbol(codes) {
      case 16:
        guard let last = all.last else { throw Damaged() }
        all += Array(repeating: last, count: try bits(2) + 3)
      case 17: all += Array(repeating: 0, count: try bits(3) + 3)
      case 18: all += Array(repeating: 0, count: try bits(7) + 11)
      case let length: all.append(length)
      }
    }
    guard all.count == literalCount + distanceCount else { throw Damaged() }
    try compressed(Codes(Array(all[..<literalCount])), Codes(Array(all[literalCount...])))
  }

  private static let lengthBase = [
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
  ]
  private static let lengthBits = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0]

  private mutating func compressed(_ literals: Codes, _ distances: Codes) throws {
    while true {
      let symbol = try symbol(literals)
      if symbol < 256 {
        output.append(UInt8(symbol))
      } else if symbol == 256 {
        return
      } else {
        guard symbol < 286 else { throw Damaged() }
        let length = Self.lengthBase[symbol - 257] + (try bits(Self.lengthBits[symbol - 257]))
        let code = try self.symbol(distances)
        guard code < 30 else { throw Damaged() }
        let extra = max(0, code / 2 - 1)
        let base = code < 4 ? code + 1 : (2 + code % 2) << extra + 1
        let distance = base + (try bits(extra))
        guard distance <= output.count else { throw Damaged() }
        distanceMax = max(distanceMax, distance)
        for _ in 0..<length { output.append(output[output.count - distance]) }
      }
    }
  }

  /// Canonical Huffman codes, by length (RFC 1951 §3.2.2).
  private struct Codes {
    var counts = Array(repeating: 0, count: 16)
    var symbols: [Int] = []

    init(_ lengths: [Int]) {
      for length in lengths where length > 0 { counts[length] += 1 }
      for length in 1...15 { symbols += lengths.indices.filter { lengths[$0] == length } }
    }
  }

  private mutating func symbol(_ codes: Codes) throws -> Int {
    var (code, first, index) = (0, 0, 0)
    for length in 1...15 {
      code |= try bits(1)
      let count = codes.counts[length]
      if code - count < first { return codes.symbols[index + code - first] }
      index += count
      first = (first + count) << 1
      code <<= 1
    }
    throw Damaged()
  }

  private mutating func bits(_ count: Int) throws -> Int {
    var value = 0
    for place in 0..<count {
      guard bit < bytes.count * 8 else { throw Damaged() }
      value |= Int(bytes[bit >> 3] >> UInt8(bit & 7) & 1) << place
      bit += 1
    }
    return value
  }
}
