public import OutboundPolicy

/// Whose connection or request it is, when proxies stand between. Spec: LM4.
public struct ProxyPolicy: Hashable, Sendable {
  /// Who writes down for whom it asks.
  public enum Header: String, CaseIterable, Hashable, Sendable {
    case xForwardedFor = "x-forwarded-for"
    /// RFC 7239.
    case forwarded
  }

  /// Proxies whose word counts. Empty: nobody's.
  public var trusted: [IPRange]
  /// One, because a proxy that writes one passes the other on as the client made it up.
  public var header: Header

  public init(trusted: [IPRange] = [], header: Header = .xForwardedFor) {
    self.trusted = trusted
    self.header = header
  }

  public func trusts(_ address: IPAddress) -> Bool { trusted.contains { $0.contains(address) } }

  /// The nearest address, looking back from the peer, that is not a trusted proxy. What stands before it is the client's own invention.
  /// - Parameter values: of all fields with the header's name, in order.
  public func client(of peer: IPAddress, values: [String]) -> IPAddress {
    guard trusts(peer) else { return peer }
    var last = peer
    // Steps are bounded by the head's size; a word that is no address ends the way: nobody knows who stood before it.
    for value in values.reversed() {
      for element in value.split(separator: ",", omittingEmptySubsequences: false).reversed() {
        guard let address = Self.address(in: element, header) else { return last }
        last = address
        guard trusts(address) else { return address }
      }
    }
    return last
  }

  private static func address(in element: Substring, _ header: Header) -> IPAddress? {
    switch header {
    case .xForwardedFor: return address(of: element.trimmed)
    case .forwarded:
      for pair in element.split(separator: ";") {
        let parts = pair.split(separator: "=", maxSplits: 1).map(\.trimmed)
        guard parts.count == 2, parts[0].lowercased() == "for" else { continue }
        let word = parts[1]
        return address(of: word.hasPrefix("\"") && word.hasSuffix("\"") && word.utf8.count >= 2 ? word.dropFirst().dropLast() : word)
      }
      return nil
    }
  }

  /// With or without a port: `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]:80`.
  private static func address(of word: Substring) -> IPAddress? {
    if word.hasPrefix("[") {
      return word.firstIndex(of: "]").flatMap { IPAddress(String(word[word.index(after: word.startIndex)..<$0])) }?.plain
    }
    let colons = word.utf8.count { $0 == UInt8(ascii: ":") }
    return IPAddress(String(colons == 1 ? word.prefix { $0 != ":" } : word))?.plain
  }
}

extension IPAddress {
  /// An IPv4 address that was written as an IPv6 one, as sockets for both families write it, as itself.
  public var plain: IPAddress {
    if case .v6(high: 0, let low) = self, low >> 32 == 0xffff { return .v4(UInt32(truncatingIfNeeded: low)) }
    return self
  }

  /// What counts as one address: of IPv6 the first 64 bits.
  public var counted: IPAddress {
    if case .v6(let high, _) = plain { return .v6(high: high, low: 0) }
    return plain
  }
}

extension Substring {
  fileprivate var trimmed: Substring {
    let isSpace = { (character: Character) in character == " " || character == "\t" }
    var rest = drop(while: isSpace)
    while let last = rest.last, isSpace(last) { rest.removeLast() }
    return rest
  }
}
