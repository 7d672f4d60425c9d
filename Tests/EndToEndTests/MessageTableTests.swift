import CRDT
import CollabProtocol
import NIOCore
import RoomCore
import Rooms
import Testing
import WorkflowDocument
import WorkflowGraph

/// A conversation over a real socket for every row of the table of messages in protocol/SPEC.md §6.
@Suite("Every message of the protocol, over real sockets", .timeLimit(.minutes(2)))
struct MessageTableTests {
  @Test("[WP1, WP3] hello is answered by a welcome with lease, role, clock, limits and position", arguments: WireEncoding.allCases)
  func helloAndWelcome(encoding: WireEncoding) async throws {
    try await TestServer.with { server in
      let peer = try await RawPeer.joined(server, "demo", encoding)
      let welcome = await peer.welcome
      #expect(welcome.protocolMajor == 1)
      #expect(!welcome.session.isEmpty)
      #expect(welcome.lease?.secret.count == Lease.secretBytes)
      #expect(welcome.role == .owner)
      #expect(welcome.catchup == .nothing && welcome.position == 0 && welcome.version.isEmpty)
      #expect(welcome.limits == Limits())
      #expect(welcome.serverMilliseconds.distance(to: Make.nowMilliseconds).magnitude < 60_000)
      await peer.close()
    }
  }

  @Test(
    "[AK1, OR1] change: an ack for the author, the change for everybody, the author included, in one order",
    arguments: WireEncoding.allCases)
  func changeAckChanges(encoding: WireEncoding) async throws {
    try await TestServer.with { server in
      let ann = try await RawPeer.joined(server, "demo", encoding)
      let bob = try await RawPeer.joined(server, "demo", encoding == .json ? .proto : .json)
      let change = Make.change(await ann.replica, 1, Make.node("a"))
      await ann.send(Make.batch(7, [change]))
      let ownFirst = try await ann.until { message -> Bool? in
        switch message {
        case .changes(let changes): changes.first?.change == change
        case .ack: false
        default: nil
        }
      }
      #expect(ownFirst, "own changes reach the client before the ack that covers them")
      let ack = try await ann.ack()
      #expect(ack.batch == 7 && ack.seq == 1 && ack.position == 1 && ack.refused.isEmpty)
      let heard = try await bob.until { if case .changes(let changes) = $0 { changes } else { nil } }
      #expect(heard.map(\.change) == [change])
      #expect(heard[0].position == 1 && heard[0].author.name == "raw")
      await ann.close()
      await bob.close()
    }
  }

  @Test("[PR1, PR2] presence: who is here, what they show, who left", arguments: WireEncoding.allCases)
  func presence(encoding: WireEncoding) async throws {
    try await TestServer.with { server in
      let ann = try await RawPeer.joined(server, "demo", encoding)
      let bob = try await RawPeer.joined(server, "demo", encoding) { $0.name = "bob" }
      let annSession = await ann.welcome.session
      let bobSession = await bob.welcome.session
      var state = PresenceState()
      state.cursor = Point(x: 3, y: 4.5)
      state.selectedNodes = [NodeID("a")]
      state.editing = "a data.value"
      await ann.send(.presence(state))
      let expected = state
      _ = try await bob.until { message -> Bool? in
        guard case .presence(let frame) = message else { return nil }
        return frame.slots.contains { $0.session == annSession && $0.state == expected } ? true : nil
      }
      await bob.close()
      _ = try await ann.until { message -> Bool? in
        guard case .presence(let frame) = message else { return nil }
        return frame.left.contains(bobSession) ? true : nil
      }
      await ann.close()
    }
  }

  @Test("[RU1, RU2, RU3] run: the same ordered events for everybody, late joiners too; the same key is the same run")
  func runEvents() async throws {
    try await TestServer.with { server in
      let ann = try await RawPeer.joined(server)
      let bob = try await RawPeer.joined(server)
      let replica = await ann.replica
      await ann.send(Make.batch(1, [Make.change(replica, 1, Make.sum)]))
      var request = RunRequest()
      request.request = 5
      request.idempotencyKey = "once"
      request.include = Version([.init(replica: ReplicaID(replica), seq: 1)])
      await ann.send(.run(request))
      let annEvents = try await Self.events(ann)
      let bobEvents = try await Self.events(bob)
      #expect(annEvents == bobEvents)
      #expect(annEvents.map(\.seq) == Array(1...UInt64(annEvents.count)))
      #expect(annEvents.first?.kind == .runStarted && annEvents.last?.kind == .runFinished)
      #expect(annEvents.first?.info?.version == request.include)
      #expect(annEvents.first?.info?.graphHash.count == 32)
      #expect(annEvents.last?.result.contains("5") == true)

      let late = try await RawPeer.joined(server)
      #expect(try await Self.events(late) == annEvents)
      await late.send(.run(request))
      let again = try await late.until { if case .runEvent(let event) = $0 { event } else { nil } }
      #expect(again.run == annEvents[0].run && again.kind == .runStarted)
      for peer in [ann, bob, late] { await peer.close() }
    }
  }

