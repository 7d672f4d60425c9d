import CRDT
import CollabClient
import CollabProtocol
import RoomCore
import Testing
import WorkflowDocument
import WorkflowGraph

/// Restores of documents that fill the room, by several at the same moment.
@Suite("Restores beside each other", .timeLimit(.minutes(3)))
struct RestoreTests {
  private static let nodeCount = 40

  /// A server whose workflows are full with `nodeCount` nodes, and take several changes to be replaced.
  private static func with(_ body: (TestServer) async throws -> Void) async throws {
    var options = TestServer.Options()
    options.limits.protocolLimits.nodesMax = UInt32(nodeCount)
    options.limits.protocolLimits.opsPerChangeMax = 24
    try await TestServer.with(options, body)
  }

  private static func fill(_ session: CollabSession, _ prefix: String, after old: String) async throws {
    for index in 0..<nodeCount where await session.document.isAlive(NodeID("\(old)\(index)")) {
      try await session.edit([.setNodeLife(node: NodeID("\(old)\(index)"), alive: false)])
    }
    for index in 0..<nodeCount { try await session.edit(Make.node("\(prefix)\(index)")) }
    try await session.saved()
  }

  @Test(
    "[HI6, UN3] of two that restore at the same moment what does not fit together each is made whole; the last one stands", arguments: 0..<4
  )
  func together(round: Int) async throws {
    try await Self.with { server in
      let names = ["ann", "bob"]
      let sessions = names.map { name in CollabSession(server.options(name: name) { $0.create = true }) }
      for session in sessions { try await session.joined() }
      var versions: [WorkflowDocument] = []
      for (prefix, old) in [("a", "-"), ("b", "a"), ("c", "b")] {
        try await Self.fill(sessions[0], prefix, after: old)
        versions.append(await sessions[0].document)
      }
      try await sessions[1].reached(await sessions[0].version)
      // Both take away what is there, and have room for one only.
      let (one, other) = (versions[0], versions[1])
      let first = Task { try await sessions[0].restore(one) }
      let second = Task { try await sessions[1].restore(other) }
      _ = try await (first.value, second.value)
      var wanted: Set<[UInt8]> = []
      for var version in [one, other] { wanted.insert(version.graphHash()) }
      for session in sessions { try await session.restored() }
      let hashes = [try await sessions[0].verified().graphHash, try await sessions[1].verified().graphHash]
      #expect(hashes[0] == hashes[1])
      #expect(wanted.contains(hashes[0]), "round \(round): neither of the two")
      for session in sessions { await session.close() }
    }
  }
}
