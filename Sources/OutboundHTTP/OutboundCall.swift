import Glibc
import NIOCore
import NIOHTTP1
import NIOPosix
import OpenSSLTransport
import OutboundPolicy

/// One call through all its redirects: resolve, check, connect to what was checked, exchange. Confined to one event loop.
final class OutboundCall {
  private let rules: OutboundClient.Rules
  private let admit: () -> String?
  private let eventLoop: any EventLoop
  private let promise: EventLoopPromise<Result<OutboundResponse, OutboundFailure>>
  private var request: OutboundRequest
  private var redirectCount = 0
  /// The connection that is being made or in use; at most one.
  private var channel: (any Channel)?
  private var exchange: Exchange?
  private var timer: Scheduled<Void>?
  private var isOver = false

  init(
    _ request: OutboundRequest, rules: OutboundClient.Rules, admit: @escaping () -> String?, on eventLoop: any EventLoop,
    promise: EventLoopPromise<Result<OutboundResponse, OutboundFailure>>
  ) {
    self.request = request
    self.rules = rules
    self.admit = admit
    self.eventLoop = eventLoop
    self.promise = promise
  }

  func start() {
    if let fault = request.fault { return finish(.failure(OutboundFailure(.request, fault))) }
    let deadline = min(request.deadline ?? rules.limits.callDeadline, rules.limits.callDeadline)
    timer = eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(deadline)) { [self] in
      fail(.deadline, "no answer within \(deadline.formattedSeconds)")
    }
    resolve()
  }

  func cancel() { fail(.cancelled, "cancelled") }

  // MARK: Resolve and check

  private func resolve() {
    let url = request.url
    if let refusal = rules.policy.refusal(of: url) { return fail(.refused, refusal) }
    if let refusal = admit() { return fail(.budget, refusal) }
    switch url.host {
    case .address(let address): connect([address])
    case .name(let name):
      rules.resolve(name, eventLoop).hop(to: eventLoop).assumeIsolated().whenComplete { [self] result in
        guard !isOver else { return }
        switch result {
        case .success(let addresses): check(addresses, of: name)
        case .failure(let failure as OutboundFailure): fail(failure.kind, failure.text)
        case .failure(let error): fail(.resolution, "lookup \(name): \(error)")
        }
      }
    }
  }

  /// One address that is not allowed refuses the host: a name that is half inside is somebody's trick, or a mistake.
  private func check(_ addresses: [IPAddress], of name: String) {
    guard !addresses.isEmpty else { return fail(.resolution, "lookup \(name): no addresses") }
    for address in addresses {
      if let refusal = rules.policy.refusal(of: address) { return fail(.refused, "\(name) may not be reached: \(refusal)") }
    }
    connect(addresses.prefix(rules.limits.addressesTriedMax))
  }

  // MARK: Connect and exchange

  /// To exactly these addresses, one after the other; names play no part any more, but for what the certificate must say.
  private func connect(_ addresses: some Collection<IPAddress>) {
    guard let address = addresses.first else { return }
    let rest = Array(addresses.dropFirst())
    let bound = NIOLoopBound(self, eventLoop: eventLoop)
    let socket: SocketAddress
    do { socket = try SocketAddress(packedIPAddress: ByteBuffer(bytes: address.bytes), port: request.url.port) } catch {
      return fail(.connection, "dial \(address): \(error)")
    }
    ClientBootstrap(group: eventLoop)
      .connectTimeout(TimeAmount(rules.limits.connectDeadline))
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .channelInitializer { channel in channel.eventLoop.makeCompletedFuture { try bound.value.setUp(channel) } }
      .connect(to: socket)
      .assumeIsolated()
      .whenFailure { [self] error in
        guard !isOver else { return }
        channel = nil
        if let tls = error as? TLSError { return fail(.tls, tls.text) }
        guard rest.isEmpty else { return connect(rest) }
        fail(.connection, "dial tcp \(socket.shown): \(Self.words(error, rules.limits.connectDeadline))")
      }
  }

  private func setUp(_ channel: any Channel) throws {
    guard !isOver else { throw ChannelError.ioOnClosedChannel }
    self.channel = channel
    let pipeline = channel.pipeline.syncOperations
    if request.url.isSecure { try pipeline.addHandler(try rules.tls.makeHandler(host: request.url.hostName)) }
    try pipeline.addHandler(ResponseMeter(bytesMax: ResponseMeter.bytesMax(rules.limits)))
    var bounds = NIOHTTPDecoderLimitConfiguration()
    bounds.maxHeaderFieldSize = rules.limits.fieldBytesMax
    bounds.maxHeaderListSize = rules.limits.fieldBytesMax
    bounds.maxHeaderFieldCount = rules.limits.fieldCountMax
    try pipeline.addHTTPClientHandlers(encoderConfiguration: .init(), decoderLimitConfiguration: bounds)
    let exchange = Exchange(request, limits: rules.limits) { [self] result in
      switch result {
      case .success(let response): answered(response)
      case .failure(var failure):
        // Another request of this call was answered before: with a redirect.
        if redirectCount > 0 { failure.mayHaveArrived = true }
        finish(.failure(failure))
      }
    }
    self.exchange = exchange
    try pipeline.addHandler(exchange)
  }

  private func answered(_ response: OutboundResponse) {
    guard request.answer == .whole else { return finish(.success(response)) }
    let locations = response.fields.filter { $0.name == "location" }.map(\.value)
    let step = RedirectRule.step(
      status: response.status, location: locations, from: request.url, method: request.method, count: redirectCount,
      countMax: rules.limits.redirectsMax)
    switch step {
    case .stay: finish(.success(response))
    case .refuse(let text): fail(.redirect, text)
    case .follow(let url, let method, let keepsBody, let keepsFields):
      redirectCount += 1
      request.url = url
      request.method = method
      if !keepsBody { request.body = nil }
      if !keepsFields { request.fields = [] }
      let done = channel
      channel = nil
      exchange = nil
      done?.close(promise: nil)
      resolve()
    }
  }

  // MARK: Ends

  private func fail(_ kind: OutboundFailure.Kind, _ text: String) {
    if kind == .deadline, let early = exchange?.early { return finish(.success(early)) }
    let arrived = redirectCount > 0 || exchange?.isRequestOut == true
    var failure = OutboundFailure(kind, text, mayHaveArrived: arrived)
    failure.hasAnswerBegun = exchange?.hasAnswerBegun == true
    finish(.failure(failure))
  }

  /// The caller goes on when the socket is closed, so nothing of a call outlives it. A lookup may: the system cannot be stopped.
  private func finish(_ result: Result<OutboundResponse, OutboundFailure>) {
    guard !isOver else { return }
    isOver = true
    timer?.cancel()
    let last = channel
    // An exchange that was not heard to its end holds the call.
    (channel, exchange, timer) = (nil, nil, nil)
    guard let channel = last else { return promise.succeed(result) }
    channel.close(promise: nil)
    channel.closeFuture.assumeIsolated().whenComplete { [promise] _ in promise.succeed(result) }
  }

  /// As Go's net package says it, where it says something.
  private static func words(_ error: any Error, _ deadline: Duration) -> String {
    switch error {
    case ChannelError.connectTimeout: return "no connection within \(deadline.formattedSeconds)"
    case let io as IOError:
      let text = String(cString: strerror(io.errnoCode))
      return "connect: \(text.prefix(1).lowercased())\(text.dropFirst())"
    default: return "\(error)"
    }
  }
}

extension SocketAddress {
  /// `127.0.0.1:80`, `[::1]:80`.
  fileprivate var shown: String {
    let (address, port) = (ipAddress ?? "?", port ?? 0)
    return address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)"
  }
}

extension Duration {
  /// `30s`, `0.25s`.
  var formattedSeconds: String {
    let (seconds, attoseconds) = components
    let milliseconds = attoseconds / 1_000_000_000_000_000
    guard milliseconds > 0 else { return "\(seconds)s" }
    var digits = String(1_000 + milliseconds).dropFirst()
    while digits.last == "0" { digits.removeLast() }
    return "\(seconds).\(digits)s"
  }
}
