import CRDT
import CollabProtocol
import NIOCore
import RoomCore
import Rooms
import Storage
import Testing
import WorkflowDocument
import WorkflowGraph

@Suite(.timeLimit(.minutes(3))) struct RoomTests {
  let workflow = WorkflowID("demo")!

  @Test("[RM1] two people on two loops, one in JSON and one in protobuf, hold the same; what they hold is in the store")
  func converge() async throws {
    let server = Server()
    let ada = try await TestClient.joined(server.registry, workflow, on: server.loops[0], encoding: .json)
    let bob = try await TestClient.joined(server.registry, workflow, on: server.loops[1], encoding: .proto)
    for index in 0..<50 {
      try await ada.edit("a\(index)")
      try await bob.edit("b\(index)")
    }
    for client in [ada, bob] { try await client.until { $0.changes.count == 100 && $0.acks.last?.seq == 50 } }
    #expect(ada.changes == bob.changes)
    #expect(try await server.store.load(workflow)?.log == ada.changes)
    try await server.stop()
  }

  @Test("many rooms, each on its loop, opened once however many come at the same moment")
  func loadOnce() async throws {
    let server = Server()
    try await withThrowingTaskGroup(of: Void.self) { group in
      for index in 0..<40 {
        let workflow = WorkflowID("w\(index % 4)")!
        let loop = server.loops[index % 2]
        group.addTask {
          let client = try await TestClient.joined(server.registry, workflow, on: loop)
          try await client.edit("n\(index)")
          try await client.until { $0.document.nodeCount == 10 }
        }
      }
      try await group.waitForAll()
    }
    #expect(server.registry.roomCount == 4)
    try await server.stop()
  }

  @Test("a joiner gets a snapshot in chunks, then what followed, then live")
  func snapshot() async throws {
    let server = Server { $0.limits.snapshotReuseChangeCountMax = 4 }
    let ada = try await TestClient.joined(server.registry, workflow, on: server.loops[0])
    for start in stride(from: 0, to: 3000, by: 100) { try await ada.send((start..<start + 100).map { ada.nextChange("n\($0)") }) }
    try await ada.until { $0.acks.last?.seq == 3000 }
    for encoding in WireEncoding.allCases {
      let bob = try await TestClient.joined(server.registry, workflow, on: server.loops[1], encoding: encoding)
      #expect(bob.welcome?.catchup == .snapshot)
      #expect(bob.document.nodeCount >= 3000)
      try await ada.edit("live \(encoding)")
      try await bob.until { $0.document.isAlive(NodeID("live \(encoding)")) }
      var (mine, theirs) = (ada.document, bob.document)
      try await ada.until { $0.document.version == bob.document.version }
      mine = ada.document
      #expect(mine.documentHash() == theirs.documentHash())
      theirs = bob.document
    }
    try await server.stop()
  }

  @Test("an idle room is saved and unloaded, and opens again as it was")
  func idleAndBack() async throws {
    let server = Server { $0.limits.idleUnloadMilliseconds = 20 }
    let ada = try await TestClient.joined(server.registry, workflow, on: server.loops[0])
    try await ada.edit("kept")
    try await ada.until { $0.acks.count == 1 }
    let lease = ada.welcome?.lease
    try await ada.drop()
    while server.registry.roomCount > 0 { try await Task.sleep(for: .milliseconds(5)) }
    #expect(try await server.store.load(workflow)?.snapshots.first?.position == 1)
    let again = try await TestClient.joined(server.registry, workflow, on: server.loops[1]) { $0.lease = lease }
    #expect(again.document.isAlive(NodeID("kept")))
    #expect(again.welcome?.lease == lease)
    #expect(again.welcome?.leaseThrough == 1)
    try await server.stop()
  }

  @Test("[ME4] a damaged snapshot falls back to the one before and the log")
  func damagedSnapshot() async throws {
    let server = Server { $0.limits.idleUnloadMilliseconds = 20 }
    for round in 0..<3 {
      let ada = try await TestClient.joined(server.registry, workflow, on: server.loops[0])
      try await ada.edit("round \(round)")
      try await ada.until { $0.acks.count == 1 }
      try await ada.drop()
      while server.registry.roomCount > 0 { try await Task.sleep(for: .milliseconds(5)) }
    }
    #expect(server.store.damageSnapshot(of: workflow))
    let bob = try await TestClient.joined(server.registry, workflow, on: server.loops[0])
    #expect(bob.document.nodeCount == 3)
    try await server.stop()
  }

  @Test("drain: goodbye, acks, 4503, the log and a snapshot in the store, nobody let in any more")
  func drain() async throws {
    let server = Server()
    let ada = try await TestClient.joined(server.registry, workflow, on: server.loops[0])
    let bob = try await TestClient.joined(server.registry, workflow, on: server.loops[1])
    try await ada.edit("last")
    try await server.stop()
    for client in [ada, bob] {
      try await client.until { $0.closeCode != nil }
      #expect(client.closeCode == .draining)
      #expect(client.messages.contains { if case .goodbye(let goodbye) = $0 { goodbye.reconnectAfterMilliseconds > 0 } else { false } })
    }
    #expect(ada.acks.last?.seq == 1)
    #expect(!server.registry.isAccepting)
    #expect(try await server.store.load(workflow)?.snapshots.first?.position == 1)
  }

  @Test("[RU2] a run goes through the engine and its events to everybody, late joiners too, and into the store")
  func run() async throws {
    let server = Server()
    let ada = try await TestClient.joined(server.registry, workflow, on: server.loops[0])
    let bob = try await TestClient.joined(server.registry, workflow, on: server.loops[1])
    let edit = try await ada.edit("n")
    var request = RunRequest()
    request.idempotencyKey = "key"
    request.include = Version([Version.Entry(replica: edit.replica, seq: edit.seq)])
    try await bob.say(.run(request))
    for client in [ada, bob] { try await client.until { $0.runEvents.last?.kind.isLast == true } }
    #expect(ada.runEvents == bob.runEvents)
    #expect(ada.runEvents.map(\.kind) == [.runStarted, .nodeStarted, .nodeSucceeded, .runFinished])
    #expect(ada.runEvents.last?.result.contains("7") == true)
    let eve = try await TestClient.joined(server.registry, workflow, on: server.loops[0])
    try await eve.until { $0.runEvents.count == 4 }
    #expect(eve.runEvents == ada.runEvents)
    let stored = try await server.store.runEvents(of: workflow, run: ada.runEvents[0].run)
    #expect(try stored.map { try RunEventCodec.decode($0.body) } == ada.runEvents)
    try await server.stop()
  }

  @Test("[FC2] a stuck socket delays nobody; it is caught up when it drains")
  func stuckReader() async throws {
    let server = Server {
      $0.limits.outboxBytesMax = 20_000
      $0.limits.shedPresenceBytes = 5_000
      $0.limits.outboxLowBytes = 1_000
    }
    let ada = try await TestClient.joined(server.registry, workflow, on: server.loops[0])
    let bob = try await TestClient.joined(server.registry, workflow, on: server.loops[1])
    try await bob.stick(true)
    for index in 0..<400 { try await ada.edit("n\(index)") }
    try await ada.until { $0.acks.last?.seq == 400 }
    let heldBack = try await bob.writeCount()
    try await ada.edit("one more")
    try await ada.until { $0.acks.last?.seq == 401 }
    #expect(try await bob.writeCount() == heldBack, "nothing is written to a socket that does not take it")
    try await bob.stick(false)
    try await bob.until { $0.document.nodeCount == 401 }
    try await ada.edit("live")
    try await bob.until { $0.document.nodeCount == 402 }
    try await server.stop()
  }
}