  private static func events(_ peer: RawPeer) async throws -> [RunEvent] {
    var events: [RunEvent] = []
    while events.last?.kind.isLast != true {
      events.append(try await peer.until { if case .runEvent(let event) = $0 { event } else { nil } })
    }
    return events
  }

  @Test("[RU4, ER1] cancel_run of a run that is none: an error, and the connection stays")
  func cancelUnknownRun() async throws {
    try await TestServer.with { server in
      let peer = try await RawPeer.joined(server)
      await peer.send(.cancelRun(CancelRun(request: 9, run: "0123456789abcdef")))
      let report = try await peer.error()
      #expect(report.request == 9 && report.code == .invalid && !report.text.isEmpty)
      await peer.send(.ping(Ping(id: 1)))
      _ = try await peer.until { if case .pong(let pong) = $0 { pong } else { nil } }
      await peer.close()
    }
  }

  @Test("[RS2, GV5] resync: equal hashes are answered by a hash, different ones and none by a snapshot", arguments: WireEncoding.allCases)
  func resync(encoding: WireEncoding) async throws {
    try await TestServer.with { server in
      let peer = try await RawPeer.joined(server, "demo", encoding)
      let change = Make.change(await peer.replica, 1, Make.sum)
      await peer.send(Make.batch(1, [change]))
      _ = try await peer.ack()
      var document = WorkflowDocument()
      _ = try document.apply(change)
      await peer.send(.resync(Resync(version: document.version, graphHash: document.graphHash(), documentHash: document.documentHash())))
      let report = try await peer.until { if case .hash(let report) = $0 { report } else { nil } }
      #expect(report.documentHash == document.documentHash())
      #expect(report.graphHash == document.graphHash())
      #expect(report.version == document.version && report.position == 1)
      for hash in [[UInt8](repeating: 1, count: 32), []] {
        await peer.send(.resync(Resync(version: document.version, graphHash: hash, documentHash: hash)))
        let chunk = try await peer.until { if case .snapshot(let chunk) = $0 { chunk } else { nil } }
        #expect(chunk.position == 1 && chunk.index == 0 && chunk.count == 1)
      }
      await peer.close()
    }
  }

  @Test("[ME5] ping is answered by a pong with its id and the server's clock", arguments: WireEncoding.allCases)
  func pingPong(encoding: WireEncoding) async throws {
    try await TestServer.with { server in
      let peer = try await RawPeer.joined(server, "demo", encoding)
      await peer.send(.ping(Ping(id: 77)))
      let pong = try await peer.until { if case .pong(let pong) = $0 { pong } else { nil } }
      #expect(pong.id == 77)
      #expect(pong.serverMilliseconds.distance(to: Make.nowMilliseconds).magnitude < 60_000)
      await peer.close()
    }
  }

  @Test("[GV4] issues: all of them after the catch-up, then what is new and what is gone")
  func issues() async throws {
    try await TestServer.with { server in
      let peer = try await RawPeer.joined(server)
      let replica = await peer.replica
      let key = EdgeKey(source: NodeID("1"), target: NodeID("gone"))
      let add = Make.change(replica, 1, Make.sum + [.addEdge(key)])
      await peer.send(Make.batch(1, [add]))
      let found = try await peer.until { message -> Finding? in
        guard case .issues(let change) = message else { return nil }
        return change.added.first { $0.edge == key }
      }
      let late = try await RawPeer.joined(server)
      _ = try await late.until { message -> Bool? in
        guard case .issues(let change) = message else { return nil }
        return change.added.contains(found) ? true : nil
      }
      let tag = add.stamp(add.ops.count - 1)
      await peer.send(Make.batch(2, [Make.change(replica, 2, [.removeEdge(key, tags: [tag])])]))
      _ = try await late.until { message -> Bool? in
        guard case .issues(let change) = message else { return nil }
        return change.removed.contains(found) ? true : nil
      }
      await peer.close()
      await late.close()
    }
  }

