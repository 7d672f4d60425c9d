import CRDT
import CollabProtocol
import Foundation
import Synchronization
import Testing
import WorkflowDocument
import WorkflowGraph

@testable import CollabClient

/// A server of a real process that is replaced, copied and put back while people edit.
@Suite(
  "One server takes over from another", .timeLimit(.minutes(2)), .enabled(if: ChildServer.executable != nil, "the executable was not built")
)
struct TakeoverTests {
  private static let workflowCount = 5
  private static let clientCount = 50

  @Test(
    "[GB1, RS1, ST1] SIGTERM while 50 clients edit: the next server has every acknowledged change, they come back spread out, all hashes are equal"
  )
  func rollingRestart() async throws {
    let folder = try TestFolder("takeover")
    let data = folder.file("data.sqlite")
    let first = try await ChildServer.start(ChildServer.executable!, data: data, port: 0)
    let crowd = Crowd(port: first.port, count: Self.clientCount, workflows: Self.workflowCount)
    try await crowd.begin()
    try await Task.sleep(for: .seconds(1))
    // The next one is there already and waits for the file; the first one is told to end.
    async let starting = ChildServer.start(ChildServer.executable!, data: data, port: first.port)
    try await Task.sleep(for: .milliseconds(300))
    let told = ContinuousClock.now
    first.terminate()
    #expect(await first.exitStatus() == 0)
    let second = try await starting
    let gap = ContinuousClock.now - told
    let joins = try await crowd.rejoined()
    try await Task.sleep(for: .milliseconds(500))
    let hashes = try await crowd.settle()
    #expect(try await crowd.check(port: second.port, hashes) > Self.clientCount * 10, "there was hardly any load")

    let times = joins.map { ($0 - told) / .milliseconds(1) }.sorted()
    let crowded = times.map { start in times.count { $0 >= start && $0 < start + 100 } }.max() ?? 0
    print(
      "took over after \(gap); clients back after \(Int(times[0])) to \(Int(times[times.count - 1])) ms, middle \(Int(times[times.count / 2])),",
      "at most \(crowded) within 100 ms")
    #expect(times[times.count - 1] - times[0] > 1000, "they came back all at once")
    #expect(crowded <= Self.clientCount / 2)
    second.terminate()
    #expect(await second.exitStatus() == 0)
    folder.remove()
  }

  @Test("[ST6, RS1] a backup taken while people edit holds what was acknowledged before; restored, the server and everybody agree again")
  func backupUnderLoad() async throws {
    let folder = try TestFolder("takeover")
    let (data, copy) = (folder.file("data.sqlite"), folder.file("copy.sqlite"))
    let first = try await ChildServer.start(ChildServer.executable!, data: data, port: 0)
    let crowd = Crowd(port: first.port, count: 10, workflows: 2)
    try await crowd.begin()
    try await Task.sleep(for: .milliseconds(700))
    let promised = await crowd.acknowledged()
    #expect(await ChildServer.run(["backup", "--data", data, "--to", copy]) == 0)
    #expect(await ChildServer.run(["backup", "--data", data, "--to", copy]) == 65, "a backup is never overwritten")
    #expect(await ChildServer.run(["inspect", "crowd-0", "--data", data]) == 0)
    #expect(await ChildServer.run(["inspect", "nobody", "--data", data]) == 1)
    #expect(await ChildServer.run(["restore", "--from", copy, "--data", data, "--force"]) == 65, "the server is running")
    try await Task.sleep(for: .milliseconds(300))

    // Restored elsewhere: all that was promised before the backup is in it.
    let other = folder.file("other.sqlite")
    #expect(await ChildServer.run(["restore", "--from", copy, "--data", other]) == 0)
    let second = try await ChildServer.start(ChildServer.executable!, data: other, port: 0)
    var count = 0
    for workflow in promised.keys {
      let reader = Crowd.session(port: second.port, workflow: workflow, name: "reader")
      _ = try await reader.verified()
      let version = await reader.version
      for (replica, seq) in promised[workflow]! {
        #expect(version[replica] >= seq)
        count += Int(seq)
      }
      await reader.close()
    }
    #expect(count > 100, "there was hardly any load: \(count)")
    await second.killNow()

    // Restored in place: everybody comes back to a server that knows less than they do, and all agree in the end.
    await first.killNow()
    #expect(await ChildServer.run(["restore", "--from", copy, "--data", data]) == 65, "it takes --force to replace a file")
    #expect(await ChildServer.run(["restore", "--from", copy, "--data", data, "--force"]) == 0)
    let third = try await ChildServer.start(ChildServer.executable!, data: data, port: first.port)
    _ = try await crowd.rejoined()
    try await Task.sleep(for: .milliseconds(300))
    _ = try await crowd.settle(mayDiffer: true)
    third.terminate()
    #expect(await third.exitStatus() == 0)
    folder.remove()
  }

