import CollabProtocol
import RoomCore
import Rooms
import Storage
import Testing
import WorkflowGraph

@testable import Gateway

@Suite struct LiveTests {
  private func welcome(_ client: LiveClient) async -> Welcome? {
    for await event in client.events {
      if case .message(.welcome(let welcome)) = event { return welcome }
      if case .closed = event { return nil }
    }
    return nil
  }

  @Test("[WP1] a hello is answered by a welcome, in both encodings", arguments: WireEncoding.allCases)
  func hello(encoding: WireEncoding) async throws {
    try await TestServer.with { (server: TestServer) async throws in
      let (client, send) = try await LiveClient.open("demo", port: server.port, encoding: encoding)
      send(GatewayTests.hello())
      let welcome = try #require(await welcome(client))
      #expect(welcome.protocolMajor == ProtocolVersion.major)
      #expect(welcome.role >= .editor)
      #expect(welcome.lease != nil)
    }
  }

  @Test("[WP1] without a subprotocol the connection speaks JSON")
  func defaultEncoding() async throws {
    try await TestServer.with { (server: TestServer) async throws in
      let (client, send) = try await LiveClient.open("demo", port: server.port, encoding: .json, subprotocols: [])
      send(GatewayTests.hello())
      #expect(await welcome(client) != nil)
    }
  }

  @Test("[WP1] a connection that does not say hello in time is closed with 4408")
  func helloTooLate() async throws {
    var rooms = RoomConfiguration()
    rooms.limits.helloDeadlineMilliseconds = 100
    try await TestServer.with(rooms: rooms) { (server: TestServer) async throws in
      let (client, _) = try await LiveClient.open("demo", port: server.port)
      let events = await client.untilClosed()
      guard case .closed(.helloTooLate, _)? = events.last else {
        Issue.record("\(events)")
        return
      }
    }
  }

  @Test("[WP1] anything before the hello closes with 4400")
  func otherMessageFirst() async throws {
    try await TestServer.with { (server: TestServer) async throws in
      let (client, send) = try await LiveClient.open("demo", port: server.port)
      send(.ping(Ping(id: 1)))
      guard case .closed(.badRequest, _)? = await client.untilClosed().last else {
        Issue.record("not closed with 4400")
        return
      }
    }
  }

  @Test("[WP1] an unknown workflow closes with 4404 when nobody asks to create it")
  func unknownWorkflow() async throws {
    try await TestServer.with { (server: TestServer) async throws in
      let (client, send) = try await LiveClient.open("nowhere", port: server.port)
      send(GatewayTests.hello(create: false))
      guard case .closed(.unknownWorkflow, _)? = await client.untilClosed().last else {
        Issue.record("not closed with 4404")
        return
      }
    }
  }

  @Test("[WP1] a hello without the right token closes with 4401; with it, the role is the token's")
  func tokens() async throws {
    let tokens = TokenAuthenticator([try #require(AccessToken(name: "eve", role: .viewer, kind: nil, secret: "eve's secret is long"))])
    try await TestServer.with(authenticator: tokens) { (server: TestServer) async throws in
      for token in ["", "eve's secret is wrong"] {
        let (client, send) = try await LiveClient.open("demo", port: server.port)
        send(GatewayTests.hello(token: token))
        guard case .closed(.notAuthenticated, _)? = await client.untilClosed().last else {
          Issue.record("not closed with 4401")
          return
        }
      }
      let demo = try #require(WorkflowID("demo"))
      #expect(try await server.store.create(demo))
      let (client, send) = try await LiveClient.open("demo", port: server.port)
      send(GatewayTests.hello(token: "eve's secret is long", create: false))
      let welcome = try #require(await welcome(client))
      #expect(welcome.role == .viewer)
      #expect(welcome.lease == nil)
    }
  }

  @Test("[GB1] a shutdown says goodbye with 4503 and a time to come back to every session, and then the port is free")
  func drain() async throws {
    try await TestServer.with { (server: TestServer) async throws in
      var clients: [LiveClient] = []
      for number in 0..<8 {
        let (client, send) = try await LiveClient.open("room\(number % 3)", port: server.port, encoding: number % 2 == 0 ? .json : .proto)
        send(GatewayTests.hello("guest \(number)"))
        #expect(await welcome(client) != nil)
        clients.append(client)
      }
      // One that is connected and has said nothing yet.
      let silent = try await LiveClient.open("room0", port: server.port).client
      await server.shutDown()
      for client in clients {
        let events = await client.untilClosed()
        let goodbye = events.compactMap { if case .message(.goodbye(let goodbye)) = $0 { goodbye } else { nil } }.first
        #expect(goodbye?.code == .draining)
        #expect(goodbye?.reconnectAfterMilliseconds ?? 0 > 0)
        guard case .closed(.draining, _)? = events.last else {
          Issue.record("\(events)")
          continue
        }
      }
      guard case .closed(.draining, _)? = await silent.untilClosed().last else {
        Issue.record("the silent one was not closed with 4503")
        return
      }
      await #expect(throws: (any Error).self) { try await RawClient.get("/livez", from: server.port) }
    }
  }
}
