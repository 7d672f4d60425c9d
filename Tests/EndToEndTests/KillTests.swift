import CRDT
import CollabProtocol
import Foundation
import SQLiteStorage
import Synchronization
import Testing
import WorkflowDocument
import WorkflowGraph

@testable import CollabClient

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

  func check(_ version: Version, countMin: Int) {
    let all = shown.withLock { $0 }
    for change in all.values { #expect(version.covers(change.stamp(0).id)) }
    #expect(all.count > countMin, "there was hardly any load: \(all.count) changes")
    let broken = contradictions.withLock { $0 }
    #expect(broken.isEmpty, "\(broken.prefix(3))")
  }
}

private final class Flag: Sendable {
  private let value = Atomic(false)
  var isRaised: Bool { value.load(ordering: .relaxed) }
  func raise() { value.store(true, ordering: .relaxed) }
}

@Suite("kill -9 under load", .timeLimit(.minutes(5)))
struct KillTests {
  /// No name of the server's own: it inherits the variable, and refuses what begins like its settings and is none.
  private static let killCount = ProcessInfo.processInfo.environment["KILLS"].flatMap { Int($0) } ?? 50

  @Test(
    "[RM1, ST1] killed at random moments under load, the server comes back with everything it ever showed or acknowledged; clients converge untold",
    .enabled(if: ChildServer.executable != nil, "the executable thaiyyal was not built"))
  func killAndComeBack() async throws {
    let seed = ProcessInfo.processInfo.environment["SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0...999_999)
    print("SEED=\(seed)")
    var random = SeededRandom(seed: seed)
    let folder = try TestFolder("kill")
    defer { folder.remove() }
    let (executable, data) = (ChildServer.executable!, folder.file("data.sqlite"))
    var child = try await ChildServer.start(executable, data: data, port: 0)
    let port = child.port

    let promises = Promises()
    let sessions = (0..<4).map { Self.session(port: port, index: $0, promises) }
    let isOver = Flag()
    var acknowledged: [ReplicaID: UInt64] = [:]
    let writers = sessions.enumerated().map { index, session in
      Task { try await Self.write(session, seed: seed &+ UInt64(index), until: isOver) }
    }
    do {
      var joins = sessions.map { _ in 0 }
      for life in 0..<Self.killCount {
        // One life in four ends wherever it is, in the middle of loading and joining; in the others the load is back first, however slow
        // the machine.
        if life % 4 != 3 { try await Self.rejoined(sessions, since: joins) }
        try await Task.sleep(for: .milliseconds(Int.random(in: 0...250, using: &random)))
        for (index, session) in sessions.enumerated() {
          // Everything below the oldest that waits was acknowledged.
          let (replica, through) = await session.turn { ($0.replica, $0.acknowledgedThrough) }
          acknowledged[replica] = max(acknowledged[replica] ?? 0, through)
          joins[index] = await session.counters.joins
        }
        await child.killNow()
        child = try await ChildServer.start(executable, data: data, port: port)
      }
      isOver.raise()
      for writer in writers { try await writer.value }
      let last = try await Self.agree(sessions)
      // An empty newcomer learns everything from the disk.
      await child.killNow()
      child = try await ChildServer.start(executable, data: data, port: port)
      let newcomer = Self.session(port: port, index: 9, Promises())
      #expect(try await newcomer.verified().documentHash == last.documentHash)
      let version = await newcomer.version
      await newcomer.close()
      for (replica, seq) in acknowledged { #expect(version[replica] >= seq) }
      promises.check(version, countMin: Self.killCount * 5)
    } catch {
      isOver.raise()
      for writer in writers { writer.cancel() }
      await child.killNow()
      throw error
    }
    await child.killNow()
  }

  /// Every session has had one more welcome than it had when the last life ended.
  private static func rejoined(_ sessions: [CollabSession], since joins: [Int]) async throws {
    for (session, before) in zip(sessions, joins) { try await session.wait { $0.counters.joins > before && $0.isLive } }
  }

  /// Everything saved, everybody at the same version with the same hash, none of it by healing.
  private static func agree(_ sessions: [CollabSession]) async throws -> HashReport {
    for session in sessions { try await session.saved() }
    let last = try await sessions[0].verified()
    for session in sessions {
      try await session.reached(last.version)
      #expect(await session.hashes().document == last.documentHash)
      let counters = await session.counters
      #expect(counters.divergences == 0 && counters.refusals == 0)
      #expect(counters.joins >= killCount / 4 * 3, "the load did not come back after the kills")
      await session.close()
    }
    return last
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
