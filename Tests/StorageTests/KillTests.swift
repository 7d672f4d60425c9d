import Foundation
import SQLiteStorage
import Storage
import Testing
import WorkflowDocument
import WorkflowGraph

/// `kill -9` of a process that writes: what it had answered must be there.
@Suite struct KillTests {
  static let workflowCount = 4
  static let rounds = 20

  @Test("[ST1] kill -9 at random moments: every answered change is there, in order, without a gap")
  func killNine() async throws {
    var random = SeededNumbers.fresh()
    try await TemporaryFolder.with { folder in
      let path = folder.file("store.sqlite")
      var answered: [String: UInt64] = [:]
      for round in 1...Self.rounds {
        try await writeAndDie(path, ["\(Self.workflowCount)"], &random, &answered)
        let faults = try await missing(in: path, answered)
        #expect(faults == [], "round \(round)")
      }
      #expect(answered.values.reduce(0, +) > UInt64(Self.rounds))
    }
  }

  @Test("the test above finds what is missing: a writer that answers what it has not written is caught")
  func liar() async throws {
    var random = SeededNumbers.fresh()
    try await TemporaryFolder.with { folder in
      let path = folder.file("store.sqlite")
      var answered: [String: UInt64] = [:]
      try await writeAndDie(path, ["\(Self.workflowCount)", "--lie"], &random, &answered)
      #expect(try await !missing(in: path, answered).isEmpty)
    }
  }

  /// Lets a process write for a random while, kills it, and notes what it said was answered.
  private func writeAndDie(
    _ path: String, _ arguments: [String], _ random: inout SeededNumbers, _ answered: inout [String: UInt64]
  ) async throws {
    let child = try Child("storage-writer", [path] + arguments)
    let said = await child.lines(atLeast: Int.random(in: 2...400, using: &random))
    let lines = await said + child.kill()
    try #require(lines.first == "open")
    for line in lines.dropFirst() {
      let words = line.split(separator: " ")
      answered[String(words[0])] = try #require(words.count == 2 ? UInt64(words[1]) : nil, "\(line)")
    }
  }

  /// What is not as it was answered; one sentence each.
  private func missing(in path: String, _ answered: [String: UInt64]) async throws -> [String] {
    var faults: [String] = []
    let store = try SQLiteStore(path: path)
    for (name, position) in answered {
      let found = try #require(try await store.load(WorkflowID(name)!))
      let last = found.log.last?.position ?? found.snapshots.first?.position ?? 0
      if last < position { faults.append("\(name) was answered up to \(position), and is there up to \(last)") }
      let start = found.snapshots.last?.position ?? 0
      if found.log.map(\.position) != Array((start + 1)..<(last + 1)) { faults.append("\(name) has a gap: \(found.log.map(\.position))") }
      faults += found.damage
    }
    await store.close()
    return try await faults + SQLiteStore.check(path).faults
  }

  @Test("[ST6] a second process does not get the file; when the first is killed, it does")
  func oneProcess() async throws {
    try await TemporaryFolder.with { folder in
      let path = folder.file("store.sqlite")
      let child = try Child("storage-writer", [path, "1"])
      #expect(await child.lines(atLeast: 1).first == "open")
      await expect(.unavailable) { () async throws(StoreError) in try SQLiteStore(path: path) }
      #expect(try await SQLiteStore.check(path).faults == [], "reading beside a writer")

      let second = try Child("storage-writer", [path, "1"])
      let answer = await second.lines(atLeast: 1).first ?? ""
      #expect(answer.contains("in use by another process (pid \(child.pid))"), "\(answer)")
      _ = await second.kill()

      _ = await child.kill()
      let store = try SQLiteStore(path: path)
      await expect(.unavailable) { () async throws(StoreError) in try SQLiteStore(path: path) }
      await store.close()
      let again = try SQLiteStore(path: path)
      await again.close()
    }
  }
}
