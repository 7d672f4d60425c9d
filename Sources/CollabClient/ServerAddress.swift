/// Where a server listens: `ws://` or `wss://`, a host, a port, perhaps a path before `/api`.
public struct ServerAddress: Hashable, Sendable, CustomStringConvertible {
  public let isSecure: Bool
  /// A name, an IPv4 address, or an IPv6 address without its brackets.
  public let host: String
  public let port: Int
  /// Without a slash at its end; mostly empty.
  public let basePath: String

  public init(isSecure: Bool, host: String, port: Int, basePath: String = "") {
    self.isSecure = isSecure
    self.host = host
    self.port = port
    self.basePath = basePath
  }

  /// - Parameter text: such as `wss://example.org:8443`; `https` and `http` mean the same as `wss` and `ws`.
  /// - Returns: `nil` for anything else: no scheme, user names, queries and fragments are not taken.
  public init?(_ text: String) {
    guard let scheme = Self.separator(in: text) else { return nil }
    switch text[..<scheme.lowerBound].lowercased() {
    case "ws", "http": isSecure = false
    case "wss", "https": isSecure = true
    default: return nil
    }
    let rest = text[scheme.upperBound...]
    let slash = rest.firstIndex(of: "/") ?? rest.endIndex
    let authority = rest[..<slash]
    var path = String(rest[slash...])
    while path.hasSuffix("/") { path.removeLast() }
    guard !authority.isEmpty, text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), !text.contains(where: { "@?#\"<>\\".contains($0) }) else {
      return nil
    }
    basePath = path

    let port: Substring?
    if authority.hasPrefix("[") {
      guard let end = authority.firstIndex(of: "]") else { return nil }
      host = String(authority[authority.index(after: authority.startIndex)..<end])
      let after = authority[authority.index(after: end)...]
      guard after.isEmpty || after.hasPrefix(":") else { return nil }
      port = after.isEmpty ? nil : after.dropFirst()
    } else {
      let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count <= 2 else { return nil }
      host = String(parts[0])
      port = parts.count == 2 ? parts[1] : nil
    }
    guard !host.isEmpty else { return nil }
    guard let port else {
      self.port = isSecure ? 443 : 80
      return
    }
    guard let number = Int(port), (1...65_535).contains(number), port.allSatisfy(\.isNumber) else { return nil }
    self.port = number
  }

  private static func separator(in text: String) -> Range<String.Index>? {
    guard let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://") else { return nil }
    return colon..<text.index(colon, offsetBy: 3)
  }

  /// The host as it stands in a URL or a `Host` header.
  public var authority: String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }
  public var description: String { "\(isSecure ? "wss" : "ws")://\(authority)\(basePath)" }
}
