import NIOCore
import NIOEmbedded
import NIOHTTP1
import WebSocketTransport

/// The first bytes of a connection mean the same however they are cut; answers are well-formed and agree to nothing that was not offered.
enum UpgradeProperty {
  static func check(_ input: [UInt8], planted: Bool) throws(PropertyFault) -> FuzzTarget.Reach {
    var feed = ByteFeed(input)
    let mode = feed.byte()
    let stream = feed.rest()
    var random = Seeded(input)
    do {
      return mode & 1 == 0
        ? try checkServer(stream, mode, &random, planted: planted) : try checkClient(stream, mode, &random)
    } catch {
      throw (error as? PropertyFault) ?? PropertyFault("the channel failed: \(error)")
    }
  }

  // MARK: Server

  private struct Seen: Equatable {
    var outcomes: [FirstRequestSwitch.Outcome] = []
    var asked: [String] = []
    var offers: [String] = []
    var key = ""
    var protocols: [String] = []
    var http: [UInt8] = []
    var sent: [UInt8] = []
    var heard = Heard.Record()
  }

  private final class Bytes: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    var received: [UInt8] = []
    func channelRead(context: ChannelHandlerContext, data: NIOAny) { received += unwrapInboundIn(data).readableBytesView }
  }

  private static func checkServer(_ stream: [UInt8], _ mode: UInt8, _ random: inout Seeded, planted: Bool) throws -> FuzzTarget.Reach {
    let whole = try serve(Pieces.single(stream), mode)
    var drops = Pieces.drops(stream)
    // Planted: an empty line before the request is lost on its way to the HTTP pipeline.
    if planted, whole.outcomes == [.http], drops.first == [0x0D] { drops.removeFirst() }
    try require(try serve(drops, mode) == whole, "byte by byte it is something else")
    try require(try serve(Pieces.cut(stream, &random), mode) == whole, "in pieces it is something else")
    try require(whole.outcomes.count <= 1 && whole.asked.count <= 1, "a connection that becomes two things")
    switch whole.outcomes.first {
    case .http:
      try require(whole.http == stream && whole.sent.isEmpty, "HTTP does not get what came")
      return .taken
    case .webSocket:
      try checkAcceptance(whole, mode)
      return .taken
    case .ended: try checkRefusal(whole)
    case nil: try require(whole.sent.isEmpty && whole.http.isEmpty && whole.asked.isEmpty, "something happens before the request is there")
    }
    return .refused
  }

  private static func serve(_ pieces: [[UInt8]], _ mode: UInt8) throws -> Seen {
    let (channel, heard, http) = (EmbeddedChannel(), Heard(), Bytes())
    var seen = Seen()
    var limits = FirstRequestSwitch.Limits()
    limits.headBytesMax = 600
    let first = FirstRequestSwitch(
      limits: limits,
      decide: { head in
        seen.asked.append("\(head.method) \(head.uri)")
        seen.offers = head.headers["sec-websocket-extensions"]
        seen.key = head.headers["sec-websocket-key"].first ?? ""
        seen.protocols = head.offeredSubprotocols
        switch mode >> 1 & 3 {
        case 0, 1:
          var configuration = WebSocketConfiguration(role: .server, deflate: mode & 2 == 0 ? .on(deflate(mode)) : .off)
          configuration.pingInterval = nil
          return .accept(WebSocketAcceptance(configuration: configuration, subprotocol: "chat") { _ in heard })
        case 2: return .http
        default: return .refuse(.notFound, body: "not here")
        }
      }, installHTTP: { try $0.pipeline.syncOperations.addHandler(http) }, onOutcome: { seen.outcomes.append($0) })
    try channel.pipeline.syncOperations.addHandlers([Outlet(), first])
    try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    for piece in pieces { _ = try channel.writeInbound(ByteBuffer(bytes: piece)) }
    while let buffer = try channel.readOutbound(as: ByteBuffer.self) { seen.sent += buffer.readableBytesView }
    (seen.http, seen.heard) = (http.received, heard.record)
    let result = seen
    _ = try? channel.finish(acceptAlreadyClosed: true)
    return result
  }

  private static func deflate(_ mode: UInt8) -> DeflateConfiguration {
    var deflate = DeflateConfiguration()
    deflate.keepsOwnContext = mode & 8 != 0
    deflate.allowsPeerContext = mode & 16 != 0
    deflate.windowBits = mode & 32 == 0 ? 15 : 9
    return deflate
  }

  /// Status line and fields of an answer, checked to be nothing else. Source: RFC 9112 §2.1.
  private static func head(_ bytes: [UInt8]) throws(PropertyFault) -> (lines: [String], rest: [UInt8]) {
    guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { throw PropertyFault("an answer without an end") }
    let head = bytes[..<end.lowerBound]
    let lines = String(decoding: head, as: UTF8.self).replacing("\r\n", with: "\n").split(separator: "\n").map(String.init)
    for line in lines { try require(line.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F }, "a control character in an answer") }
    try require(lines.dropFirst().allSatisfy { $0.contains(": ") }, "an answer with a field that is none")
    return (lines, Array(bytes[end.upperBound...]))
  }

  private static func values(_ name: String, _ lines: [String]) -> [String] {
    lines.filter { $0.lowercased().hasPrefix(name + ": ") }.map { String($0.dropFirst(name.count + 2)) }
  }

  private static func checkAcceptance(_ seen: Seen, _ mode: UInt8) throws(PropertyFault) {
    let (lines, _) = try head(seen.sent)
    try require(lines.first == "HTTP/1.1 101 Switching Protocols", "an acceptance that is none")
    try require(values("sec-websocket-accept", lines) == [Dial.accept(key: seen.key)], "a proof that fits no key")
    let chosen = values("sec-websocket-protocol", lines)
    try require(chosen.isEmpty || chosen == ["chat"] && seen.protocols.contains("chat"), "a subprotocol that was not offered")
    let agreed = values("sec-websocket-extensions", lines)
    guard let agreement = agreed.first else { return }
    try require(agreed.count == 1 && mode & 2 == 0, "an extension that is switched off")
    try require(seen.offers.joined().lowercased().contains("permessage-deflate"), "an extension that was not offered")
    let parts = agreement.split(separator: ";").map { $0.drop { $0 == " " } }
    try require(parts.first == "permessage-deflate" && Set(parts).count == parts.count, "a strange agreement: \(agreement)")
    try require(mode & 8 != 0 || parts.contains("server_no_context_takeover"), "keeps a context it has not got")
    try require(mode & 16 != 0 || parts.contains("client_no_context_takeover"), "lets the client keep a context")
    let own = parts.first { $0.hasPrefix("server_max_window_bits=") }.flatMap { Int($0.dropFirst(23)) }
    try require((own ?? 15) <= (mode & 32 == 0 ? 15 : 9) && (own ?? 15) >= 8, "a window that is not kept: \(agreement)")
  }

  private static func checkRefusal(_ seen: Seen) throws(PropertyFault) {
    let (lines, body) = try head(seen.sent)
    let status = Int(lines.first?.dropFirst(9).prefix(3) ?? "") ?? 0
    try require((400...499).contains(status), "a refusal with \(lines.first ?? "nothing")")
    try require(values("content-length", lines) == ["\(body.count)"], "a body of another length")
    try require(values("connection", lines) == ["close"] && seen.http.isEmpty, "a refused connection goes on")
  }

  // MARK: Client

  private struct Answered: Equatable {
    var failure: WebSocketClientError?
    var isOpen = false
    var deflate: DeflateAgreement?
    var subprotocol: String?
    var heard = Heard.Record()
  }

  private static func checkClient(_ stream: [UInt8], _ mode: UInt8, _ random: inout Seeded) throws -> FuzzTarget.Reach {
    let whole = try answer(Pieces.single, stream, mode)
    try require(try answer(Pieces.drops, stream, mode) == whole, "byte by byte the answer is another")
    let seed = random.next()
    let pieces = try answer(
      { bytes in
        var random = Seeded(seed)
        return Pieces.cut(bytes, &random)
      }, stream, mode)
    // The reason of a close may tell how much came before it; the answer's body is cut where reading stops.
    try require(pieces == whole, "in pieces the answer is another")
    guard whole.isOpen else { return .refused }
    let text = String(decoding: stream, as: UTF8.self)
    try require(text.contains(" 101"), "opened without 101")
    if let deflate = whole.deflate {
      try require(mode & 2 == 0, "compression that was not offered")
      try require((8...15).contains(deflate.serverWindowBits) && (8...15).contains(deflate.clientWindowBits), "a window out of range")
      try require(mode & 8 != 0 || !deflate.clientKeepsContext, "keeps a context it has not got")
      try require(mode & 16 != 0 || !deflate.serverKeepsContext, "the server keeps a context in spite of the offer")
    }
    try require(whole.subprotocol == nil || whole.subprotocol == "chat", "a subprotocol that was not offered")
    return .taken
  }

  /// - Parameter stream: `@` in the field of the proof stands for the one that fits the client's key.
  private static func answer(_ cut: ([UInt8]) -> [[UInt8]], _ stream: [UInt8], _ mode: UInt8) throws -> Answered {
    var configuration = WebSocketConfiguration(role: .client, deflate: mode & 2 == 0 ? .on(deflate(mode)) : .off)
    configuration.pingInterval = nil
    let heard = Heard()
    let dial = try Dial(configuration, heard, subprotocols: mode & 4 == 0 ? ["chat"] : [])
    for piece in cut(proven(stream, Dial.accept(key: try dial.askedKey()))) {
      guard dial.channel.isActive else { break }
      _ = try dial.channel.writeInbound(ByteBuffer(bytes: piece))
    }
    dial.channel.embeddedEventLoop.run()
    let answered = Answered(
      failure: dial.failure, isOpen: dial.connection != nil, deflate: dial.connection?.deflate, subprotocol: dial.connection?.subprotocol,
      heard: heard.record)
    _ = try? dial.channel.finish(acceptAlreadyClosed: true)
    return answered
  }

  /// The proof is another one in every connection: anywhere else than in its field of the head it would be part of what is compared, say of a
  /// message. No head goes beyond its first empty line.
  private static func proven(_ stream: [UInt8], _ proof: String) -> [UInt8] {
    let field = Array("sec-websocket-accept:".utf8)
    var bytes: [UInt8] = []
    var isHead = true
    for line in stream.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      if line.startIndex > stream.startIndex { bytes.append(UInt8(ascii: "\n")) }
      if line.isEmpty || line.elementsEqual([0x0D]) { isHead = false }
      let isProof = isHead && line.prefix(field.count).map { $0 | 0x20 }.elementsEqual(field.map { $0 | 0x20 })
      bytes += isProof ? line.flatMap { $0 == UInt8(ascii: "@") ? Array(proof.utf8) : [$0] } : Array(line)
    }
    return bytes
  }
}
