/// Where a WebSocket lives: `ws://host[:port]/path?query` or `wss://…` (RFC 6455 §3).
public struct WebSocketURL: Hashable, Sendable, CustomStringConvertible {
  public var isSecure: Bool
  /// Without brackets when it is an IPv6 address.
  public var host: String
  public var port: Int
  /// Path and query as they go into the request line, starting with "/".
  public var target: String

  public init(isSecure: Bool, host: String, port: Int, target: String) {
    self.isSecure = isSecure
    self.host = host
    self.port = port
    self.target = target
  }

  /// - Throws: ``WebSocketClientError/badURL(_:)``; also for user names and fragments, which a WebSocket URL cannot have. `http` and `https` mean
  ///   `ws` and `wss`.
  public init(_ text: String) throws(WebSocketClientError) {
    guard let colon = text.firstRange(of: "://") else { throw .badURL("\(text): no scheme") }
    switch text[..<colon.lowerBound].lowercased() {
    case "ws", "http": isSecure = false
    case "wss", "https": isSecure = true
    default: throw .badURL("\(text): the scheme is not ws or wss")
    }
    let rest = text[colon.upperBound...]
    let end = rest.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? rest.endIndex
    let (authority, tail) = (rest[..<end], rest[end...])
    guard !tail.contains("#") else { throw .badURL("\(text): a WebSocket URL has no fragment") }
    guard !authority.contains("@") else { throw .badURL("\(text): no user name in a WebSocket URL") }
    guard tail.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { throw .badURL("\(text): blanks and other characters must be escaped") }
    target = tail.hasPrefix("/") ? String(tail) : "/" + tail
    var portText: Substring?
    if authority.hasPrefix("[") {
      guard let close = authority.firstIndex(of: "]") else { throw .badURL("\(text): no ] after the address") }
      host = String(authority[authority.index(after: authority.startIndex)..<close])
      let after = authority[authority.index(after: close)...]
      guard after.isEmpty || after.hasPrefix(":") else { throw .badURL("\(text): bad port") }
      portText = after.isEmpty ? nil : after.dropFirst()
    } else {
      let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count <= 2 else { throw .badURL("\(text): an IPv6 address stands in brackets") }
      host = String(parts[0])
      portText = parts.count == 2 ? parts[1] : nil
    }
    guard !host.isEmpty, host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { throw .badURL("\(text): no host") }
    guard let portText else {
      port = isSecure ? 443 : 80
      return
    }
    guard let number = UInt16(portText), number > 0 else { throw .badURL("\(text): bad port") }
    port = Int(number)
  }

  /// Value of the Host header field: the port only when it is not the scheme's own.
  var hostField: String {
    let name = host.contains(":") ? "[\(host)]" : host
    return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
  }

  public var description: String { "\(isSecure ? "wss" : "ws")://\(hostField)\(target)" }
}
