internal import Compression

/// What both ends agreed on for permessage-deflate (RFC 7692 §7.1).
public struct DeflateAgreement: Hashable, Sendable {
  public var serverKeepsContext = true
  public var clientKeepsContext = true
  /// 8 to 15.
  public var serverWindowBits = 15
  public var clientWindowBits = 15

  static let extensionName = "permessage-deflate"

  public func keepsContext(_ role: WebSocketRole) -> Bool { role == .server ? serverKeepsContext : clientKeepsContext }
  public func windowBits(_ role: WebSocketRole) -> Int { role == .server ? serverWindowBits : clientWindowBits }

  // MARK: Server

  /// The first offer this server can meet, and the header value that says so. `nil`: go on without compression.
  static func answer(_ offers: [ExtensionOffer], _ configuration: DeflateConfiguration) -> (agreement: DeflateAgreement, header: String)? {
    for offer in offers where offer.name.lowercased() == extensionName {
      guard let wish = Parameters(offer.parameters, isOffer: true) else { continue }
      var agreement = DeflateAgreement()
      var header = extensionName
      // Both may be said unasked: the server limits itself, and the client must follow.
      if wish.serverNoContext || !configuration.keepsOwnContext {
        agreement.serverKeepsContext = false
        header += "; server_no_context_takeover"
      }
      if wish.clientNoContext || !configuration.allowsPeerContext {
        agreement.clientKeepsContext = false
        header += "; client_no_context_takeover"
      }
      agreement.serverWindowBits = min(wish.serverWindowBits ?? 15, configuration.windowBits)
      if wish.serverWindowBits != nil || agreement.serverWindowBits < 15 {
        header += "; server_max_window_bits=\(agreement.serverWindowBits)"
      }
      // Only a client that named the parameter understands it in the answer.
      if wish.namesClientWindow {
        agreement.clientWindowBits = min(wish.clientWindowBits ?? 15, configuration.peerWindowBits)
        if agreement.clientWindowBits < 15 { header += "; client_max_window_bits=\(agreement.clientWindowBits)" }
      }
      return (agreement, header)
    }
    return nil
  }

  // MARK: Client

  /// Header value with what this client would like.
  static func offer(_ configuration: DeflateConfiguration) -> String {
    var header = extensionName
    if !configuration.allowsPeerContext { header += "; server_no_context_takeover" }
    if !configuration.keepsOwnContext { header += "; client_no_context_takeover" }
    if configuration.peerWindowBits < 15 { header += "; server_max_window_bits=\(configuration.peerWindowBits)" }
    header += configuration.windowBits < 15 ? "; client_max_window_bits=\(configuration.windowBits)" : "; client_max_window_bits"
    return header
  }

  /// What the server's answer to ``offer(_:)`` means; `nil` when it is not an answer to it: the connection must fail (RFC 7692 §7.1).
  init?(answer: [ExtensionOffer], _ configuration: DeflateConfiguration) {
    guard answer.count == 1, answer[0].name.lowercased() == Self.extensionName else { return nil }
    guard let said = Parameters(answer[0].parameters, isOffer: false) else { return nil }
    // A demand of the offer that the answer passes over was not met.
    guard said.serverNoContext || configuration.allowsPeerContext else { return nil }
    guard (said.serverWindowBits ?? 15) <= configuration.peerWindowBits else { return nil }
    serverKeepsContext = !said.serverNoContext
    clientKeepsContext = !said.clientNoContext && configuration.keepsOwnContext
    serverWindowBits = said.serverWindowBits ?? 15
    clientWindowBits = min(said.clientWindowBits ?? 15, configuration.windowBits)
  }

  private init() {}

  /// The four parameters of one element; `nil` when one is unknown, repeated or out of range, which declines the element.
  private struct Parameters {
    var serverNoContext = false
    var clientNoContext = false
    var serverWindowBits: Int?
    var namesClientWindow = false
    var clientWindowBits: Int?

    init?(_ parameters: [ExtensionOffer.Parameter], isOffer: Bool) {
      var seen: Set<String> = []
      for parameter in parameters {
        guard seen.insert(parameter.name).inserted else { return nil }
        switch (parameter.name, parameter.value) {
        case ("server_no_context_takeover", nil): serverNoContext = true
        case ("client_no_context_takeover", nil): clientNoContext = true
        case ("server_max_window_bits", let value?):
          guard let bits = Self.windowBits(value) else { return nil }
          serverWindowBits = bits
        case ("client_max_window_bits", nil) where isOffer: namesClientWindow = true
        case ("client_max_window_bits", let value?):
          guard let bits = Self.windowBits(value) else { return nil }
          namesClientWindow = true
          clientWindowBits = bits
        default: return nil
        }
      }
    }

    /// A decimal integer from 8 to 15 without leading zeros.
    private static func windowBits(_ text: String) -> Int? {
      guard text.utf8.first != UInt8(ascii: "0"), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let bits = Int(text) else {
        return nil
      }
      return (8...15).contains(bits) ? bits : nil
    }
  }
}