  @Test("[GV5] hash: told by the server while the document changes")
  func hashUnasked() async throws {
    var options = TestServer.Options()
    options.limits.hashIntervalMilliseconds = 20
    try await TestServer.with(options) { server in
      let peer = try await RawPeer.joined(server)
      let change = Make.change(await peer.replica, 1, Make.node("a"))
      await peer.send(Make.batch(1, [change]))
      let report = try await peer.until { if case .hash(let report) = $0 { report } else { nil } }
      var document = WorkflowDocument()
      _ = try document.apply(change)
      #expect(report.documentHash == document.documentHash())
      await peer.close()
    }
  }

  @Test("[SN1] snapshot: a long history comes in chunks of at most 256 KiB, and what follows fits on it", arguments: WireEncoding.allCases)
  func snapshotInChunks(encoding: WireEncoding) async throws {
    var options = TestServer.Options()
    options.limits.snapshotReuseChangeCountMax = 1
    options.limits.tailCountMax = 2
    try await TestServer.with(options) { server in
      let peer = try await RawPeer.joined(server, "demo", encoding)
      let replica = await peer.replica
      var random = SystemRandomNumberGenerator()
      for seq in 1...6 as ClosedRange<UInt64> {
        // Random letters: nothing to compress.
        let text = (0..<150_000).map { _ in
          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-".randomElement(using: &random)!
        }
        await peer.send(Make.batch(seq, [Make.change(replica, seq, Make.node("n\(seq)", ["text": "\"" + String(text) + "\""]))]))
        _ = try await peer.ack()
      }
      let late = try await RawPeer.joined(server, "demo", encoding)
      #expect(await late.welcome.catchup == .snapshot)
      var chunks: [SnapshotChunk] = []
      while chunks.isEmpty || chunks.count < Int(chunks[0].count) {
        chunks.append(try await late.until { if case .snapshot(let chunk) = $0 { chunk } else { nil } })
      }
      #expect(chunks.count > 1)
      #expect(chunks.map(\.index) == Array(0..<UInt32(chunks.count)))
      #expect(chunks.allSatisfy { $0.data.count <= SnapshotChunk.dataBytesMax && $0.position == 6 })
      await peer.close()
      await late.close()
    }
  }

  @Test("role: a right taken away while connected is told and enforced at once; one given leads to a goodbye and a lease")
  func roleChange() async throws {
    try await TestServer.with { server in
      let peer = try await RawPeer.joined(server)
      server.registry.setRole(.viewer, of: "", in: WorkflowID("demo")!)
      let role = try await peer.until { message -> Role? in if case .role(let changed) = message { changed.role } else { nil } }
      #expect(role == .viewer)
      await peer.send(Make.batch(1, [Make.change(await peer.replica, 1, Make.node("a"))]))
      #expect(try await peer.ack().refused.map(\.code) == [.forbidden])
      await peer.close()
    }
  }

  @Test("[GB1] goodbye: a shutdown says so first, with a pause of one's own, then 4503")
  func goodbye() async throws {
    let server = try await TestServer.start()
    let peer = try await RawPeer.joined(server)
    await server.beginShutdown()
    let end = await peer.untilClosed()
    let goodbye = end.messages.compactMap { if case .goodbye(let goodbye) = $0 { goodbye } else { nil } }.last
    #expect(goodbye?.code == .draining && (goodbye?.reconnectAfterMilliseconds ?? 0) > 0)
    #expect(end.code == 4503)
    try await server.stop()
  }

  @Test("[WP2, WP7] members and kinds of a newer minor version are passed over")
  func unknownParts() async throws {
    try await TestServer.with { server in
      let peer = try await RawPeer.joined(server)
      await peer.send(text: #"{"teleport":{"to":"mars"}}"#)
      await peer.send(text: #"{"ping":{"id":"5","colour":"blue","more":[1,{"a":null}]}}"#)
      #expect(try await peer.until { if case .pong(let pong) = $0 { pong.id } else { nil } } == 5)
      await peer.close()
    }
  }
}
