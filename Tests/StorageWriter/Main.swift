import CRDT
import Glibc
import SQLiteStorage
import Storage
import Synchronization
import WorkflowDocument
import WorkflowGraph

/// `storage-writer FILE WORKFLOWS [--lie]`: appends to several workflows for ever and says on standard output what was answered,
/// one line `WORKFLOW POSITION` each, until somebody kills it. Saves snapshots meanwhile. A test's victim, and nothing else.
/// A liar says each change twenty changes early: it proves that the test finds what is missing.
@main enum Main {
  static func main() async {
    let arguments = CommandLine.arguments
    let lies = arguments.last == "--lie"
    guard arguments.count == (lies ? 4 : 3), let count = Int(arguments[2]) else {
      return fail("usage: storage-writer FILE WORKFLOWS [--lie]")
    }
    do {
      let store = try SQLiteStore(path: arguments[1])
      say("open")
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<count { group.addTask { try await write(to: WorkflowID("w\(number)")!, in: store, lies: lies) } }
        try await group.waitForAll()
      }
    } catch {
      fail("\(error)")
    }
  }

  private static func write(to workflow: WorkflowID, in store: SQLiteStore, lies: Bool) async throws(StoreError) {
    _ = try await store.create(workflow)
    guard let found = try await store.load(workflow) else { throw .unknown(workflow) }
    var position = found.log.last?.position ?? found.snapshots.first?.position ?? 0
    while true {
      position += 1
      let change = Change(
        replica: ReplicaID(1), seq: position, hlc: HybridTime(milliseconds: position),
        ops: [.setNodeField(node: NodeID("n"), field: .data("value"), value: JSONText(unchecked: "\(position)"))])
      let logged = LoggedChange(
        position: position, author: Author(name: "writer", kind: .bot), takenAtMilliseconds: position, change: change)
      if lies { say("\(workflow) \(position + 20)") }
      try await store.append([.change(logged)], to: workflow)
      if !lies { say("\(workflow) \(position)") }
      if position % 50 == 0 {
        try await store.save(
          StoredSnapshot(position: position, data: Array(repeating: UInt8(truncatingIfNeeded: position), count: 2000)), of: workflow)
      }
    }
  }

  /// A whole line in one `write`: lines of several tasks do not mix, and what is said is out of the process.
  private static func say(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    if Glibc.write(STDOUT_FILENO, bytes, bytes.count) != bytes.count { exit(0) }
  }

  private static func fail(_ text: String) {
    say("error: \(text)")
    exit(1)
  }
}
