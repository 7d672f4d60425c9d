import CRDT
import CollabProtocol
import Compression
import NIOCore
import RoomCore
import Rooms
import Testing
import WorkflowDocument
import WorkflowGraph

/// The messages about the past, over a real socket.
@Suite("History, over real sockets", .timeLimit(.minutes(2)))
struct HistoryTableTests {
  @Test("[HI1, HI2] history: who did what, newest first, in pages", arguments: WireEncoding.allCases)
  func history(encoding: WireEncoding) async throws {
    try await TestServer.with { server in
      let ann = try await RawPeer.joined(server, "demo", encoding)
      let bob = try await RawPeer.joined(server, "demo", encoding) { $0.kind = .bot }
      await ann.send(Make.batch(1, [Make.change(await ann.replica, 1, Make.node("a")), Make.change(await ann.replica, 2, Make.node("b"))]))
      _ = try await ann.ack()
      await bob.send(Make.batch(1, [Make.change(await bob.replica, 1, Make.node("c"))]))
      _ = try await bob.ack()
      await ann.send(.history(HistoryRequest(request: 7)))
      let page = try await ann.until { if case .history(let page) = $0 { page } else { nil } }
      #expect(page.request == 7 && page.nextBefore == 0 && page.floor == 0 && page.position == 3)
      #expect(page.entries.map(\.author.kind) == [.bot, .person])
      #expect(page.entries.map { $0.sentence() } == ["raw added c", "raw added 2 nodes"])
      await ann.send(.history(HistoryRequest(request: 8, count: 2)))
      let first = try await ann.until { if case .history(let page) = $0 { page } else { nil } }
      #expect(first.entries.map(\.changeCount) == [1, 1] && first.nextBefore == 2)
      await ann.send(.history(HistoryRequest(request: 9, before: first.nextBefore)))
      let second = try await ann.until { if case .history(let page) = $0 { page } else { nil } }
      #expect(second.entries.map(\.position) == [1] && second.nextBefore == 0)
      await ann.close()
      await bob.close()
    }
  }

  @Test("[HI3, HI4] name_version, list_versions, state_at, rename_version, drop_version", arguments: WireEncoding.allCases)
  func versions(encoding: WireEncoding) async throws {
    try await TestServer.with { server in
      let ann = try await RawPeer.joined(server, "demo", encoding)
      let eve = try await RawPeer.joined(server, "demo", encoding) { $0.roleMax = .viewer }
      var document = WorkflowDocument()
      for seq in 1...3 as ClosedRange<UInt64> {
        let change = Make.change(await ann.replica, seq, Make.node("n\(seq)"))
        if seq < 3 { _ = try document.apply(change) }
        await ann.send(Make.batch(seq, [change]))
        _ = try await ann.ack()
      }
      await ann.send(.nameVersion(NameVersion(request: 1, position: 2, name: "two", note: "both")))
      let named = try await ann.until { if case .versions(let list) = $0, list.request == 1 { list } else { nil } }
      let heard = try await eve.until { if case .versions(let list) = $0 { list } else { nil } }
      #expect(heard.request == 0 && heard.versions == named.versions)
      #expect(named.versions.map(\.id) == [named.named] && named.versions[0].position == 2 && named.versions[0].author.name == "raw")
      await eve.send(.listVersions(ListVersions(request: 2)))
      let list = try await eve.until { if case .versions(let list) = $0 { list } else { nil } }
      #expect(list == VersionList(request: 2, versions: named.versions))

      for request in [StateRequest(request: 3, position: 2), StateRequest(request: 4, version: named.named)] {
        await eve.send(.stateAt(request))
        let chunk = try await eve.until { if case .state(let chunk) = $0 { chunk } else { nil } }
        #expect(chunk.request == request.request && chunk.snapshot.position == 2 && chunk.snapshot.count == 1)
        var state = try WorkflowDocument(
          snapshot: Zlib.decompress(chunk.snapshot.data, bytesMax: Int(chunk.snapshot.rawBytes)))
        #expect(state.documentHash() == document.documentHash() && state.version == document.version)
      }
      await eve.send(.dropVersion(DropVersion(request: 5, version: named.named)))
      #expect(try await eve.error().code == .forbidden)
      await eve.send(.stateAt(StateRequest(request: 6, position: 9)))
      #expect(try await eve.error().code == .invalid)

      await ann.send(.renameVersion(RenameVersion(request: 7, version: named.named, name: "2")))
      let renamed = try await eve.until { if case .versions(let list) = $0 { list } else { nil } }
      #expect(renamed.versions.map(\.name) == ["2"] && renamed.versions[0].note.isEmpty)
      await ann.send(.dropVersion(DropVersion(request: 8, version: named.named)))
      #expect(try await eve.until { if case .versions(let list) = $0 { list } else { nil } } == VersionList())
      await ann.close()
      await eve.close()
    }
  }

  @Test("[HI4, SN1] a state of several chunks comes in order, and edits go on meanwhile")
  func largeState() async throws {
    try await TestServer.with { server in
      let ann = try await RawPeer.joined(server, "demo", .proto)
      var random = SystemRandomNumberGenerator()
      for seq in 1...4 as ClosedRange<UInt64> {
        // Random letters: nothing to compress.
        let text = (0..<200_000).map { _ in
          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-".randomElement(using: &random)!
        }
        await ann.send(Make.batch(seq, [Make.change(await ann.replica, seq, Make.node("n\(seq)", ["text": "\"" + String(text) + "\""]))]))
        _ = try await ann.ack()
      }
      await ann.send(.stateAt(StateRequest(request: 1, position: 4)))
      await ann.send(Make.batch(5, [Make.change(await ann.replica, 5, Make.node("more"))]))
      var chunks: [SnapshotChunk] = []
      while chunks.isEmpty || chunks.count < Int(chunks[0].count) {
        chunks.append(try await ann.until { if case .state(let chunk) = $0 { chunk.snapshot } else { nil } })
      }
      #expect(chunks.count > 1 && chunks.map(\.index) == Array(0..<UInt32(chunks.count)))
      #expect(chunks.allSatisfy { $0.data.count <= SnapshotChunk.dataBytesMax && $0.position == 4 })
      await ann.close()
    }
  }
}
