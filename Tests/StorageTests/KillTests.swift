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
        let child = try Child("storage-writer", [path, "\(Self.workflowCount)"])
        let lineCount = Int.random(in: 1...400, using: &random)
        let said = await child.lines(atLeast: lineCount)
        let lines = await said + child.kill()
        #expect(lines.first == "open", "round \(round)")
        for line in lines.dropFirst() {
          let words = line.split(separator: " ")
          let position = try #require(words.count == 2 ? UInt64(words[1]) : nil, "\(line)")
          answered[String(words[0])] = position
        }
        try await verify(path, answered, round)
      }
      #expect(answered.values.reduce(0, +) > UInt64(Self.rounds))
    }
  }

  private func verify(_ path: String, _ answered: [String: UInt64], _ round: Int) async throws {
    let store = try SQLiteStore(path: path)
    for (name, position) in answered {
      let found = try #require(try await store.load(WorkflowID(name)!))
      let last = found.log.last?.position ?? found.snapshots.first?.position ?? 0
      #expect(last >= position, "round \(round): \(name) was answered up to \(position), and is there up to \(last)")
      #expect(found.damage.isEmpty)
      let start = found.snapshots.last?.position ?? 0
      #expect(found.log.map(\.position) == Array((start + 1)..<(last + 1)), "round \(round): \(name)")
    }
    await store.close()
    #expect(try await SQLiteStore.check(path).faults == [])
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
