/// Why a text is no URL that anybody is sent to.
public struct OutboundURLFault: Error, Hashable, Sendable, CustomStringConvertible {
  public enum Kind: Hashable, Sendable {
    /// Not even the scheme can be found.
    case syntax
    /// No `http` or `https`.
    case scheme
    case host
    case port
    case target
  }
  public var kind: Kind
  public var text: String
  init(_ kind: Kind, _ text: String) {
    self.kind = kind
    self.text = text
  }
  public var description: String { text }
}

/// An `http` or `https` URL, read once: what is checked is what is connected to and what is asked for. Source: RFC 3986, and stricter.
///
/// No user information, no zone id, no percent-encoded host, no host beyond ASCII (write `xn--…`), no trailing dot. A host whose last label
/// is a number is an IPv4 address in four decimal numbers or nothing: the short, octal and hexadecimal forms that resolvers read are refused.
/// The fragment is dropped.
public struct OutboundURL: Hashable, Sendable, CustomStringConvertible {
  public enum Host: Hashable, Sendable {
    /// In lower case.
    case name(String)
    case address(IPAddress)
  }

  public static let bytesMax = 8 << 10

  public let isSecure: Bool
  public let host: Host
  public let port: Int
  /// Path and query as they go into the request line; begins with `/`.
  public let target: String

  public init(_ text: String) throws(OutboundURLFault) {
    guard text.utf8.count <= Self.bytesMax else { throw OutboundURLFault(.target, "the URL is longer than \(Self.bytesMax) bytes") }
    let (scheme, rest) = try Self.scheme(of: Array(text.utf8)[...])
    switch scheme {
    case "http": isSecure = false
    case "https": isSecure = true
    default: throw OutboundURLFault(.scheme, "unsupported protocol scheme \"\(scheme)\"")
    }
    guard rest.starts(with: "//".utf8) else { throw OutboundURLFault(.host, "no host in the URL") }
    let authority = rest.dropFirst(2).prefix { ![UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "#")].contains($0) }
    (host, port) = try Self.place(authority, isSecure: isSecure)
    target = try Self.target(rest[authority.endIndex...])
  }

  private init(isSecure: Bool, host: Host, port: Int, target: String) {
    self.isSecure = isSecure
    self.host = host
    self.port = port
    self.target = target
  }

  // MARK: Texts

  public var scheme: String { isSecure ? "https" : "http" }
  /// As the resolver and the certificate know it: without brackets.
  public var hostName: String {
    switch host {
    case .name(let name): name
    case .address(let address): address.description
    }
  }
  /// As it stands in a URL and in `Host`; the port only where it is not the scheme's own.
  public var authority: String {
    let shown = if case .address(.v6) = host { "[\(hostName)]" } else { hostName }
    return port == (isSecure ? 443 : 80) ? shown : "\(shown):\(port)"
  }
  public var origin: String { "\(scheme)://\(authority)" }
  public var description: String { origin + target }

  /// - Parameter target: path and query, from our own code: `/api/v1/workflow/save`.
  public func replacing(target: String) throws(OutboundURLFault) -> OutboundURL {
    OutboundURL(isSecure: isSecure, host: host, port: port, target: try Self.target(Array(target.utf8)[...]))
  }

  // MARK: References

  /// Where a `Location` leads from here. Source: RFC 3986 §5.2.
  public func resolving(_ reference: String) throws(OutboundURLFault) -> OutboundURL {
    let bytes = Array(reference.utf8)
    if reference.hasPrefix("//") { return try OutboundURL("\(scheme):\(reference)") }
    if Self.hasScheme(bytes[...]) { return try OutboundURL(reference) }
    let path = target.utf8.prefix { $0 != UInt8(ascii: "?") }
    switch bytes.first {
    case nil, UInt8(ascii: "#"): return self
    case UInt8(ascii: "?"): return try replacing(target: String(decoding: Array(path) + bytes, as: UTF8.self))
    default:
      // The base's path up to its last slash; a path always begins with one.
      let folder = bytes.first == UInt8(ascii: "/") ? [] : Array(path).reversed().drop { $0 != UInt8(ascii: "/") }.reversed()
      let end = bytes.firstIndex { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") } ?? bytes.endIndex
      let merged = Self.withoutDots(String(decoding: folder + bytes[..<end], as: UTF8.self))
      return try replacing(target: merged + String(decoding: bytes[end...], as: UTF8.self))
    }
  }

  /// Source: RFC 3986 §5.2.4.
  private static func withoutDots(_ path: String) -> String {
    var kept: [Substring] = []
    let segments = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
    for (index, segment) in segments.enumerated() {
      let isLast = index == segments.count - 1
      switch segment {
      case ".": if isLast { kept.append("") }
      case "..":
        _ = kept.popLast()
        if isLast { kept.append("") }
      default: kept.append(segment)
      }
    }
    return "/" + kept.joined(separator: "/")
  }

  // MARK: Parts

  private static func hasScheme(_ bytes: ArraySlice<UInt8>) -> Bool {
    guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")) else { return false }
    return isScheme(bytes[..<colon])
  }

  private static func isScheme(_ bytes: ArraySlice<UInt8>) -> Bool {
    guard let first = bytes.first, isLetter(first) else { return false }
    return bytes.allSatisfy { isLetter($0) || IPAddress.isDigit($0) || "+-.".utf8.contains($0) }
  }

  private static func scheme(of bytes: ArraySlice<UInt8>) throws(OutboundURLFault) -> (String, ArraySlice<UInt8>) {
    if bytes.first == UInt8(ascii: ":") { throw OutboundURLFault(.syntax, "missing protocol scheme") }
    guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), isScheme(bytes[..<colon]) else {
      throw OutboundURLFault(.scheme, "unsupported protocol scheme \"\"")
    }
    return (String(decoding: bytes[..<colon], as: UTF8.self).lowercased(), bytes[(colon + 1)...])
  }

  private static func place(_ authority: ArraySlice<UInt8>, isSecure: Bool) throws(OutboundURLFault) -> (Host, Int) {
    guard !authority.contains(UInt8(ascii: "@")) else {
      throw OutboundURLFault(.host, "user names and passwords are not allowed in a URL")
    }
    let end: Int
    let found: Host
    if authority.first == UInt8(ascii: "[") {
      guard let close = authority.firstIndex(of: UInt8(ascii: "]")) else { throw OutboundURLFault(.host, "a bracket is not closed") }
      let inside = String(decoding: authority[(authority.startIndex + 1)..<close], as: UTF8.self)
      guard !inside.contains("%") else { throw OutboundURLFault(.host, "zone ids are not allowed in a URL") }
      guard inside.contains(":"), let address = IPAddress(inside) else { throw OutboundURLFault(.host, "[\(inside)] is no IPv6 address") }
      (found, end) = (.address(address), close + 1)
    } else {
      end = authority.firstIndex(of: UInt8(ascii: ":")) ?? authority.endIndex
      found = try OutboundHostName.read(authority[..<end])
    }
    guard end < authority.endIndex else { return (found, isSecure ? 443 : 80) }
    let digits = authority[end...].dropFirst()
    guard authority[end] == UInt8(ascii: ":"), (1...5).contains(digits.count), digits.allSatisfy(IPAddress.isDigit),
      let port = Int(String(decoding: digits, as: UTF8.self)), (1...65_535).contains(port)
    else { throw OutboundURLFault(.port, "the port is no number from 1 to 65535") }
    return (found, port)
  }

  private static func target(_ bytes: ArraySlice<UInt8>) throws(OutboundURLFault) -> String {
    let used = bytes.prefix { $0 != UInt8(ascii: "#") }
    for at in bytes.indices {
      let byte = bytes[at]
      if byte == UInt8(ascii: "%") {
        guard at + 2 < bytes.endIndex, IPAddress.isHexDigit(bytes[at + 1]), IPAddress.isHexDigit(bytes[at + 2]) else {
          throw OutboundURLFault(.target, "a % in the URL is not followed by two hexadecimal digits")
        }
      } else if !isLetter(byte), !IPAddress.isDigit(byte), !"-._~:/?#@!$&'()*+,;=".utf8.contains(byte) {
        throw OutboundURLFault(.target, "the URL holds a character that must be percent-encoded (byte \(byte))")
      }
    }
    let text = String(decoding: used, as: UTF8.self)
    return text.hasPrefix("/") ? text : "/" + text
  }

  private static func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) }
}

