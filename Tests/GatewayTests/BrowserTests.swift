import CRDT
import CollabProtocol
import Foundation
import Testing
import WorkflowDocument
import WorkflowGraph

@testable import Gateway

@Suite struct BrowserTests {
  @Test(
    "[GV1] [GV3] a browser shows the nodes that are visible, and parks the edges that everybody parks",
    .enabled(if: Browser.path != nil, "no Chromium here"))
  func page() async throws {
    try await TestServer.with { (server: TestServer) async throws in
      let (client, send) = try await LiveClient.open("seen", port: server.port)
      send(GatewayTests.hello())
      var iterator = client.events.makeAsyncIterator()
      var lease: Lease?
      while lease == nil, let event = await iterator.next() {
        if case .message(.welcome(let welcome)) = event { lease = welcome.lease }
      }
      let change = Change(
        replica: try #require(lease).replica, seq: 1, hlc: HybridTime(milliseconds: UInt64(Date().timeIntervalSince1970 * 1000)),
        ops: Self.ops)
      send(.change(ChangeBatch(batch: 1, changes: [change], seen: 0)))
      while let event = await iterator.next() {
        if case .message(.ack(let ack)) = event {
          #expect(ack.refused.isEmpty)
          break
        }
      }
      // Without a storage in the browser, for which its clock does not wait.
      // The browser's clock runs ahead of the network, so it may be looked at too early; a page that does not work fails every time.
      var shown = ""
      for _ in 0..<8 where !shown.contains("data-state=\"live\"") {
        shown = try await Browser.elements(of: "http://localhost:\(server.port)/w/seen?keep=no")
      }
      #expect(shown.contains("data-state=\"live\""))
      #expect(shown.contains("data-position=\"1\""))
      for id in ["a", "b", "ü😀"] { #expect(shown.contains("data-node=\"\(id)\""), "node \(id)") }
      #expect(!shown.contains("data-node=\"gone\""))
      #expect(shown.contains("<b>nobody's markup</b>") == false)
      #expect(shown.contains("&lt;b&gt;nobody's markup&lt;/b&gt;"))
      #expect(shown.ranges(of: "class=\"parked cycle\"").count == 1)
      #expect(shown.ranges(of: "class=\"parked orphan\"").count == 1)
      #expect(shown.contains("a → b") && shown.contains("parked (cycle): b → a") && shown.contains("parked (orphan): a → gone"))
    }
  }

  private static let ops: [Op] = {
    var ops: [Op] = []
    for (index, id) in ["a", "b", "ü😀", "gone"].enumerated() {
      let node = NodeID(id)
      ops.append(.setNodeLife(node: node, alive: true))
      ops.append(.setNodeField(node: node, field: .type, value: JSONText(unchecked: "\"number\"")))
      ops.append(.setNodeField(node: node, field: .position, value: JSONText(unchecked: "{\"x\":\(index * 240),\"y\":10}")))
      ops.append(.setNodeField(node: node, field: .data("label"), value: JSONText(unchecked: "\"<b>nobody's markup</b>\"")))
    }
    for (source, target) in [("a", "b"), ("b", "a"), ("a", "gone")] {
      ops.append(.addEdge(EdgeKey(source: NodeID(source), target: NodeID(target))))
    }
    ops.append(.setNodeLife(node: NodeID("gone"), alive: false))
    return ops
  }()
}
