import CollabProtocol
import RateLimits
import RoomCore
import Storage
import Testing
import WorkflowDocument
import WorkflowGraph

@Suite(.timeLimit(.minutes(3))) struct FlowControlTests {
  @Test("[FC1] who writes faster than the store commits is not read: it stays with the client, others are heard, and all of it arrives")
  func fasterThanTheStore() async throws {
    let store = InMemoryWorkflowStore()
    var options = TestServer.Options()
    options.store = store
    options.limits.protocolLimits.changesInFlightMax = 32
    // The other asks as often as it can, to see that it is answered.
    options.limits.rates = .none
    try await TestServer.with(options) { server in
      let writer = try await RawPeer.joined(server, "demo", .proto)
      let other = try await RawPeer.joined(server, "demo", .proto)
      let replica = await writer.replica
      store.stall()
      let text = "\"" + String(repeating: "abcdefghij", count: 10_000) + "\""
      let count: UInt64 = 400
      for seq in 1...count { await writer.send(Make.batch(seq, [Make.change(replica, seq, Make.node("n", ["text": text]))])) }
      // 40 MB, of which sockets hold a few: until nothing moves any more, while the other is answered all the time.
      var before = Int.max
      while try await writer.bytesOutstanding() < before {
        before = try await writer.bytesOutstanding()
        for id in 1...200 as ClosedRange<UInt64> {
          await other.send(.ping(Ping(id: id)))
          _ = try await other.until { if case .pong(let pong) = $0, pong.id == id { true } else { nil } }
        }
      }
      #expect(before > 20 << 20)
      store.resume()
      _ = try await writer.until { if case .ack(let ack) = $0, ack.seq == count { true } else { nil } }
      let last = try await other.until { if case .changes(let changes) = $0, changes.last?.position == count { changes.last } else { nil } }
      #expect(last.change.seq == count)
      #expect(try await writer.bytesOutstanding() == 0)
      await writer.close()
      await other.close()
    }
  }
}