/// Names of hosts, as URLs and allow-lists spell them.
enum OutboundHostName {
  /// What stands where a host belongs, without port: a name in lower case, or an IPv4 address.
  static func read(_ bytes: ArraySlice<UInt8>) throws(OutboundURLFault) -> OutboundURL.Host {
    guard !bytes.isEmpty else { throw OutboundURLFault(.host, "no host in the URL") }
    guard bytes.allSatisfy({ $0 < 0x80 }) else {
      throw OutboundURLFault(.host, "the host must be written in ASCII (xn--…)")
    }
    let text = String(decoding: bytes, as: UTF8.self).lowercased()
    guard !text.hasSuffix(".") else { throw OutboundURLFault(.host, "the host ends with a dot") }
    if endsInNumber(text) {
      guard let address = IPAddress(text) else {
        throw OutboundURLFault(.host, "\(text) is no IPv4 address in four decimal numbers")
      }
      return .address(address)
    }
    guard text.utf8.count <= 253, text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy(isLabel) else {
      throw OutboundURLFault(.host, "\(text) is no host name")
    }
    return .name(text)
  }

  /// Such a host is an address to resolvers, whatever stands before. Source: WHATWG URL, "ends in a number".
  private static func endsInNumber(_ text: String) -> Bool {
    guard let last = text.split(separator: ".", omittingEmptySubsequences: false).last, !last.isEmpty else { return false }
    if last.utf8.allSatisfy(IPAddress.isDigit) { return true }
    return last.hasPrefix("0x") && last.utf8.dropFirst(2).allSatisfy(IPAddress.isHexDigit)
  }

  private static func isLabel(_ label: Substring) -> Bool {
    (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
      && label.utf8.allSatisfy { byte in
        IPAddress.isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || byte == UInt8(ascii: "-")
          || byte == UInt8(ascii: "_")
      }
  }
}
