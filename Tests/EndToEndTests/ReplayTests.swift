import CRDT
import CollabClient
import CollabProtocol
import NIOCore
import RoomCore
import Synchronization
import Testing
import WorkflowDocument
import WorkflowGraph

/// What a recorder hears, from the session's thread to the test's.
private final class Tape: Sendable {
  private let recorder: Mutex<Recorder>
  private let lines: TapeLines

  init(_ workflow: WorkflowID) {
    let lines = TapeLines()
    recorder = Mutex(Recorder(workflow: workflow) { lines.add($0) })
    self.lines = lines
  }

  func heard(_ notice: ClientNotice, _ document: WorkflowDocument) { recorder.withLock { $0.heard(notice, document: document) } }
  func finish(_ document: inout WorkflowDocument) -> ByteBuffer {
    recorder.withLock { $0.finish(&document) }
    return lines.all
  }
}

private final class TapeLines: Sendable {
  private let buffer = Mutex(ByteBuffer())
  func add(_ line: ByteBuffer) { _ = buffer.withLock { $0.writeImmutableBuffer(line) } }
  var all: ByteBuffer { buffer.withLock { $0 } }
}

@Suite("Record and replay", .timeLimit(.minutes(3)))
struct ReplayTests {
  private static func record(_ server: TestServer, _ workflow: String, _ work: () async throws -> Void) async throws -> (
    ByteBuffer, [UInt8]
  ) {
    let tape = Tape(WorkflowID(workflow)!)
    let recorder = CollabSession(server.options(workflow, name: "recorder") { $0.roleMax = .editor }) { session, notice in
      tape.heard(notice, session.document)
    }
    try await recorder.live()
    try await work()
    let report = try await recorder.verified()
    let text = await recorder.turn { session in
      var document = session.document
      return tape.finish(&document)
    }
    await recorder.close()
    return (text, report.documentHash)
  }

  private static func edit(_ server: TestServer, _ workflow: String, seeds: [UInt64], count: Int) async throws {
    try await withThrowingTaskGroup { group in
      for seed in seeds {
        group.addTask {
          let session = CollabSession(server.options(workflow, name: "bot \(seed)"))
          try await session.live()
          var mix = EditMix(seed: seed, prefix: "b\(seed)-")
          mix.withPresence = false
          mix.nodesAim = 25
          for index in 0..<count {
            try await session.step(&mix)
            if index % 5 == 0 { try await session.saved() }
          }
          try await session.saved()
          await session.close()
        }
      }
      try await group.waitForAll()
    }
  }

  private static func replay(_ recording: Recording, _ server: TestServer, _ workflow: String, clients: Int) async throws -> [UInt8] {
    var plan = ReplayPlan(recording, clients: clients)
    let sessions = (0..<clients).map { CollabSession(server.options(workflow, name: "replay \($0)")) }
    for session in sessions { try await session.live() }
    var clock = HybridClock()
    for step in plan.steps {
      let ops = plan.ops(for: step)
      guard !ops.isEmpty else { continue }
      try await sessions[step.client].reached(plan.needs(step))
      let time = clock.tick(nowMilliseconds: await sessions[step.client].serverMilliseconds)
      plan.made(step, as: try await sessions[step.client].edit(ops, stampedAt: time))
    }
    for session in sessions { try await session.saved() }
    let hash = try await sessions[0].verified().documentHash
    for session in sessions { await session.close() }
    return hash
  }

  @Test("three bots at once, recorded; the replay ends with the same hash whatever the number of clients", arguments: [1, 2, 5])
  func replay(clients: Int) async throws {
    try await TestServer.with { server in
      let (text, hash) = try await Self.record(server, "original") {
        try await Self.edit(server, "original", seeds: [11, 22, 33], count: 150)
      }
      let recording = try Recording(reading: text)
      #expect(recording.end?.documentHash == hash)
      #expect(recording.changes.count > 300)
      var document = try recording.finalDocument()
      #expect(document.documentHash() == hash)
      #expect(try await Self.replay(recording, server, "again", clients: clients) == hash)
    }
  }

  @Test("a recording that begins in the middle holds the document as it was")
  func fromTheMiddle() async throws {
    var options = TestServer.Options()
    options.limits.snapshotReuseChangeCountMax = 10
    options.limits.tailCountMax = 50
    try await TestServer.with(options) { server in
      try await Self.edit(server, "original", seeds: [5], count: 120)
      let (text, hash) = try await Self.record(server, "original") {
        try await Self.edit(server, "original", seeds: [6, 7], count: 100)
      }
      let recording = try Recording(reading: text)
      #expect(recording.basePosition > 0)
      var document = try recording.finalDocument()
      #expect(document.documentHash() == hash)
    }
  }

  @Test("a recording that was cut off, damaged, or is none says where")
  func damaged() async throws {
    try await TestServer.with { server in
      let (text, _) = try await Self.record(server, "original") { try await Self.edit(server, "original", seeds: [1], count: 20) }
      let lines = String(buffer: text).split(separator: "\n").map(String.init)
      func fault(_ lines: [String]) -> Recording.Fault? {
        do throws(Recording.Fault) {
          _ = try Recording(reading: ByteBuffer(string: lines.joined(separator: "\n")))
          return nil
        } catch { return error }
      }
      #expect(fault(lines) == nil)
      #expect(fault(Array(lines.dropLast()))?.text.contains("cut off") == true)
      #expect(fault(Array(lines.dropFirst()))?.line == 1)
      #expect(fault([lines[0]] + lines.dropFirst(2))?.line == 2)
      #expect(fault(lines.map { $0.replacing("changes", with: "chang\"es") })?.line == 2)
      #expect(fault(["{}"])?.line == 1)
    }
  }
}
