import NIOCore
import NIOPosix
import Testing

@testable import WebSocketTransport

/// Frames past the channel, over TCP.
@Suite(.timeLimit(.minutes(2))) struct DirectWriterTests {
  /// A server that writes directly, and the end of it that a client got.
  private struct Pair: ~Copyable {
    let echo: EchoServer
    let client: TestClient
    let server: NIOLoopBound<WebSocketConnection>

    static func make(writesDirectly: Bool = true) async throws -> Pair {
      var configuration = WebSocketConfiguration(role: .server, deflate: .off)
      configuration.writesDirectly = writesDirectly
      let (connections, found) = AsyncStream<NIOLoopBound<WebSocketConnection>>.makeStream()
      let echo = try await EchoServer.start(decide: { [configuration] _ in
        .accept(
          WebSocketAcceptance(configuration: configuration) { connection in
            found.yield(NIOLoopBound(connection, eventLoop: connection.eventLoop))
            return nil
          })
      })
      let client = try await TestClient(
        WebSocketClientRequest(url: echo.url, configuration: WebSocketConfiguration(role: .client, deflate: .off)))
      var iterator = connections.makeAsyncIterator()
      return Pair(echo: echo, client: client, server: try #require(await iterator.next()))
    }

    func onServer<T: Sendable>(_ body: @escaping @Sendable (WebSocketConnection) throws -> T) async throws -> T {
      let server = server
      return try await server.eventLoop.submit { try body(server.value) }.get()
    }
  }

  private static func frame(_ number: Int, bytes: Int) -> (frame: ByteBuffer, payload: ByteBuffer) {
    var payload = ByteBuffer(integer: number)
    payload.writeRepeatingByte(UInt8(truncatingIfNeeded: number), count: bytes)
    var frame = ByteBuffer()
    FrameEncoder.append(.binary, payload, to: &frame)
    return (frame, payload)
  }

  @Test("written past the channel, through it and as pongs, bytes keep the order of the calls, also when the socket fills up")
  func order() async throws {
    let pair = try await Pair.make()
    try await pair.client.run { $0.pauseReading() }
    // 12 MB, and the socket takes some 3 to 6: frames are cut in the middle, and the rest goes through the channel.
    let count = 1200
    let whole = try await pair.onServer { connection in
      let direct = try #require(connection.directWriter())
      return (0..<count).map { number in
        let (frame, payload) = Self.frame(number, bytes: 10_000)
        switch number % 5 {
        case 3:
          connection.send(.binary, payload)
          return nil
        case 4: connection.answerPing(ByteBuffer(integer: number))
        default: break
        }
        return direct.write(frame)
      } as [Bool?]
    }
    #expect(whole[0] == true)
    #expect(whole.contains(false), "the socket took everything: this shows nothing")
    try await pair.client.run { $0.resumeReading() }
    var inbox = pair.client.inbox.items.makeAsyncIterator()
    for number in 0..<count {
      let expected = Self.frame(number, bytes: 10_000).payload
      #expect((await inbox.next() == .message(.binary(expected))) as Bool, "frame \(number)")
    }
    // Everything has arrived, so the channel's last receipt is there or on its way: soon frames go directly again.
    var isDirect = false
    var last = count
    while !isDirect {
      let number = last
      isDirect = try await pair.onServer { try #require($0.directWriter()).write(Self.frame(number, bytes: 10).frame) }
      let expected = Self.frame(number, bytes: 10).payload
      #expect((await inbox.next() == .message(.binary(expected))) as Bool)
      last += 1
    }
    try await pair.echo.stop()
  }

  @Test("nothing is written past a Close, whoever asked for it")
  func close() async throws {
    let pair = try await Pair.make()
    try await pair.onServer { connection in
      let direct = try #require(connection.directWriter())
      #expect(direct.write(Self.frame(1, bytes: 10).frame))
      connection.context?.pipeline.fireUserInboundEventTriggered(WebSocketConnection.CloseRequest(code: 1001, reason: "enough"))
      #expect(!direct.write(Self.frame(2, bytes: 10).frame))
      #expect(connection.directWriter() == nil)
    }
    var inbox = pair.client.inbox.items.makeAsyncIterator()
    #expect(await inbox.next() == .message(.binary(Self.frame(1, bytes: 10).payload)))
    #expect(await inbox.next() == .closed(1001, "enough"))
    #expect(await inbox.next() == nil)
    try await pair.echo.stop()
  }

  @Test("a connection that is dropped ends for the peer as well: the second descriptor of its socket goes with the first")
  func drop() async throws {
    let pair = try await Pair.make()
    try await pair.onServer { connection in
      let direct = try #require(connection.directWriter())
      connection.drop(reason: "for the test")
      #expect(!direct.write(Self.frame(2, bytes: 10).frame))
    }
    var inbox = pair.client.inbox.items.makeAsyncIterator()
    #expect(await inbox.next() == .closed(1006, "the connection ended without a Close"))
    try await pair.echo.stop()
  }

  @Test("a peer that resets the connection is found out by the channel, not by a signal or an error of the writer")
  func reset() async throws {
    let pair = try await Pair.make()
    try await pair.client.run { connection in
      let socket = try #require(connection.context?.channel as? any SocketOptionProvider)
      socket.setSoLinger(linger(l_onoff: 1, l_linger: 0)).assumeIsolated().whenComplete { _ in connection.context?.close(promise: nil) }
    }
    // Writes until the reset has come and the connection is over.
    while try await pair.onServer({ connection in
      guard let direct = connection.directWriter() else { return false }
      _ = direct.write(Self.frame(1, bytes: 1000).frame)
      return true
    }) {}
    #expect(try await pair.onServer { $0.isOpen } == false)
    try await pair.echo.stop()
  }

  @Test("there is none where bytes may be changed on their way, on a client, and without a socket")
  func none() async throws {
    let pair = try await Pair.make(writesDirectly: false)
    #expect(try await pair.onServer { $0.directWriter() == nil })
    #expect(try await pair.client.run { $0.directWriter() == nil })
    try await pair.echo.stop()
  }
}