  @Test("[OP4] at the level trace, as JSON: every line is an object, and no token, path, query or value is in any")
  func log() async throws {
    let folder = try TestFolder("takeover")
    let tokens = folder.file("tokens.json")
    let secret = "MARKED-secret-of-ada"
    try #"{"tokens": [{"name": "ada", "role": "owner", "secret": "\#(secret)"}]}"#.write(toFile: tokens, atomically: true, encoding: .utf8)
    let child = try await ChildServer.start(
      ChildServer.executable!, data: folder.file("data.sqlite"), port: 0,
      more: ["--tokens", tokens, "--log-level", "trace", "--log-format", "json"], log: folder.file("log"))
    let session = Crowd.session(port: child.port, workflow: WorkflowID("demo")!, name: "MARKED-name") { $0.token = secret }
    try await session.live()
    try await session.edit(
      Make.node("n", ["value": "7", "secret": "\"MARKED-setting\""])
        + [.setNodeField(node: NodeID("n"), field: .data("label"), value: JSONText(unchecked: "\"MARKED-label\""))])
    try await session.saved()
    for try await _ in try await session.run(policy: .parallel) {}
    #expect(
      try await HTTPCall.send(
        "GET", "/MARKED-path?q=MARKED-query", headers: ["authorization: Bearer MARKED-token"], port: child.port
      ).status == 404)
    #expect(
      try await HTTPCall.send(
        "GET", "/api/v1/workflows/demo/status?MARKED", headers: ["authorization: Bearer \(secret)"], port: child.port
      ).status == 200)
    // One who has no right, one who is refused an edit.
    let stranger = Crowd.session(port: child.port, workflow: WorkflowID("demo")!, name: "MARKED-stranger") {
      $0.token = "MARKED-wrong-token"
    }
    _ = try? await stranger.joined()
    await stranger.close()
    await session.close()
    child.terminate()
    #expect(await child.exitStatus() == 0)
    let all = try String(contentsOfFile: folder.file("log"), encoding: .utf8)
    let lines = all.split(separator: "\n")
    let objects = lines.compactMap { try? JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: String] }
    #expect(objects.count == lines.count && objects.count > 5)
    #expect(objects.allSatisfy { $0["time"] != nil && $0["level"] != nil && $0["label"] != nil && $0["message"] != nil })
    #expect(objects.contains { $0["message"] == "a live connection ended" && $0["workflow"] == "demo" && $0["session"]?.count == 16 })
    #expect(objects.contains { $0["route"] == "/api/v1/workflows/{id}/status" && $0["trace_id"]?.count == 32 && $0["request"] != nil })
    #expect(!all.contains("MARKED"), "\(all.split(separator: "\n").filter { $0.contains("MARKED") }.prefix(3))")
    folder.remove()
  }
}

/// Many clients that edit a few workflows, and what they were promised.
private final class Crowd: Sendable {
  private let sessions: [(session: CollabSession, workflow: WorkflowID)]
  private let isOver = Atomic(false)
  private let writers = Mutex<[Task<Void, any Error>]>([])
  private let joins: Mutex<[Int]>
  private let promised = Mutex<[WorkflowID: [ReplicaID: UInt64]]>([:])
  private let losses: Losses

  /// Edits that a server would not take and that their author lost by it: none, whatever happens to the server.
  private final class Losses: Sendable {
    let refusals = Mutex<[Refusal]>([])
  }

  init(port: Int, count: Int, workflows: Int) {
    let losses = Losses()
    self.losses = losses
    sessions = (0..<count).map { index in
      let workflow = WorkflowID("crowd-\(index % workflows)")!
      let session = Self.session(
        port: port, workflow: workflow, name: "editor \(index)",
        observing: { _, notice in
          if case .refused(_, let refusal) = notice { losses.refusals.withLock { $0.append(refusal) } }
        })
      return (session, workflow)
    }
    joins = Mutex(Array(repeating: 0, count: count))
  }

