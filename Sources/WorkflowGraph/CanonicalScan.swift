/// Says in one pass whether a text is canonical already, as almost every text a canvas writes is. May say no for one that is; never yes
/// for one that is not.
struct CanonicalScan {
  private let bytes: UnsafeBufferPointer<UInt8>
  private var at = 0

  static func isCanonical(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    var scan = CanonicalScan(bytes: bytes)
    return scan.value(depth: 0) && scan.at == bytes.count
  }

  /// Whether the text is `{"x":number,"y":number}` and nothing else. No for any other spelling.
  static func isPoint(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    var scan = CanonicalScan(bytes: bytes)
    return scan.word("{\"x\":") && scan.number() && scan.word(",\"y\":") && scan.number() && scan.word("}") && scan.at == bytes.count
  }

  private mutating func value(depth: Int) -> Bool {
    guard at < bytes.count else { return false }
    switch bytes[at] {
    case UInt8(ascii: "\""): return string() != nil
    case UInt8(ascii: "{"): return depth < JSONText.depthMax && object(depth: depth)
    case UInt8(ascii: "["): return depth < JSONText.depthMax && array(depth: depth)
    case UInt8(ascii: "t"): return word("true")
    case UInt8(ascii: "f"): return word("false")
    case UInt8(ascii: "n"): return word("null")
    default: return number()
    }
  }

  private mutating func object(depth: Int) -> Bool {
    at += 1
    if pass(UInt8(ascii: "}")) { return true }
    var previous: Range<Int>?
    repeat {
      guard at < bytes.count, bytes[at] == UInt8(ascii: "\""), let name = string(), precedes(previous, name), pass(UInt8(ascii: ":")),
        value(depth: depth + 1)
      else { return false }
      previous = name
    } while pass(UInt8(ascii: ","))
    return pass(UInt8(ascii: "}"))
  }

  private mutating func array(depth: Int) -> Bool {
    at += 1
    if pass(UInt8(ascii: "]")) { return true }
    repeat { guard value(depth: depth + 1) else { return false } } while pass(UInt8(ascii: ","))
    return pass(UInt8(ascii: "]"))
  }

  /// Names are compared as written, so ones with escapes or beyond the plain range, where two orders exist, are left to the long way.
  private func precedes(_ a: Range<Int>?, _ b: Range<Int>) -> Bool {
    guard bytes[b].allSatisfy({ $0 != UInt8(ascii: "\\") && $0 < 0xee }) else { return false }
    guard let a else { return true }
    return bytes[a].lexicographicallyPrecedes(bytes[b])
  }

  /// Passes a string whose escapes are the short ones, and gives its inside.
  private mutating func string() -> Range<Int>? {
    let start = at + 1
    at = start
    while at < bytes.count {
      switch bytes[at] {
      case UInt8(ascii: "\""):
        at += 1
        return start..<(at - 1)
      case UInt8(ascii: "\\"):
        guard at + 1 < bytes.count else { return nil }
        switch bytes[at + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"), UInt8(ascii: "r"),
          UInt8(ascii: "t"):
          at += 2
        default: return nil
        }
      case 0..<0x20: return nil
      default: at += 1
      }
    }
    return nil
  }

  /// Plain decimals of at most 15 digits: no two of them are one double, so the shortest spelling is this one, given that it ends in
  /// no needless zero. From 1e-6 on they print without an exponent.
  private mutating func number() -> Bool {
    let isNegative = pass(UInt8(ascii: "-"))
    let integer = digits()
    guard integer.count > 0, integer.count == 1 || bytes[integer.lowerBound] != UInt8(ascii: "0") else { return false }
    let isBelowOne = bytes[integer.lowerBound] == UInt8(ascii: "0")
    if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") { return false }
    guard pass(UInt8(ascii: ".")) else { return integer.count <= 15 && !(isNegative && isBelowOne) }
    let fraction = digits()
    guard let last = bytes[fraction].last, last != UInt8(ascii: "0"), integer.count + fraction.count <= 15 else { return false }
    if at < bytes.count, bytes[at] | 0x20 == UInt8(ascii: "e") { return false }
    return !isBelowOne || bytes[fraction].prefix { $0 == UInt8(ascii: "0") }.count <= 5
  }

  private mutating func digits() -> Range<Int> {
    let start = at
    while at < bytes.count, UInt8(ascii: "0")...UInt8(ascii: "9") ~= bytes[at] { at += 1 }
    return start..<at
  }

  private mutating func word(_ word: StaticString) -> Bool {
    for index in 0..<word.utf8CodeUnitCount { guard pass(word.utf8Start[index]) else { return false } }
    return true
  }

  private mutating func pass(_ byte: UInt8) -> Bool {
    guard at < bytes.count, bytes[at] == byte else { return false }
    at += 1
    return true
  }
}
