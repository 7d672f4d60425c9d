internal import NIOCore
internal import NIOHTTP1

/// The head of an HTTP/1 message, read only to decide about an upgrade: whoever takes the connection over gets the bytes themselves and
/// reads them by its own rules.
enum HTTPGrammar {
  /// RFC 9110 §5.6.2.
  static func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"), UInt8(ascii: "'"),
      UInt8(ascii: "*"),
      UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "^"), UInt8(ascii: "_"), UInt8(ascii: "`"), UInt8(ascii: "|"),
      UInt8(ascii: "~"):
      true
    default: false
    }
  }

  /// Unreserved characters, sub-delims, percent signs, colons, and the brackets of an IPv6 address.
  static func isHostByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    default: "-._~%!$&'()*+,;=:[]".utf8.contains(byte)
    }
  }

  struct BadHead: Error, Hashable {
    var reason: String
    init(_ reason: String) { self.reason = reason }
  }

  static let fieldsMax = 128

  static func request(_ head: ByteBufferView) throws(BadHead) -> HTTPRequestHead {
    var lines = LineReader(head)
    var first = lines.next()
    // Empty lines before a request are old clients' bad manners (RFC 9112 §2.2).
    while let line = first, line.isEmpty { first = lines.next() }
    guard let line = first else { throw BadHead("no request line") }
    let parts = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    guard parts.count == 3, !parts[0].isEmpty, parts[0].allSatisfy(isTokenByte) else { throw BadHead("bad request line") }
    guard !parts[1].isEmpty, parts[1].allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { throw BadHead("bad request target") }
    guard let version = version(parts[2]) else { throw BadHead("bad HTTP version") }
    return HTTPRequestHead(
      version: version, method: HTTPMethod(rawValue: String(decoding: parts[0], as: UTF8.self)),
      uri: String(decoding: parts[1], as: UTF8.self), headers: try fields(&lines))
  }

  static func response(_ head: ByteBufferView) throws(BadHead) -> HTTPResponseHead {
    var lines = LineReader(head)
    guard let line = lines.next() else { throw BadHead("no status line") }
    let parts = line.split(separator: UInt8(ascii: " "), maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count >= 2, let version = version(parts[0]) else { throw BadHead("bad status line") }
    guard parts[1].count == 3, let code = Int(String(decoding: parts[1], as: UTF8.self)), code >= 100 else {
      throw BadHead("bad status code")
    }
    let reason = parts.count > 2 ? String(decoding: parts[2], as: UTF8.self) : ""
    return HTTPResponseHead(
      version: version, status: HTTPResponseStatus(statusCode: code, reasonPhrase: reason), headers: try fields(&lines))
  }

  private static func version(_ text: ByteBufferView) -> HTTPVersion? {
    guard text.count == 8, text.starts(with: "HTTP/".utf8), text[text.startIndex + 6] == UInt8(ascii: ".") else { return nil }
    let major = text[text.startIndex + 5]
    let minor = text[text.startIndex + 7]
    guard (0x30...0x39).contains(major), (0x30...0x39).contains(minor) else { return nil }
    return HTTPVersion(major: Int(major - 0x30), minor: Int(minor - 0x30))
  }

  private static func fields(_ lines: inout LineReader) throws(BadHead) -> HTTPHeaders {
    var headers = HTTPHeaders()
    var count = 0
    while let line = lines.next() {
      if line.isEmpty { break }
      count += 1
      guard count <= fieldsMax else { throw BadHead("more than \(fieldsMax) header fields") }
      guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { throw BadHead("header field without a colon") }
      let name = line[..<colon]
      guard !name.isEmpty, name.allSatisfy(isTokenByte) else { throw BadHead("bad header field name") }
      var value = line[(colon + 1)...]
      while let byte = value.first, byte == 0x20 || byte == 0x09 { value = value.dropFirst() }
      while let byte = value.last, byte == 0x20 || byte == 0x09 { value = value.dropLast() }
      guard value.allSatisfy({ $0 == 0x09 || ($0 >= 0x20 && $0 != 0x7F) }) else { throw BadHead("bad header field value") }
      headers.add(name: String(decoding: name, as: UTF8.self), value: String(decoding: value, as: UTF8.self))
    }
    return headers
  }

  /// Lines ended by LF, with or without CR before it.
  private struct LineReader {
    private var rest: ByteBufferView

    init(_ head: ByteBufferView) { rest = head }

    mutating func next() -> ByteBufferView? {
      guard let end = rest.firstIndex(of: 0x0A) else { return nil }
      var line = rest[..<end]
      rest = rest[(end + 1)...]
      if line.last == 0x0D { line = line.dropLast() }
      return line
    }
  }
}

/// Finds the empty line that ends a head while the bytes arrive; no byte is looked at twice.
struct HeadScanner {
  private var scanned = 0
  private var blankSoFar = true
  private var sawText = false

  /// - Returns: how many readable bytes the head takes, empty lines before it included.
  mutating func end(in buffer: ByteBuffer) -> Int? {
    buffer.withUnsafeReadableBytes { bytes in
      while scanned < bytes.count {
        let byte = bytes[scanned]
        scanned += 1
        switch byte {
        case 0x0A:
          if blankSoFar, sawText { return scanned }
          blankSoFar = true
        case 0x0D: continue
        default: (blankSoFar, sawText) = (false, true)
        }
      }
      return nil
    }
  }
}
