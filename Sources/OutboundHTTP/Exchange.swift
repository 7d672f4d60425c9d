import Glibc
import NIOCore
import NIOHTTP1
import NIOTLS
import OpenSSLTransport
import OutboundPolicy

/// One request and its answer on one connection, which serves nothing else. The last handler of its pipeline.
///
/// Reports exactly once.
final class Exchange: ChannelInboundHandler {
  typealias InboundIn = HTTPClientResponsePart
  typealias OutboundOut = HTTPClientRequestPart

  private let request: OutboundRequest
  private let limits: OutboundLimits
  private var report: ((Result<OutboundResponse, OutboundFailure>) -> Void)?
  /// From the moment that bytes of the request may have left.
  private(set) var isRequestOut = false
  private var response: OutboundResponse
  /// Of a body that nobody wants.
  private var unreadBytes = 0
  var hasAnswerBegun: Bool { response.status != 0 }
  /// All that is wanted, before the answer's end.
  var early: OutboundResponse? { request.answer == .status && response.status >= 200 ? response : nil }

  init(_ request: OutboundRequest, limits: OutboundLimits, report: @escaping (Result<OutboundResponse, OutboundFailure>) -> Void) {
    self.request = request
    self.limits = limits
    self.report = report
    response = OutboundResponse(status: 0, url: request.url, fields: [], body: [])
  }

  // MARK: Asking

  func channelActive(context: ChannelHandlerContext) { if !request.url.isSecure { ask(context) } }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if request.url.isSecure, case .handshakeCompleted? = event as? TLSUserEvent { ask(context) }
    context.fireUserInboundEventTriggered(event)
  }

  private func ask(_ context: ChannelHandlerContext) {
    guard !isRequestOut else { return }
    isRequestOut = true
    var head = HTTPRequestHead(version: .http1_1, method: HTTPMethod(rawValue: request.method.rawValue), uri: request.url.target)
    head.headers.add(name: "Host", value: request.url.authority)
    head.headers.add(name: "User-Agent", value: "thaiyyal")
    head.headers.add(name: "Accept-Encoding", value: "identity")
    head.headers.add(name: "Connection", value: "close")
    for field in request.fields { head.headers.add(name: field.name, value: field.value) }
    if let body = request.body {
      head.headers.add(name: "Content-Type", value: body.type)
      head.headers.add(name: "Content-Length", value: String(body.bytes.count))
    } else if request.method == .post {
      head.headers.add(name: "Content-Length", value: "0")
    }
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    if let body = request.body { context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body.bytes)))), promise: nil) }
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }

  // MARK: Hearing

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head): begin(head)
    case .body(let part) where request.answer == .status:
      unreadBytes += part.readableBytes
      if unreadBytes > limits.responseBytesMax { end(.success(response)) }
    case .body(let part):
      guard response.body.count + part.readableBytes <= limits.responseBytesMax else { return end(.failure(tooLarge)) }
      response.body.append(contentsOf: part.readableBytesView)
    case .end: end(.success(response))
    }
  }

  private func begin(_ head: HTTPResponseHead) {
    response.status = Int(head.status.code)
    response.fields = head.headers.map { OutboundRequest.Field($0.name.lowercased(), $0.value) }
    // Nobody asked for another protocol, and an interim answer is none.
    guard response.status >= 200 else { return end(.failure(malformed("unexpected status \(response.status)"))) }
    guard request.answer == .whole else { return }
    // Asked for without any coding: what comes with one would not be what it seems, nor as small.
    let codings = head.headers[canonicalForm: "content-encoding"].filter { $0.lowercased() != "identity" }
    let framings = head.headers[canonicalForm: "transfer-encoding"].filter { $0.lowercased() != "chunked" }
    guard codings.isEmpty, framings.isEmpty else {
      return end(.failure(malformed("the answer is encoded as \((codings + framings).joined(separator: ", "))")))
    }
    if let count = head.headers.first(name: "content-length").flatMap({ Int($0) }), count > limits.responseBytesMax, request.method != .head
    {
      end(.failure(tooLarge))
    }
  }

  private var tooLarge: OutboundFailure {
    OutboundFailure(.tooLarge, "response too large (limit: \(limits.responseBytesMax) bytes)", mayHaveArrived: true)
  }

  private func malformed(_ text: String) -> OutboundFailure { OutboundFailure(.malformed, text, mayHaveArrived: true) }

  // MARK: Ends

  func channelInactive(context: ChannelHandlerContext) {
    end(.failure(OutboundFailure(.closed, "the connection ended before the answer did", mayHaveArrived: isRequestOut)))
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) { end(.failure(failure(error))) }

  private func failure(_ error: any Error) -> OutboundFailure {
    switch error {
    case let failure as OutboundFailure: return failure
    case let tls as TLSError:
      let kind: OutboundFailure.Kind = tls.kind == .truncated ? .closed : tls.kind == .timeout ? .deadline : .tls
      return OutboundFailure(kind, tls.text, mayHaveArrived: isRequestOut)
    case let io as IOError:
      let text =
        io.errnoCode == ECONNRESET ? "the connection was reset" : "the connection failed: \(String(cString: strerror(io.errnoCode)))"
      return OutboundFailure(.closed, text, mayHaveArrived: isRequestOut)
    case HTTPParserError.invalidEOFState:
      return OutboundFailure(.closed, "the connection ended before the answer did", mayHaveArrived: isRequestOut)
    case HTTPParserError.headerOverflow:
      return OutboundFailure(.tooLarge, "the answer's header fields are too large", mayHaveArrived: isRequestOut)
    case let http as HTTPParserError: return malformed("malformed HTTP response: \(http)")
    default: return OutboundFailure(.closed, "the connection failed: \(error)", mayHaveArrived: isRequestOut)
    }
  }

  private func end(_ result: Result<OutboundResponse, OutboundFailure>) {
    guard let report else { return }
    self.report = nil
    if case .failure = result, let early { return report(.success(early)) }
    report(
      result.mapError { failure in
        var failure = failure
        failure.hasAnswerBegun = hasAnswerBegun
        return failure
      })
  }
}
