/// Which pages may open a live connection. A browser says which page asks, in `Origin`; a program says nothing and may.
///
/// Without this any page on the web could join the workflows of a server on the visitor's own machine. Source: RFC 6455 §10.2.
public struct OriginPolicy: Sendable {
  /// Origins let in beside the server's own, as browsers write them: `https://example.org`, `http://localhost:3000`.
  public var allowed: Set<String>
  /// Whether a page of the server's own counts as such only under a name that no foreign name server can give out:
  /// `localhost` or an address. Needed where nobody has to show a token.
  public var ownNameMustBeLocal: Bool

  public init(allowed: Set<String> = [], ownNameMustBeLocal: Bool = false) {
    self.allowed = Set(allowed.map { $0.lowercased() })
    self.ownNameMustBeLocal = ownNameMustBeLocal
  }

  /// - Parameters: the header fields `Origin` and `Host`, as received. The scheme is not compared, because a proxy may have ended TLS.
  public func admits(origin: String?, host: String?) -> Bool {
    guard let origin = origin?.lowercased() else { return true }
    if allowed.contains(origin) { return true }
    guard let host = host?.lowercased(), origin.hasSuffix("://" + host) else { return false }
    return !ownNameMustBeLocal || Self.isLocalName(host)
  }

  /// Whether a request that no page is known to have sent may read. Browsers leave `Origin` out when a page reads from its own server; a page whose
  /// name was pointed at this machine afterwards (DNS rebinding) counts itself as such.
  public func admitsReading(origin: String?, host: String?) -> Bool {
    guard admits(origin: origin, host: host) else { return false }
    guard origin == nil, ownNameMustBeLocal, let host = host?.lowercased() else { return true }
    return Self.isLocalName(host) || allowed.contains { $0.hasSuffix("://" + host) }
  }

  /// `localhost`, an IPv4 address or an IPv6 address in brackets, each with or without a port.
  static func isLocalName(_ host: String) -> Bool {
    if host.hasPrefix("[") { return host.contains("]") }
    let name = host.prefix { $0 != ":" }
    if name == "localhost" || name.hasSuffix(".localhost") { return true }
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
  }
}
