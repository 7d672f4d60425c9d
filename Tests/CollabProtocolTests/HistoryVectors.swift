import CRDT
import Foundation
import Testing
import WorkflowDocument
import WorkflowGraph

@testable import CollabProtocol

/// Differences, ways back and the timeline's words, for clients in other languages: `UPDATE_GOLDEN=1 swift test --filter Golden` writes them.
@Suite struct HistoryVectors {
  /// Of each golden document: the state after the first half of its changes, and after all of them.
  @Test("[HI2, HI5, HI6] GoldenHistory: what differs between two states, the way back, and the timeline")
  func vectors() throws {
    var vectors: [[String: Any]] = []
    for document in try DocumentVectors.all() where document.changes.count > 1 {
      let half = document.changes.count / 2
      var before = WorkflowDocument()
      for change in document.changes.prefix(half) { _ = try before.apply(change) }
      var after = before
      for change in document.changes.dropFirst(half) { _ = try after.apply(change) }
      let entries = Timeline.entries(of: Self.logged(document.changes))
      let page = MessageCodec.bytes(.history(HistoryPage(request: 1, entries: entries)), as: .json)
      vectors.append([
        "document": document.name, "half": half, "difference": Self.canonical(DocumentDiff(from: before, to: after)),
        "back": Self.canonical(DocumentDiff(from: after, to: before)), "restore": Self.ops(after.ops(restoring: before)),
        "redo": Self.ops(before.ops(restoring: after)), "page": String(decoding: page, as: UTF8.self),
        "sentences": entries.map { $0.sentence() },
      ])
    }
    #expect(vectors.count > 20)
    try Golden.check("history", vectors)
  }

  private static func canonical(_ difference: DocumentDiff) -> String {
    var bytes: [UInt8] = []
    difference.json.canonical(into: &bytes)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// As one change stands in a batch; empty for none.
  private static func ops(_ ops: [Op]) -> String {
    if ops.isEmpty { return "" }
    let change = Change(replica: ReplicaID(4000), seq: 1, hlc: HybridTime(milliseconds: 1), ops: ops)
    let text = String(decoding: MessageCodec.bytes(.change(ChangeBatch(batch: 0, changes: [change], seen: 0)), as: .json), as: UTF8.self)
    return String(text.dropFirst(#"{"change":{"changes":["#.count).dropLast("]}}".count))
  }

  /// Each replica is somebody; a change every 25 seconds, and a long pause now and then. Newest first.
  private static func logged(_ changes: [Change]) -> [LoggedChange] {
    let names = ["Ada", "Bob", "Zoé"]
    return changes.enumerated().map { index, change in
      let number = Int(change.replica.rawValue)
      return LoggedChange(
        position: UInt64(index + 1), author: Author(name: names[number % 3], kind: Author.Kind.allCases[number % 3]),
        takenAtMilliseconds: UInt64(1_700_000_000_000 + index * 25_000 + index / 7 * 400_000), change: change)
    }.reversed()
  }
}
