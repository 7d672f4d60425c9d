import CRDT
import CollabProtocol
import Compression
import NIOCore
import RoomCore
import Storage
import Testing
import WorkflowDocument
import WorkflowGraph

@testable import Rooms

@Suite(.timeLimit(.minutes(3))) struct OutboxTests {
  let workflow = WorkflowID("demo")!

  private func server(_ configure: (inout RoomLimits) -> Void = { _ in }) -> Server {
    Server {
      $0.limits.shedPresenceBytes = 5_000
      $0.limits.outboxLowBytes = 1_000
      $0.limits.slowGraceMilliseconds = 600_000
      configure(&$0.limits)
    }
  }

  /// What the room's loop and the client's have been told is done: nothing more follows from it.
  private func settle(_ server: Server) async throws {
    for _ in 0..<4 { for loop in server.loops { try await loop.submit {}.get() } }
  }

  @Test("[FC2] a socket is given so much and a frame, the rest waits behind it and comes whole and in order")
  func handsOverPiecemeal() async throws {
    let server = server()
    let ada = try await TestClient.joined(server.registry, workflow, on: server.loops[0])
    let bob = try await TestClient.joined(server.registry, workflow, on: server.loops[1])
    try await bob.stick(true)
    for index in 0..<300 {
      try await ada.edit("n\(index)")
      try await ada.until { $0.acks.last?.seq == UInt64(index + 1) }
    }
    try await settle(server)
    let given = try await bob.bytesOutstanding()
    #expect(given > 5_000 && given < 6_000)
    var rounds = 0
    while try await bob.bytesOutstanding() > 0 {
      #expect(try await bob.bytesOutstanding() < 6_000)
      try await bob.takeAll()
      rounds += 1
    }
    #expect(rounds > 3)
    try await bob.until { $0.changes.count == 300 }
    #expect(bob.changes.map(\.position) == Array(1...300))
    try await bob.stick(false)
    try await settle(server)
    #expect(server.registry.outboxLedger.bytes == 0)
    try await server.stop()
  }

  /// A document whose snapshot takes several chunks: what does not compress.
  private func fill(_ client: TestClient, chunks: Int) async throws {
    var random = SystemRandomNumberGenerator()
    for index in 0..<chunks * 3 {
      var change = client.nextChange("big\(index)")
      let noise = (0..<SnapshotChunk.dataBytesMax / 16).map { _ in String(random.next(), radix: 36) }.joined()
      change.ops = [.setNodeField(node: NodeID("big\(index)"), field: .data("noise"), value: JSONText(unchecked: "\"\(noise)\""))]
      try await client.send([change])
      try await client.until { $0.acks.last?.seq == change.seq }
      #expect(client.acks.last?.refused.isEmpty == true)
    }
  }

  @Test("[SN1] a snapshot is handed over chunk by chunk, as the socket takes it; changes follow it")
  func snapshotPiecemeal() async throws {
    let server = server { $0.tailCountMax = 2 }
    let ada = try await TestClient.joined(server.registry, workflow, on: server.loops[0])
    try await fill(ada, chunks: 3)
    let bob = try await TestClient(server.registry, workflow, on: server.loops[1])
    try await bob.stick(true)
    try await bob.hello { $0.version = Version() }
    // The first chunk is the most that a socket without room is given.
    while try await bob.bytesOutstanding() < SnapshotChunk.dataBytesMax { try await settle(server) }
    try await ada.edit("later")
    try await ada.until { $0.changes.contains { $0.change.ops.count == 3 } }
    var rounds = 0
    while try await bob.bytesOutstanding() > 0 {
      #expect(try await bob.bytesOutstanding() < SnapshotChunk.dataBytesMax + 10_000)
      try await bob.takeAll()
      rounds += 1
    }
    #expect(rounds >= 3)
    try await bob.stick(false)
    try await bob.until { $0.document.version == ada.document.version }
    try await server.stop()
  }

  @Test("[FC2] whoever asks for snapshots and takes none is held back with the second")
  func manySnapshots() async throws {
    let server = server { $0.outboxBytesMax = 20_000 }
    let ada = try await TestClient.joined(server.registry, workflow, on: server.loops[0])
    try await fill(ada, chunks: 1)
    let bob = try await TestClient.joined(server.registry, workflow, on: server.loops[1])
    try await bob.stick(true)
    try await bob.say(.resync(Resync(version: Version())))
    // Something small, such as presence, may come before it.
    while try await bob.bytesOutstanding() < SnapshotChunk.dataBytesMax { try await settle(server) }
    #expect(try await !bob.isPaused(), "one is what it may ask for")
    try await bob.say(.resync(Resync(version: Version())))
    while try await !bob.isPaused() { try await settle(server) }
    for _ in 0..<20 { try await bob.say(.resync(Resync(version: Version()))) }
    try await settle(server)
    let snapshotBytes = 3 * SnapshotChunk.dataBytesMax
    #expect(server.registry.outboxLedger.bytes < snapshotBytes)
    try await bob.stick(false)
    let later = try await ada.edit("later")
    try await ada.until { $0.acks.last?.seq == later.seq }
    try await bob.until { $0.document.version == ada.document.version && $0.changes.last?.change.ops.count == 3 }
    try await server.stop()
  }

  @Test("[FC2, HI4] a state that waits for who asked counts in the server's bound: it is held back, and gets all of it once it reads")
  func stateNotTaken() async throws {
    let server = server { $0.outboxTotalBytesMax = 2 * SnapshotChunk.dataBytesMax }
    let ada = try await TestClient.joined(server.registry, workflow, on: server.loops[0])
    try await fill(ada, chunks: 3)
    let bob = try await TestClient.joined(server.registry, workflow, on: server.loops[1])
    try await bob.stick(true)
    try await bob.say(.stateAt(StateRequest(request: 7, position: ada.acks.last!.position)))
    // The first chunk is the most that a socket without room is given; the others wait from the same turn on.
    while try await bob.bytesOutstanding() < SnapshotChunk.dataBytesMax { try await settle(server) }
    #expect(server.registry.outboxLedger.bytes > 3 * SnapshotChunk.dataBytesMax)
    try await settle(server)
    #expect(try await bob.isPaused())
    #expect(try await !ada.isPaused())
    try await bob.stick(false)
    try await bob.until { !Self.state($0).isEmpty && Self.state($0).count == Int(Self.state($0)[0].count) }
    let state = try WorkflowDocument(
      snapshot: Zlib.decompress(Self.state(bob).flatMap(\.data), bytesMax: Int(Self.state(bob)[0].rawBytes)))
    #expect(state.version == ada.document.version)
    try await settle(server)
    #expect(try await !bob.isPaused())
    #expect(server.registry.outboxLedger.bytes == 0)
    try await server.stop()
  }

  private static func state(_ client: TestClient) -> [SnapshotChunk] {
    client.messages.compactMap { if case .state(let chunk) = $0 { chunk.snapshot } else { nil } }
  }

  @Test("[FC2] the slow sessions of a server share one bound: beyond it all of them are held back, and only they")
  func total() async throws {
    let totalMax = 60_000
    let server = server { $0.outboxTotalBytesMax = totalMax }
    let ada = try await TestClient.joined(server.registry, workflow, on: server.loops[0])
    let eve = try await TestClient.joined(server.registry, workflow, on: server.loops[1])
    var stuck: [TestClient] = []
    for index in 0..<40 {
      let client = try await TestClient.joined(server.registry, workflow, on: server.loops[index % 2]) {
        $0.wants = Wants(changes: true, presence: false, runs: false, issues: false)
      }
      try await client.stick(true)
      stuck.append(client)
    }
    // Each of them alone is far below its own bound of a megabyte.
    for index in 0..<300 {
      try await ada.edit("n\(index)")
      try await ada.until { $0.acks.last?.seq == UInt64(index + 1) }
    }
    try await settle(server)
    let held = server.registry.outboxLedger.bytes
    #expect(held > totalMax && held < totalMax + 40 * 1_000, "one turn's write beyond it for each")
    for client in stuck { #expect(try await client.isPaused()) }
    for client in [ada, eve] { #expect(try await !client.isPaused()) }
    for index in 300..<400 { try await ada.edit("n\(index)") }
    try await ada.until { $0.acks.last?.seq == 400 }
    try await eve.until { $0.document.nodeCount == 400 }
    #expect(server.registry.outboxLedger.bytes == held, "nothing is added to what they do not take")

    for client in stuck.prefix(20) { try await client.drop() }
    for client in stuck.suffix(20) { try await client.stick(false) }
    for client in stuck.suffix(20) { try await client.until { $0.document.version == eve.document.version } }
    try await settle(server)
    #expect(server.registry.outboxLedger.bytes == 0)
    try await server.stop()
  }

  @Test("[FC2] no changes any more, then 4508; the others hear everything")
  func escalation() async throws {
    let server = server {
      $0.outboxBytesMax = 20_000
      $0.slowGraceMilliseconds = 0
    }
    let ada = try await TestClient.joined(server.registry, workflow, on: server.loops[0])
    let eve = try await TestClient.joined(server.registry, workflow, on: server.loops[1])
    let bob = try await TestClient.joined(server.registry, workflow, on: server.loops[1])
    try await bob.stick(true)
    for index in 0..<400 {
      try await ada.edit("n\(index)")
      try await ada.until { $0.acks.last?.seq == UInt64(index + 1) }
    }
    try await bob.until { $0.closeCode != nil }
    #expect(bob.closeCode == .tooSlow)
    #expect(bob.document.nodeCount < 400)
    try await eve.until { $0.document.nodeCount == 400 }
    #expect(ada.closeCode == nil && eve.closeCode == nil)
    try await server.stop()
  }

  @Test("[FC1] who writes faster than the store commits is not read; what is not durable stays bounded; others are heard")
  func fasterThanTheStore() async throws {
    let server = Server { $0.limits.protocolLimits.changesInFlightMax = 16 }
    let ada = try await TestClient.joined(server.registry, workflow, on: server.loops[0])
    let bob = try await TestClient.joined(server.registry, workflow, on: server.loops[1])
    server.store.stall()
    var sent = 0
    while try await !ada.isPaused() {
      try await ada.edit("n\(sent)")
      sent += 1
      try await settle(server)
      #expect(sent <= 17)
    }
    #expect(sent == 17 && ada.acks.isEmpty)
    #expect(try await !bob.isPaused())
    try await bob.say(.ping(Ping(id: 1)))
    try await bob.until { if case .pong = $0.lastMessage { true } else { false } }
    server.store.resume()
    try await ada.until { $0.acks.last?.seq == 17 }
    while try await ada.isPaused() { try await settle(server) }
    try await bob.until { $0.changes.count == 17 }
    try await server.stop()
  }
}
