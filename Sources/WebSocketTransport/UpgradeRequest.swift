internal import NIOCore
public import NIOHTTP1

/// The client's half of the handshake (RFC 6455 §4.2.1), checked.
struct UpgradeRequest {
  struct Refusal: Error {
    var status: HTTPResponseStatus
    var headers: HTTPHeaders = [:]
    var body: String
  }

  private let key: String
  private let subprotocols: [String]
  private let extensions: [ExtensionOffer]

  /// Whether the request asks for a WebSocket at all. HTTP/1.0 knows no upgrade (RFC 9110 §7.8).
  static func isWanted(_ head: HTTPRequestHead) -> Bool {
    (head.version.major, head.version.minor) >= (1, 1) && names("websocket", in: head.headers[canonicalForm: "upgrade"])
      && names("upgrade", in: head.headers[canonicalForm: "connection"])
  }

  static func check(_ head: HTTPRequestHead) -> Result<UpgradeRequest, Refusal> {
    let versions = head.headers[canonicalForm: "sec-websocket-version"]
    guard versions.count == 1, versions[0] == "13" else {
      return .failure(
        Refusal(status: .upgradeRequired, headers: ["Sec-WebSocket-Version": "13"], body: "only WebSocket version 13 is spoken here"))
    }
    guard head.method == .GET else { return .failure(Refusal(status: .badRequest, body: "a WebSocket starts with GET")) }
    guard head.hasGoodHost else { return .failure(Refusal(status: .badRequest, body: "Host is missing, or not one name")) }
    let keys = head.headers["sec-websocket-key"]
    guard keys.count == 1, HandshakeKey.isValid(keys[0]) else {
      return .failure(Refusal(status: .badRequest, body: "Sec-WebSocket-Key is not 16 bytes in Base64"))
    }
    let lengths = head.headers[canonicalForm: "content-length"]
    guard !head.headers.contains(name: "transfer-encoding"), lengths.allSatisfy({ $0 == "0" }) else {
      return .failure(Refusal(status: .badRequest, body: "a request for a WebSocket has no body"))
    }
    // Several fields of the name are one list.
    guard let extensions = ExtensionOffer.parse(head.headers["sec-websocket-extensions"].joined(separator: ",")) else {
      return .failure(Refusal(status: .badRequest, body: "Sec-WebSocket-Extensions is not in the grammar"))
    }
    return .success(UpgradeRequest(key: keys[0], subprotocols: head.offeredSubprotocols, extensions: extensions))
  }

  /// What of the server's wish the client offered.
  func chosen(_ subprotocol: String?) -> String? { subprotocol.flatMap { subprotocols.contains($0) ? $0 : nil } }

  /// The 101 answer, and what it says about compression.
  func answer(_ acceptance: WebSocketAcceptance) -> (bytes: ByteBuffer, deflate: DeflateAgreement?) {
    var headers: HTTPHeaders = ["Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Accept": HandshakeKey.accept(key)]
    if let subprotocol = chosen(acceptance.subprotocol) { headers.add(name: "Sec-WebSocket-Protocol", value: subprotocol) }
    var agreement: DeflateAgreement?
    if case .on(let deflate) = acceptance.configuration.deflate, let answer = DeflateAgreement.answer(extensions, deflate) {
      agreement = answer.agreement
      headers.add(name: "Sec-WebSocket-Extensions", value: answer.header)
    }
    headers.add(contentsOf: acceptance.headers)
    return (HTTPAnswer.head(.switchingProtocols, headers: headers), agreement)
  }

  private static func names(_ word: String, in tokens: [Substring]) -> Bool { tokens.contains { $0.lowercased() == word } }
}

extension HTTPRequestHead {
  /// Subprotocols that the client offers, in its order of preference; several header fields make one list.
  public var offeredSubprotocols: [String] { headers[canonicalForm: "sec-websocket-protocol"].map(String.init) }

  /// Whether there is exactly one Host, made of what a host and a port are made of (RFC 9112 §3.2, RFC 3986 §3.2.2).
  public var hasGoodHost: Bool {
    let hosts = headers["host"]
    return hosts.count == 1 && !hosts[0].isEmpty && hosts[0].utf8.allSatisfy(HTTPGrammar.isHostByte)
  }
}

/// Responses small enough to be written by hand.
enum HTTPAnswer {
  static func head(_ status: HTTPResponseStatus, headers: HTTPHeaders) -> ByteBuffer {
    var bytes = ByteBuffer(string: "HTTP/1.1 \(status.code) \(status.reasonPhrase)\r\n")
    for (name, value) in headers { bytes.writeString("\(name): \(value)\r\n") }
    bytes.writeStaticString("\r\n")
    return bytes
  }

  static func plain(_ status: HTTPResponseStatus, headers: HTTPHeaders, body: String) -> ByteBuffer {
    var headers = headers
    if !headers.contains(name: "content-type") { headers.add(name: "Content-Type", value: "text/plain; charset=utf-8") }
    headers.replaceOrAdd(name: "Content-Length", value: "\(body.utf8.count + 1)")
    headers.replaceOrAdd(name: "Connection", value: "close")
    var bytes = head(status, headers: headers)
    bytes.writeString(body)
    bytes.writeStaticString("\n")
    return bytes
  }
}
