import CollabClient
import CollabProtocol
import Testing
import WorkflowDocument
import WorkflowGraph

@Suite("Sessions against a whole server")
struct SessionTests {
  @Test(
    "two editors and a bot on one workflow end with the same hashes as the server",
    arguments: [(false, WireEncoding.proto), (false, .json), (true, .proto), (true, .json)])
  func twoEditorsAndABot(isSecure: Bool, encoding: WireEncoding) async throws {
    var options = TestServer.Options()
    options.isSecure = isSecure
    try await TestServer.with(options) { server in
      let sessions = ["ann", "bob", "bot"].map { CollabSession(server.options(name: $0, encoding: encoding)) }
      try await withThrowingTaskGroup { group in
        for (index, session) in sessions.enumerated() {
          group.addTask {
            try await session.live()
            var mix = EditMix(seed: UInt64(index + 1), prefix: "s\(index)-")
            mix.nodesAim = 30
            for _ in 0..<200 {
              try await session.step(&mix)
              try await session.pending(atMost: 50)
            }
            try await session.saved()
          }
        }
        try await group.waitForAll()
      }
      var hashes: Set<[UInt8]> = []
      for session in sessions {
        let report = try await session.verified()
        hashes.insert(report.documentHash)
        #expect(await session.counters.divergences == 0)
        #expect(await session.counters.refusals == 0)
      }
      #expect(hashes.count == 1)
      for session in sessions { await session.close() }
    }
  }
}