@Suite(.timeLimit(.minutes(3))) struct FaultTests {
  let workflow = WorkflowID("demo")!

  @Test("[RM1] while the store stalls nothing is revealed; afterwards all of it is")
  func stall() async throws {
    let server = Server()
    let ada = try await TestClient.joined(server.registry, workflow, on: server.loops[0])
    let bob = try await TestClient.joined(server.registry, workflow, on: server.loops[1])
    server.store.stall()
    try await ada.edit("waits")
    try await ada.say(.ping(Ping(id: 1)))
    try await ada.until { if case .pong = $0.lastMessage { true } else { false } }
    try await bob.say(.ping(Ping(id: 1)))
    try await bob.until { if case .pong = $0.lastMessage { true } else { false } }
    #expect(ada.acks.isEmpty && bob.changes.isEmpty)
    server.store.resume()
    try await bob.until { $0.changes.count == 1 }
    try await server.stop()
  }

  @Test("[RM1] a failed and a torn append: the room heals by itself, and what is sent again is there once", arguments: [false, true])
  func failedAppend(isTorn: Bool) async throws {
    let server = Server { $0.limits.reloadRetryMilliseconds = 5 }
    let ada = try await TestClient.joined(server.registry, workflow, on: server.loops[0])
    let bob = try await TestClient.joined(server.registry, workflow, on: server.loops[1])
    if isTorn { server.store.tearAppend(of: workflow) } else { server.store.failAppends(of: workflow) }
    server.store.failLoads(2, of: workflow)
    let change = try await ada.edit("n")
    try await ada.until { !$0.acks.isEmpty }
    if !isTorn {
      #expect(ada.acks.last?.refused.map(\.code) == [.unavailable])
      try await ada.send([change])
    }
    try await bob.until { $0.changes.count == 1 }
    try await ada.until { $0.acks.last?.seq == 1 }
    #expect(try await server.store.load(workflow)?.log.count == 1)
    try await server.stop()
  }

  @Test("an unknown workflow is 4404, one that may not be made 4403, one that cannot be read 4500")
  func doors() async throws {
    let server = Server()
    func close(_ admission: Admission, create: Bool) async throws -> CloseCode? {
      let client = try await TestClient(server.registry, WorkflowID("nothing")!, on: server.loops[0], admission: admission)
      try await client.hello { $0.create = create }
      try await client.until { $0.closeCode != nil }
      return client.closeCode
    }
    #expect(try await close(.admitted(subject: "", role: .owner), create: false) == .unknownWorkflow)
    #expect(try await close(.admitted(subject: "", role: .viewer), create: true) == .forbidden)
    #expect(try await close(.refused(.notAuthenticated, reason: "no"), create: true) == .notAuthenticated)
    server.store.failLoads()
    #expect(try await close(.admitted(subject: "", role: .owner), create: true) == .serverFault)
    #expect(server.registry.roomCount == 0, "a load that failed leaves nothing behind")
    try await server.stop()
  }

  @Test("[WP1] [WP5] [WP6] what is no message, or no hello, or in the wrong frames, or too late, ends with its code; others go on")
  func malformed() async throws {
    let server = Server()
    let bob = try await TestClient.joined(server.registry, workflow, on: server.loops[1])
    func close(_ encoding: WireEncoding, _ speak: (TestClient) async throws -> Void) async throws -> CloseCode? {
      let client = try await TestClient(server.registry, workflow, on: server.loops[0], encoding: encoding)
      try await speak(client)
      try await client.until { $0.closeCode != nil }
      return client.closeCode
    }
    #expect(try await close(.proto) { try await $0.say(raw: [ByteBuffer(bytes: [0xff, 0xff, 0xff])], isText: false) } == .badRequest)
    #expect(try await close(.json) { try await $0.say(raw: [ByteBuffer(string: "{")], isText: true) } == .badRequest)
    #expect(try await close(.json) { try await $0.say(raw: [ByteBuffer(bytes: [1])], isText: false) } == .unsupportedData)
    #expect(try await close(.proto) { try await $0.say(.ping(Ping(id: 1))) } == .badRequest)
    #expect(try await close(.proto) { try await $0.hello { $0.protocolMajor = 9 } } == .version)
    let inside: CloseCode? = try await close(.proto) {
      try await $0.hello()
      try await $0.until { $0.welcome != nil }
      try await $0.say(raw: [ByteBuffer(bytes: [0xff])], isText: false)
    }
    #expect(inside == .badRequest)
    try await bob.edit("still here")
    try await bob.until { $0.acks.count == 1 }
    try await server.stop()
  }

  @Test("[WP1] a connection that says nothing is closed with 4408")
  func silent() async throws {
    let server = Server { $0.limits.helloDeadlineMilliseconds = 20 }
    let client = try await TestClient(server.registry, workflow, on: server.loops[0])
    try await client.until { $0.closeCode != nil }
    #expect(client.closeCode == .helloTooLate)
    try await server.stop()
  }

  @Test("a connection that goes away at any moment leaves nothing behind")
  func fleeting() async throws {
    let server = Server { $0.limits.idleUnloadMilliseconds = 10 }
    for index in 0..<50 {
      let client = try await TestClient(server.registry, workflow, on: server.loops[index % 2])
      if index % 3 > 0 { try await client.hello() }
      if index % 3 > 1 { try await client.until { $0.welcome != nil } }
      try await client.drop(index % 2 == 0 ? .normal : CloseCode(rawValue: 1006))
    }
    while server.registry.roomCount > 0 { try await Task.sleep(for: .milliseconds(5)) }
    try await server.stop()
  }
}
