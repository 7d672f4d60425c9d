import CollabClient
import Foundation
import NIOCore
import NIOPosix
import WorkflowGraph

/// One request over HTTP on a connection of its own, and its answer.
enum HTTPCall {
  struct Answer: Sendable {
    var status: Int
    var head: String
    var body: String

    subscript(name: String) -> String? {
      head.split(separator: "\r\n").dropFirst().first { $0.lowercased().hasPrefix(name + ":") }.map {
        $0.dropFirst(name.count + 1).trimmingCharacters(in: .whitespaces)
      }
    }

    var json: JSONValue { get throws { try JSONValue(parsing: body.trimmingCharacters(in: .whitespacesAndNewlines)) } }
  }

  static func send(
    _ method: String, _ path: String, _ body: String? = nil, headers: [String] = [], to server: TestServer
  ) async throws -> Answer {
    try await send(method, path, body, headers: headers, port: server.address.port)
  }

  static func send(
    _ method: String, _ path: String, _ body: String? = nil, headers: [String] = [], port: Int
  ) async throws -> Answer {
    var lines = ["\(method) \(path) HTTP/1.1", "host: localhost:\(port)", "connection: close"] + headers
    if let body {
      if !headers.contains(where: { $0.hasPrefix("content-type") }) { lines.append("content-type: application/json") }
      lines.append("content-length: \(body.utf8.count)")
    }
    let request = lines.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? "")
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connect(
      host: "127.0.0.1", port: port
    ) { channel in
      channel.eventLoop.makeCompletedFuture { try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel) }
    }
    let text = try await channel.executeThenClose { inbound, outbound in
      try await outbound.write(ByteBuffer(string: request))
      var bytes = ByteBuffer()
      for try await part in inbound { bytes.writeImmutableBuffer(part) }
      return String(buffer: bytes)
    }
    let end = text.range(of: "\r\n\r\n")
    let head = end.map { String(text[..<$0.lowerBound]) } ?? text
    return Answer(
      status: Int(text.split(separator: " ", maxSplits: 2).dropFirst().first ?? "") ?? 0, head: head,
      body: end.map { String(text[$0.upperBound...]) } ?? "")
  }
}
