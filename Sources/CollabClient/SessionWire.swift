import CollabProtocol
import NIOCore
import NIOHTTP1
import NIOPosix
import OpenSSLTransport
import WebSocketTransport

/// One connection of a session: bytes to messages and back. Lives on the session's event loop.
///
/// Reports `connected` at most once, then what came, then `disconnected` exactly once.
final class SessionWire: WebSocketDelegate {
  private enum State {
    /// Becomes `open` when the handshake is done, `over` when it fails or is given up.
    case opening
    /// Becomes `over` when the connection reports its end.
    case open(WebSocketConnection)
    case over
  }

  private let encoding: WireEncoding
  private let limits: DecodeLimits
  private let report: (ReplicaEvent) -> Void
  private var state = State.opening
  /// Given up before it was open: closed as soon as it is.
  private var isGivenUp = false
  private var outgoing = ByteBuffer()

  init(encoding: WireEncoding, report: @escaping (ReplicaEvent) -> Void) {
    self.encoding = encoding
    self.report = report
    limits = .client
  }

  func open(_ options: SessionOptions, on eventLoop: any EventLoop) {
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    let url = WebSocketURL(isSecure: options.server.isSecure, host: options.server.host, port: options.server.port, target: options.path)
    var configuration = WebSocketConfiguration(role: .client, deflate: options.compresses ? .on(DeflateConfiguration()) : .off)
    // A chunk of a snapshot is up to 256 KiB, and a third more in JSON; a message is one frame.
    configuration.messageBytesMax = limits.messageBytesMax
    configuration.frameBytesMax = limits.messageBytesMax
    let deadline = Duration.milliseconds(options.replica.connectDeadlineMilliseconds)
    let request = WebSocketClientRequest(
      url: url, subprotocols: [encoding.subprotocol], configuration: configuration, deadline: deadline)
    let opened: EventLoopFuture<NIOLoopBound<WebSocketConnection>>
    do {
      let tls = options.server.isSecure ? try ClientTLS.installer(options.trust) : nil
      opened = WebSocketClient.connect(
        request, bootstrap: ClientBootstrap(group: eventLoop).channelOption(.tcpOption(.tcp_nodelay), value: 1), eventLoop: eventLoop,
        tls: tls,
        makeDelegate: { _ in bound.value })
    } catch {
      eventLoop.execute { bound.value.failed(error) }
      return
    }
    opened.whenComplete { result in
      switch result {
      case .success(let connection): bound.value.opened(connection.value)
      case .failure(let error): bound.value.failed(error)
      }
    }
  }

  func send(_ message: ClientMessage) {
    guard case .open(let connection) = state else { return }
    outgoing.clear()
    MessageCodec.encode(message, as: encoding, into: &outgoing)
    connection.send(encoding.isText ? .text : .binary, outgoing)
  }

  func close(_ code: CloseCode, _ reason: String) {
    switch state {
    case .opening: isGivenUp = true
    case .open(let connection): connection.close(code: code.rawValue, reason: reason)
    case .over: break
    }
  }

  // MARK: Opening

  private func opened(_ connection: WebSocketConnection) {
    // The connection may have ended between the handshake and this callback.
    guard case .opening = state else { return }
    state = .open(connection)
    if isGivenUp { return connection.close(code: CloseCode.goingAway.rawValue) }
    guard connection.subprotocol == encoding.subprotocol || (connection.subprotocol == nil && encoding == .json) else {
      return connection.close(code: CloseCode.protocolError.rawValue, reason: "no common subprotocol")
    }
    report(.connected)
  }

  private func failed(_ error: any Error) {
    if case .refused(let status, let reason, _, let body)? = error as? WebSocketClientError {
      // What the server would have said with a close code, said before the upgrade.
      let code: CloseCode? =
        switch status {
        case 401: .notAuthenticated
        case 403: .forbidden
        case 404: .unknownWorkflow
        case 400, 405, 426: .badRequest
        default: nil
        }
      return end(code: code?.rawValue ?? 1006, reason: "HTTP \(status) \(reason) \(body.prefix(200))")
    }
    if let tls = error as? TLSError, tls.kind == .handshake || tls.kind == .configuration { return giveUp("\(tls)") }
    end(code: 1006, reason: "\(error)")
  }

  private func giveUp(_ text: String) {
    if case .over = state { return }
    state = .over
    report(.hopeless(text))
  }

  private func end(code: UInt16, reason: String) {
    if case .over = state { return }
    state = .over
    report(.disconnected(code: code, reason: reason))
  }

  // MARK: WebSocketDelegate

  func webSocketDidReceive(_ message: WebSocketMessage, from connection: WebSocketConnection) {
    // A server may answer in the same packet as the handshake's end, before the future tells of it.
    if case .opening = state { opened(connection) }
    guard case .open = state else { return }
    let (payload, isText) =
      switch message {
      case .text(let payload): (payload, true)
      case .binary(let payload): (payload, false)
      }
    guard isText == encoding.isText else { return connection.close(code: CloseCode.unsupportedData.rawValue, reason: "not \(encoding)") }
    do throws(DecodeError) {
      report(.received(try MessageCodec.decodeServer(payload, as: encoding, limits: limits)))
    } catch {
      report(.undecodable("\(error)"))
    }
  }

  func webSocketDidClose(_ connection: WebSocketConnection, code: UInt16, reason: String) { end(code: code, reason: reason) }
}
