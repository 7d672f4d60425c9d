import Glibc

/// A second reading of where an `https` URL leads, with the C library's forms of addresses (`0x7f.1`, `2130706433`, `::ffff:10.0.0.1`), of which
/// ours shares nothing.
enum NumericHost {
  /// Whether its host is a number that is no public address. `true` as well for what is no plain `https` URL.
  static func isInside(_ url: String) -> Bool {
    guard url.lowercased().hasPrefix("https://"), url.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else { return true }
    let authority = url.dropFirst("https://".count).prefix { !"/?#\\".contains($0) }
    guard !authority.isEmpty, !authority.contains("@") else { return true }
    let host: Substring
    if authority.hasPrefix("[") {
      host = authority.dropFirst().prefix { $0 != "]" }
    } else {
      host = authority.prefix { $0 != ":" }
    }
    return isInside(host: String(host))
  }

  private static func isInside(host: String) -> Bool {
    var hints = addrinfo()
    hints.ai_flags = AI_NUMERICHOST
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, nil, &hints, &found) == 0, let first = found else { return false }
    defer { freeaddrinfo(found) }
    if first.pointee.ai_family == AF_INET {
      return first.pointee.ai_addr.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
        isInside(UInt32(bigEndian: $0.pointee.sin_addr.s_addr))
      }
    }
    return first.pointee.ai_addr.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { pointer in
      let bytes = withUnsafeBytes(of: pointer.pointee.sin6_addr) { Array($0) }
      let last = bytes[12...].reduce(0) { $0 << 8 | UInt32($1) }
      // Unspecified, loopback and mapped ones; then local, link-local and multicast ones.
      if bytes.prefix(10).allSatisfy({ $0 == 0 }) { return Array(bytes[10..<12]) == [0, 0] ? last < 2 || isInside(last) : isInside(last) }
      return bytes[0] & 0xFE == 0xFC || bytes[0] == 0xFE && bytes[1] & 0xC0 == 0x80 || bytes[0] == 0xFF
    }
  }

  /// Source: RFC 6890, RFC 5771.
  private static func isInside(_ address: UInt32) -> Bool {
    let blocks: [(UInt32, bits: UInt32)] = [
      (0, 8), (0x0A00_0000, 8), (0x6440_0000, 10), (0x7F00_0000, 8), (0xA9FE_0000, 16), (0xAC10_0000, 12), (0xC0A8_0000, 16),
      (0xE000_0000, 3),
    ]
    return blocks.contains { address >> (32 - $0.bits) == $0.0 >> (32 - $0.bits) }
  }
}
