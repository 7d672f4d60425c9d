import CRDT
import WorkflowDocument
import WorkflowGraph

/// Histories as a byte code: few ids, fields and values, so that changes meet each other.
///
/// A change is one byte for its replica and number of ops and one for its time; an op is a byte for its kind and one for each choice.
struct ChangeGrammar {
  static let nodes = ["a", "b", "c", "d", "\u{e9}", "e\u{301}"].map { NodeID($0) }
  static let comments = ["k", "a"].map { CommentID($0) }
  static let fields: [FieldKey] = [
    .type, .parentID, .position, .data("value"), .label, .style, .data("\u{e9}"), .data("e\u{301}"), "animated", "id", "",
  ]
  static let values: [JSONText?] = [
    nil, "\"numberNode\"", "\"vizNode\"", "\"a\"", "\"\\u0062\"", "\"\u{e9}\"", "{\"x\":1,\"y\":2}", "1", "1.0", "[ ]",
    "{\"b\":1,\"a\":2}", "\"a longer text than the narrow limits take\"",
  ].map { $0?.json }
  static let handles: [String?] = [nil, "", "h", "type", "a long handle"]

  private(set) var changes: [Change] = []
  private var seqs: [ReplicaID: UInt64] = [:]
  private var adds: [(edge: EdgeKey, tag: Stamp)] = []

  /// Every input is a history.
  init(_ feed: inout ByteFeed) {
    while !feed.isEmpty, changes.count < 24 { append(&feed) }
  }

  private mutating func append(_ feed: inout ByteFeed) {
    let head = feed.byte()
    let replica = ReplicaID(UInt32(head & 3) + 1)
    let seq = (seqs[replica] ?? 0) + 1
    seqs[replica] = seq
    let time = feed.byte()
    // Clocks are close together, equal now and then, and may run backwards between changes of one replica.
    var change = Change(
      replica: replica, seq: seq, hlc: HybridTime(milliseconds: 1000 + UInt64(time >> 3), counter: UInt16(time & 1)), ops: [])
    for index in 0...Int(head >> 2 & 3) { change.ops.append(op(&feed, change.stamp(index))) }
    changes.append(change)
  }

  private mutating func op(_ feed: inout ByteFeed, _ stamp: Stamp) -> Op {
    switch feed.below(12) {
    case 0: return .setMeta(field: feed.pick(Self.fields), value: feed.pick(Self.values))
    case 1, 2: return .setNodeLife(node: feed.pick(Self.nodes), alive: feed.byte() & 3 != 0)
    case 3: return .setNodeField(node: feed.pick(Self.nodes), field: .type, value: feed.pick(Self.values))
    case 4: return .setNodeField(node: feed.pick(Self.nodes), field: feed.pick(Self.fields), value: feed.pick(Self.values))
    case 5: return .setNodeField(node: feed.pick(Self.nodes), field: .parentID, value: feed.pick(Self.values))
    case 6, 7:
      let edge = edge(&feed)
      adds.append((edge, stamp))
      return .addEdge(edge)
    case 8: return removal(&feed, stamp)
    case 9: return .setEdgeField(edge: known(&feed), field: feed.pick(Self.fields), value: feed.pick(Self.values))
    case 10: return .setCommentLife(comment: feed.pick(Self.comments), alive: feed.byte() & 1 == 0)
    default: return .setCommentField(comment: feed.pick(Self.comments), field: feed.pick(Self.fields), value: feed.pick(Self.values))
    }
  }

  private func edge(_ feed: inout ByteFeed) -> EdgeKey {
    let ends = feed.byte()
    let handles = feed.byte()
    // Mostly without handles, so that the same edge is drawn often.
    let pick = { (bits: UInt8) in Self.handles[max(0, Int(bits) - 3)] }
    return EdgeKey(
      source: Self.nodes[Int(ends & 15) % Self.nodes.count], sourceHandle: pick(handles & 7),
      target: Self.nodes[Int(ends >> 4) % Self.nodes.count], targetHandle: pick(handles >> 3 & 7))
  }

  private func known(_ feed: inout ByteFeed) -> EdgeKey {
    let choice = feed.byte()
    return adds.isEmpty || choice == 255 ? edge(&feed) : adds[Int(choice) % adds.count].edge
  }

  /// Names adds that are there; by another replica than the author's they may arrive after their removal. Also adds of another edge, or of
  /// nobody: an author may say what it likes.
  private func removal(_ feed: inout ByteFeed, _ stamp: Stamp) -> Op {
    let edge = known(&feed)
    let choice = feed.byte()
    var tags = adds.filter { $0.edge == edge }.map(\.tag)
    switch choice & 7 {
    case 0, 1, 2: break
    case 3, 4: tags = Array(tags.suffix(1))
    case 5: tags = Array(tags.dropFirst(1))
    case 6: tags = adds.isEmpty ? [] : [adds[Int(choice >> 3) % adds.count].tag]
    default: tags += [Stamp(hlc: stamp.hlc, replica: ReplicaID(UInt32(choice >> 3 & 7)), seq: UInt64(choice >> 6) + 1, index: 0)]
    }
    return .removeEdge(edge, tags: tags)
  }
}

extension String {
  /// This text, known to be JSON.
  var json: JSONText { JSONText(unchecked: self) }
}