  static func session(
    port: Int, workflow: WorkflowID, name: String, _ configure: (inout ReplicaOptions) -> Void = { _ in },
    observing: @escaping CollabSession.Observer = { _, _ in }
  ) -> CollabSession {
    var replica = ReplicaOptions(name: name)
    (replica.create, replica.kind, replica.backoffMaxMilliseconds) = (true, .bot, 1000)
    configure(&replica)
    return CollabSession(
      SessionOptions(server: ServerAddress(isSecure: false, host: "127.0.0.1", port: port), workflow: workflow, replica: replica),
      observer: observing)
  }

  /// Everybody is in and edits.
  func begin() async throws {
    for (session, _) in sessions { try await session.joined() }
    for index in sessions.indices {
      let count = await sessions[index].session.counters.joins
      joins.withLock { $0[index] = count }
    }
    let tasks = sessions.enumerated().map { index, member in
      Task { try await self.edit(member.session, member.workflow, seed: UInt64(index)) }
    }
    writers.withLock { $0 = tasks }
  }

  private func edit(_ session: CollabSession, _ workflow: WorkflowID, seed: UInt64) async throws {
    var mix = EditMix(seed: seed, prefix: "e\(seed)-")
    (mix.withPresence, mix.nodesAim) = (false, 30)
    while !isOver.load(ordering: .relaxed) {
      try await session.step(&mix)
      await note(session, workflow)
      try await Task.sleep(for: .milliseconds(50))
      try await session.pending(atMost: 400)
    }
  }

  private func note(_ session: CollabSession, _ workflow: WorkflowID) async {
    // Everything below the oldest that waits was acknowledged.
    let (replica, through) = await session.turn { ($0.replica, $0.acknowledgedThrough) }
    promised.withLock { $0[workflow, default: [:]][replica] = max($0[workflow]?[replica] ?? 0, through) }
  }

  func acknowledged() async -> [WorkflowID: [ReplicaID: UInt64]] {
    for (session, workflow) in sessions { await note(session, workflow) }
    return promised.withLock { $0 }
  }

  /// When each was welcomed again.
  func rejoined() async throws -> [ContinuousClock.Instant] {
    try await withThrowingTaskGroup(of: ContinuousClock.Instant.self) { group in
      for (index, member) in sessions.enumerated() {
        let before = joins.withLock { $0[index] }
        group.addTask {
          try await member.session.wait { $0.counters.joins > before && $0.isLive }
          return .now
        }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
  }

  /// Nobody edits any more, everything is saved, and within a workflow all have the same document.
  /// - Parameter mayDiffer: whether somebody may have been healed on the way: after a restore the server's past is another than theirs.
  func settle(mayDiffer: Bool = false) async throws -> [WorkflowID: [UInt8]] {
    isOver.store(true, ordering: .relaxed)
    for writer in writers.withLock({ $0 }) { try await writer.value }
    for (session, workflow) in sessions {
      try await session.saved()
      await note(session, workflow)
    }
    var hashes: [WorkflowID: HashReport] = [:]
    for (session, workflow) in sessions where hashes[workflow] == nil { hashes[workflow] = try await session.verified() }
    for (session, workflow) in sessions {
      let report = hashes[workflow]!
      try await session.reached(report.version)
      if mayDiffer { _ = try await session.verified() }
      #expect(await session.hashes().document == report.documentHash)
      let counters = await session.counters
      // A server that ends refuses as unavailable what still comes; the client keeps that and sends it again.
      if !mayDiffer { #expect(counters.divergences == 0) }
      await session.close()
    }
    // A server that was put back does not know what the edits are about which it is told.
    let lost = losses.refusals.withLock { $0 }
    #expect(mayDiffer || lost.isEmpty, "\(lost.count) edits were lost: \(lost.prefix(3))")
    return hashes.mapValues(\.documentHash)
  }

  /// A newcomer gets it all from the disk. Returns how many changes were promised.
  func check(port: Int, _ hashes: [WorkflowID: [UInt8]]) async throws -> Int {
    var count = 0
    for (workflow, replicas) in promised.withLock({ $0 }) {
      let newcomer = Self.session(port: port, workflow: workflow, name: "newcomer")
      #expect(try await newcomer.verified().documentHash == hashes[workflow])
      let version = await newcomer.version
      for (replica, seq) in replicas {
        #expect(version[replica] >= seq)
        count += Int(seq)
      }
      await newcomer.close()
    }
    return count
  }
}
