import CRDT
import CollabClient
import CollabProtocol
import Foundation
import SQLiteStorage
import Synchronization
import Testing
import WorkflowDocument
import WorkflowGraph

/// What the clients were promised: changes acknowledged, and changes of others that were shown.
private final class Promises: Sendable {
  private let shown = Mutex<[UInt64: Change]>([:])
  private let contradictions = Mutex<[String]>([])

  /// Once a change was shown at a position it stands there for ever.
  func heard(_ changes: [LoggedChange]) {
    shown.withLock { shown in
      for logged in changes {
        if let before = shown[logged.position], before != logged.change {
          contradictions.withLock {
            $0.append("position \(logged.position) was \(before.replica):\(before.seq), now \(logged.change.replica):\(logged.change.seq)")
          }
        }
        shown[logged.position] = logged.change
      }
    }
  }
  var all: [UInt64: Change] { shown.withLock { $0 } }
  var broken: [String] { contradictions.withLock { $0 } }
}

private final class Flag: Sendable {
  private let value = Atomic(false)
  var isRaised: Bool { value.load(ordering: .relaxed) }
  func raise() { value.store(true, ordering: .relaxed) }
}

@Suite("kill -9 under load", .timeLimit(.minutes(5)))
struct KillTests {
  private static let killCount = ProcessInfo.processInfo.environment["THAIYYAL_KILLS"].flatMap { Int($0) } ?? 50

  @Test(
    "[RM1, ST1] killed at random moments under load, the server comes back with everything it ever showed or acknowledged; clients converge untold",
    .enabled(if: ChildServer.executable != nil, "the executable thaiyyal was not built"))
  func killAndComeBack() async throws {
    let seed = ProcessInfo.processInfo.environment["SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0...999_999)
    print("SEED=\(seed)")
    var random = SeededRandom(seed: seed)
    let folder = NSTemporaryDirectory() + "thaiyyal-kill-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let executable = ChildServer.executable!
    let data = folder + "/data.sqlite"
    var child = try await ChildServer.start(executable, data: data, port: 0)
    let port = child.port

    let promises = Promises()
    let sessions = (0..<4).map { Self.session(port: port, index: $0, promises) }
    let isOver = Flag()
    let acknowledged = Mutex<[ReplicaID: UInt64]>([:])
    let writers = sessions.enumerated().map { index, session in
      Task { try await Self.write(session, seed: seed &+ UInt64(index), until: isOver) }
    }
    do {
      for _ in 0..<Self.killCount {
        try await Task.sleep(for: .milliseconds(Int.random(in: 20...450, using: &random)))
        for session in sessions {
          // Everything below the oldest that waits was acknowledged.
          let (replica, through) = await session.turn { ($0.replica, $0.acknowledgedThrough) }
          acknowledged.withLock { $0[replica] = max($0[replica] ?? 0, through) }
        }
        await child.killNow()
        child = try await ChildServer.start(executable, data: data, port: port)
      }
      isOver.raise()
      for writer in writers { try await writer.value }
      for session in sessions { try await session.saved() }
      let last = try await sessions[0].verified()
      for session in sessions {
        try await session.reached(last.version)
        #expect(await session.hashes().document == last.documentHash)
        let counters = await session.counters
        #expect(counters.divergences == 0 && counters.refusals == 0)
        #expect(counters.joins > Self.killCount / 4, "the load did not come back after the kills")
        await session.close()
      }
      // An empty newcomer learns everything from the disk.
      await child.killNow()
      child = try await ChildServer.start(executable, data: data, port: port)
      let newcomer = Self.session(port: port, index: 9, Promises())
      #expect(try await newcomer.verified().documentHash == last.documentHash)
      let version = await newcomer.version
      for (replica, seq) in acknowledged.withLock({ $0 }) { #expect(version[replica] >= seq) }
      for change in promises.all.values { #expect(version.covers(change.stamp(0).id)) }
      #expect(promises.broken.isEmpty, "\(promises.broken.prefix(3))")
      #expect(promises.all.count > Self.killCount * 5, "there was hardly any load: \(promises.all.count) changes")
      await newcomer.close()
    } catch {
      isOver.raise()
      for writer in writers { writer.cancel() }
      await child.killNow()
      throw error
    }
    await child.killNow()
  }

  private static func session(port: Int, index: Int, _ promises: Promises) -> CollabSession {
    var replica = ReplicaOptions(name: "writer \(index)")
    replica.create = true
    replica.kind = .bot
    replica.backoffFirstMilliseconds = 20
    replica.backoffMaxMilliseconds = 150
    var options = SessionOptions(
      server: ServerAddress(isSecure: false, host: "127.0.0.1", port: port), workflow: WorkflowID("kill")!, replica: replica)
    options.encoding = index % 2 == 0 ? .proto : .json
    return CollabSession(options) { _, notice in if case .changes(let changes) = notice { promises.heard(changes) } }
  }

  private static func write(_ session: CollabSession, seed: UInt64, until isOver: Flag) async throws {
    try await session.joined()
    var mix = EditMix(seed: seed, prefix: "w\(seed)-")
    mix.withPresence = false
    mix.nodesAim = 40
    while !isOver.isRaised {
      for _ in 0..<4 { try await session.step(&mix) }
      // Fast enough that every moment has changes in the air, slow enough that 50 restarts stay a matter of seconds.
      try await Task.sleep(for: .milliseconds(8))
      try await session.pending(atMost: 400)
    }
  }
}
