import NIOCore
import NIOHTTP1
import WebSocketTransport

extension Problem {
  /// Told to a client that asked for a WebSocket.
  var upgradeDecision: UpgradeDecision { .refuse(status, headers: HTTPHeaders(allFields), body: String(body().dropLast())) }

  /// Told to a client before there is an HTTP pipeline, as bytes. The connection ends after it.
  func answerAndClose(_ channel: any Channel) {
    let body = body()
    let fields = allFields + [("content-length", "\(body.utf8.count)"), ("connection", "close")]
    var answer = ByteBuffer(string: "HTTP/1.1 \(status.code) \(status.reasonPhrase)\r\n")
    for (name, value) in fields { answer.writeString("\(name): \(value)\r\n") }
    answer.writeString("\r\n" + body)
    channel.writeAndFlush(answer).whenComplete { _ in channel.close(promise: nil) }
  }

  private var allFields: [(String, String)] {
    [("content-type", Self.contentType), ("cache-control", "no-store"), ("x-content-type-options", "nosniff")] + headers
  }
}
