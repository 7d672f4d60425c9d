import Foundation
import Glibc
import NIOCore
import NIOPosix

/// Sends bytes and reads what comes until the peer ends: for requests that no proper client would make.
enum RawClient {
  struct Answer: Sendable {
    var bytes: [UInt8]

    init(bytes: [UInt8]) { self.bytes = bytes }
    init(text: String) { bytes = Array(text.utf8) }

    var text: String { String(decoding: bytes, as: UTF8.self) }
    /// What follows the head, as it came.
    var content: ArraySlice<UInt8> { bytes.firstRange(of: Array("\r\n\r\n".utf8)).map { bytes[$0.upperBound...] } ?? [] }
    var status: Int { Int(text.split(separator: " ", maxSplits: 2).dropFirst().first ?? "") ?? 0 }
    var body: String { text.range(of: "\r\n\r\n").map { String(text[$0.upperBound...]) } ?? "" }

    /// Values of a header field, in order.
    func values(_ name: String) -> [String] {
      let head = text.range(of: "\r\n\r\n").map { text[..<$0.lowerBound] } ?? text[...]
      return head.split(separator: "\r\n").dropFirst().compactMap { line in
        guard let colon = line.firstIndex(of: ":"), line[..<colon].lowercased() == name.lowercased() else { return nil }
        return line[line.index(after: colon)...].drop { $0 == " " }.description
      }
    }

    subscript(name: String) -> String? { values(name).first }
  }

  /// - Parameters:
  ///   - request: written as it is.
  ///   - halfCloses: this end says at once that nothing more will come.
  ///   - complete: ends the reading early, with what came so far.
  static func send(
    _ request: String, bytes: [UInt8] = [], to port: Int, halfCloses: Bool = false, tls: (@Sendable (any Channel) throws -> Void)? = nil,
    until complete: @Sendable (String) -> Bool = { _ in false }
  ) async throws -> Answer {
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connect(host: "127.0.0.1", port: port) { channel in
        channel.eventLoop.makeCompletedFuture {
          try tls?(channel)
          return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
            wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
        }
      }
    return try await channel.executeThenClose { inbound, outbound in
      if !request.isEmpty { try await outbound.write(ByteBuffer(bytes: Array(request.utf8) + bytes)) }
      if halfCloses { outbound.finish() }
      var bytes: [UInt8] = []
      do {
        for try await piece in inbound {
          bytes += piece.readableBytesView
          if complete(String(decoding: bytes, as: UTF8.self)) { break }
        }
      } catch let error as IOError where error.errnoCode == ECONNRESET {
        // Cut off: what came before counts.
      }
      return Answer(bytes: bytes)
    }
  }

  static func get(
    _ path: String, from port: Int, headers: [String] = [], method: String = "GET", tls: (@Sendable (any Channel) throws -> Void)? = nil
  )
    async throws -> Answer
  {
    let lines = ["\(method) \(path) HTTP/1.1", "host: localhost:\(port)", "connection: close"] + headers
    return try await send(lines.joined(separator: "\r\n") + "\r\n\r\n", to: port, tls: tls)
  }

  /// A request for a WebSocket; the fields given replace those of a good request, one without a value leaves it out.
  static func upgrade(_ path: String, port: Int, _ fields: [(String, String?)] = [], method: String = "GET", version: String = "HTTP/1.1")
    async throws
    -> Answer
  {
    var all: [(String, String?)] = [
      ("host", "localhost:\(port)"), ("connection", "Upgrade"), ("upgrade", "websocket"), ("sec-websocket-version", "13"),
      ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ]
    for field in fields {
      all.removeAll { $0.0 == field.0 }
      all.append(field)
    }
    let lines = ["\(method) \(path) \(version)"] + all.compactMap { name, value in value.map { "\(name): \($0)" } }
    return try await send(
      lines.joined(separator: "\r\n") + "\r\n\r\n", to: port, until: { $0.hasPrefix("HTTP/1.1 101") && $0.contains("\r\n\r\n") })
  }
}
