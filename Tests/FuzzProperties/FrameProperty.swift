import NIOCore
import WebSocketTransport

/// A stream of frames says the same in one piece, in drops, in random pieces and to a reader that pauses, and what RFC 6455 says it does.
enum FrameProperty {
  static func check(_ input: [UInt8], planted: Bool) throws(PropertyFault) -> FuzzTarget.Reach {
    var feed = ByteFeed(input)
    let setting = Setting(feed.byte())
    let stream = feed.rest()
    var random = Seeded(input)
    let whole = try heard(Pieces.single(stream), setting)
    var drops = Pieces.drops(stream)
    // Planted: a length of two bytes that arrives one by one loses the second.
    if planted, let place = drops.firstIndex(where: { $0 == [0xFE] }), place > 0, place + 2 < drops.count { drops.remove(at: place + 2) }
    try require(try heard(drops, setting) == whole, "byte by byte it says something else")
    let pieces = Pieces.cut(stream, &random)
    try require(try heard(pieces, setting) == whole, "in pieces it says something else")
    try require(try heard(pieces, setting, pausing: true) == whole, "to a reader that pauses it says something else")

    let reference = ReferenceFrames(stream, setting.rules)
    try require(whole.messages == reference.record.messages, "\(whole.messages.count) messages, not \(reference.record.messages.count)")
    try require(
      whole.closeCode == reference.record.closeCode, "close \(whole.closeCode ?? 0), not \(reference.record.closeCode ?? 0)")
    if setting.rules.role == .server { try checkAnswers(whole, reference) }
    for message in whole.messages { try checkBounds(message, setting) }
    return whole.messages.isEmpty ? .refused : .taken
  }

  /// Pongs in the order of the pings, then a Close if the connection ended.
  private static func checkAnswers(_ whole: Heard.Record, _ reference: ReferenceFrames) throws(PropertyFault) {
    var expected: [UInt8] = []
    for payload in reference.pongs { expected += [0x8A, UInt8(payload.count)] + payload }
    try require(whole.sent.starts(with: expected), "pongs that do not answer the pings")
    let last = whole.sent.dropFirst(expected.count)
    guard let code = whole.closeCode else { return try require(last.isEmpty, "an open connection says more than pongs") }
    try require(last.first == 0x88 && last.dropFirst().first.map { Int($0) == last.count - 2 } ?? false, "an end without a Close")
    let said = last.dropFirst(2).prefix(2).reduce(UInt16(0)) { $0 << 8 | UInt16($1) }
    try require(said == (code == 1005 ? 0 : code), "Close with \(said), ended with \(code)")
  }

  private static func checkBounds(_ message: WebSocketMessage, _ setting: Setting) throws(PropertyFault) {
    switch message {
    case .text(let text):
      try require(text.readableBytes <= setting.rules.messageBytesMax, "a text of \(text.readableBytes) bytes")
      try require(String(validating: text.readableBytesView, as: UTF8.self) != nil, "a text that is none")
    case .binary(let bytes): try require(bytes.readableBytes <= setting.rules.messageBytesMax, "\(bytes.readableBytes) bytes")
    }
  }

  /// What the first byte chooses.
  private struct Setting {
    let configuration: WebSocketConfiguration
    let extensions: String?
    let rules: ReferenceFrames.Rules

    init(_ byte: UInt8) {
      let keepsContext: Bool? = byte & 2 == 0 ? nil : byte & 4 != 0
      var deflate = DeflateConfiguration()
      deflate.keepsOwnContext = keepsContext ?? false
      deflate.allowsPeerContext = keepsContext ?? false
      var configuration = WebSocketConfiguration(
        role: byte & 1 == 0 ? .server : .client, deflate: keepsContext == nil ? .off : .on(deflate))
      configuration.messageBytesMax = byte & 8 == 0 ? 1 << 20 : 300
      configuration.frameBytesMax = byte & 8 == 0 ? 256 << 10 : 200
      configuration.pingInterval = nil
      self.configuration = configuration
      extensions = keepsContext.map { kept in
        "permessage-deflate" + (kept ? "" : "; server_no_context_takeover; client_no_context_takeover")
      }
      rules = ReferenceFrames.Rules(
        role: configuration.role, frameBytesMax: configuration.frameBytesMax, messageBytesMax: configuration.messageBytesMax,
        keepsContext: keepsContext)
    }
  }

  private static func heard(_ pieces: [[UInt8]], _ setting: Setting, pausing: Bool = false) throws(PropertyFault) -> Heard.Record {
    do {
      let wire = try Wire(setting.configuration, extensions: setting.extensions)
      guard wire.connection != nil else { throw PropertyFault("the handshake did not open a connection") }
      wire.heard.pausesAfterMessages = pausing
      // The channel ends with its owner, and what is heard of that end is not what is asked for.
      return try withExtendedLifetime(wire) {
        for piece in pieces { try wire.receive(piece) }
        if wire.heard.closes > 1 { throw PropertyFault("a connection that ends twice") }
        return wire.heard.record
      }
    } catch {
      throw (error as? PropertyFault) ?? PropertyFault("the channel failed: \(error)")
    }
  }
}
