/// One element of `Sec-WebSocket-Extensions`: a name and its parameters (RFC 6455 §9.1).
struct ExtensionOffer: Hashable {
  struct Parameter: Hashable {
    var name: String
    var value: String?
  }

  static let parametersMax = 16

  var name: String
  var parameters: [Parameter] = []

  /// The list of a header value; `nil` when it is not in the grammar.
  static func parse(_ text: String) -> [ExtensionOffer]? {
    var scanner = Scanner(bytes: Array(text.utf8))
    var offers: [ExtensionOffer] = []
    repeat {
      scanner.skipBlanks()
      if scanner.isAtEnd || scanner.peek == UInt8(ascii: ",") { continue }
      guard let name = scanner.token() else { return nil }
      var offer = ExtensionOffer(name: name)
      while scanner.take(UInt8(ascii: ";")) {
        guard let parameter = scanner.parameter(), offer.parameters.count < parametersMax else { return nil }
        offer.parameters.append(parameter)
      }
      offers.append(offer)
    } while scanner.take(UInt8(ascii: ","))
    return scanner.isAtEnd ? offers : nil
  }

  private struct Scanner {
    let bytes: [UInt8]
    var index = 0

    var isAtEnd: Bool { index == bytes.count }
    var peek: UInt8? { index < bytes.count ? bytes[index] : nil }

    mutating func skipBlanks() { while let byte = peek, byte == 0x20 || byte == 0x09 { index += 1 } }

    mutating func take(_ byte: UInt8) -> Bool {
      skipBlanks()
      guard peek == byte else { return false }
      index += 1
      return true
    }

    mutating func token() -> String? {
      skipBlanks()
      let start = index
      while let byte = peek, HTTPGrammar.isTokenByte(byte) { index += 1 }
      return index > start ? String(decoding: bytes[start..<index], as: UTF8.self) : nil
    }

    mutating func parameter() -> Parameter? {
      guard let name = token() else { return nil }
      guard take(UInt8(ascii: "=")) else { return Parameter(name: name, value: nil) }
      guard take(UInt8(ascii: "\"")) else { return token().map { Parameter(name: name, value: $0) } }
      // A quoted value must be a token once unquoted.
      var value: [UInt8] = []
      while var byte = peek {
        index += 1
        if byte == UInt8(ascii: "\"") { return value.isEmpty ? nil : Parameter(name: name, value: String(decoding: value, as: UTF8.self)) }
        if byte == UInt8(ascii: "\\") {
          guard let escaped = peek else { return nil }
          byte = escaped
          index += 1
        }
        guard HTTPGrammar.isTokenByte(byte) else { return nil }
        value.append(byte)
      }
      return nil
    }
  }
}
