import Glibc
import NIOCore
import NIOPosix
public import OpenSSLTransport
import Synchronization

/// A small server for tests of clients: takes one request per connection, as text, and answers with whatever bytes the test wants.
public final class LoopbackServer: Sendable {
  public struct Request: Sendable, Hashable {
    public var method: String
    public var target: String
    /// By name in lower case.
    public var fields: [String: String]
    public var body: String
  }

  public enum Reply: Sendable {
    /// These bytes, then the end of the connection.
    case bytes([UInt8])
    /// These bytes, and the connection stays open.
    case open([UInt8])
    /// The first, then the second again and again, as long as the other side takes it.
    case endless([UInt8], [UInt8])
    /// These bytes, then the end of TCP, without a word of TLS.
    case torn([UInt8])
    /// TCP is torn down.
    case reset

    public static let silence = Reply.open([])
    public static func text(_ text: String) -> Reply { .bytes(Array(text.utf8)) }
    public static func answer(_ status: Int, _ body: String, type: String = "application/json", _ fields: [String] = []) -> Reply {
      let head = ["HTTP/1.1 \(status) Reason", "Content-Type: \(type)", "Content-Length: \(body.utf8.count)"] + fields
      return .text(head.joined(separator: "\r\n") + "\r\n\r\n" + body)
    }
  }

  fileprivate struct State {
    var requests: [Request] = []
    var accepted = 0
    var open = 0
    var openMost = 0
    var waiting: [CheckedContinuation<Void, Never>] = []
    var asked: [(count: Int, CheckedContinuation<Void, Never>)] = []
  }

  fileprivate let state = Mutex(State())
  fileprivate let answer: @Sendable (Request) -> Reply
  private let channels = Mutex<[any Channel]>([])
  public let port: Int
  public let host: String

  /// - Parameter port: 0 takes a free one.
  public static func start(
    host: String = "127.0.0.1", port: Int = 0, tls: TLSServerContext? = nil, _ answer: @escaping @Sendable (Request) -> Reply
  ) async throws -> LoopbackServer {
    let holder = Holder()
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          guard let server = holder.server.withLock({ $0 }) else { throw ChannelError.ioOnClosedChannel }
          if let tls { try channel.pipeline.syncOperations.addHandler(tls.makeHandler()) }
          try channel.pipeline.syncOperations.addHandler(Conversation(server))
        }
      }
      .bind(host: host, port: port).get()
    let server = LoopbackServer(host: host, port: channel.localAddress?.port ?? 0, answer: answer)
    server.channels.withLock { $0.append(channel) }
    holder.server.withLock { $0 = server }
    return server
  }

  private final class Holder: Sendable { let server = Mutex<LoopbackServer?>(nil) }

  private init(host: String, port: Int, answer: @escaping @Sendable (Request) -> Reply) {
    self.host = host
    self.port = port
    self.answer = answer
  }

  public var origin: String { "http://\(host.contains(":") ? "[\(host)]" : host):\(port)" }
  public var requests: [Request] { state.withLock { $0.requests } }
  /// Connections that came, ever.
  public var acceptedCount: Int { state.withLock { $0.accepted } }

  /// Connections that were open at once, at most.
  public var openMostCount: Int { state.withLock { $0.openMost } }

  /// Returns when no connection is open.
  public func noneOpen() async {
    await withCheckedContinuation { continuation in
      let isDone = state.withLock { state in
        if state.open > 0 { state.waiting.append(continuation) }
        return state.open == 0
      }
      if isDone { continuation.resume() }
    }
  }

  /// Returns when so many requests have come.
  public func asked(_ count: Int) async {
    await withCheckedContinuation { continuation in
      let isDone = state.withLock { state in
        if state.requests.count < count { state.asked.append((count, continuation)) }
        return state.requests.count >= count
      }
      if isDone { continuation.resume() }
    }
  }

  /// Stops listening, and ends what is open.
  public func stop() async throws {
    for channel in channels.withLock({ $0 }) { try? await channel.close() }  // The listening one first; some ended by themselves.
  }

  fileprivate func opened(_ channel: any Channel) {
    channels.withLock { $0.append(channel) }
    state.withLock { state in
      state.accepted += 1
      state.open += 1
      state.openMost = max(state.openMost, state.open)
    }
  }

  fileprivate func closed() {
    let waiting = state.withLock { state in
      state.open -= 1
      guard state.open == 0 else { return [CheckedContinuation<Void, Never>]() }
      defer { state.waiting = [] }
      return state.waiting
    }
    for continuation in waiting { continuation.resume() }
  }

  fileprivate func heard(_ request: Request) -> Reply {
    let ready = state.withLock { state in
      state.requests.append(request)
      let ready = state.asked.filter { $0.count <= state.requests.count }
      state.asked.removeAll { $0.count <= state.requests.count }
      return ready.map(\.1)
    }
    for continuation in ready { continuation.resume() }
    return answer(request)
  }
}

private final class Conversation: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  private let server: LoopbackServer
  private var received: [UInt8] = []
  private var endless: [UInt8]?
  private var isAnswered = false

  init(_ server: LoopbackServer) { self.server = server }

  func channelActive(context: ChannelHandlerContext) { server.opened(context.channel) }
  func channelInactive(context: ChannelHandlerContext) { server.closed() }
  func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    received.append(contentsOf: unwrapInboundIn(data).readableBytesView)
    guard !isAnswered, let request = wholeRequest() else { return }
    isAnswered = true
    switch server.heard(request) {
    case .bytes(let bytes):
      let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
      context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes))).whenComplete { _ in bound.value.close(promise: nil) }
    case .torn(let bytes):
      let channel = context.channel
      context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes))).whenComplete { _ in
        // Below the pipeline, where TLS would say goodbye.
        channel._channelCore.close0(error: ChannelError.eof, mode: .all, promise: nil)
      }
    case .open(let bytes): context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
    case .endless(let first, let piece):
      endless = piece
      context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: first)), promise: nil)
      pour(context)
    case .reset:
      let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
      // Without lingering a close is a reset.
      (context.channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in
        bound.value.close(promise: nil)
      }
    }
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) { pour(context) }

  /// Until the socket is full; goes on when it is not.
  private func pour(_ context: ChannelHandlerContext) {
    guard let piece = endless else { return }
    let bytes = ByteBuffer(bytes: Array(repeatElement(piece, count: 1 + 4096 / piece.count).joined()))
    while context.channel.isWritable, context.channel.isActive {
      context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }
  }

  private func wholeRequest() -> LoopbackServer.Request? {
    guard let end = received.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
    let lines = String(decoding: received[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false)
    let words = lines[0].split(separator: " ")
    var fields: [String: String] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      fields[line[..<colon].lowercased()] = String(line[line.index(after: colon)...].drop { $0 == " " })
    }
    let body = received[end.upperBound...]
    guard body.count >= fields["content-length"].flatMap({ Int($0) }) ?? 0 else { return nil }
    return LoopbackServer.Request(
      method: words.first.map(String.init) ?? "", target: words.count > 1 ? String(words[1]) : "", fields: fields,
      body: String(decoding: body, as: UTF8.self))
  }
}
