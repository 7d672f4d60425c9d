/// Where requests may go. Nowhere, until somebody allows it.
///
/// Two questions, both asked before every connection, also of a redirect: may this host be named, and is each address that it has now public?
/// The answer to the second is about addresses; who connects must connect to one of exactly those.
public struct OutboundPolicy: Hashable, Sendable {
  /// Hosts that may be named. Empty: none.
  public var hosts: [HostRule]
  /// Ranges that may be connected to although they are not public.
  public var ranges: [IPRange]

  public init(hosts: [HostRule] = [], ranges: [IPRange] = []) {
    self.hosts = hosts
    self.ranges = ranges
  }

  /// Nowhere.
  public static let none = OutboundPolicy()

  /// One host and port, at whatever address: for a place that whoever runs the server has chosen, such as an engine in the same machine.
  public static func only(_ url: OutboundURL) -> OutboundPolicy {
    OutboundPolicy(hosts: [HostRule(url)], ranges: [IPRange("0.0.0.0/0"), IPRange("::/0")].compactMap { $0 })
  }

  public var allowsNothing: Bool { hosts.isEmpty }

  /// - Returns: why this host or port may not be named; `nil` when it may. An address in a URL is named like a host, and is checked as well.
  public func refusal(of url: OutboundURL) -> String? {
    guard !hosts.isEmpty else { return "HTTP requests are not allowed on this server" }
    let named = hosts.filter { $0.matches(url.host) }
    guard !named.isEmpty else { return "\(url.hostName) is not among the allowed hosts" }
    guard named.contains(where: { $0.matches(port: url.port) }) else { return "port \(url.port) of \(url.hostName) is not allowed" }
    if case .address(let address) = url.host { return refusal(of: address) }
    return nil
  }

  /// - Returns: why nobody connects there: "10.0.0.1 is private (10.0.0.0/8)"; `nil` when it is public or in an allowed range.
  public func refusal(of address: IPAddress) -> String? {
    guard let entry = AddressTable.entry(for: address) else { return nil }
    guard ranges.contains(where: { $0.contains(address) }) else { return "\(address) is \(entry.name) (\(entry.range))" }
    // A translator in an allowed range leads on to where it is not looked at again.
    if let inside = AddressTable.embedded(in: address), let refusal = refusal(of: inside) { return "\(address) leads to \(refusal)" }
    return nil
  }
}

/// One entry of an allow-list: `api.example.org`, `*.example.org`, `*`, `192.0.2.1`, `[2001:db8::1]`, each perhaps with `:port`.
public struct HostRule: Hashable, Sendable, CustomStringConvertible {
  private enum Pattern: Hashable, Sendable {
    case any
    case exactly(OutboundURL.Host)
    /// Names below this one, not this one itself.
    case below(String)
  }

  private let pattern: Pattern
  /// `nil`: those of http and https.
  public let port: Int?

  /// The ports of a rule that names none.
  public static let ports = [80, 443]

  /// - Returns: `nil` for a text that is none of these forms.
  public init?(_ text: String) {
    var host = text[...]
    var port: Int?
    if let colon = text.lastIndex(of: ":"), !text[colon...].contains("]") {
      let digits = text[colon...].dropFirst()
      guard digits.utf8.allSatisfy(IPAddress.isDigit), let number = Int(digits), (1...65_535).contains(number) else { return nil }
      (host, port) = (text[..<colon], number)
    }
    self.port = port
    if host == "*" {
      pattern = .any
    } else if host.hasPrefix("*.") {
      guard case .name(let name)? = Self.host(host.dropFirst(2)) else { return nil }
      pattern = .below(name)
    } else {
      guard let host = Self.host(host) else { return nil }
      pattern = .exactly(host)
    }
  }

  init(_ url: OutboundURL) {
    pattern = .exactly(url.host)
    port = url.port
  }

  private static func host(_ text: Substring) -> OutboundURL.Host? {
    if text.hasPrefix("["), text.hasSuffix("]") {
      guard text.contains(":"), let address = IPAddress(String(text.dropFirst().dropLast())) else { return nil }
      return .address(address)
    }
    do throws(OutboundURLFault) { return try OutboundHostName.read(Array(text.utf8)[...]) } catch { return nil }  // Not a host: no rule.
  }

  public func matches(_ host: OutboundURL.Host) -> Bool {
    switch (pattern, host) {
    case (.any, _): true
    case (.exactly(let own), _): own == host
    case (.below(let own), .name(let name)): name.hasSuffix("." + own)
    case (.below, .address): false
    }
  }

  public func matches(port: Int) -> Bool { self.port.map { $0 == port } ?? Self.ports.contains(port) }

  public var description: String {
    let host =
      switch pattern {
      case .any: "*"
      case .below(let name): "*." + name
      case .exactly(.name(let name)): name
      case .exactly(.address(let address)): if case .v6 = address { "[\(address)]" } else { address.description }
      }
    return port.map { "\(host):\($0)" } ?? host
  }
}
