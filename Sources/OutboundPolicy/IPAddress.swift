/// An IPv4 or IPv6 address, as bits. Zone ids are no part of it: an address that needs one is local to a link, and nobody connects there.
public enum IPAddress: Hashable, Sendable {
  case v4(UInt32)
  case v6(high: UInt64, low: UInt64)

  /// - Parameter text: dotted decimal with four numbers and no leading zeros, or the forms of RFC 4291 §2.2 without brackets.
  /// - Returns: `nil` for everything else; octal, hexadecimal and short forms of IPv4 are not read (see ``OutboundURL``).
  public init?(_ text: String) {
    let bytes = Array(text.utf8)
    guard let parsed = bytes.contains(UInt8(ascii: ":")) ? Self.sixth(bytes) : Self.fourth(bytes[...]).map({ .v4($0) }) else { return nil }
    self = parsed
  }

  /// Four bytes, or sixteen, in network order.
  /// - Returns: `nil` for another count.
  public init?(bytes: some Collection<UInt8>) {
    func number<Number: FixedWidthInteger>(_ bytes: some Collection<UInt8>) -> Number { bytes.reduce(0) { $0 << 8 | Number($1) } }
    switch bytes.count {
    case 4: self = .v4(number(bytes))
    case 16: self = .v6(high: number(bytes.prefix(8)), low: number(bytes.dropFirst(8)))
    default: return nil
    }
  }

  /// In network order: four, or sixteen.
  public var bytes: [UInt8] {
    func split(_ number: UInt64, _ count: Int) -> [UInt8] {
      (0..<count).map { UInt8(truncatingIfNeeded: number >> UInt64(8 * (count - 1 - $0))) }
    }
    return switch self {
    case .v4(let bits): split(UInt64(bits), 4)
    case .v6(let high, let low): split(high, 8) + split(low, 8)
    }
  }

  // MARK: Reading

  private static func fourth(_ bytes: ArraySlice<UInt8>) -> UInt32? {
    let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var bits: UInt32 = 0
    for part in parts {
      guard (1...3).contains(part.count), part.allSatisfy(isDigit), part.count == 1 || part.first != UInt8(ascii: "0") else { return nil }
      let number = part.reduce(0) { $0 * 10 + UInt32($1 - UInt8(ascii: "0")) }
      guard number <= 255 else { return nil }
      bits = bits << 8 | number
    }
    return bits
  }

  private static func sixth(_ bytes: [UInt8]) -> IPAddress? {
    guard let gap = doubleColon(in: bytes) else {
      guard let groups = groups(bytes[...], mayEndInFourth: true), groups.count == 8 else { return nil }
      return address(groups)
    }
    guard let front = groups(bytes[..<gap], mayEndInFourth: false), let back = groups(bytes[(gap + 2)...], mayEndInFourth: true),
      front.count + back.count <= 7
    else { return nil }
    return address(front + [UInt16](repeating: 0, count: 8 - front.count - back.count) + back)
  }

  private static func doubleColon(in bytes: [UInt8]) -> Int? {
    guard bytes.count >= 2 else { return nil }
    return (0..<bytes.count - 1).first { bytes[$0] == UInt8(ascii: ":") && bytes[$0 + 1] == UInt8(ascii: ":") }
  }

  private static func groups(_ bytes: ArraySlice<UInt8>, mayEndInFourth: Bool) -> [UInt16]? {
    guard !bytes.isEmpty else { return [] }
    var groups: [UInt16] = []
    let parts = bytes.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
    for (index, part) in parts.enumerated() {
      if mayEndInFourth, index == parts.count - 1, part.contains(UInt8(ascii: ".")) {
        guard let bits = fourth(part) else { return nil }
        groups += [UInt16(bits >> 16), UInt16(truncatingIfNeeded: bits)]
      } else {
        // `UInt16(_:radix:)` alone would take a sign.
        guard (1...4).contains(part.count), part.allSatisfy(isHexDigit),
          let group = UInt16(String(decoding: part, as: UTF8.self), radix: 16)
        else { return nil }
        groups.append(group)
      }
    }
    return groups
  }

  private static func address(_ groups: [UInt16]) -> IPAddress {
    func half(_ groups: ArraySlice<UInt16>) -> UInt64 { groups.reduce(0) { $0 << 16 | UInt64($1) } }
    return .v6(high: half(groups[..<4]), low: half(groups[4...]))
  }

  static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
  static func isHexDigit(_ byte: UInt8) -> Bool { isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20) }
}

extension IPAddress: CustomStringConvertible {
  /// Dotted decimal, or the text of RFC 5952 §4 without its mixed form.
  public var description: String {
    switch self {
    case .v4: return bytes.map(String.init).joined(separator: ".")
    case .v6(let high, let low):
      let groups = [high, low].flatMap { half in [48, 32, 16, 0].map { UInt16(truncatingIfNeeded: half >> UInt64($0)) } }
      let texts = groups.map { String($0, radix: 16) }
      guard let gap = Self.longestZeros(in: groups) else { return texts.joined(separator: ":") }
      return texts[..<gap.lowerBound].joined(separator: ":") + "::" + texts[gap.upperBound...].joined(separator: ":")
    }
  }

  /// The first of the longest runs of zeros, of two at least.
  private static func longestZeros(in groups: [UInt16]) -> Range<Int>? {
    var best: Range<Int>?
    var start = 0
    while start < groups.count {
      var end = start
      while end < groups.count, groups[end] == 0 { end += 1 }
      if end - start >= 2, end - start > (best?.count ?? 0) { best = start..<end }
      start = max(end, start + 1)
    }
    return best
  }
}

/// A block of addresses with a common start: `10.0.0.0/8`.
public struct IPRange: Hashable, Sendable, CustomStringConvertible {
  public let start: IPAddress
  /// How many of the first bits are common.
  public let prefix: Int

  /// - Returns: `nil` for no address, a prefix beyond the address's bits, or bits behind the prefix that are not zero.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let start = IPAddress(String(parts[0])), (1...3).contains(parts[1].utf8.count),
      parts[1].utf8.allSatisfy(IPAddress.isDigit), let prefix = Int(parts[1])
    else { return nil }
    self.init(start, prefix)
  }

  init?(_ start: IPAddress, _ prefix: Int) {
    guard (0...start.bytes.count * 8).contains(prefix), Self.masked(start, prefix) == start else { return nil }
    self.start = start
    self.prefix = prefix
  }

  public func contains(_ address: IPAddress) -> Bool { Self.masked(address, prefix) == start }

  public var description: String { "\(start)/\(prefix)" }

  /// An address of the other family is masked to something that is no start of this family.
  private static func masked(_ address: IPAddress, _ prefix: Int) -> IPAddress {
    switch address {
    case .v4(let bits): return .v4(prefix == 0 ? 0 : bits & (UInt32.max << UInt32(max(0, 32 - prefix))))
    case .v6(let high, let low):
      let highMask = prefix == 0 ? 0 : UInt64.max << UInt64(max(0, 64 - prefix))
      let lowMask = prefix <= 64 ? 0 : UInt64.max << UInt64(128 - prefix)
      return .v6(high: high & highMask, low: low & lowMask)
    }
  }
}
